"""Messages of the demo gateway, checked: form, signature, merchant, age."""

import re
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import parse_qsl

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from gridhall.contexts.payments.ports import MoneyState, NoticeRefused, PaymentState, RawNotice, RefundState
from gridhall.integrations.demo_gateway import signing

#: How old, or how far ahead of our clock, a message may be. Repeats within it are harmless: money is posted once.
WINDOW: Final = timedelta(minutes=5)
_LARGEST_BODY: Final = 8_192
_FIELDS: Final = {"amount_fen", "kind", "merchant", "number", "paid_at", "reference", "sent_at", "status", "sign"}
_STATES: Final = {"PAID": MoneyState.DONE, "CLOSED": MoneyState.CLOSED}
_NUMBER: Final = re.compile(r"[0-9A-Za-z]{1,32}")
_REFERENCE: Final = re.compile(r"[0-9A-Za-z]{1,64}")
_AMOUNT: Final = re.compile(r"[1-9][0-9]{0,11}")


class NoticeGarbled(NoticeRefused):
    """A message is not in the gateway's form."""

    code = "notice_garbled"


class NoticeForged(NoticeRefused):
    """A message is not signed by the gateway, or was altered."""

    code = "notice_forged"


class NoticeOfOtherMerchant(NoticeRefused):
    """A genuine message for somebody else."""

    code = "notice_of_other_merchant"


class NoticeExpired(NoticeRefused):
    """A genuine message from another time."""

    code = "notice_expired"


def read(raw: RawNotice, key: RSAPublicKey, now: datetime) -> PaymentState | RefundState:
    """What a message says.

    Raises:
        NoticeGarbled, NoticeForged, NoticeOfOtherMerchant, NoticeExpired: as they say.
    """
    fields = _fields(raw.body)
    if not signing.is_signed(fields, key):
        raise NoticeForged("The signature is not the gateway's.", path="sign")
    if fields["merchant"] != signing.MERCHANT:
        raise NoticeOfOtherMerchant("The message is for another merchant.", path="merchant")
    if abs(_moment(fields, "sent_at") - now) > WINDOW:
        raise NoticeExpired("The message is from another time.", path="sent_at")
    state = _STATES.get(fields["status"])
    if state is None or fields["kind"] not in ("payment", "refund"):
        raise NoticeGarbled("It says neither paid nor closed.", path="status")
    if not _NUMBER.fullmatch(fields["number"]) or not _AMOUNT.fullmatch(fields["amount_fen"]):
        raise NoticeGarbled("Number or amount are none.", path="number")
    if state is MoneyState.DONE and not _REFERENCE.fullmatch(fields["reference"]):
        raise NoticeGarbled("Money that has moved has a number of the gateway.", path="reference")
    amount = int(fields["amount_fen"])
    moved = _moment(fields, "paid_at") if state is MoneyState.DONE else None
    if fields["kind"] == "refund":
        return RefundState(state, fields["number"], fields["reference"], amount, moved)
    return PaymentState(state, fields["number"], fields["reference"], amount, moved)


def _fields(body: bytes) -> dict[str, str]:
    if len(body) > _LARGEST_BODY:
        raise NoticeGarbled("The message is too long.", path="body")
    try:
        pairs = parse_qsl(
            body.decode("ascii"), keep_blank_values=True, strict_parsing=True, errors="strict", max_num_fields=20
        )
    except ValueError:
        raise NoticeGarbled("The body is no form.", path="body") from None
    fields = dict(pairs)
    if len(fields) != len(pairs) or fields.keys() != _FIELDS:
        raise NoticeGarbled("The fields are not those that were agreed.", path="body")
    return fields


def _moment(fields: dict[str, str], name: str) -> datetime:
    try:
        moment = datetime.fromisoformat(fields[name])
    except ValueError:
        raise NoticeGarbled("That is no moment.", path=name) from None
    if moment.tzinfo is None:
        raise NoticeGarbled("A moment has a zone.", path=name)
    return moment
