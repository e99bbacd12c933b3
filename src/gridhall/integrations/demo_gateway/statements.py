"""The daily statement of the demo gateway: CSV with a line of totals, signed.

    #gridhall-demo,GRIDHALL-DEMO,2026-11-21
    reference,order,kind,amount,fee,at
    D20261121…,20261121…,payment,128.50,0.77,2026-11-21T08:15:02+08:00
    B20261121…,20261121…,refund,28.50,0.00,2026-11-21T09:00:00+08:00
    #total,1,128.50,1,28.50
    #sign,MEUCIQ…

Amounts are yuan with two decimals; refunds stand with a positive amount. The signature counts everything before it.
"""

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Final
from zoneinfo import ZoneInfo

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey

from gridhall.contexts.payments.ports import StatementInvalid, StatementLine
from gridhall.integrations.demo_gateway import signing
from gridhall.kernel.money import yuan

_MARK: Final = "#gridhall-demo"
_HEAD: Final = "reference,order,kind,amount,fee,at"
_KINDS: Final = {"payment": False, "refund": True}


def written(
    lines: Iterable[StatementLine], day: date, key: RSAPrivateKey, *, merchant: str = signing.MERCHANT
) -> bytes:
    """The statement of a day with these movements."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([_MARK, merchant, day.isoformat()])
    out.write(_HEAD + "\n")
    counts, sums = [0, 0], [0, 0]
    for line in lines:
        kind = "refund" if line.refund else "payment"
        counts[line.refund] += 1
        sums[line.refund] += line.amount_fen
        writer.writerow(
            [
                line.reference, line.order_number, kind, yuan(line.amount_fen), yuan(line.fee_fen), line.at.isoformat(),
            ]
        )  # fmt: skip
    writer.writerow(["#total", counts[0], yuan(sums[0]), counts[1], yuan(sums[1])])
    plain = out.getvalue().encode("utf-8")
    return plain + f"#sign,{signing.sign_bytes(plain, key)}\n".encode("ascii")


def read(content: bytes, day: date, key: RSAPublicKey, zone: ZoneInfo) -> list[StatementLine]:
    """The movements of a statement, all of it or none.

    Raises:
        StatementInvalid: with the line, counted from 1.
    """
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise StatementInvalid("It is not UTF-8.", path=f"statement:{content[: error.start].count(10) + 1}") from error
    rows = text.splitlines()
    _head(rows, day)
    if len(rows) < 4 or not rows[-1].startswith("#sign,") or not rows[-2].startswith("#total,"):
        raise _wrong(len(rows), "It is cut off: the line of totals and the signature are missing.")
    signed = content.removeprefix(b"\xef\xbb\xbf").rpartition(b"#sign,")[0]
    if not signing.is_signed_bytes(signed, rows[-1].removeprefix("#sign,").strip(), key):
        raise _wrong(len(rows), "It is not signed by the gateway, or was changed.")
    found = [_line(row, at, day, zone) for at, row in enumerate(csv.reader(rows[2:-2]), 3)]
    _totals(rows[-2], len(rows) - 1, found)
    return found


def _head(rows: Sequence[str], day: date) -> None:
    first = rows[0].split(",") if rows else []
    if len(first) != 3 or first[0] != _MARK:
        raise _wrong(1, "It is no statement of the demo gateway.")
    if first[1] != signing.MERCHANT:
        raise _wrong(1, f"It is for another merchant: {first[1]}.")
    if first[2] != day.isoformat():
        raise _wrong(1, f"It is of another day: {first[2]}.")
    if len(rows) < 2 or rows[1] != _HEAD:
        raise _wrong(2, "The names of the columns are not as agreed.")


def _line(row: Sequence[str], at: int, day: date, zone: ZoneInfo) -> StatementLine:
    if len(row) != 6:
        raise _wrong(at, f"It has {len(row)} columns instead of 6.")
    reference, order, kind, amount, fee, moment = row
    if kind not in _KINDS:
        raise _wrong(at, f"{kind!r} is neither payment nor refund.")
    try:
        moved = datetime.fromisoformat(moment)
    except ValueError:
        raise _wrong(at, f"{moment!r} is no moment.") from None
    if moved.tzinfo is None or moved.astimezone(zone).date() != day:
        raise _wrong(at, f"{moment} is not on the day of the statement.")
    return StatementLine(reference, order, _fen(amount, at), moved, _KINDS[kind], _fen(fee, at), at)


def _totals(row: str, at: int, lines: Sequence[StatementLine]) -> None:
    said = row.split(",")[1:]
    for refund in (False, True):
        mine = [line.amount_fen for line in lines if line.refund is refund]
        count, total = said[2 * refund : 2 * refund + 2] if len(said) == 4 else ("", "")
        if count != str(len(mine)) or _fen(total, at) != sum(mine):
            raise _wrong(at, f"The totals say {count} for {total}; the lines are {len(mine)} for {yuan(sum(mine))}.")


def _fen(text: str, at: int) -> int:
    try:
        fen = Decimal(text) * 100
    except InvalidOperation:
        raise _wrong(at, f"{text!r} is no amount.") from None
    if not fen.is_finite() or fen < 0 or fen != fen.to_integral_value():
        raise _wrong(at, f"{text!r} is no amount.")
    return int(fen)


def _wrong(line: int, what: str, **more: Any) -> StatementInvalid:
    return StatementInvalid(what, path=f"statement:{line}", **more)
