"""Customers found by whatever somebody has at hand: a number, a name, a phone, an address."""

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any, Final

from django.db import connection

from gridhall.contexts.accounts.rules import masking

#: More hits than these are counted as "and more": who sees a thousand has to say more.
MOST: Final = 500
#: The parts of a number, name or phone that are too short to say anything.
_DIGITS, _LETTERS = 4, 2
_LONGEST: Final = 100


class Matched(StrEnum):
    """What of a customer was found; the order is that of the results."""

    USAGE_POINT = "usage_point"
    ACCOUNT = "account"
    CUSTOMER = "customer"
    METER = "meter"
    PHONE = "phone"
    NAME = "name"
    ADDRESS = "address"


@dataclass(frozen=True)
class Found:
    """A customer that a search found; personal fields are masked.

    Attributes:
        number: of the customer.
        matched: what of the customer matched, and the text that did; a person's masked.
        exact: whether a whole number was given.
        usage_points: how many the customer has agreements for, in the units searched and now; ``point``, ``address``
            and ``unit``: one of them, the one that matched where one did.
        former: had agreements in these units, all of which have ended.
        elsewhere: belongs to none of the units searched.
    """

    number: str
    person: bool
    name: str
    phone: str
    matched: tuple[tuple[Matched, str], ...]
    exact: bool
    usage_points: int
    point: str
    address: str
    unit: str
    former: bool
    elsewhere: bool


@dataclass(frozen=True)
class Results:
    """A page of what was found.

    Attributes:
        count: of all pages.
        more: whether there were more than `MOST`, of which the first were taken.
        too_short: what was asked says too little to look for.
    """

    found: tuple[Found, ...]
    count: int
    more: bool
    too_short: bool = False


def search(
    text: str,
    paths: Sequence[str],
    today: date,
    *,
    meters: Mapping[int, str] | None = None,
    everywhere: bool = False,
    page: int = 1,
    size: int = 20,
) -> Results:
    """Customers by 户号, account or customer number, phone, name or address, whole numbers first. At most two queries.

    Parts are found too: numbers from the beginning (4 digits), phones from the beginning or their last digits, names
    and addresses anywhere (2 characters); all words have to be in it, in any order.

    Args:
        text: as typed.
        paths: the tops of the parts of the organisation to look in; ``("/",)`` for everywhere. A customer is in them
            who has an account or ever had an agreement there.
        meters: usage point (id) → number of a meter that was found there.
        everywhere: whole numbers are looked for beyond these units too.
    """
    words = _words(text)
    branches, parameters = _branches(words, meters or {})
    if not branches:
        return Results((), 0, more=False, too_short=bool(words) or not text.strip())
    parameters |= {
        "paths": [f"{_escaped(path)}%" for path in paths], "most": MOST + 1, "everywhere": everywhere,
    }  # fmt: skip
    hits: dict[int, dict[str, Any]] = {}
    rows = _rows(_HITS.format(branches="\n    UNION ALL ".join(branches)), parameters)
    for row in rows[:MOST]:
        hits.setdefault(row["customer"], row)
    matched: dict[int, list[tuple[Matched, str]]] = {}
    for row in rows[:MOST]:
        matched.setdefault(row["customer"], []).append((Matched(row["kind"]), row["said"]))
    chosen = list(hits)[(page - 1) * size : page * size]
    if not chosen:
        return Results((), len(hits), more=len(rows) > MOST)
    known = {
        row["id"]: row
        for row in _rows(
            _SHOWN,
            {
                "customers": chosen, "points": [hits[each]["point"] for each in chosen],
                "paths": parameters["paths"], "today": today,
            },
        )
    }  # fmt: skip
    found = tuple(_found(hits[each], known[each], matched[each]) for each in chosen)
    return Results(found, len(hits), more=len(rows) > MOST)


def _words(text: str) -> list[str]:
    """What was typed, with wide letters made narrow and what is invisible left out."""
    plain = unicodedata.normalize("NFKC", text)[:_LONGEST]
    plain = "".join(" " if unicodedata.category(each)[0] in "CZ" else each for each in plain)
    return plain.lower().split()


