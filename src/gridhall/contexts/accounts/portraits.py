"""A customer as a clerk needs to see one: who it is, what is supplied on which terms, and who pays; masked."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from django.db import connection

from gridhall.contexts.accounts.rules import masking
from gridhall.contexts.accounts.types import Terms
from gridhall.kernel.errors import NotFound
from gridhall.kernel.spans import DateSpan


@dataclass(frozen=True)
class OwnAccount:
    """A settlement account of the customer; ``unit`` keeps it, ``path`` is the unit's place."""

    id: int
    number: str
    unit: str
    path: str


@dataclass(frozen=True)
class Portrait:
    """Who a customer is; personal fields are masked.

    Attributes:
        paths: the units in which the customer has accounts or ever had agreements.
    """

    id: int
    number: str
    person: bool
    name: str
    phone: str
    credential: str
    accounts: tuple[OwnAccount, ...]
    paths: tuple[str, ...]


@dataclass(frozen=True)
class Payer:
    """An account that settles an agreement during a span; ``name`` is its customer's, masked."""

    account: int
    number: str
    customer: str
    name: str
    span: DateSpan


@dataclass(frozen=True)
class Contract:
    """An agreement with its usage point and who settles it, in order of time.

    Attributes:
        agreement, point: ids; ``number``: the 户号.
        customer, name: whose it is.
        address: masked; empty where none is known.
        unit: name of the unit that serves it.
    """

    agreement: int
    customer: str
    name: str
    point: int
    number: str
    usage_class: str
    status: str
    address: str
    unit: str
    tariff_code: str
    span: DateSpan
    terms: Terms
    payers: tuple[Payer, ...]


_PORTRAIT: Final = """
    SELECT c.id, c.number, c.kind, c.name, c.phone, c.credential,
        ARRAY(SELECT o.path FROM accounts_customeragreement a JOIN accounts_usagepoint u ON u.id = a.usage_point_id
            JOIN accounts_organisation o ON o.id = u.organisation_id WHERE a.customer_id = c.id
            UNION SELECT o.path FROM accounts_customeraccount b JOIN accounts_organisation o ON o.id = b.organisation_id
            WHERE b.customer_id = c.id) AS paths,
        (SELECT jsonb_agg(jsonb_build_array(b.id, b.number, o.name, o.path) ORDER BY b.number)
            FROM accounts_customeraccount b JOIN accounts_organisation o ON o.id = b.organisation_id
            WHERE b.customer_id = c.id) AS accounts
    FROM accounts_customer c WHERE c.number = %s
"""
_CONTRACTS: Final = """
    SELECT a.id AS agreement, c.number AS customer, c.name, c.kind, u.id AS point, u.number, u.usage_class, u.status,
        coalesce(l.address, '') AS address, o.name AS unit, a.tariff_code, lower(a.span) AS start, upper(a.span) AS end,
        a.household_size, a.allowance, a.capacity_va, a.contract_demand_w, a.power_factor_standard,
        (SELECT jsonb_agg(jsonb_build_array(b.id, b.number, p.number, p.name, p.kind, lower(s.span), upper(s.span))
                ORDER BY lower(s.span))
            FROM accounts_settlement s JOIN accounts_customeraccount b ON b.id = s.account_id
            JOIN accounts_customer p ON p.id = b.customer_id WHERE s.agreement_id = a.id) AS payers,
        count(*) OVER () AS counted
    FROM accounts_customeragreement a
    JOIN accounts_customer c ON c.id = a.customer_id
    JOIN accounts_usagepoint u ON u.id = a.usage_point_id
    JOIN accounts_organisation o ON o.id = u.organisation_id
    LEFT JOIN accounts_servicelocation l ON l.id = u.location_id
    WHERE o.path LIKE ANY(%(paths)s::text[]) AND {which}
"""
_OWN: Final = "a.customer_id = %(customer)s AND (upper(a.span) <= %(today)s) IS NOT TRUE"
_PAST: Final = "a.customer_id = %(customer)s AND upper(a.span) <= %(today)s"
_FOR_OTHERS: Final = """a.customer_id <> %(customer)s AND (upper(a.span) <= %(today)s) IS NOT TRUE AND a.id IN (
        SELECT s.agreement_id FROM accounts_settlement s JOIN accounts_customeraccount b ON b.id = s.account_id
        WHERE b.customer_id = %(customer)s AND (upper(s.span) <= %(today)s) IS NOT TRUE)"""


def portrait(number: str) -> Portrait:
    """The customer of this number. One query.

    Raises:
        NotFound: when there is none.
    """
    found = _rows(_PORTRAIT, [number])
    if not found:
        raise NotFound(f"There is no customer {number}.", path="customer")
    row = found[0]
    person = row["kind"] == "person"
    return Portrait(
        id=row["id"],
        number=row["number"],
        person=person,
        name=masking.masked_name(row["name"], person=person),
        phone=masking.masked_phone(row["phone"]),
        credential=masking.masked_credential(row["credential"]),
        accounts=tuple(OwnAccount(*each) for each in _json(row["accounts"])),
        paths=tuple(row["paths"]),
    )


def contracts(
    customer: int,
    paths: Sequence[str],
    today: date,
    *,
    past: bool = False,
    for_others: bool = False,
    page: int = 1,
    size: int = 20,
) -> tuple[list[Contract], int]:
    """Agreements of a customer (an id) in some parts of the organisation, and how many there are. One query.

    Args:
        paths: the tops of the parts; ``("/",)`` for everywhere.
        past: those that have ended, the last ended first; otherwise those in force or yet to begin, by 户号.
        for_others: instead, agreements of other customers that an account of this one settles now or later.
    """
    which = _FOR_OTHERS if for_others else _PAST if past else _OWN
    order = "upper(a.span) DESC, u.number" if past else "u.number, lower(a.span)"
    rows = _rows(
        f"{_CONTRACTS.format(which=which)} ORDER BY {order} LIMIT %(size)s OFFSET %(offset)s",
        {
            "customer": customer, "today": today, "paths": [_below(path) for path in paths],
            "size": size, "offset": (page - 1) * size,
        },
    )  # fmt: skip
    return [_contract(row) for row in rows], rows[0]["counted"] if rows else 0


def _below(path: str) -> str:
    return path.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"


def _contract(row: Mapping[str, Any]) -> Contract:
    return Contract(
        agreement=row["agreement"],
        customer=row["customer"],
        name=masking.masked_name(row["name"], person=row["kind"] == "person"),
        point=row["point"],
        number=row["number"],
        usage_class=row["usage_class"],
        status=row["status"],
        address=masking.masked_address(row["address"]),
        unit=row["unit"],
        tariff_code=row["tariff_code"],
        span=DateSpan(row["start"], row["end"]),
        terms=Terms(
            row["household_size"], row["allowance"], row["capacity_va"], row["contract_demand_w"],
            row["power_factor_standard"],
        ),
        payers=tuple(
            Payer(
                account, number, customer, masking.masked_name(name, person=kind == "person"),
                DateSpan(date.fromisoformat(start), date.fromisoformat(end) if end else None),
            )
            for account, number, customer, name, kind, start, end in _json(row["payers"])
        ),
    )  # fmt: skip


def _json(value: str | None) -> list[Any]:
    # Cursors of the framework leave JSON as text.
    return json.loads(value) if value else []


def _rows(query: str, parameters: Sequence[Any] | Mapping[str, Any]) -> list[dict[str, Any]]:
    with connection.cursor() as cursor:
        cursor.execute(query, parameters)
        names = [column.name for column in cursor.description or ()]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
