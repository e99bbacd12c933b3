"""What the general ledger is told each day: sums of entries by unit, kind and gateway, with the accounts to book to.

A day is that of posting, not of value: corrections of years ago are booked when they are made, so that each entry is
told once and a day, once over, never changes.
"""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import connection

from gridhall.contexts.payments.general_ledger import general_ledger_rules
from gridhall.kernel.money import yuan

_SUMS: Final = """
    SELECT (e.posted_at AT TIME ZONE %(zone)s)::date AS day, o.code, o.name, e.kind, coalesce(r.gateway, '') AS gateway,
        count(*), sum(e.amount_fen)
    FROM billing_ledgerentry e JOIN accounts_organisation o ON o.id = e.organisation_id
    LEFT JOIN payments_receiptline l
        ON e.kind IN ('receipt', 'refund', 'chargeback') AND l.id = e.document
    LEFT JOIN payments_receipt r ON r.id = l.receipt_id
    WHERE e.posted_at >= %(start)s AND e.posted_at < %(end)s AND o.path LIKE ANY(%(paths)s)
    GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 2, 4, 5
"""
#: The columns of the file; amounts in yuan with two decimals.
COLUMNS: Final = (
    "day", "unit", "unit_name", "kind", "gateway", "entries", "debit_account", "credit_account", "amount", "ledger",
)  # fmt: skip


@dataclass(frozen=True)
class Booking:
    """A line for the general ledger.

    Attributes:
        kind: of the entries. ``gateway``: empty for bills and late charges.
        amount_fen: booked from debit to credit; negative takes earlier bookings back.
        ledger_fen: the sum of the entries, as the receivables ledger has them.
    """

    day: date
    unit: str
    unit_name: str
    kind: str
    gateway: str
    entries: int
    debit: str
    credit: str
    amount_fen: int
    ledger_fen: int


def ledger_summary(first: date, last: date, *, paths: Sequence[str] = ("/",)) -> list[Booking]:
    """What was posted from the first to the last day, by unit, kind and gateway. One query.

    Args:
        paths: tops of the parts of the organisation that count.

    Raises:
        GeneralLedgerRulesInvalid: when the rules do not say where something is booked.
    """
    rules = general_ledger_rules()
    zone = ZoneInfo(settings.TIME_ZONE)
    with connection.cursor() as cursor:
        cursor.execute(
            _SUMS,
            {
                "zone": settings.TIME_ZONE, "start": datetime.combine(first, time(), zone),
                "end": datetime.combine(last + timedelta(days=1), time(), zone),
                "paths": [path.replace("\\", r"\\").replace("_", r"\_").replace("%", r"\%") + "%" for path in paths],
            },
        )  # fmt: skip
        found = cursor.fetchall()
    bookings = []
    for day, unit, name, kind, gateway, entries, fen in found:
        accounts = rules.accounts(kind, gateway)
        amount = -int(fen) if kind == "receipt" else int(fen)
        bookings.append(
            Booking(
                day, unit, name, kind, gateway, entries, accounts.debit, accounts.credit, amount, int(fen),
            )
        )  # fmt: skip
    return bookings


def ledger_csv(bookings: Sequence[Booking]) -> bytes:
    """The file of these lines: RFC 4180, UTF-8 with a byte order mark, by which Excel knows it."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for each in bookings:
        writer.writerow(
            [
                each.day.isoformat(), _plain(each.unit), _plain(each.unit_name), each.kind, each.gateway, each.entries,
                each.debit, each.credit, yuan(each.amount_fen), yuan(each.ledger_fen),
            ]
        )  # fmt: skip
    return b"\xef\xbb\xbf" + out.getvalue().encode("utf-8")


def _plain(text: str) -> str:
    """A name that no spreadsheet takes for a formula."""
    return f"'{text}" if text[:1] in "=+-@\t\r" and text else text
