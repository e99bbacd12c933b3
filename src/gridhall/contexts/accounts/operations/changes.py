"""Changes of who uses, who pays and on what terms, each with an effective date.

The effective date is the first day of the new state. Nothing in the past is rewritten: a change ends what was in force
and begins what follows; bills of days before it stay as they were.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from datetime import date
from typing import Any

from django.db import transaction
from django.db.backends.postgresql.psycopg_any import DateRange

from gridhall.contexts.accounts import queries
from gridhall.contexts.accounts.models import Customer, CustomerAccount, CustomerAgreement, Settlement, UsagePoint
from gridhall.contexts.accounts.operations.errors import (
    AlreadyDone,
    TooFarAhead,
    TooFarBack,
    UnableToChange,
    UnableToMoveIn,
    UnableToMoveOut,
    integrity,
)
from gridhall.contexts.accounts.rules.effective import DEFAULT_LIMITS, Limits, Reach, judge
from gridhall.contexts.accounts.types import Agreement, Terms, UsagePointStatus
from gridhall.kernel.errors import NotFound
from gridhall.kernel.spans import DateSpan
from gridhall.runtime import audit
from gridhall.runtime.localtime import local_day


@dataclass(frozen=True)
class MoveIn:
    """A customer begins to use a usage point.

    Attributes:
        usage_point, customer, account: numbers; the account settles the agreement and may be another customer's.
        span: from the first day on, usually without end.
    """

    usage_point: str
    customer: str
    account: str
    tariff_code: str
    span: DateSpan
    terms: Terms = field(default_factory=Terms)


def move_in(wish: MoveIn, *, act: audit.Act, limits: Limits = DEFAULT_LIMITS) -> Agreement:
    """This will begin an agreement for a usage point that is free in the span.

    Raises:
        NotFound: when usage point, customer or account do not exist.
        AlreadyDone: when that customer's agreement already begins on that day.
        UnableToMoveIn: when the usage point is retired, or has an agreement in the span.
        TooFarBack, TooFarAhead: when the effective date is out of reach.
    """
    _check(wish.span.start, act, limits)
    with _changing(wish.usage_point) as point:
        if point.status == UsagePointStatus.RETIRED:
            raise UnableToMoveIn(f"Usage point {point.number} is retired.", path=point.number)
        for other in queries.agreements_of(point.number):
            if other.customer_number == wish.customer and other.span.start == wish.span.start:
                raise AlreadyDone(f"{wish.customer} already moves in on {wish.span.start}.", path=point.number)
            if other.span & wish.span:
                raise UnableToMoveIn(
                    f"Usage point {point.number} has an agreement with customer {other.customer_number} for"
                    f" {other.span}.",
                    path=point.number,
                    remedy="Let that customer move out first.",
                )
        agreement = CustomerAgreement.objects.create(
            usage_point=point,
            customer=_one(Customer, wish.customer),
            tariff_code=wish.tariff_code,
            span=_range(wish.span),
            **asdict(wish.terms),
        )
        Settlement.objects.create(
            agreement=agreement, account=_one(CustomerAccount, wish.account), span=_range(wish.span)
        )
        return _recorded(act, "accounts.agreement.begun", agreement, {"account": wish.account, "reason": "move_in"})


def move_out(usage_point: str, *, end: date, act: audit.Act, limits: Limits = DEFAULT_LIMITS) -> Agreement:
    """This will end the agreement in force, ``end`` being the first day without it, and give the ended agreement.

    Raises:
        NotFound: when there is no such usage point.
        AlreadyDone: when an agreement already ends on that day and none follows.
        UnableToMoveOut: when no agreement is in force on the day before ``end``.
        TooFarBack, TooFarAhead: when the effective date is out of reach.
    """
    _check(end, act, limits)
    with _changing(usage_point) as point:
        agreements = queries.agreements_of(point.number)
        if agreements and agreements[-1].span.end == end:
            raise AlreadyDone(f"The agreement of {point.number} already ends on {end}.", path=point.number)
        current = next((a for a in agreements if a.span.start < end and (not a.span.end or end < a.span.end)), None)
        if current is None:
            raise UnableToMoveOut(f"No agreement of {point.number} is in force up to {end}.", path=point.number)
        _end(current, end)
        row = CustomerAgreement.objects.get(pk=current.id)
        return _recorded(act, "accounts.agreement.ended", row, {"end": end, "was": current.span.end})


def change_settlement(
    usage_point: str, *, account: str, start: date, act: audit.Act, limits: Limits = DEFAULT_LIMITS
) -> Agreement:
    """This will let another account settle the agreement in force, from ``start`` to the agreement's end.

    Raises:
        NotFound: when usage point or account do not exist.
        AlreadyDone: when that account settles on that day and to the end already.
        UnableToChange: when no agreement is in force on ``start``, or a later change of the settlement is arranged.
        TooFarBack, TooFarAhead: when the effective date is out of reach.
    """
    _check(start, act, limits)
    with _changing(usage_point) as point:
        current = _in_force(point.number, start)
        later = [s for s in current.settlements if s.span.start > start]
        if later:
            raise UnableToChange(
                f"Account {later[0].account_number} is to settle {point.number} from {later[0].span.start} on.",
                path=point.number,
                remedy="Give an effective date from that day on.",
            )
        now_settling = current.account_on(start)
        if now_settling.account_number == account:
            raise AlreadyDone(f"Account {account} already settles {point.number} on {start}.", path=point.number)
        new = _one(CustomerAccount, account)
        row = Settlement.objects.get(agreement_id=current.id, span=_range(now_settling.span))
        if now_settling.span.start == start:
            row.account = new
            row.save(update_fields=["account"])
        else:
            row.span = _range(DateSpan(now_settling.span.start, start))
            row.save(update_fields=["span"])
            Settlement.objects.create(
                agreement_id=current.id, account=new, span=_range(DateSpan(start, now_settling.span.end))
            )
        agreement = CustomerAgreement.objects.get(pk=current.id)
        details = {"start": start, "account": account, "was": now_settling.account_number}
        return _recorded(act, "accounts.settlement.changed", agreement, details)


def change_tariff(
    usage_point: str, *, tariff_code: str, start: date, act: audit.Act, limits: Limits = DEFAULT_LIMITS
) -> Agreement:
    """This will continue the agreement in force under another tariff from ``start`` on, and give what follows.

    The agreement ends and another with the same customer, terms and settlement begins; on its first day it is
    corrected instead.

    Raises:
        NotFound: when there is no such usage point.
        AlreadyDone: when the tariff already holds on that day.
        UnableToChange: when no agreement is in force on ``start``.
        TooFarBack, TooFarAhead: when the effective date is out of reach.
    """
    _check(start, act, limits)
    with _changing(usage_point) as point:
        current = _in_force(point.number, start)
        if current.tariff_code == tariff_code:
            raise AlreadyDone(f"{point.number} is under tariff {tariff_code} on {start} already.", path=point.number)
        row = _succeed(current, start, tariff_code=tariff_code, terms=current.terms)
        details = {"start": start, "tariff_code": tariff_code, "was": current.tariff_code}
        return _recorded(act, "accounts.agreement.tariff_changed", row, details)


def change_terms(
    usage_point: str, *, terms: Terms, start: date, act: audit.Act, limits: Limits = DEFAULT_LIMITS
) -> Agreement:
    """This will continue the agreement in force on other terms from ``start`` on, and give what follows.

    Raises:
        NotFound: when there is no such usage point.
        AlreadyDone: when the terms already hold on that day.
        UnableToChange: when no agreement is in force on ``start``.
        TooFarBack, TooFarAhead: when the effective date is out of reach.
        TermsInvalid: when a term is not a possible value.
    """
    _check(start, act, limits)
    with _changing(usage_point) as point:
        current = _in_force(point.number, start)
        if current.terms == terms:
            raise AlreadyDone(f"{point.number} is on these terms on {start} already.", path=point.number)
        row = _succeed(current, start, tariff_code=current.tariff_code, terms=terms)
        details = {"start": start, "terms": asdict(terms), "was": asdict(current.terms)}
        return _recorded(act, "accounts.agreement.terms_changed", row, details)


# -- how it is done ------------------------------------------------------------------------------------------------


@contextmanager
def _changing(usage_point: str) -> Iterator[UsagePoint]:
    """One transaction in which changes of this usage point stand in line."""
    with transaction.atomic(), integrity(usage_point):
        point = UsagePoint.objects.select_for_update(no_key=True).filter(number=usage_point).first()
        if point is None:
            raise NotFound(f"There is no usage point {usage_point}.", path=usage_point)
        yield point


def _check(effective: date, act: audit.Act, limits: Limits) -> None:
    today = local_day(act.at)
    match judge(effective, today=today, limits=limits):
        case Reach.TOO_FAR_BACK:
            raise TooFarBack(
                f"{effective} lies more than {limits.back_days} days before {today}.",
                remedy="Bills that old are corrected by hand.",
            )
        case Reach.TOO_FAR_AHEAD:
            raise TooFarAhead(f"{effective} lies more than {limits.ahead_days} days after {today}.")
        case Reach.WITHIN:
            pass


def _in_force(usage_point: str, day: date) -> Agreement:
    current = queries.agreement_on(usage_point, day)
    if current is None:
        raise UnableToChange(f"No agreement of {usage_point} is in force on {day}.", path=usage_point)
    return current


def _end(agreement: Agreement, end: date) -> None:
    """Shorten an agreement and its settlements to the days before ``end``, which lies inside its span."""
    Settlement.objects.filter(agreement_id=agreement.id, span__startswith__gte=end).delete()
    for settlement in Settlement.objects.filter(agreement_id=agreement.id, span__contains=end):
        settlement.span = DateRange(settlement.span.lower, end)
        settlement.save(update_fields=["span"])
    CustomerAgreement.objects.filter(pk=agreement.id).update(span=_range(replace(agreement.span, end=end)))


def _succeed(agreement: Agreement, start: date, *, tariff_code: str, terms: Terms) -> CustomerAgreement:
    """End an agreement at ``start`` and begin its successor there; on its own first day, amend it."""
    if agreement.span.start == start:
        CustomerAgreement.objects.filter(pk=agreement.id).update(tariff_code=tariff_code, **asdict(terms))
        return CustomerAgreement.objects.get(pk=agreement.id)
    remaining = [
        (settlement.account, remainder)
        for settlement in agreement.settlements
        if (remainder := settlement.span & DateSpan(start, None))
    ]
    _end(agreement, start)
    successor = CustomerAgreement.objects.create(
        usage_point_id=agreement.usage_point,
        customer_id=agreement.customer,
        tariff_code=tariff_code,
        span=_range(DateSpan(start, agreement.span.end)),
        **asdict(terms),
    )
    Settlement.objects.bulk_create(
        Settlement(agreement=successor, account_id=account, span=_range(span)) for account, span in remaining
    )
    return successor


def _recorded(act: audit.Act, action: str, row: CustomerAgreement, details: dict[str, Any]) -> Agreement:
    agreement = queries.agreement_of(
        CustomerAgreement.objects.select_related("usage_point", "customer")
        .prefetch_related("settlements__account")
        .get(pk=row.pk)
    )
    about = {"agreement": agreement.id, "start": agreement.span.start, "tariff_code": agreement.tariff_code}
    audit.record(act, action, f"usage_point:{agreement.usage_point_number}", about | details)
    return agreement


def _one(model: Any, number: str) -> Any:
    found = model.objects.filter(number=number).first()
    if found is None:
        raise NotFound(f"There is no {model._meta.verbose_name} ({model.__name__}) {number}.", path=number)
    return found


def _range(span: DateSpan) -> DateRange:
    return DateRange(span.start, span.end)
