"""What identity can be asked: which homes somebody may see, and what a member of staff may do."""

from collections.abc import Iterable
from datetime import date
from typing import Any, Final

from django.db import connection

from gridhall.contexts.accounts import queries as accounts
from gridhall.contexts.identity.models import Identifier, User
from gridhall.contexts.identity.rules.identifiers import canonical, masked
from gridhall.contexts.identity.rules.naming import short_name
from gridhall.contexts.identity.types import (
    Given,
    Home,
    IdentifierKind,
    Look,
    PersonalField,
    Position,
    Recognised,
    Relation,
    Right,
    Role,
    Settled,
    Staff,
    Taken,
)
from gridhall.kernel.spans import DateSpan
from gridhall.runtime import prepared

_HOMES: Final = """
    WITH mine AS (
        SELECT l.key, l.name, l.usage_point_id, l.customer_id, TRUE AS owner, NULL::text[] AS rights,
            NULL::date AS data_from, NULL::date AS until, l.linked_at AS since
        FROM identity_link l WHERE l.user_id = %(user)s AND l.ended_at IS NULL
        UNION ALL
        SELECT s.key, s.name, l.usage_point_id, l.customer_id, FALSE, s.rights::text[], s.data_from, s.end_date,
            s.shared_at
        FROM identity_share s JOIN identity_link l ON l.id = s.link_id
        WHERE s.grantee_id = %(user)s AND s.revoked_at IS NULL AND l.ended_at IS NULL
            AND s.start_date <= %(today)s AND (s.end_date IS NULL OR s.end_date > %(today)s)
    )
    SELECT m.key, m.usage_point_id, u.number, m.customer_id, u.organisation_id, m.name, coalesce(p.address, ''),
        u.usage_class, u.status, m.owner, m.rights, m.data_from, m.until,
        array_agg(lower(a.span) ORDER BY lower(a.span)), array_agg(upper(a.span) ORDER BY lower(a.span))
    FROM mine m
    JOIN accounts_usagepoint u ON u.id = m.usage_point_id
    LEFT JOIN accounts_servicelocation p ON p.id = u.location_id
    JOIN accounts_customeragreement a ON a.usage_point_id = m.usage_point_id AND a.customer_id = m.customer_id
    GROUP BY m.key, m.usage_point_id, u.number, m.customer_id, u.organisation_id, m.name, p.address, u.usage_class,
        u.status, m.owner, m.rights, m.data_from, m.until, m.since
    ORDER BY m.owner DESC, m.since, m.key
"""
_POSITIONS: Final = """
    SELECT u.username, u.display_name, p.role, o.id, o.code, o.path, p.accepts_elsewhere
    FROM identity_staffposition p
    JOIN identity_user u ON u.id = p.user_id JOIN accounts_organisation o ON o.id = p.organisation_id
    WHERE p.user_id = %(user)s AND u.is_active
        AND p.start_date <= %(today)s AND (p.end_date IS NULL OR p.end_date > %(today)s)
    ORDER BY o.path, p.role
"""
_RECOGNISED: Final = """
    SELECT found.user_id FROM (
        SELECT u.id AS user_id, 1 AS rank FROM identity_user u
        WHERE u.phone = %(text)s AND u.phone_verified AND NOT EXISTS (
            SELECT FROM identity_identifier i WHERE i.user_id = u.id AND i.kind = 'phone' AND NOT i.active)
        UNION ALL
        SELECT i.user_id, 2 FROM identity_identifier i WHERE i.value = %(text)s AND i.active AND i.kind <> 'phone'
        UNION ALL
        SELECT u.id, 3 FROM identity_user u
        WHERE lower(u.username) = %(text)s
            AND (u.is_staff OR EXISTS (SELECT FROM identity_staffposition p WHERE p.user_id = u.id))
    ) found ORDER BY found.rank LIMIT 1
"""

