"""Guards: what must always hold of agreements and settlements holds against raw SQL, whoever writes it."""

from collections.abc import Iterator

import psycopg
import pytest
from django.db import IntegrityError, connection, transaction

from gridhall.contexts.accounts.operations import errors

pytestmark = pytest.mark.usefixtures("county")


def run(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


def violated(*statements: str) -> str:
    """The name of the constraint that these statements, as one transaction, violate."""
    together = "; ".join([*statements, "SET CONSTRAINTS ALL IMMEDIATE"])
    with pytest.raises(IntegrityError) as caught, transaction.atomic():
        run(together)
    run("SET CONSTRAINTS ALL DEFERRED")
    assert isinstance(caught.value.__cause__, psycopg.Error)
    return caught.value.__cause__.diag.constraint_name or ""


def insert_agreement(number: str, span: str) -> str:
    return f"""INSERT INTO accounts_customeragreement (usage_point_id, customer_id, tariff_code, span)
        SELECT u.id, c.id, 'home', '{span}' FROM accounts_usagepoint u, accounts_customer c
        WHERE u.number = '{number}' AND c.number = 'T'"""


def insert_settlement(number: str, span: str) -> str:
    return f"""INSERT INTO accounts_settlement (agreement_id, account_id, span)
        SELECT a.id, b.id, '{span}' FROM accounts_customeragreement a JOIN accounts_usagepoint u
            ON u.id = a.usage_point_id, accounts_customeraccount b
        WHERE u.number = '{number}' AND b.number = 'AT' ORDER BY a.id DESC LIMIT 1"""


@pytest.mark.parametrize(
    "span",
    ["[2025-01-01,)", "[2020-01-01,2025-01-02)", "[2026-03-01,2026-03-02)", "[2020-01-01,)", "[2999-12-30,)"],
)
def test_no_two_agreements_of_a_usage_point_overlap(span: str) -> None:
    assert violated(insert_agreement("1001", span)) == "accounts_agreement_overlap"


def test_agreements_that_only_touch_do_not_overlap() -> None:
    run(insert_agreement("1003", "[2023-07-01,2024-07-01)"))
    run(insert_settlement("1003", "[2023-07-01,2024-07-01)"))
    run(insert_agreement("1003", "[2027-01-01,)"))
    run(insert_settlement("1003", "[2027-01-01,)"))
    run("SET CONSTRAINTS ALL IMMEDIATE")


def test_agreements_of_neighbouring_usage_points_are_free_of_each_other() -> None:
    run(insert_agreement("1002", "[2025-01-01,)"))
    run(insert_settlement("1002", "[2025-01-01,)"))
    run("SET CONSTRAINTS ALL IMMEDIATE")


def test_no_agreement_without_settlement() -> None:
    assert violated(insert_agreement("1002", "[2026-01-01,)")) == "accounts_settlement_covers_agreement"


@pytest.mark.parametrize("span", ["[2026-01-02,)", "[2026-01-01,2026-06-01)"])
def test_settlement_covers_every_day_of_the_agreement(span: str) -> None:
    assert (
        violated(insert_agreement("1002", "[2026-01-01,)"), insert_settlement("1002", span))
        == "accounts_settlement_covers_agreement"
    )


def test_a_gap_between_settlements_is_found() -> None:
    statements = [
        insert_agreement("1002", "[2026-01-01,2026-12-31)"),
        insert_settlement("1002", "[2026-01-01,2026-06-01)"),
        insert_settlement("1002", "[2026-06-02,2026-12-31)"),
    ]
    assert violated(*statements) == "accounts_settlement_covers_agreement"


@pytest.mark.parametrize("span", ["[2025-12-31,2026-07-01)", "[2026-01-01,)"])
def test_settlement_stays_inside_the_agreement(span: str) -> None:
    assert (
        violated(insert_agreement("1002", "[2026-01-01,2026-07-01)"), insert_settlement("1002", span))
        == "accounts_settlement_within_agreement"
    )


def test_no_two_settlements_of_an_agreement_overlap() -> None:
    statements = [
        insert_agreement("1002", "[2026-01-01,2026-07-01)"),
        insert_settlement("1002", "[2026-01-01,2026-04-02)"),
        insert_settlement("1002", "[2026-04-01,2026-07-01)"),
    ]
    assert violated(*statements) == "accounts_settlement_overlap"


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM accounts_settlement",
        "UPDATE accounts_settlement SET span = daterange(lower(span) + 1, upper(span))",
        "UPDATE accounts_customeragreement SET span = daterange(lower(span) - 1, upper(span))",
    ],
)
def test_no_change_may_leave_a_day_unsettled(statement: str) -> None:
    assert violated(statement) == "accounts_settlement_covers_agreement"


