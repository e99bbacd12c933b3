"""Taking stock: where every balance under fee control stands, for one or for a million usage points at once.

balance = money of the account − unbilled charges, by the same tariff plan as the bill, of all usage points under fee
control that it settles. Everything is read, decided and written in sets; only who has to be warned is looked at singly.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

import numpy as np
import pyarrow as pa
from django.conf import settings
from django.db import connection, transaction

from gridhall.contexts.billing import operations as billing
from gridhall.contexts.billing import queries as billed
from gridhall.contexts.payments.fee_settings import fee_rules
from gridhall.contexts.payments.models import FeeState
from gridhall.contexts.payments.operations.fee_control import MESSAGE
from gridhall.contexts.payments.rules.fee_control import FeeControlRules, Ints, Level, levels
from gridhall.runtime import outbox
from gridhall.runtime.audit import Act, record
from gridhall.runtime.copy import copy_in, copy_out

#: Two at once would each put in what the other has just put in.
_LOCK: Final = 7_140_031
#: From so many usage points on, those of the whole utility are rated: it is faster than to pick them out.
_MANY: Final = 200_000
_SCHEMA: Final = pa.schema(
    [
        ("control", pa.int64()),
        ("usage_point", pa.int64()),
        ("customer", pa.int64()),
        ("organisation", pa.int64()),
        ("account", pa.int64()),
        ("agreement", pa.int64()),
        ("prepaid", pa.bool_()),
        ("warn", pa.int64()),
        ("warned", pa.int16()),
        ("owed", pa.int64()),
        ("paid", pa.int64()),
        ("overdue", pa.int64()),
    ]
)
#: Under which agreement and account each usage point is today; a table of its own, so that the planner knows its size.
_MINE: Final = """
    CREATE TEMPORARY TABLE fee_who ON COMMIT DROP AS
    SELECT c.id, c.usage_point_id, c.customer_id, c.mode, c.warn_fen, u.organisation_id, a.id AS agreement, s.account_id
    FROM payments_feecontrol c
    JOIN accounts_usagepoint u ON u.id = c.usage_point_id
    JOIN accounts_customeragreement a ON a.usage_point_id = c.usage_point_id AND a.customer_id = c.customer_id
    JOIN accounts_settlement s ON s.agreement_id = a.id
    WHERE c.ended_at IS NULL AND a.span @> %(today)s::date AND s.span @> %(today)s::date {only}
"""
#: With what the ledger says, and what is overdue for long.
_WHO: Final = """
    WITH asked AS (SELECT %s::bigint AS warn, %s::text AS zone, %s::int AS term, %s::date AS long_ago)
    SELECT m.id, m.usage_point_id, m.customer_id, m.organisation_id, m.account_id, m.agreement, m.mode = 'prepaid',
        coalesce(m.warn_fen, asked.warn), coalesce(f.warned, 0), coalesce(o.fen, 0), coalesce(o.paid, 0),
        greatest(coalesce(d.fen, 0) - coalesce(o.paid, 0), 0)
    FROM asked, fee_who m
    LEFT JOIN (
        SELECT e.account_id, sum(e.amount_fen) AS fen,
            sum(-e.amount_fen) FILTER (WHERE e.kind IN ('receipt', 'refund', 'chargeback')) AS paid
        FROM billing_ledgerentry e WHERE e.account_id IN (SELECT account_id FROM fee_who) GROUP BY e.account_id
    ) o ON o.account_id = m.account_id
    LEFT JOIN (
        -- Bills are settled oldest first: what is overdue is what all money so far does not reach.
        SELECT b.account_id, sum(b.total_fen) FILTER (WHERE b.total_fen < 0
            OR (b.issued_at AT TIME ZONE asked.zone)::date + asked.term <= asked.long_ago) AS fen
        FROM asked, billing_bill b
        WHERE b.status = 'issued' AND b.account_id IN (SELECT account_id FROM fee_who WHERE mode = 'credit')
        GROUP BY b.account_id
    ) d ON d.account_id = m.account_id
    LEFT JOIN payments_feestate f ON f.usage_point_id = m.usage_point_id
    ORDER BY m.usage_point_id
"""
#: Who has moved out, or whose contract has ended, is no longer under fee control there.
_END: Final = """
    UPDATE payments_feecontrol c SET ended_at = %s, ended_by = %s
    WHERE c.ended_at IS NULL AND NOT EXISTS (
        SELECT FROM accounts_customeragreement a WHERE a.usage_point_id = c.usage_point_id
            AND a.customer_id = c.customer_id AND (upper_inf(a.span) OR upper(a.span) > %s::date))
        AND NOT EXISTS (SELECT FROM payments_feecase k WHERE k.control_id = c.id AND k.closed_at IS NULL)
