"""Smart fee control as pages show it: one home, a board of many, what waits for a person, commands and their fate."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

from django.db import connection

from gridhall.contexts.payments.fee_settings import fee_rules
from gridhall.contexts.payments.rules.fee_control import FeeControlRules, Level
from gridhall.kernel.errors import NotFound
from gridhall.runtime import prepared
from gridhall.runtime.localtime import local

#: Levels and stages as boards and filters name them, from harmless to dark.
STATES: Final = (
    "fine", "low", "very_low", "spent", "unknown", "noticed", "approved", "announced", "cutting", "off", "restoring",
)  # fmt: skip
_LEVELS: Final = {level.value: level.name.lower() for level in Level}
_STATE: Final = """
    coalesce(k.stage, CASE f.level WHEN 0 THEN 'fine' WHEN 1 THEN 'low' WHEN 2 THEN 'very_low' WHEN 3 THEN 'spent'
        ELSE 'unknown' END)
"""
_FROM: Final = """
    FROM payments_feecontrol c
    JOIN accounts_usagepoint u ON u.id = c.usage_point_id JOIN accounts_organisation o ON o.id = u.organisation_id
    LEFT JOIN payments_feestate f ON f.control_id = c.id
    LEFT JOIN payments_feecase k ON k.control_id = c.id AND k.closed_at IS NULL
    WHERE c.ended_at IS NULL
"""
_ROWS: Final = f"""
    SELECT c.id, c.usage_point_id, c.customer_id, u.number, o.name, o.path, c.mode, c.warn_fen, c.signed_at,
        f.balance_fen, f.money_fen, f.unbilled_fen, f.energy_wh, f.as_of_date, f.computed_at, f.overdue_fen,
        coalesce(f.problem, ''), {_STATE}, f.level, k.id, coalesce(k.waits, ''), k.noticed_at, k.approved_at,
        k.approved_by, k.final_at, k.off_at, (SELECT b.number FROM accounts_customer b WHERE b.id = c.customer_id),
        EXISTS (SELECT FROM accounts_protection p WHERE p.usage_point_id = u.id AND p.span @> %(today)s::date)
    {_FROM}
"""


_COMMANDS: Final = """
    SELECT m.id, m.usage_point_id, u.number, o.name, m.meter, m.action, m.state, m.tries, m.asked_at, m.sent_at,
        m.acknowledged_at, m.ended_at, m.trouble, m.work_order_at
    FROM payments_switchcommand m JOIN accounts_usagepoint u ON u.id = m.usage_point_id
    JOIN accounts_organisation o ON o.id = m.organisation_id
    WHERE {where} ORDER BY m.id DESC LIMIT %(limit)s
