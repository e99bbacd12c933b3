"""The e-wallet's statement of a day: CSV that says whose and of when it is, and ends with its sums."""

from datetime import date, datetime
from typing import Final

from gridhall.contexts.payments.ports import StatementLine
from gridhall.integrations.wording import BEIJING, fen_of, text_of, wrong

_COLUMNS: Final = ["kind", "reference", "order", "amount_fen", "fee_fen", "at"]
_REFUNDS: Final = {"payment": False, "refund": True}


def lines_of(content: bytes, day: date, merchant: str) -> list[StatementLine]:
    """The movements of a statement.

    Raises:
        StatementInvalid: no such file, cut off, of another day or merchant, or with sums that do not agree.
    """
    try:
        text = content.decode("ascii")
    except UnicodeDecodeError as error:
        raise wrong(0, "That is no statement of the e-wallet.") from error
    if not text.endswith("\n"):
        raise wrong(0, "The statement is cut off.")
    rows = [row.split(",") for row in text.splitlines()]
    if rows[0][0] != "statement" or len(rows[0]) != 3:
        raise wrong(1, "That is no statement of the e-wallet.")
    if rows[0][1] != merchant:
        raise wrong(1, "The statement is of another merchant.")
    if rows[0][2] != day.isoformat():
        raise wrong(1, "The statement is of another day.")
    if len(rows) < 3 or rows[-1][0] != "end":
        raise wrong(len(rows), "The statement is cut off.")
    if rows[1] != _COLUMNS:
        raise wrong(2, "The statement has other columns.")
    found = [_line(row, at, day) for at, row in enumerate(rows[2:-1], start=3)]
    paid = sum(line.amount_fen for line in found if not line.refund)
    back = sum(line.amount_fen for line in found if line.refund)
    if rows[-1][1:] != [str(len(found)), str(paid), str(back)]:
        raise wrong(len(rows), f"The sums are not those of the lines: {len(found)}, {paid} fen and {back} fen.")
    return found


def _line(row: list[str], at: int, day: date) -> StatementLine:
    try:
        told = dict(zip(_COLUMNS, row, strict=True))
        when = datetime.fromisoformat(told["at"]).astimezone(BEIJING)
        line = StatementLine(
            text_of(told, "reference"), text_of(told, "order"), fen_of(told["amount_fen"]), when,
            _REFUNDS[told["kind"]], fen_of(told["fee_fen"]), at,
        )  # fmt: skip
    except (ValueError, KeyError, OverflowError) as error:
        raise wrong(at, "The line cannot be read.") from error
    if when.date() != day:
        raise wrong(at, "The line is of another day.")
    return line
