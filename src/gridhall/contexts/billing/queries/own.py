"""A customer's own bills at one usage point: what the hall shows, and nothing of who lived there before."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Final

from gridhall.contexts.accounts import queries as accounts
from gridhall.contexts.billing.models import Bill
from gridhall.contexts.billing.queries.explaining import view_of
from gridhall.contexts.billing.rules import numbering
from gridhall.contexts.billing.rules.tiers import TierLimits, limits_of
from gridhall.contexts.billing.settings import due_days, due_on
from gridhall.contexts.billing.types import BillView
from gridhall.kernel.errors import NotFound
from gridhall.kernel.spans import DateSpan
from gridhall.runtime import prepared
from gridhall.runtime.localtime import local_day

#: Both states by name: each has an index of its own. A list needs a tenth of a bill's columns.
_OWN: Final = """
    SELECT b.number, b.start_date, b.end_date, b.energy_wh, b.total_fen, b.separate_fen, b.status, b.estimated,
        b.missing, b.days_read, b.issued_at, b.replaces, b.replaced_by
    FROM billing_bill b JOIN accounts_customeragreement a ON a.id = b.agreement_id
    WHERE (b.usage_point_id = %(point)s AND b.status = 'issued'
            OR b.usage_point_id = %(point)s AND b.status = 'cancelled')
        AND a.customer_id = %(customer)s
    ORDER BY b.start_date DESC, b.number DESC
"""


@dataclass(frozen=True)
class OwnBill:
    """A bill in its customer's list.

    Attributes:
        number: as people read it.
        separate_fen: what is settled outside the total.
        estimated, missing: slots of the period; days without any reading count in ``days_missing``.
        replaces, replaced_by: numbers of the bills before and after a correction.
    """

    number: str
    span: DateSpan
    energy_wh: int
    total_fen: int
    separate_fen: int
    status: str
    estimated: int
    missing: int
    days_missing: int
    issued_at: datetime
    due: date
    replaces: str | None
    replaced_by: str | None

    @property
    def live(self) -> bool:
        """Whether it counts."""
        return self.status == "issued"


@dataclass(frozen=True)
class OwnBillInFull:
    """One bill as its customer may see it.

    Attributes:
        limits: of its tiers, as its charges counted them; None where its price has no tiers.
        settled_by: masked name of the customer whose account settles it; empty where it is this customer's own.
        usage_point, organisation: ids.
    """

    bill: BillView
    due: date
    limits: TierLimits | None
    settled_by: str
    usage_point: int
    organisation: int
    since: date


def own_bills(usage_point: int, customer: int, spans: Iterable[DateSpan]) -> list[OwnBill]:
    """The bills of a customer's agreements at a usage point, newest period first, cancelled ones too. One query.

    Args:
        usage_point, customer: ids.
        spans: the days that may be seen; bills that touch none of them are left out.
    """
    visible, term = list(spans), timedelta(days=due_days())
    with prepared.cursor() as cursor:
        cursor.execute(_OWN, {"point": usage_point, "customer": customer})
        found = [_own(term, *row) for row in cursor.fetchall()]
    return [bill for bill in found if any(bill.span & span for span in visible)]


def own_bill(number: int, usage_point: int, customer: int, spans: Iterable[DateSpan]) -> OwnBillInFull:
    """One bill of a customer's agreements at a usage point. Two queries, three where another's account settles it.

    Raises:
        NotFound: there is none of this number, or it is of another customer, usage point or time.
    """
    row = (
        Bill.objects.select_related("usage_point", "account", "organisation")
        .filter(number=number, usage_point_id=usage_point, agreement__customer_id=customer)
        .first()
    )
    span = None if row is None else DateSpan(row.start_date, row.end_date)
    if row is None or span is None or not any(span & visible for visible in spans):
        raise NotFound("There is no such bill.", path="number")
    view = view_of(row)
    settling = row.account.customer_id
    return OwnBillInFull(
        bill=view,
        due=due_on(row.issued_at),
        limits=limits_of(view.tariff, span, row.since_date, row.household_size),
        settled_by="" if settling == customer else accounts.masked_customer_name(settling),
        usage_point=row.usage_point_id,
        organisation=row.organisation_id,
        since=row.since_date,
    )


def comparands(bill: OwnBillInFull, others: Iterable[OwnBill]) -> dict[str, OwnBill]:
    """Which of a customer's live bills a bill is compared with: ``before``, ``year_ago``; absent where there is none.

    Before is the bill whose period ends where this begins; a year ago the one that begins in the same month.
    """
    span = bill.bill.span
    live = [other for other in others if other.live and other.number != bill.bill.number]
    found: dict[str, OwnBill] = {}
    for other in live:
        if other.span.end == span.start:
            found["before"] = other
        if (other.span.start.year, other.span.start.month) == (span.start.year - 1, span.start.month):
            found.setdefault("year_ago", other)
    return found


def without_hidden(bill: OwnBillInFull, others: Iterable[OwnBill]) -> OwnBillInFull:
    """The bill, naming the one before or after a correction only where that may be seen as well."""
    known = {other.number for other in others}
    view = bill.bill
    return replace(
        bill,
        bill=replace(
            view,
            replaces=view.replaces if view.replaces in known else None,
            replaced_by=view.replaced_by if view.replaced_by in known else None,
        ),
    )


def _own(
    term: timedelta, number: int, start: date, end: date, energy_wh: int, total_fen: int, separate_fen: int,
    status: str, estimated: int, missing: int, days_read: int, issued_at: datetime, replaces: int | None,
    replaced_by: int | None,
) -> OwnBill:  # fmt: skip
    span = DateSpan(start, end)
    return OwnBill(
        number=numbering.show(number), span=span, energy_wh=energy_wh, total_fen=total_fen, separate_fen=separate_fen,
        status=status, estimated=estimated, missing=missing, days_missing=span.days - days_read, issued_at=issued_at,
        due=local_day(issued_at) + term, replaces=None if replaces is None else numbering.show(replaces),
        replaced_by=None if replaced_by is None else numbering.show(replaced_by),
    )  # fmt: skip