"""


@dataclass(frozen=True)
class Watched:
    """A usage point under fee control; ids, amounts in fen.

    Attributes:
        state: one of `STATES`: the stage of an open case, else the level of the balance.
        money: what the account has, negative is owed. ``unbilled``: charges since the last bill, of this home.
        balance: money − unbilled charges of all homes of the account; None where it is not known.
        as_of: newest complete day of readings. ``computed_at``: when stock was taken; None: not yet.
        case: the open one, with why it waits (codes of `rules.fee_control.Wait`) and its moments.
    """

    control: int
    usage_point: int
    customer: int
    number: str
    unit: str
    path: str
    mode: str
    warn: int | None
    signed_at: datetime
    balance: int | None
    money: int | None
    unbilled: int | None
    energy_wh: int | None
    as_of: date | None
    computed_at: datetime | None
    overdue: int | None
    problem: str
    state: str
    level: int | None
    case: int | None
    waits_text: str
    noticed_at: datetime | None
    approved_at: datetime | None
    approved_by: str | None
    final_at: datetime | None
    off_at: datetime | None
    customer_number: str
    protected: bool

    @property
    def level_word(self) -> str:
        """The level of the balance as a word of `STATES`."""
        return _LEVELS.get(-1 if self.level is None else self.level, "unknown")

    @property
    def waits(self) -> tuple[str, ...]:
        """Why nothing more is done now."""
        return tuple(filter(None, self.waits_text.split(",")))

    @property
    def first_day(self) -> date | None:
        """The first day on which supply may be cut off after the notice."""
        if self.noticed_at is None:
            return None
        return (local(self.noticed_at) + timedelta(days=fee_rules().cut_off.least_days)).date()

    @property
    def dark(self) -> bool:
        """Whether supply is off, or on its way back."""
        return self.off_at is not None

    @property
    def to_pay(self) -> int:
        """What brings supply back, or the balance to nothing: in fen, 0 where nothing is needed."""
        if self.mode == "credit":
            return max(self.overdue or 0, 0)
        return max(fee_rules().cut_off.restored_fen - (self.balance or 0), 0)

    @property
    def short(self) -> bool:
        """Whether money paid ahead is used up: more has to come for supply to stay, or to come back."""
        return self.mode == "prepaid" and self.balance is not None and self.to_pay > 0


@dataclass(frozen=True)
class Step:
    """One thing on a timeline; ``message``: the customer was told of it."""

    at: datetime
    kind: str
    balance: int | None
    message: bool
    actor: str
    details: Mapping[str, Any]


@dataclass(frozen=True)
class Command:
    """A command to a meter with what became of it; ``trouble`` is a code."""

    id: int
    usage_point: int
    number: str
    unit: str
    meter: str
    action: str
    state: str
    tries: int
    asked_at: datetime
    sent_at: datetime | None
    acknowledged_at: datetime | None
    ended_at: datetime | None
    trouble: str
    work_order_at: datetime | None


@dataclass(frozen=True)
class Board:
    """Usage points by the filters, one page of them, and how many there are in each state."""

    rows: Sequence[Watched]
    total: int
    by_state: Mapping[str, int]


@dataclass(frozen=True)
class Alert:
    """A red weather alert that is on."""

    organisation: int
    unit: str
    path: str
    reason: str
    began_at: datetime
    began_by: str


def rules() -> FeeControlRules:
    """The rules as they are now, for pages that explain them."""
    return fee_rules()


def watched(usage_point: int, customer: int | None, today: date) -> Watched | None:
    """A home under fee control; None where it is not, or by another customer's agreement. One query.

    Args:
        usage_point, customer: ids; None: whoever's agreement it is.
    """
    where = "AND c.usage_point_id = %(point)s AND coalesce(c.customer_id = %(customer)s::bigint, TRUE)"
    asked = {"point": usage_point, "customer": customer}
    return next(iter(_read(f"{_ROWS} {where}", asked, today, often=True)), None)


def of_case(case: int, today: date) -> Watched:
    """The usage point of an open case. One query.

    Raises:
        NotFound: when there is no such case, or it is closed.
    """
    found = _read(f"{_ROWS} AND k.id = %(case)s", {"case": case}, today)
    if not found:
        raise NotFound("There is no such cut-off.", path="case")
    return found[0]


def board(
    units: Sequence[int], today: date, *, state: str = "", number: str = "", offset: int = 0, limit: int = 50
) -> Board:
    """Usage points under fee control of some units (ids), the worst first. Two queries.

    Args:
        state: one of `STATES` only. ``number``: only those whose 户号 begins so.
    """
    plain = number.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    asked: dict[str, Any] = {
        "units": list(units), "state": state, "number": f"{plain}%", "offset": offset, "limit": limit,
    }  # fmt: skip
    mine = "AND u.organisation_id = ANY(%(units)s::bigint[])" + (" AND u.number LIKE %(number)s" if number else "")
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {_STATE} AS state, count(*) {_FROM} {mine} GROUP BY 1", asked)
        counts = dict(cursor.fetchall())
    only = f"AND {_STATE} = %(state)s" if state else ""
    rows = _read(
        f"{_ROWS} {mine} {only} ORDER BY k.off_at DESC NULLS LAST, k.noticed_at NULLS LAST, f.balance_fen NULLS LAST,"
        " u.number OFFSET %(offset)s LIMIT %(limit)s",
        asked,
        today,
    )
    ordered = {each: counts[each] for each in STATES if each in counts}
    return Board(rows, counts.get(state, 0) if state else sum(counts.values()), ordered)


def waiting_for_approval(units: Sequence[int], today: date, limit: int = 200) -> list[Watched]:
    """Cut-offs of some units (ids) that a person has to decide, the oldest notice first. One query."""
    where = "AND u.organisation_id = ANY(%(units)s::bigint[]) AND k.stage = 'noticed'"
    return _read(
        f"{_ROWS} {where} ORDER BY k.noticed_at, u.number LIMIT %(limit)s",
        {"units": list(units), "limit": limit},
        today,
    )


def timeline(usage_point: int, customer: int | None = None, limit: int = 200) -> list[Step]:
    """What happened at a usage point, the newest first; of one customer's agreements only, where one is named."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT s.at, s.kind, s.balance_fen, s.message, s.actor, s.details::text FROM payments_feestep s"
            " JOIN payments_feecontrol c ON c.id = s.control_id WHERE s.usage_point_id = %s"
            " AND (%s::bigint IS NULL OR c.customer_id = %s) ORDER BY s.id DESC LIMIT %s",
            [usage_point, customer, customer, limit],
        )
        return [
            Step(at, kind, fen, message, actor, json.loads(details))
            for at, kind, fen, message, actor, details in cursor.fetchall()
        ]


def commands(
    units: Sequence[int], *, usage_point: int | None = None, trouble: bool = False, limit: int = 100
) -> list[Command]:
    """Commands of some units (ids), the newest first; those in trouble or handed to people only, where asked."""
    where = "m.organisation_id = ANY(%(units)s::bigint[])"
    where += " AND m.usage_point_id = %(point)s" if usage_point is not None else ""
    where += " AND (m.work_order_at IS NOT NULL OR (m.ended_at IS NULL AND m.trouble <> ''))" if trouble else ""
    with connection.cursor() as cursor:
        cursor.execute(
            _COMMANDS.format(where=where),
            {"units": list(units), "point": usage_point, "limit": limit},
        )
        return [Command(*row) for row in cursor.fetchall()]


def alerts() -> list[Alert]:
    """Red weather alerts that are on. One query."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT w.organisation_id, o.name, o.path, w.reason, w.began_at, w.began_by FROM payments_weatheralert w"
            " JOIN accounts_organisation o ON o.id = w.organisation_id WHERE w.ended_at IS NULL ORDER BY o.path"
        )
        return [Alert(*row) for row in cursor.fetchall()]


def _read(query: str, asked: Mapping[str, Any], today: date, *, often: bool = False) -> list[Watched]:
    with prepared.cursor() if often else connection.cursor() as cursor:
        cursor.execute(query, {**asked, "today": today})
        return [Watched(*row) for row in cursor.fetchall()]