def _branches(words: list[str], meters: Mapping[int, str]) -> tuple[list[str], dict[str, Any]]:
    """The ways to look for these words, and what they look for."""
    joined = "".join(words)
    number = joined.replace("-", "")
    known: dict[str, Any] = {}
    branches = []
    if meters:
        branches.append(_METER)
        known |= {"meter_points": list(meters), "serials": list(meters.values()), "typed": joined.upper()}
    if number.isascii() and number.isalnum() and len(number) >= _DIGITS:
        known |= {"number": number.upper(), "start": f"{number.upper()}%"}
        branches += [_USAGE_POINT, _ACCOUNT, _CUSTOMER]
    if number.isdigit() and number.isascii() and len(number) >= _DIGITS:
        known |= {"phone": number, "phone_start": f"{number}%", "phone_end": f"{number[::-1]}%"}
        branches.append(_PHONE)
    if len(joined) >= _LETTERS and not number.isdigit():
        known["joined"] = joined
        branches.append(_NAME)
        told = [word for word in words if len(word) >= _LETTERS]
        if told:
            known["pairs"] = sorted({word[at : at + 2] for word in told for at in range(len(word) - 1)})
            known |= {f"word{at}": word for at, word in enumerate(words)}
            if len(words) > 1:
                every = " AND ".join(f"strpos(lower(c.name), %(word{at})s) > 0" for at in range(len(words)))
                branches.append(_NAME_IN_WORDS.format(words=every))
            # Not LIKE: it is taken to be rarer than it is, and the plan for one row is slow for thousands.
            every = " AND ".join(f"strpos(lower(l.address), %(word{at})s) > 0" for at in range(len(words)))
            branches.append(_ADDRESS.format(words=every))
    return branches, known


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


_USAGE_POINT: Final = """
    SELECT 'usage_point' AS kind, 0 AS place, u.number = %(number)s AS exact, u.number AS said,
        a.customer_id AS customer, u.id AS point
    FROM accounts_usagepoint u JOIN accounts_customeragreement a ON a.usage_point_id = u.id
    WHERE u.number LIKE %(start)s"""
_ACCOUNT: Final = """
    SELECT 'account', 1, b.number = %(number)s, b.number, b.customer_id, NULL::bigint
    FROM accounts_customeraccount b WHERE b.number LIKE %(start)s"""
_CUSTOMER: Final = """
    SELECT 'customer', 2, TRUE, c.number, c.id, NULL::bigint FROM accounts_customer c WHERE c.number = %(number)s"""
_METER: Final = """
    SELECT 'meter', 3, m.serial = %(typed)s, m.serial, a.customer_id, m.point
    FROM unnest(%(meter_points)s::bigint[], %(serials)s::text[]) AS m(point, serial)
    JOIN accounts_customeragreement a ON a.usage_point_id = m.point"""
_PHONE: Final = """
    SELECT 'phone', 4, c.phone = %(phone)s, c.phone, c.id, NULL::bigint FROM accounts_customer c
    WHERE c.phone <> '' AND (c.phone LIKE %(phone_start)s OR reverse(c.phone) LIKE %(phone_end)s)"""
_NAME: Final = """
    SELECT 'name', 5, FALSE, c.name, c.id, NULL::bigint FROM accounts_customer c
    WHERE accounts_pairs(c.name) @> accounts_pairs(%(joined)s) AND strpos(lower(c.name), %(joined)s) > 0"""
_NAME_IN_WORDS: Final = """
    SELECT 'name', 5, FALSE, c.name, c.id, NULL::bigint FROM accounts_customer c
    WHERE accounts_pairs(c.name) @> %(pairs)s::text[] AND {words}"""
_ADDRESS: Final = """
    SELECT 'address', 6, FALSE, l.address, a.customer_id, u.id
    FROM accounts_servicelocation l JOIN accounts_usagepoint u ON u.location_id = l.id
    JOIN accounts_customeragreement a ON a.usage_point_id = u.id
    WHERE accounts_pairs(l.address) @> %(pairs)s::text[] AND {words}"""
