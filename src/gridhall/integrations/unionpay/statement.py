"""UnionPay's statement of a settlement day: a zip that holds ``INN<yymmdd>88ZM_<merchant>``, lines of fixed widths."""

import io
import re
import zipfile
import zlib
from datetime import date, datetime, timedelta
from itertools import accumulate
from typing import Final

from gridhall.contexts.payments.ports import StatementLine
from gridhall.integrations.wording import fen_of, moment_of, wrong

#: Widths in bytes of the fields of a line that are of use, with a space between; what follows is of no use here.
#: 《全渠道平台接入接口规范 第3部分 文件接口》 6.1, ZM.
_WIDTHS: Final = (3, 11, 11, 6, 10, 19, 12, 4, 2, 21, 2, 32, 2, 6, 10, 13, 13, 4, 15, 2, 2, 6, 2, 4, 32, 1, 21, 15)
_STARTS: Final = (0, *accumulate(width + 1 for width in _WIDTHS))
_KIND, _AT, _AMOUNT, _REFERENCE, _ORDER, _FEE, _MERCHANT = 0, 4, 6, 9, 11, 15, 27
#: Purchase, and money sent back.
_REFUNDS: Final = {"S22": False, "S30": True}
_NAME: Final = re.compile(r"(?:.*/)?INN(\d{6})\d{2}ZM_(\w{15})")
_LARGEST: Final = 1024**3


def lines_of(content: bytes, day: date, merchant: str) -> list[StatementLine]:
    """The movements of a settlement day: from eleven in the evening before until eleven.

    Raises:
        StatementInvalid: no such zip, cut off, of another day or merchant.
    """
    found = []
    rows = _details(content, day, merchant)
    for at, row in enumerate(rows, start=1):
        if len(row) != len(rows[0]) or len(row) < _STARTS[len(_WIDTHS)] - 1:
            raise wrong(at, "The line is cut off.")
        found.append(_line(row, at, day, merchant))
    return found


def _line(row: bytes, at: int, day: date, merchant: str) -> StatementLine:
    cells = [row[start : start + width] for start, width in zip(_STARTS, _WIDTHS, strict=False)]
    try:
        told = [cell.decode("ascii").strip() for cell in cells]
        refund = _REFUNDS[told[_KIND]]
        when = _moment(told[_AT], day)
        amount = fen_of(told[_AMOUNT])
        if not re.fullmatch(r"[CD]?\d{1,12}", told[_FEE]) or not told[_REFERENCE] or not told[_ORDER]:
            raise ValueError
        # D: taken from the merchant; C: given to.
        fee = int(told[_FEE].lstrip("CD")) * (-1 if told[_FEE].startswith("C") else 1)
    except (ValueError, KeyError) as error:
        raise wrong(at, "The line cannot be read.") from error
    if told[_MERCHANT] != merchant:
        raise wrong(at, "The line is of another merchant.")
    if not day - timedelta(days=1) <= when.date() <= day:
        raise wrong(at, "The line is of another day.")
    return StatementLine(told[_REFERENCE], told[_ORDER], amount, when, refund, fee, at)


def _moment(told: str, day: date) -> datetime:
    # The year is the settlement day's, or the one before for a line of the last of December.
    year = day.year - (told[:4] > f"{day:%m%d}")
    return moment_of(f"{year}{told}", "%Y%m%d%H%M%S")


def _details(content: bytes, day: date, merchant: str) -> list[bytes]:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            named = [(match, entry) for entry in archive.infolist() if (match := _NAME.fullmatch(entry.filename))]
            if len(named) != 1 or named[0][1].file_size > _LARGEST:
                raise wrong(0, "The zip does not hold one statement of UnionPay.")
            match, entry = named[0]
            data = archive.read(entry)
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, NotImplementedError, RuntimeError) as error:
        raise wrong(0, "That is no zip of a statement, or it is cut off.") from error
    if match[1] != f"{day:%y%m%d}":
        raise wrong(0, "The statement is of another day.")
    if match[2] != merchant:
        raise wrong(0, "The statement is of another merchant.")
    if data and not data.endswith(b"\n"):
        raise wrong(0, "The statement is cut off.")
    return data.splitlines()