"""
#: Accounts settle more than one home: what the others under fee control have used counts, too.
_TOGETHER: Final = """
    SELECT DISTINCT c.usage_point_id FROM payments_feecontrol c
    JOIN accounts_customeragreement a ON a.usage_point_id = c.usage_point_id AND a.customer_id = c.customer_id
        AND a.span @> %(today)s::date
    JOIN accounts_settlement s ON s.agreement_id = a.id AND s.span @> %(today)s::date
    WHERE c.ended_at IS NULL AND s.account_id IN (
        SELECT t.account_id FROM accounts_customeragreement b JOIN accounts_settlement t ON t.agreement_id = b.id
            AND t.span @> %(today)s::date
        WHERE b.usage_point_id = ANY(%(points)s::bigint[]) AND b.span @> %(today)s::date)
    ORDER BY 1
"""
_MESSAGES: Final = {Level.LOW: "warning", Level.VERY_LOW: "second_warning", Level.SPENT: "second_warning"}


@dataclass(frozen=True)
class Stock:
    """What stock-taking came to: usage points in all and by level, and how many customers were warned."""

    usage_points: int
    levels: dict[str, int]
    warned: int
    unpriced: int


def take_stock(
    today: date,
    *,
    usage_points: Sequence[int] | None = None,
    act: Act,
    progress: Callable[[int, int], None] | None = None,
) -> Stock:
    """This will replace the states of all usage points under fee control, as of the end of yesterday, and warn.

    Each level is warned of once until the balance has been fine again. Taken twice a day, nothing is said twice.

    Args:
        today: the first day of which nothing can be known.
        usage_points: of these alone (ids), with all that their accounts settle; None: of the whole utility.
        act: who and when; messages are dated so.

    Raises:
        NothingToBillFrom: no readings have been imported.
        FeeControlRulesInvalid: the rules cannot be used.
    """
    rules = fee_rules()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
        cursor.execute(_END, [act.at, act.actor, today])
        points = None
        if usage_points is not None:
            cursor.execute(_TOGETHER, {"today": today, "points": list(usage_points)})
            points = np.array([point for (point,) in cursor.fetchall()], np.int64)
        who = _who(today, points, rules, act)
        ids = who["usage_point"].to_numpy()
        charges = _charges(today, ids if len(ids) < _MANY else None, progress)
        rows, found = _states(who, charges, rules, act)
        if points is None:
            cursor.execute("DELETE FROM payments_feestate")
        else:
            cursor.execute("DELETE FROM payments_feestate WHERE usage_point_id = ANY(%s)", [points.tolist()])
        copy_in(FeeState._meta.db_table, rows)
        warned = _warn(who, rows, act)
        if points is None:
            record(act, "payments.fee_control.stock_taken", f"day:{today}", found | {"warned": warned})
    unpriced = found.pop("unknown", 0)
    return Stock(len(ids), found, warned, unpriced)


def _who(today: date, points: Ints | None, rules: FeeControlRules, act: Act) -> pa.Table:
    term = billed.due_days()
    long_ago = today - timedelta(days=rules.cut_off.overdue_days)
    only = "" if points is None else "AND c.usage_point_id = ANY(%(points)s::bigint[])"
    with connection.cursor() as cursor:
        cursor.execute(
            _MINE.format(only=only), {"today": today, "points": points.tolist() if points is not None else []}
        )
        cursor.execute("ANALYZE fee_who")
        found = copy_out(_WHO, [rules.warnings.first_fen, settings.TIME_ZONE, term, long_ago], _SCHEMA)
        cursor.execute("DROP TABLE fee_who")
    return found


def _charges(today: date, points: Ints | None, progress: Callable[[int, int], None] | None) -> pa.Table:
    if points is not None and not len(points):
        return billing.UNBILLED.empty_table()
    tables = list(billing.charges_so_far(today, usage_points=points, progress=progress))
    return pa.concat_tables(tables) if tables else billing.UNBILLED.empty_table()


def _states(who: pa.Table, charges: pa.Table, rules: FeeControlRules, act: Act) -> tuple[pa.Table, dict[str, int]]:
    """The rows of `FeeState`, and how many of each level."""
    count = who.num_rows
    agreements, order = who["agreement"].to_numpy(), np.argsort(who["agreement"].to_numpy())
    unbilled, energy = np.zeros(count, np.int64), np.zeros(count, np.int64)
    priced, problem = np.ones(count, bool), np.full(count, "", object)
    as_of = np.full(count, np.datetime64("NaT", "D"))
    if charges.num_rows and count:
        owners = charges["agreement"].to_numpy()
        at = np.minimum(np.searchsorted(agreements, owners, sorter=order), count - 1)
        place = order[at]
        mine = agreements[place] == owners
        place = place[mine]
        unbilled[place] = charges["fen"].fill_null(0).to_numpy()[mine]
        energy[place] = charges["energy_wh"].to_numpy()[mine]
        priced[place] = charges["fen"].is_valid().to_numpy()[mine]
        as_of[place] = charges["as_of"].to_numpy().astype("M8[D]")[mine]
        if not priced.all():
            problem[place] = np.array(charges["problem"].to_pylist(), object)[mine]
    accounts, of = np.unique(who["account"].to_numpy(), return_inverse=True)
    used, known = np.zeros(len(accounts), np.int64), np.ones(len(accounts), bool)
    np.add.at(used, of, unbilled)
    np.logical_and.at(known, of, priced)
    money = -who["owed"].to_numpy()
    balance, known = money - used[of], known[of]
    prepaid = who["prepaid"].to_numpy(zero_copy_only=False)
    level = levels(balance, known, prepaid, who["overdue"].to_numpy(), who["warn"].to_numpy(), rules)
    warned = np.where(level == Level.FINE, 0, who["warned"].to_numpy().astype(np.int64))
    warned = np.maximum(warned, np.where(prepaid, level, 0))
    columns: dict[str, Any] = {
        "usage_point_id": who["usage_point"], "control_id": who["control"], "organisation_id": who["organisation"],
        "account_id": who["account"], "prepaid": who["prepaid"],
        "money_fen": money, "paid_fen": who["paid"],
        "overdue_fen": who["overdue"],
        "unbilled_fen": pa.array(unbilled, mask=~priced), "balance_fen": pa.array(balance, mask=~known),
        "as_of_date": pa.array(as_of, pa.date32()), "energy_wh": energy,
        "problem": pa.array(problem.tolist(), pa.string()), "level": pa.array(level.astype(np.int16)),
        "warned": pa.array(warned.astype(np.int16)),
        "computed_at": pa.repeat(pa.scalar(act.at, pa.timestamp("us", tz="UTC")), count),
    }  # fmt: skip
    values, counts = np.unique(level, return_counts=True)
    found = {Level(value).name.lower(): int(many) for value, many in zip(values.tolist(), counts.tolist(), strict=True)}
    return pa.table(columns), found


def _warn(who: pa.Table, rows: pa.Table, act: Act) -> int:
    """Tell those whose balance has fallen below a level that they were not warned of since it was fine."""
    before, now = who["warned"].to_numpy(), rows["warned"].to_numpy()
    # Below nothing a written notice follows: see `fee_control_cases`.
    new = np.flatnonzero((now > before) & ~((before >= Level.VERY_LOW) & (now == Level.SPENT)))
    if not len(new):
        return 0
    level, balance = rows["level"].to_numpy()[new].tolist(), rows["balance_fen"].take(pa.array(new))
    kinds = [_MESSAGES[Level(each)] for each in level]
    points, controls = who["usage_point"].take(pa.array(new)), who["control"].take(pa.array(new))
    steps = {
        "usage_point_id": points, "control_id": controls,
        "at": pa.repeat(pa.scalar(act.at, pa.timestamp("us", tz="UTC")), len(new)), "kind": kinds,
        "balance_fen": balance, "message": pa.repeat(pa.scalar(True), len(new)),
        "actor": pa.repeat(pa.scalar(act.actor), len(new)),
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMPORARY TABLE fee_told (LIKE payments_feestep) ON COMMIT DROP")
        for name in ("id", "details"):
            cursor.execute(f"ALTER TABLE fee_told ALTER COLUMN {name} DROP NOT NULL")
        copy_in("fee_told", pa.table(steps))
        cursor.execute(
            "INSERT INTO payments_feestep"
            " (usage_point_id, control_id, at, kind, balance_fen, message, actor, details)"
            " SELECT usage_point_id, control_id, at, kind, balance_fen, message, actor, '{}' FROM fee_told"
        )
        cursor.execute("DROP TABLE fee_told")
    if outbox.heard(MESSAGE):
        customers = who["customer"].take(pa.array(new)).to_pylist()
        told = (
            {"usage_point": point, "customer": customer, "kind": kind, "balance_fen": fen, "details": {}}
            for point, customer, kind, fen in zip(
                points.to_pylist(), customers, kinds, balance.to_pylist(), strict=True
            )
        )
        outbox.publish_many(MESSAGE, told, now=act.at)
    return len(new)
