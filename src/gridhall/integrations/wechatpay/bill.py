"""WeChat Pay's trade bill: CSV in which a backtick stands before each value, with two lines of sums."""

import gzip
import re
import zlib
from datetime import date
from decimal import Decimal
from typing import Final

from gridhall.contexts.payments.ports import StatementLine
from gridhall.integrations.wording import fen_of_yuan, moment_of, wrong
from gridhall.kernel.money import fen

_FEE: Final = re.compile(r"-?\d{1,9}(\.\d{1,5})?", re.ASCII)
#: A column and its sum.
_SUMS: Final = {
    "应结订单金额": "应结订单总金额",
    "退款金额": "退款总金额",
    "订单金额": "订单总金额",
    "申请退款金额": "申请退款总金额",
}
_COUNT: Final = "总交易单数"


def lines_of(content: bytes, day: date, mchid: str) -> list[StatementLine]:
    """The movements of a trade bill of all movements (``bill_type=ALL``), plain or as gzip.

    A refund's line may carry the time of its payment; so only payments have to be of the day.

    Raises:
        StatementInvalid: no such file, cut off, of another day or merchant, or with sums that do not agree.
    """
    try:
        plain = gzip.decompress(content) if content.startswith(b"\x1f\x8b") else content
        text = plain.decode("utf-8-sig")
    except (OSError, EOFError, zlib.error, UnicodeDecodeError) as error:
        raise wrong(0, "That is no bill of WeChat Pay, or it is cut off.") from error
    if not text.endswith("\n"):
        raise wrong(0, "The bill is cut off.")
    rows = text.splitlines()
    columns = rows[0].split(",")
    if columns[0] != "交易时间" or not set(_SUMS) <= set(columns):
        raise wrong(1, "That is no bill of WeChat Pay.")
    if len(rows) < 3 or not rows[-2].startswith(_COUNT):
        raise wrong(len(rows), "The bill is cut off.")
    cells = [(at, _cells(row, at, columns)) for at, row in enumerate(rows[1:-2], start=2)]
    _agree(cells, rows)
    return [_line(row, at, day, mchid) for at, row in cells]


def _cells(row: str, at: int, columns: list[str]) -> dict[str, str]:
    # Values may hold commas, and none a comma before a backtick.
    values = row[1:].split(",`") if row.startswith("`") else []
    if len(values) != len(columns):
        raise wrong(at, "The line has not the columns that the bill names.")
    return dict(zip(columns, values, strict=True))


def _line(row: dict[str, str], at: int, day: date, mchid: str) -> StatementLine:
    if row["商户号"] != mchid:
        raise wrong(at, "The line is of another merchant.")
    try:
        refund = {"SUCCESS": False, "REFUND": True}[row["交易状态"]]
        amount = fen_of_yuan(row["申请退款金额" if refund else "订单金额"])
        when = moment_of(row["交易时间"])
        reference = row["微信退款单号" if refund else "微信订单号"]
        if not _FEE.fullmatch(row["手续费"]) or not reference.strip("0") or not row["商户订单号"]:
            raise ValueError
    except (ValueError, KeyError) as error:
        raise wrong(at, "The line cannot be read.") from error
    if (when.date() > day) if refund else (when.date() != day):
        raise wrong(at, "The line is of another day.")
    return StatementLine(reference, row["商户订单号"], amount, when, refund, fen(Decimal(row["手续费"])), at)


def _agree(cells: list[tuple[int, dict[str, str]]], rows: list[str]) -> None:
    at = len(rows)
    told = _cells(rows[-1], at, rows[-2].split(","))
    try:
        if int(told[_COUNT]) != len(cells):
            raise wrong(at, f"The bill counts {told[_COUNT]} lines and has {len(cells)}.")
        for column, total in _SUMS.items():
            counted = sum(fen_of_yuan(row[column]) for _, row in cells)
            if Decimal(told[total]) * 100 != counted:
                raise wrong(at, f"The bill's {total} is {told[total]} yuan, its lines make {counted} fen.")
    except (ValueError, KeyError, ArithmeticError) as error:
        raise wrong(at, "The sums or their columns cannot be read.") from error
