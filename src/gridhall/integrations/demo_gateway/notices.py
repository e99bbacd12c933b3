"""Messages of the demo gateway, checked: form, signature, merchant, age."""

import re
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import parse_qsl

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from gridhall.contexts.payments.ports import MoneyState, PaymentState, RawNotice, RefundState
from gridhall.integrations.demo_gateway import signing
from gridhall.integrations.wording import NotGenuine, NoticeExpired, NoticeUnreadable, OtherMerchant

#: How old, or how far ahead of our clock, a message may be. Repeats within it are harmless: money is posted once.
WINDOW: Final = timedelta(minutes=5)
_LARGEST_BODY: Final = 8_192
_FIELDS: Final = {"amount_fen", "kind", "merchant", "number", "paid_at", "reference", "sent_at", "status", "sign"}
_STATES: Final = {"PAID": MoneyState.DONE, "CLOSED": MoneyState.CLOSED}
_NUMBER: Final = re.compile(r"[0-9A-Za-z]{1,32}")
_REFERENCE: Final = re.compile(r"[0-9A-Za-z]{1,64}")
_AMOUNT: Final = re.compile(r"[1-9][0-9]{0,11}")


def read(raw: RawNotice, key: RSAPublicKey, now: datetime) -> PaymentState | RefundState:
    """What a message says.

    Raises:
        NoticeUnreadable, NotGenuine, OtherMerchant, NoticeExpired: as they say.
    """
    fields = _fields(raw.body)
    if not signing.is_signed(fields, key):
        raise NotGenuine("The signature is not the gateway's.", path="sign")
    if fields["merchant"] != signing.MERCHANT:
        raise OtherMerchant("The message is for another merchant.", path="merchant")
    if abs(_moment(fields, "sent_at") - now) > WINDOW:
        raise NoticeExpired("The message is from another time.", path="sent_at")
    state = _STATES.get(fields["status"])
    if state is None or fields["kind"] not in ("payment", "refund"):
        raise NoticeUnreadable("It says neither paid nor closed.", path="status")
    if not _NUMBER.fullmatch(fields["number"]) or not _AMOUNT.fullmatch(fields["amount_fen"]):
        raise NoticeUnreadable("Number or amount are none.", path="number")
    if state is MoneyState.DONE and not _REFERENCE.fullmatch(fields["reference"]):
        raise NoticeUnreadable("Money that has moved has a number of the gateway.", path="reference")
    amount = int(fields["amount_fen"])
    moved = _moment(fields, "paid_at") if state is MoneyState.DONE else None
    if fields["kind"] == "refund":
        return RefundState(state, fields["number"], fields["reference"], amount, moved)
    return PaymentState(state, fields["number"], fields["reference"], amount, moved)


def _fields(body: bytes) -> dict[str, str]:
    if len(body) > _LARGEST_BODY:
        raise NoticeUnreadable("The message is too long.", path="body")
    try:
        pairs = parse_qsl(
            body.decode("ascii"), keep_blank_values=True, strict_parsing=True, errors="strict", max_num_fields=20
        )
    except ValueError:
        raise NoticeUnreadable("The body is no form.", path="body") from None
    fields = dict(pairs)
    if len(fields) != len(pairs) or fields.keys() != _FIELDS:
        raise NoticeUnreadable("The fields are not those that were agreed.", path="body")
    return fields


def _moment(fields: dict[str, str], name: str) -> datetime:
    try:
        moment = datetime.fromisoformat(fields[name])
    except ValueError:
        raise NoticeUnreadable("That is no moment.", path=name) from None
    if moment.tzinfo is None:
        raise NoticeUnreadable("A moment has a zone.", path=name)
    return moment
