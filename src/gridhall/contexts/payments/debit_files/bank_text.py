"""The text form of Chinese banks' 代扣: fields parted by ``|``, in GB18030, with a line of head and one of sums.

    H|102290000001|GH20261120A1|20261125|2|25700          merchant, message, collection day, number, fen
    D|1|GH20261125…|102100099996|6222020200001234567|王小明|12850|M-0001|电费 0001
    T|2|25700

and back:

    H|102290000001|ANS20261125|GH20261120A1|20261125|2|25700
    R|1|GH20261125…|12850|0000|B8812|
    R|2|GH20261125…|12850|1001||余额不足
    T|2|25700

Banks differ in the order of fields: this is the shape to be adapted to the agreement with each.
"""

from collections.abc import Sequence
from datetime import date
from typing import Final

from gridhall.contexts.payments.creditor import DebitRules
from gridhall.contexts.payments.debit_files import Answered, BankAnswer, DebitOrder, LineOutcome
from gridhall.contexts.payments.errors import DebitRefused

_PAID: Final = "0000"


def written(order: DebitOrder) -> bytes:
    """The file to the bank."""
    sums = [str(len(order.lines)), str(order.total_fen)]
    rows = [["H", order.rules.creditor.merchant, order.message_id, f"{order.collection:%Y%m%d}", *sums]]
    for at, line in enumerate(order.lines, 1):
        rows.append(
            [
                "D", str(at), line.end_to_end, line.bank, line.account, line.name, str(line.amount_fen), line.mandate,
                line.text,
            ]
        )  # fmt: skip
    rows.append(["T", *sums])
    clean = ("|".join(field.replace("|", " ").replace("\n", " ") for field in row) for row in rows)
    return ("\r\n".join(clean) + "\r\n").encode("gb18030")


def read(content: bytes, rules: DebitRules) -> BankAnswer:
    """The movements of a bank's answer, all of it or none.

    Raises:
        DebitRefused: cut off, of another merchant, or with sums that do not agree; with the line.
    """
    try:
        text = content.decode("gb18030")
    except UnicodeDecodeError as error:
        raise DebitRefused("It is no text in GB18030.", path=f"line {content[: error.start].count(10) + 1}") from error
    rows = [row.split("|") for row in text.splitlines()]
    if not rows or rows[0][0] != "H" or len(rows[0]) != 7:
        raise DebitRefused("It does not begin as a bank's answer.", path="line 1")
    _, merchant, message, _, day, count, total = rows[0]
    if merchant != rules.creditor.merchant:
        raise DebitRefused("It is of another creditor.", path="line 1")
    if not 1 <= len(message) <= 35:
        raise DebitRefused("The number of the message is missing or too long.", path="line 1")
    if rows[-1] != ["T", count, total] or len(rows) < 2:
        raise DebitRefused("It is cut off: the line of sums is missing.", path=f"line {len(rows)}")
    booked = _day(day)
    lines = [_line(row, at, booked) for at, row in enumerate(rows[1:-1], 2)]
    if count != str(len(lines)) or total != str(sum(line.amount_fen for line in lines)):
        raise DebitRefused("The lines do not add up to the sums it says.", path=f"line {len(rows)}")
    return BankAnswer(message, tuple(lines))


def _line(row: Sequence[str], at: int, booked: date) -> Answered:
    if len(row) != 7 or row[0] != "R" or row[1] != str(at - 1):
        raise DebitRefused("A line is not in the agreed form.", path=f"line {at}")
    _, _, end_to_end, amount, code, reference, said = row
    if not amount.isascii() or not amount.isdigit() or len(amount) > 12 or not 1 <= len(end_to_end) <= 35:
        raise DebitRefused("An amount or a number of a debit is none.", path=f"line {at}")
    outcome = LineOutcome.PAID if code == _PAID else LineOutcome.RETURNED
    reason = "" if code == _PAID else f"{code} {said}".strip()
    return Answered(at, end_to_end, int(amount), outcome, reference, booked, reason)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(f"{text[:4]}-{text[4:6]}-{text[6:]}")
    except ValueError:
        raise DebitRefused("The day is none.", path="line 1") from None
