"""Arrears: cases are opened, brought up to date and closed as one set; people record what they do about each."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from django.db import connection, transaction

from gridhall.contexts.payments.collection_settings import collection_rules
from gridhall.contexts.payments.models import (
    CollectionCase,
    CollectionStep,
    Instalment,
    InstalmentPlan,
    PromiseToPay,
    StepKind,
    StepResult,
)
from gridhall.contexts.payments.queries.owed import asked_of, with_unpaid
from gridhall.contexts.payments.rules.amounts import checked
from gridhall.kernel.errors import NotFound, Refused
from gridhall.runtime.audit import Act, record

_MOST_INSTALMENTS: Final = 24


class CollectionRefused(Refused):
    """This cannot be recorded for a case as it stands."""

    code = "collection_refused"


class PromiseUnfit(CollectionRefused):
    """A promise for a day that is over or too far ahead."""

    code = "promise_unfit"


class InstalmentsUnfit(CollectionRefused):
    """Instalments whose days or sum do not fit."""

    code = "instalments_unfit"


@dataclass(frozen=True)
class Collected:
    """What a night came to: cases opened, closed, and open now; ``overdue_fen`` of these."""

    opened: int
    closed: int
    open: int
    overdue_fen: int


#: All that a statement works on, or the one account that somebody works on.
_ONLY: Final = "(%(only)s::bigint IS NULL OR {}account_id = %(only)s)"
_BALANCES: Final = f"""
    SELECT account_id FROM billing_ledgerentry WHERE {_ONLY.format("")} GROUP BY account_id HAVING sum(amount_fen) > 0
"""
_ARREARS: Final = """
    , late AS (
        SELECT u.account_id, sum(u.open_fen)::bigint AS fen, min(u.due) AS oldest FROM unpaid u
        WHERE u.open_fen > 0 AND u.due < %(today)s GROUP BY u.account_id HAVING sum(u.open_fen) >= %(least)s
    )
    SELECT l.account_id, c.organisation_id, l.fen, l.oldest,
        greatest(1, (percentile_disc(0.5) WITHIN GROUP (ORDER BY b.total_fen)))::bigint AS usual
    FROM late l JOIN accounts_customeraccount c ON c.id = l.account_id
    JOIN bills b ON b.account_id = l.account_id AND b.total_fen > 0
    GROUP BY l.account_id, c.organisation_id, l.fen, l.oldest
"""
_CLOSE: Final = f"""
    UPDATE payments_collectioncase c SET closed_at = %(now)s, next_kind = '', next_date = NULL
    WHERE c.closed_at IS NULL AND {_ONLY.format("c.")}
        AND NOT EXISTS (SELECT FROM arrears a WHERE a.account_id = c.account_id)
"""
_OPEN_CASES: Final = """
    INSERT INTO payments_collectioncase (account_id, organisation_id, opened_at, as_of_date, oldest_date, overdue_fen,
        usual_fen, broken, risk_age, risk_amount, risk_broken, done, next_kind)
    SELECT account_id, organisation_id, %(now)s, %(today)s, oldest, fen, usual, 0, 0, 0, 0, 0, '' FROM arrears
    ON CONFLICT (account_id) WHERE closed_at IS NULL DO NOTHING
"""
#: Money that came since a day, by account, as promises and plans are judged by.
_CAME: Final = """
    coalesce((SELECT -sum(e.amount_fen) FROM billing_ledgerentry e WHERE e.account_id = c.account_id
        AND e.kind IN ('receipt', 'refund', 'chargeback') AND e.posted_at >= {since} AND e.value_date <= {until}), 0)