@pytest.mark.parametrize("table", ["customeragreement", "settlement"])
@pytest.mark.parametrize("span", ["empty", "(,2026-01-01)", "[2026-01-01,3000-01-02)", "[1899-12-31,1950-01-01)"])
def test_spans_have_days_that_people_use(table: str, span: str) -> None:
    name = {"customeragreement": "accounts_agreement_span", "settlement": "accounts_settlement_span"}[table]
    assert violated(f"UPDATE accounts_{table} SET span = '{span}'") == name


@pytest.mark.parametrize(
    ("column", "value", "name"),
    [
        ("household_size", "0", "accounts_agreement_household"),
        ("capacity_va", "-1", "accounts_agreement_capacity"),
        ("contract_demand_w", "0", "accounts_agreement_demand"),
        ("power_factor_standard", "91", "accounts_agreement_powerfactor"),
        ("tariff_code", "''", "accounts_agreement_tariff"),
    ],
)
def test_terms_are_possible_values(column: str, value: str, name: str) -> None:
    assert violated(f"UPDATE accounts_customeragreement SET {column} = {value}") == name
    assert name in errors._MEANING


def test_the_tree_keeps_its_order_and_its_paths() -> None:
    def paths() -> list[str]:
        with connection.cursor() as cursor:
            cursor.execute("SELECT path FROM accounts_organisation ORDER BY path")
            return [path for (path,) in cursor.fetchall()]

    assert paths() == ["/44/", "/44/4403/", "/44/4403/440304/", "/44/4403/440305/", "/44/4404/"]
    top = "(SELECT id FROM accounts_organisation WHERE code = '{}')"
    move = "UPDATE accounts_organisation SET parent_id = {} WHERE code = '{}'"
    assert violated(move.format(top.format("440304"), "44")) == "accounts_organisation_below_parent"
    assert violated("UPDATE accounts_organisation SET level = 3 WHERE code = '4403'") == (
        "accounts_organisation_below_parent"
    )
    run("UPDATE accounts_organisation SET code = '45' WHERE code = '44'")
    run(move.format(top.format("4404"), "440305"))
    assert paths() == ["/45/", "/45/4403/", "/45/4403/440304/", "/45/4404/", "/45/4404/440305/"]
    run("UPDATE accounts_organisation SET path = '/elsewhere/' WHERE code = '440305'")
    assert "/45/4404/440305/" in paths()


def constraints_in_database() -> Iterator[str]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT conname FROM pg_constraint WHERE contype IN ('c', 'x', 'u')"
            " AND conrelid::regclass::text LIKE 'accounts\\_%'"
        )
        yield from (name for (name,) in cursor.fetchall())


def test_every_named_constraint_has_a_domain_error() -> None:
    assert {name for name in constraints_in_database() if not name.endswith("_check")} <= set(errors._MEANING)


def test_no_check_remains_pending() -> None:
    run("SET CONSTRAINTS ALL IMMEDIATE")
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM accounts_settlementcheck")
        assert cursor.fetchone() == (0,)
