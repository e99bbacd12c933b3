"""How gateways write amounts, moments and forms; and by which codes their messages and statements are refused."""

import re
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, Final
from urllib.parse import parse_qsl
from zoneinfo import ZoneInfo

from gridhall.contexts.payments.ports import NoticeRefused, StatementInvalid
from gridhall.kernel.money import fen, yuan

#: The clock of China's gateways, wherever the utility is.
BEIJING: Final = ZoneInfo("Asia/Shanghai")
_YUAN: Final = re.compile(r"\d{1,9}(\.\d{1,2})?", re.ASCII)
_FEN: Final = re.compile(r"\d{1,11}", re.ASCII)


class NoticeUnreadable(NoticeRefused):
    """A message that is not of the gateway's form."""

    code = "notice_unreadable"


class NotGenuine(NoticeRefused):
    """A message whose signature is not the gateway's."""

    code = "notice_not_genuine"


class NoticeExpired(NoticeRefused):
    """A message from too long ago, or from the future: perhaps an old one, sent again by somebody."""

    code = "notice_expired"


class OtherMerchant(NoticeRefused):
    """A genuine message for somebody else."""

    code = "notice_of_other_merchant"


def yuan_of(amount_fen: int) -> str:
    """Whole fen as gateways write yuan.

    >>> yuan_of(1230), yuan_of(5)
    ('12.30', '0.05')
    """
    return str(yuan(amount_fen))


def fen_of_yuan(text: object) -> int:
    """The fen of an amount in yuan, exactly.

    Raises:
        ValueError: when it is no plain amount with at most two decimals.

    >>> fen_of_yuan("12.3"), fen_of_yuan("0")
    (1230, 0)
    """
    if not isinstance(text, str) or not _YUAN.fullmatch(text):
        raise ValueError("no amount in yuan")
    return fen(Decimal(text))


def fen_of(told: object) -> int:
    """An amount that is told in fen: a whole number, or digits.

    Raises:
        ValueError: when it is neither.

    >>> fen_of(12), fen_of("000000000012")
    (12, 12)
    """
    if isinstance(told, int) and not isinstance(told, bool) and 0 <= told < 10**11:
        return told
    if isinstance(told, str) and _FEN.fullmatch(told[-11:]) and not told[:-11].strip("0"):
        return int(told)
    raise ValueError("no amount in fen")


def moment_of(text: object, form: str = "%Y-%m-%d %H:%M:%S") -> datetime:
    """A moment by the clock of Beijing.

    Raises:
        ValueError: when it is none.

    >>> moment_of("2026-03-02 08:00:00").isoformat()
    '2026-03-02T08:00:00+08:00'
    """
    if not isinstance(text, str):
        raise ValueError("no moment")
    return datetime.strptime(text, form).replace(tzinfo=BEIJING)


def text_of(fields: Mapping[str, Any], name: str, longest: int = 64) -> str:
    """A field that has to be there: printable ASCII without spaces, as all numbers of gateways are.

    Raises:
        ValueError: when it is missing or something else.
    """
    value = fields.get(name)
    if not isinstance(value, str) or not 0 < len(value) <= longest or not re.fullmatch(r"[!-~]+", value):
        raise ValueError(name)
    return value


def form_of(body: bytes, *, most: int = 100) -> dict[str, str]:
    """The fields of a form; each once.

    Raises:
        ValueError: when it is none, in UTF-8, or a field is there twice.
    """
    text = body.decode("ascii")
    pairs = parse_qsl(
        text, keep_blank_values=True, strict_parsing=True, encoding="utf-8", errors="strict", max_num_fields=most
    )
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise ValueError("a field is there twice")
    return fields


def wrong(line: int, what: str) -> StatementInvalid:
    """Why a statement cannot be used, and in which line, counted from 1; 0 for all of it."""
    return StatementInvalid(what, path=f"statement:{line}" if line else "statement")