"""
#: Promises and plans of open cases: whether they hold, are kept, or were broken; a plan is broken with its first part.
WORDS: Final = f"""
    SELECT p.case_id, 'promise' AS kind, p.id,
        CASE WHEN {_CAME.format(since="p.made_at", until="p.until_date")} >= p.amount_fen THEN 'kept'
            WHEN p.until_date < %(today)s THEN 'broken' ELSE 'holds' END AS state
    FROM payments_promisetopay p JOIN payments_collectioncase c ON c.id = p.case_id WHERE c.closed_at IS NULL
    UNION ALL
    SELECT p.case_id, 'plan', p.id,
        CASE WHEN bool_and({_CAME.format(since="p.agreed_at", until="i.due_date")} >= i.up_to) THEN 'kept'
            WHEN bool_or(i.due_date < %(today)s
                AND {_CAME.format(since="p.agreed_at", until="i.due_date")} < i.up_to) THEN 'broken'
            ELSE 'holds' END
    FROM payments_instalmentplan p JOIN payments_collectioncase c ON c.id = p.case_id
    JOIN (SELECT plan_id, due_date, sum(amount_fen) OVER (PARTITION BY plan_id ORDER BY number) AS up_to
        FROM payments_instalment) i ON i.plan_id = p.id
    WHERE c.closed_at IS NULL AND p.ended_at IS NULL GROUP BY p.case_id, p.id
"""
#: Figures, urgency and the next step of every open case. A broken word makes the next step due at once and later ones
#: come one step sooner; while a word holds, nothing is due.
_FIGURES: Final = f"""
    WITH word AS ({WORDS}), words AS (
        SELECT case_id, count(*) FILTER (WHERE state = 'broken') AS broken, bool_or(state = 'holds') AS holds
        FROM word GROUP BY case_id
    ), now AS (
        SELECT c.id, a.fen, a.oldest, a.usual, coalesce(w.broken, 0) AS broken, %(today)s::date - a.oldest AS days,
            coalesce(w.holds, false) AS holds,
            (SELECT count(*) FROM payments_collectionstep s WHERE s.case_id = c.id) AS done
        FROM payments_collectioncase c JOIN arrears a USING (account_id) LEFT JOIN words w ON w.case_id = c.id
        WHERE c.closed_at IS NULL
    ), planned AS (
        SELECT n.*, s.kind, n.oldest + s.after_days AS due
        FROM now n LEFT JOIN unnest(%(kinds)s::text[], %(days)s::int[]) WITH ORDINALITY AS s(kind, after_days, at)
            ON s.at = least(n.done + n.broken, %(steps)s) + 1 OR (s.at = %(steps)s AND n.done < %(steps)s
                AND n.done + n.broken >= %(steps)s)
    )
    UPDATE payments_collectioncase c SET as_of_date = %(today)s, overdue_fen = p.fen, oldest_date = p.oldest,
        usual_fen = p.usual, broken = p.broken, done = p.done,
        risk_age = least(%(age_most)s, p.days * %(age_most)s / %(age_days)s),
        risk_amount = least(%(amount_most)s,
            greatest(0, p.fen - p.usual) * %(amount_most)s / (p.usual * (%(amount_bills)s - 1))),
        risk_broken = least(%(broken_most)s, p.broken * %(broken_each)s),
        next_kind = CASE WHEN p.holds OR p.kind IS NULL THEN '' ELSE p.kind END,
        next_date = CASE WHEN p.holds OR p.kind IS NULL THEN NULL
            WHEN p.broken > 0 THEN least(p.due, %(today)s) ELSE p.due END
    FROM planned p WHERE p.id = c.id
