"""Guards: a portfolio loads as a whole or not at all, says which row is wrong, and meets the same constraints."""

from datetime import date

import pyarrow as pa
import pytest
from django.db import connection

from gridhall.contexts.accounts import operations, queries
from gridhall.contexts.accounts.operations import bulk
from gridhall.kernel.errors import GridhallError
from gridhall.kernel.spans import DateSpan
from gridhall.runtime import audit

from .conftest import ACT, portfolio

pytestmark = pytest.mark.django_db
D = date


def load(**tables: pa.Table) -> dict[str, int]:
    return operations.load(operations.Portfolio(**tables), act=ACT)


def agreements(**changed: object) -> pa.Table:
    plain = {"usage_point": ["1002"], "customer": ["T"], "account": ["AT"], "tariff_code": ["home"]}
    return pa.table(plain | {"start": [D(2026, 1, 1)]} | changed)


def count(table: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM {table}")
        return int(cursor.fetchone()[0])


def test_a_portfolio_loads_and_is_recorded() -> None:
    counts = operations.load(portfolio(), act=ACT)
    assert counts == {"organisations": 5, "customers": 3, "accounts": 3, "usage_points": 4, "agreements": 2}
    assert count("accounts_settlement") == 2
    assert count("accounts_servicelocation") == 2  # two usage points share an address
    assert audit.trail("portfolio")[0].details == counts


def test_settlements_of_parts_of_an_agreement() -> None:
    operations.load(portfolio(), act=ACT)
    load(
        agreements=agreements(account=pa.array([None], pa.string())),
        settlements=pa.table(
            {
                "usage_point": ["1002", "1002"],
                "account": ["AL", "AT"],
                "start": [D(2026, 1, 1), D(2026, 3, 1)],
                "end": pa.array([D(2026, 3, 1), None], pa.date32()),
            }
        ),
    )
    assert [str(s.span) for s in queries.agreements_of("1002")[0].settlements] == [
        "[2026-01-01, 2026-03-01)",
        "[2026-03-01, …)",
    ]


@pytest.mark.parametrize(
    ("tables", "code", "path"),
    [
        ({"agreements": agreements(customer=["nobody"])}, "unknown_reference", "agreements:1:customer"),
        ({"agreements": agreements(usage_point=["9"])}, "unknown_reference", "agreements:1:usage_point"),
        ({"agreements": agreements(account=["9"])}, "unknown_reference", "agreements:1:account"),
        ({"agreements": agreements(end=[D(2026, 1, 1)])}, "wrong_columns", "agreements:1:end"),
        ({"agreements": agreements(start=pa.array([None], pa.date32()))}, "wrong_columns", "agreements:1:start"),
        ({"agreements": agreements(start=["soon"])}, "wrong_columns", "agreements:start"),
        ({"agreements": agreements(colour=["red"])}, "wrong_columns", "agreements"),
        ({"agreements": agreements().drop_columns(["tariff_code"])}, "wrong_columns", "agreements"),
        ({"agreements": agreements(account=pa.array([None], pa.string()))}, "settlement_incomplete", ""),
        ({"agreements": agreements(usage_point=["1001"])}, "agreements_overlap", "agreements:1:start"),
        ({"agreements": agreements(household_size=[0])}, "terms_invalid", ""),
        ({"customers": pa.table({"number": ["T"], "kind": ["person"], "name": ["x"]})}, "already_exists", ""),
        ({"customers": pa.table({"number": ["N"], "kind": ["cat"], "name": ["x"]})}, "value_invalid", ""),
    ],
)
def test_what_is_wrong_is_said_and_nothing_loaded(tables: dict[str, pa.Table], code: str, path: str) -> None:
    operations.load(portfolio(), act=ACT)
    before = count("accounts_customeragreement"), count("accounts_customer")
    with pytest.raises(GridhallError) as caught:
        load(**tables)
    assert (caught.value.code, caught.value.path) == (code, path)
    assert (count("accounts_customeragreement"), count("accounts_customer")) == before


def test_the_way_of_large_loads_checks_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk, "_LARGE", 1)
    operations.load(portfolio(), act=ACT)
    load(agreements=agreements())
    assert queries.billable("440304", DateSpan.month(2026, 1)).num_rows == 2
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_constraint WHERE contype = 'f' AND convalidated AND condeferred"
            " AND conrelid = ANY('{accounts_customeragreement,accounts_settlement,accounts_usagepoint}'::regclass[])"
        )
        assert cursor.fetchone() == (7,)
    with pytest.raises(operations.AgreementsOverlap):
        load(agreements=agreements())
    twice = pa.table({"usage_point": ["1002"], "account": ["AL"], "start": [D(2026, 3, 1)]})
    with pytest.raises(operations.SettlementsOverlap):
        load(settlements=twice)
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_constraint WHERE contype = 'x' AND conname LIKE 'accounts\\_%'")
        assert cursor.fetchone() == (2,)
