"""Alipay's daily bill: a zip of CSV in GBK, one with every movement and one with sums."""

import csv
import io
import re
import zipfile
import zlib
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Final

from gridhall.contexts.payments.ports import StatementLine
from gridhall.integrations.wording import fen_of_yuan, moment_of, wrong

_TITLE: Final = "#支付宝业务明细查询"
_ACCOUNT: Final = re.compile(r"#账号：\[(\d{16,20})\]")
_SPAN: Final = re.compile(r"#起始日期：\[(\d+)年(\d+)月(\d+)日[^\]]*\]\s*终止日期：\[(\d+)年(\d+)月(\d+)日[^\]]*\]")
_END: Final = re.compile(r"#-+业务明细列表结束-+")
_PAID: Final = re.compile(r"#交易合计：(\d+)笔，商家实收共(-?[\d.]+)元")
_BACK: Final = re.compile(r"#退款合计：(\d+)笔，商家实收退款共(-?[\d.]+)元")
_LARGEST: Final = 1024**3


def lines_of(content: bytes, day: date, seller: str) -> list[StatementLine]:
    """The movements of a bill; a refund's reference is the number that we gave it.

    Raises:
        StatementInvalid: no such zip, cut off, of another day or merchant, or with sums that do not agree.
    """
    text = _details(content)
    rows = text.splitlines()
    if len(rows) < 5 or rows[0].strip() != _TITLE:
        raise wrong(1, "That is no bill of Alipay.")
    if not (account := _ACCOUNT.match(rows[1])) or account[1][:16] != seller:
        raise wrong(2, "The bill is of another merchant.")
    if not (span := _SPAN.match(rows[2])) or _days(span) != (day, day + timedelta(days=1)):
        raise wrong(3, "The bill is of another day.")
    end = next((at for at, row in enumerate(rows) if _END.match(row)), None)
    if end is None:
        raise wrong(len(rows), "The bill is cut off.")
    found, paid, back = [], [0, 0], [0, 0]
    for line, received in _movements(rows[4:end], day):
        found.append(line)
        sums = back if line.refund else paid
        sums[0] += 1
        sums[1] += received
    _agree(rows[end:], _PAID, paid, end)
    _agree(rows[end:], _BACK, back, end)
    return found


def _movements(rows: list[str], day: date) -> Iterator[tuple[StatementLine, int]]:
    columns: list[str] = []
    for at, cells in enumerate(csv.reader(rows), start=5):
        cells = [cell.strip() for cell in cells]
        if not columns:
            columns = cells
            continue
        if len(cells) != len(columns):
            raise wrong(at, "The line has not the columns that the bill names.")
        row = dict(zip(columns, cells, strict=True))
        try:
            line, received = _line(row, at)
        except (ValueError, KeyError) as error:
            raise wrong(at, "The line cannot be read.") from error
        if line.at.date() != day:
            raise wrong(at, "The line is of another day.")
        yield line, received


def _line(row: dict[str, str], at: int) -> tuple[StatementLine, int]:
    kind = row["业务类型"]
    if kind not in ("交易", "退款"):
        raise ValueError(kind)
    refund = kind == "退款"
    reference = row["退款批次号/请求号"] if refund else row["支付宝交易号"]
    if not reference or not row["商户订单号"]:
        raise ValueError("reference")
    line = StatementLine(
        reference, row["商户订单号"], abs(_fen(row["订单金额（元）"])), moment_of(row["完成时间"]), refund,
        -_fen(row["服务费（元）"] or "0"), at,
    )  # fmt: skip
    return line, _fen(row["商家实收（元）"])


def _agree(rows: list[str], form: re.Pattern[str], counted: list[int], end: int) -> None:
    told = next((match for row in rows if (match := form.match(row))), None)
    if told is None:
        raise wrong(end + 1, "The bill is cut off.")
    try:
        sums = [int(told[1]), _fen(told[2])]
    except ValueError:
        raise wrong(end + 1, "The sums cannot be read.") from None
    if sums != counted:
        raise wrong(
            end + 1, f"The bill's sums say {sums[0]} and {sums[1]} fen, its lines {counted[0]} and {counted[1]}."
        )


def _fen(text: str) -> int:
    return -fen_of_yuan(text[1:]) if text.startswith("-") else fen_of_yuan(text)


def _days(span: re.Match[str]) -> tuple[date, date] | None:
    numbers = [int(part) for part in span.groups()]
    try:
        return date(*numbers[:3]), date(*numbers[3:])
    except ValueError:
        return None


def _details(content: bytes) -> str:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            if sum(entry.file_size for entry in archive.infolist()) > _LARGEST:
                raise wrong(0, "The bill is too large.")
            texts = [archive.read(entry).decode("gb18030") for entry in archive.infolist()]
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, NotImplementedError, RuntimeError) as error:
        raise wrong(0, "That is no zip of a bill, or it is cut off.") from error
    found = [text for text in texts if text.startswith(_TITLE)]
    if len(found) != 1:
        raise wrong(0, "The zip does not hold one bill of Alipay.")
    return found[0]
