"""Arrears as staff work on them: lists by age and urgency, one account with all that was done."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from django.db import connection

from gridhall.kernel.errors import NotFound

#: Bands of age in days overdue: code → from, to.
BANDS: Final[dict[str, tuple[int, int]]] = {"1-30": (1, 30), "31-60": (31, 60), "61-90": (61, 90), "90+": (91, 99_999)}


@dataclass(frozen=True)
class Arrear:
    """The open case of an account, as of the last night.

    Attributes:
        days: since the oldest open bill fell due. ``usual_fen``: of the account's usual bill.
        risk: points of urgency, the sum of its parts for age, amount and broken promises.
        next_kind, next_date: what is due when; empty while a promise holds, or when nothing is left.
    """

    id: int
    account: str
    customer: str
    path: str
    unit_name: str
    opened_at: datetime
    as_of: date
    oldest: date
    days: int
    overdue_fen: int
    usual_fen: int
    broken: int
    risk_age: int
    risk_amount: int
    risk_broken: int
    next_kind: str
    next_date: date | None

    @property
    def risk(self) -> int:
        """Points of urgency, 0 to 100."""
        return self.risk_age + self.risk_amount + self.risk_broken


@dataclass(frozen=True)
class Band:
    """How many accounts are overdue so long, and with how much."""

    code: str
    accounts: int
    fen: int


@dataclass(frozen=True)
class Arrears:
    """A page of arrears, with the number and sum of all that were found, and the bands without the filter on them."""

    rows: Sequence[Arrear]
    total: int
    fen: int
    bands: Sequence[Band]


@dataclass(frozen=True)
class Event:
    """Something that was done or said about a case: ``step``, ``promise`` or ``plan``, with its result or state.

    ``parts`` are the instalments of a plan: (day, fen).
    """

    kind: str
    what: str
    state: str
    at: datetime
    actor: str
    note: str
    amount_fen: int | None
    until: date | None
    parts: Sequence[tuple[date, int]]


_COLUMNS: Final = """
    c.id, a.number, k.number, u.path, u.name, c.opened_at, c.as_of_date, c.oldest_date, %(today)s::date - c.oldest_date,
    c.overdue_fen, c.usual_fen, c.broken, c.risk_age, c.risk_amount, c.risk_broken, c.next_kind, c.next_date
    FROM payments_collectioncase c JOIN accounts_customeraccount a ON a.id = c.account_id
    JOIN accounts_customer k ON k.id = a.customer_id JOIN accounts_organisation u ON u.id = c.organisation_id
"""
_EVENTS: Final = """
    SELECT 'step', kind, result, at, actor, note, NULL::bigint, NULL::date, NULL::date[], NULL::bigint[]
    FROM payments_collectionstep
    WHERE case_id = %(id)s
    UNION ALL
    SELECT 'promise', '', CASE WHEN coalesce((SELECT -sum(e.amount_fen) FROM billing_ledgerentry e
            WHERE e.account_id = c.account_id AND e.kind IN ('receipt', 'refund', 'chargeback')
                AND e.posted_at >= p.made_at AND e.value_date <= p.until_date), 0) >= p.amount_fen THEN 'kept'
        WHEN p.until_date < %(today)s THEN 'broken' ELSE 'holds' END, p.made_at, p.actor, '', p.amount_fen,
        p.until_date, NULL, NULL
    FROM payments_promisetopay p JOIN payments_collectioncase c ON c.id = p.case_id WHERE p.case_id = %(id)s
    UNION ALL
    SELECT 'plan', '', CASE WHEN p.ended_at IS NULL THEN 'holds' ELSE 'ended' END, p.agreed_at, p.actor,
        '', sum(i.amount_fen)::bigint, max(i.due_date), array_agg(i.due_date ORDER BY i.number),
        array_agg(i.amount_fen ORDER BY i.number)
    FROM payments_instalmentplan p JOIN payments_instalment i ON i.plan_id = p.id WHERE p.case_id = %(id)s GROUP BY p.id
    ORDER BY 4 DESC
"""


def arrears(
    paths: Sequence[str],
    *,
    today: date,
    band: str = "",
    kind: str = "",
    due: bool = False,
    least_risk: int = 0,
    offset: int = 0,
    limit: int | None = 50,
) -> Arrears:
    """Open cases, the most urgent first. Two queries.

    Args:
        paths: tops of the parts of the organisation that may be seen.
        band: of `BANDS`. ``kind``: of the next step. ``due``: only where it is due today or before.
        limit: None: all of them.
    """
    parts = [
        "c.closed_at IS NULL",
        "u.path LIKE ANY(%(paths)s)",
        "c.risk_age + c.risk_amount + c.risk_broken >= %(risk)s",
    ]
    if kind:
        parts.append("c.next_kind = %(kind)s")
    if due:
        parts.append("c.next_date <= %(today)s")
    first, last = BANDS.get(band, (0, 99_999))
    asked: dict[str, Any] = {
        "paths": [path.replace("\\", r"\\").replace("_", r"\_").replace("%", r"\%") + "%" for path in paths],
        "risk": least_risk, "kind": kind, "today": today, "first": first, "last": last, "offset": offset,
        "limit": limit,
    }  # fmt: skip
    where = " AND ".join(parts)
    of_band = "%(today)s::date - c.oldest_date BETWEEN %(first)s AND %(last)s"
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT CASE WHEN d <= 30 THEN '1-30' WHEN d <= 60 THEN '31-60' WHEN d <= 90 THEN '61-90' ELSE '90+' END,"
            " count(*), sum(fen)::bigint FROM (SELECT %(today)s::date - c.oldest_date AS d, c.overdue_fen AS fen"
            " FROM payments_collectioncase c JOIN accounts_organisation u ON u.id = c.organisation_id"
            f" WHERE {where}) f GROUP BY 1",
            asked,
        )
        found = {code: Band(code, count, fen) for code, count, fen in cursor.fetchall()}
        bands = [found.get(code, Band(code, 0, 0)) for code in BANDS]
        cursor.execute(
            f"SELECT {_COLUMNS} WHERE {where} AND {of_band}"
            " ORDER BY c.risk_age + c.risk_amount + c.risk_broken DESC, c.overdue_fen DESC, c.id"
            " LIMIT %(limit)s OFFSET %(offset)s",
            asked,
        )
        rows = [Arrear(*row) for row in cursor.fetchall()]
    counted = [each for each in bands if band not in BANDS or each.code == band]
    return Arrears(rows, sum(each.accounts for each in counted), sum(each.fen for each in counted), bands)


def arrear(id: int, *, today: date) -> tuple[Arrear, Sequence[Event]]:
    """An open case with all that was done about it, the newest first. Two queries.

    Raises:
        NotFound: when there is no such open case.
    """
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {_COLUMNS} WHERE c.id = %(id)s AND c.closed_at IS NULL", {"id": id, "today": today})
        row = cursor.fetchone()
        if row is None:
            raise NotFound("There is no such open case.", path="case")
        cursor.execute(_EVENTS, {"id": id, "today": today})
        return Arrear(*row), [
            Event(kind, what, state, at, actor, note, fen, until, tuple(zip(days or (), parts or (), strict=True)))
            for kind, what, state, at, actor, note, fen, until, days, parts in cursor.fetchall()
        ]