_GIVEN: Final = """
    SELECT s.key, l.key, s.phone, s.relation, s.rights::text[], s.data_from, s.start_date, s.end_date, s.shared_at,
        s.grantee_id IS NOT NULL
    FROM identity_share s JOIN identity_link l ON l.id = s.link_id
    WHERE l.user_id = %(user)s AND l.ended_at IS NULL AND s.revoked_at IS NULL
        AND (s.end_date IS NULL OR s.end_date > %(today)s)
    ORDER BY s.shared_at DESC, s.id DESC
"""


def given(user: int, today: date) -> list[Given]:
    """The shares that a person gave and that still hold, newest first. One query."""
    with connection.cursor() as cursor:
        cursor.execute(_GIVEN, {"user": user, "today": today})
        rows = cursor.fetchall()
    return [
        Given(key, home, masked(phone), Relation(relation), frozenset(map(Right, rights)), *rest)
        for key, home, phone, relation, rights, *rest in rows
    ]


def identifiers_of(user: int) -> list[Recognised]:
    """What a person is recognised by: the phone first, on or off, then what they chose. Two queries."""
    person = User.objects.get(pk=user)
    rows = list(Identifier.objects.filter(user=user).order_by("kind", "value"))
    off = any(row.kind == IdentifierKind.PHONE and not row.active for row in rows)
    found = []
    if person.phone and person.phone_verified:
        found.append(Recognised(IdentifierKind.PHONE, "", masked(person.phone), not off))
    for row in rows:
        if row.kind != IdentifierKind.PHONE:
            shown = masked(row.value) if row.kind == IdentifierKind.EMAIL else row.value
            found.append(Recognised(IdentifierKind(row.kind), row.value, shown, row.active))
    return found


_SETTLED: Final = """
    SELECT l.key, c.number, c.name, c.kind = 'person', b.number, d.name, d.kind = 'person', b.customer_id = c.id
    FROM identity_link l
    JOIN accounts_customer c ON c.id = l.customer_id
    LEFT JOIN accounts_customeragreement a
        ON a.usage_point_id = l.usage_point_id AND a.customer_id = l.customer_id AND a.span @> %(today)s::date
    LEFT JOIN accounts_settlement s ON s.agreement_id = a.id AND s.span @> %(today)s::date
    LEFT JOIN accounts_customeraccount b ON b.id = s.account_id
    LEFT JOIN accounts_customer d ON d.id = b.customer_id
    WHERE l.user_id = %(user)s AND l.ended_at IS NULL
    ORDER BY l.linked_at, l.id
"""


def settled(user: int, today: date) -> list[Settled]:
    """Who is the customer of each home of a person, and which account settles it today; names masked. One query."""
    with connection.cursor() as cursor:
        cursor.execute(_SETTLED, {"user": user, "today": today})
        rows = cursor.fetchall()
    return [
        Settled(
            home=key, customer=number, customer_name=accounts.masked_name(name, person=person), account=account or "",
            payer=accounts.masked_name(payer or "", person=bool(by_person)), own=bool(own),
        )
        for key, number, name, person, account, payer, by_person, own in rows
    ]  # fmt: skip


_LOOKED: Final = """
    SELECT e.at, coalesce(o.name, e.details ->> 'unit'), e.details ->> 'role', right(e.actor, 3),
        ARRAY(SELECT jsonb_array_elements_text(e.details -> 'fields')),
        e.details ->> 'reason'
    FROM accounts_customer c
    JOIN runtime_auditentry e ON e.subject = 'customer:' || c.number AND e.action = 'identity.customer.unmasked'
    LEFT JOIN accounts_organisation o ON o.code = e.details ->> 'unit'
    WHERE c.id = ANY(%(customers)s::bigint[])
    ORDER BY e.id DESC LIMIT %(limit)s
"""