_HITS: Final = """
WITH units AS MATERIALIZED (SELECT id FROM accounts_organisation WHERE path LIKE ANY(%(paths)s::text[])),
hit (kind, place, exact, said, customer, point) AS ({branches})
SELECT h.kind, h.place, h.exact, h.said, h.customer, min(h.point) AS point,
    bool_or(u.organisation_id IN (SELECT id FROM units)) AS here
FROM hit h LEFT JOIN accounts_usagepoint u ON u.id = h.point
WHERE %(everywhere)s AND h.exact AND h.place < 4
    OR u.organisation_id IN (SELECT id FROM units)
    OR h.point IS NULL AND (
        EXISTS (SELECT FROM accounts_customeraccount b
            WHERE b.customer_id = h.customer AND b.organisation_id IN (SELECT id FROM units))
        OR EXISTS (SELECT FROM accounts_customeragreement a JOIN accounts_usagepoint p ON p.id = a.usage_point_id
            WHERE a.customer_id = h.customer AND p.organisation_id IN (SELECT id FROM units)))
GROUP BY h.kind, h.place, h.exact, h.said, h.customer
ORDER BY h.exact DESC, h.place, length(h.said), h.said, h.customer
LIMIT %(most)s
"""
_SHOWN: Final = """
WITH units AS MATERIALIZED (SELECT id, name FROM accounts_organisation WHERE path LIKE ANY(%(paths)s::text[])),
wanted AS (SELECT * FROM unnest(%(customers)s::bigint[], %(points)s::bigint[]) AS w(customer, point))
SELECT c.id, c.number, c.kind, c.name, c.phone, coalesce(p.points, 0) AS points, coalesce(p.active, 0) AS active,
    p.points > 0 AND NOT p.lasting AS former,
    shown.number AS point, shown.address, shown.unit,
    p.points IS NULL AND NOT EXISTS (SELECT FROM accounts_customeraccount b JOIN units ON units.id = b.organisation_id
        WHERE b.customer_id = c.id) AS elsewhere
FROM wanted w JOIN accounts_customer c ON c.id = w.customer
LEFT JOIN LATERAL (
    SELECT count(DISTINCT u.id) AS points, count(DISTINCT u.id) FILTER (WHERE a.span @> %(today)s::date) AS active,
        bool_or(upper(a.span) IS NULL OR upper(a.span) > %(today)s) AS lasting,
        (array_agg(u.id ORDER BY u.id = w.point DESC, a.span @> %(today)s::date DESC, u.id))[1] AS chosen
    FROM accounts_customeragreement a JOIN accounts_usagepoint u ON u.id = a.usage_point_id
    JOIN units ON units.id = u.organisation_id
    WHERE a.customer_id = c.id HAVING count(*) > 0
) p ON TRUE
LEFT JOIN LATERAL (
    SELECT u.number, coalesce(l.address, '') AS address, units.name AS unit
    FROM accounts_usagepoint u JOIN units ON units.id = u.organisation_id
    LEFT JOIN accounts_servicelocation l ON l.id = u.location_id WHERE u.id = p.chosen
) shown ON TRUE
"""


def _found(hit: Mapping[str, Any], row: Mapping[str, Any], matched: Sequence[tuple[Matched, str]]) -> Found:
    person = row["kind"] == "person"
    return Found(
        number=row["number"],
        person=person,
        name=masking.masked_name(row["name"], person=person),
        phone=masking.masked_phone(row["phone"]),
        matched=tuple((kind, _masked(kind, said, person=person)) for kind, said in matched[:3]),
        exact=hit["exact"],
        usage_points=row["active"] or row["points"],
        point=row["point"] or "",
        address=masking.masked_address(row["address"] or ""),
        unit=row["unit"] or "",
        former=bool(row["former"]),
        elsewhere=row["elsewhere"],
    )


def _masked(kind: Matched, said: str, *, person: bool) -> str:
    match kind:
        case Matched.NAME:
            return masking.masked_name(said, person=person)
        case Matched.PHONE:
            return masking.masked_phone(said)
        case Matched.ADDRESS:
            return masking.masked_address(said)
        case _:
            return said


def _rows(query: str, parameters: Mapping[str, Any]) -> list[dict[str, Any]]:
    with connection.cursor() as cursor:
        cursor.execute(query, parameters)
        names = [column.name for column in cursor.description or ()]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