"""


def collect(today: date, *, act: Act, only: int | None = None) -> Collected:
    """This will open, bring up to date and close the cases of all accounts, as one set in one transaction.

    Again the same day it changes nothing.

    Args:
        today: the utility's day; a bill is overdue from the day after it fell due.
        only: id of the one account to look at; None: all.

    Raises:
        CollectionRulesInvalid: when the strategy cannot be used.
    """
    rules = collection_rules()
    asked: dict[str, Any] = {
        "today": today, "now": act.at, "only": only, "least": rules.least_fen,
        "kinds": [step.kind for step in rules.steps], "days": [step.after_days for step in rules.steps],
        "steps": len(rules.steps), **rules.risk.model_dump(),
    }  # fmt: skip
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('payments.collection'))")
        cursor.execute("DROP TABLE IF EXISTS arrears")
        cursor.execute(_BALANCES, asked)
        arrears = f"CREATE TEMPORARY TABLE arrears ON COMMIT DROP AS {with_unpaid(_ARREARS)}"
        cursor.execute(arrears, asked | asked_of([account for (account,) in cursor.fetchall()], today))
        cursor.execute("ANALYZE arrears")
        cursor.execute(_CLOSE, asked)
        closed = cursor.rowcount
        cursor.execute(_OPEN_CASES, asked)
        opened = cursor.rowcount
        cursor.execute(_FIGURES, asked)
        cursor.execute("SELECT count(*), coalesce(sum(fen), 0)::bigint FROM arrears")
        count, fen = cursor.fetchone()
    return Collected(opened, closed, count, fen)


def record_step(id: int, kind: str, result: str, *, note: str, today: date, act: Act) -> None:
    """This will record what was done about a case and what came of it.

    Raises:
        CollectionRefused: when kind or result are no words of it.
        NotFound: when there is no such open case.
    """
    if kind not in StepKind.values or result not in StepResult.values:
        raise CollectionRefused("Choose what was done and what came of it.", path="kind")
    with transaction.atomic():
        case = _locked(id)
        CollectionStep.objects.create(
            case_id=id, kind=kind, result=result, note=note.strip()[:500], at=act.at, actor=act.actor
        )
        record(act, "payments.collection.step", f"collection:{id}", {"kind": kind, "result": result})
        collect(today, act=act, only=case.account_id)


def record_promise(id: int, amount_fen: int, until: date, *, today: date, act: Act) -> None:
    """This will record what a customer promises to pay until a day; till then no step is due.

    Raises:
        AmountInvalid: for nothing or less.
        PromiseUnfit: for a day that is over, or more than 90 days ahead.
        NotFound: when there is no such open case.
    """
    checked(amount_fen)
    if not 0 <= (until - today).days <= 90:
        raise PromiseUnfit("A promise is for a day from today to 90 days ahead.")
    with transaction.atomic():
        case = _locked(id)
        PromiseToPay.objects.create(
            case_id=id, amount_fen=amount_fen, until_date=until, made_date=today, made_at=act.at, actor=act.actor
        )
        details = {"amount_fen": amount_fen, "until": until}
        record(act, "payments.collection.promise", f"collection:{id}", details)
        collect(today, act=act, only=case.account_id)


def agree_plan(id: int, instalments: Sequence[tuple[date, int]], *, today: date, act: Act) -> None:
    """This will agree that arrears are paid in parts; an earlier plan ends.

    Args:
        instalments: (due day, fen), ascending; together what is overdue.

    Raises:
        AmountInvalid: for a part of nothing or less.
        InstalmentsUnfit: when the days do not ascend from today, or the parts do not come to what is overdue.
        NotFound: when there is no such open case.
    """
    days = [day for day, _fen in instalments]
    if not 2 <= len(days) <= _MOST_INSTALMENTS or days != sorted(set(days)) or days[0] < today:
        raise InstalmentsUnfit("Instalments are 2 to 24, on days that ascend from today.")
    total = sum(checked(fen) for _day, fen in instalments)
    with transaction.atomic():
        case = _locked(id)
        if total != case.overdue_fen:
            raise InstalmentsUnfit("The instalments do not come to what is overdue.")
        InstalmentPlan.objects.filter(case_id=id, ended_at=None).update(ended_at=act.at)
        plan = InstalmentPlan.objects.create(case_id=id, agreed_date=today, agreed_at=act.at, actor=act.actor)
        Instalment.objects.bulk_create(
            Instalment(plan=plan, number=at, due_date=day, amount_fen=fen)
            for at, (day, fen) in enumerate(instalments, 1)
        )
        record(act, "payments.collection.plan", f"collection:{id}", {"parts": len(days), "amount_fen": total})
        collect(today, act=act, only=case.account_id)


def _locked(id: int) -> CollectionCase:
    found = CollectionCase.objects.select_for_update().filter(pk=id, closed_at=None).first()
    if found is None:
        raise NotFound("There is no such open case.", path="case")
    return found