def who_looked(customers: Iterable[int], *, limit: int = 50) -> list[Look]:
    """When staff saw personal data of these customers (ids) unmasked, newest first. One query."""
    with connection.cursor() as cursor:
        cursor.execute(_LOOKED, {"customers": list(customers), "limit": limit})
        rows = cursor.fetchall()
    return [
        Look(at, unit, Role(role), tail, tuple(map(PersonalField, fields)), reason)
        for at, unit, role, tail, fields, reason in rows
    ]


_TAKEN: Final = """
    SELECT DISTINCT ON (e.id) e.at, l.key, s.relation, s.phone,
        ARRAY(SELECT jsonb_array_elements_text(e.details -> 'days'))
    FROM identity_link l
    JOIN identity_share s ON s.link_id = l.id
    JOIN accounts_usagepoint u ON u.id = l.usage_point_id
    JOIN runtime_auditentry e ON e.subject = 'usage_point:' || u.number AND e.action = 'metering.readings.downloaded'
        AND e.actor = 'person:' || s.grantee_id
    WHERE l.user_id = %(user)s AND l.ended_at IS NULL
        AND e.at >= s.shared_at AND (s.revoked_at IS NULL OR e.at <= s.revoked_at)
    ORDER BY e.id DESC, s.id DESC LIMIT %(limit)s
"""


def taken(user: int, *, limit: int = 50) -> list[Taken]:
    """What others downloaded of the homes that this person shared with them, newest first. One query."""
    with connection.cursor() as cursor:
        cursor.execute(_TAKEN, {"user": user, "limit": limit})
        rows = cursor.fetchall()
    return [
        Taken(
            at,
            home,
            Relation(relation),
            masked(phone),
            tuple(DateSpan(*map(date.fromisoformat, days.split("/"))) for days in spans),
        )
        for at, home, relation, phone, spans in rows
    ]


def recognised(text: str) -> int | None:
    """The person whom an identifier means at sign-in: a phone, e-mail address, chosen name or 户号, or a staff number.

    Only identifiers that their owner has left active count.
    """
    with connection.cursor() as cursor:
        cursor.execute(_RECOGNISED, {"text": canonical(text)})
        row = cursor.fetchone()
    return row[0] if row else None


def homes_of(user: int, today: date) -> list[Home]:
    """The homes that a person may see today: their own first, then those shared with them. One query."""
    with prepared.cursor() as cursor:
        cursor.execute(_HOMES, {"user": user, "today": today})
        return [home for row in cursor.fetchall() if (home := _home(row)).spans]


def staff(user: int, today: date) -> Staff | None:
    """A person's positions today, or None for somebody who is not staff. One query."""
    with connection.cursor() as cursor:
        cursor.execute(_POSITIONS, {"user": user, "today": today})
        rows = cursor.fetchall()
    if not rows:
        return None
    positions = tuple(
        Position(Role(role), unit, code, path, elsewhere) for _, _, role, unit, code, path, elsewhere in rows
    )
    return Staff(user, rows[0][1] or rows[0][0], positions)


def staff_names() -> dict[str, str]:
    """What everybody who has ever held a position is called, by staff number. One query."""
    found = User.objects.filter(positions__isnull=False).values_list("username", "display_name").distinct()
    return dict(found)


def _home(row: tuple[Any, ...]) -> Home:
    key, point, number, customer, unit, name, address, usage_class, status, owner, rights, *days = row
    data_from, until, starts, ends = days
    whole = DateSpan(data_from or date.min, None)
    spans = [DateSpan(start, end) & whole for start, end in zip(starts, ends, strict=True)]
    return Home(
        key=key, usage_point=point, number=number, customer=customer, organisation=unit,
        name=name or short_name(address, number), named=bool(name), address=accounts.masked_address(address),
        usage_class=usage_class, status=status, rights=frozenset(Right) if owner else frozenset(map(Right, rights)),
        owner=owner, spans=tuple(span for span in spans if span is not None), until=until,
    )  # fmt: skip
