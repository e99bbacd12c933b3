"""Guards: who is billed for what, found by one query for any number of usage points, split where the payer changes."""

import itertools
from contextlib import suppress
from datetime import date, timedelta
from typing import Any

import pyarrow as pa
import pytest
from django.db import transaction
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from gridhall.contexts.accounts import operations, queries
from gridhall.kernel.spans import DateSpan

from .conftest import ACT, portfolio

pytestmark = pytest.mark.usefixtures("county")
D = date


def rows(organisation: str | None, span: DateSpan) -> list[tuple[Any, ...]]:
    table = queries.billable(organisation, span)
    assert table.schema == queries.BILLABLE
    numbers = queries.usage_point_numbers(table["usage_point"]).to_pylist()
    accounts = queries.account_numbers(table["account"].to_pylist())
    return [
        (number, accounts[row["account"]], row["tariff_code"], row["start"].isoformat(), row["end"].isoformat())
        for number, row in zip(numbers, table.to_pylist(), strict=True)
    ]


MARCH = DateSpan.month(2026, 3)


def test_a_month_without_changes() -> None:
    assert rows("44", MARCH) == [
        ("1001", "AL", "home", "2026-03-01", "2026-04-01"),
        ("1003", "AF", "industry", "2026-03-01", "2026-04-01"),
    ]


def test_a_change_of_payer_or_tariff_splits_the_month() -> None:
    operations.change_settlement("1001", account="AT", start=D(2026, 3, 10), act=ACT)
    operations.change_tariff("1003", tariff_code="industry-tou", start=D(2026, 3, 17), act=ACT)
    assert rows("4403", MARCH) == [
        ("1001", "AL", "home", "2026-03-01", "2026-03-10"),
        ("1001", "AT", "home", "2026-03-10", "2026-04-01"),
        ("1003", "AF", "industry", "2026-03-01", "2026-03-17"),
        ("1003", "AF", "industry-tou", "2026-03-17", "2026-04-01"),
    ]


def test_only_the_subtree_is_asked_for() -> None:
    assert [row[0] for row in rows("440305", MARCH)] == ["1003"]
    assert rows("4404", MARCH) == []
    assert [row[0] for row in rows(None, MARCH)] == ["1001", "1003"]


def test_a_unit_whose_code_begins_like_another_is_no_part_of_it() -> None:
    operations.create_organisation("440", "其他", operations.OrganisationLevel.PROVINCE, act=ACT)
    assert rows("440", MARCH) == []


def test_the_last_day_counts_and_the_end_does_not() -> None:
    assert rows(None, DateSpan(D(2024, 6, 1), D(2024, 7, 1))) == []
    assert rows(None, DateSpan(D(2024, 6, 1), D(2024, 7, 2))) == [
        ("1003", "AF", "industry", "2024-07-01", "2024-07-02")
    ]
    assert rows("440305", DateSpan(D(2026, 12, 31), D(2027, 2, 1))) == [
        ("1003", "AF", "industry", "2026-12-31", "2027-01-01")
    ]
    assert rows("440305", DateSpan(D(2027, 1, 1), D(2027, 2, 1))) == []


def test_terms_travel_along() -> None:
    row = queries.billable("440305", MARCH).to_pylist()[0]
    assert (row["capacity_va"], row["power_factor_standard"], row["household_size"]) == (630_000, 90, None)


def test_numbers_become_ids_in_order_and_unknown_ones_null() -> None:
    ids = queries.usage_point_ids(["2001", "nobody", "1001", "2001", None])
    assert ids.to_pylist()[1] is None
    assert ids.to_pylist()[4] is None
    assert ids[0] == ids[3]
    assert queries.usage_point_numbers(ids).to_pylist() == ["2001", None, "1001", "2001", None]
    assert queries.usage_point_ids([]).to_pylist() == []


def test_many_numbers_take_another_way_to_the_same_ids(monkeypatch: pytest.MonkeyPatch) -> None:
    few = queries.usage_point_ids(["2001", "nobody", "1001"])
    monkeypatch.setattr(queries, "_MANY", 1)
    assert queries.usage_point_ids(["2001", "nobody", "1001"]).equals(few)
    assert queries.usage_point_numbers(few).to_pylist() == ["2001", None, "1001"]
    chunks = pa.chunked_array([["2001"], ["1001", "nobody"]]).dictionary_encode()
    assert queries.usage_point_ids(chunks).null_count == 1


def test_what_hangs_together_with_a_customer() -> None:
    landlord, tenant = queries.relations_of("L"), queries.relations_of("T")
    assert (landlord.accounts, landlord.agreements, landlord.settled_for_others) == (("AL",), (), ("1001",))
    assert [a.usage_point_number for a in tenant.agreements] == ["1001"]
    assert (tenant.settled_by_others, tenant.settled_for_others) == (("AL",), ())


@hypothesis_settings(max_examples=25)
@given(
    changes=st.lists(
        st.tuples(st.sampled_from(["AL", "AT", "AF"]), st.integers(1, 300)), max_size=4, unique_by=lambda c: c[1]
    ),
    start=st.integers(0, 330),
    length=st.integers(1, 60),
)
def test_billable_tiles_the_agreement_whatever_was_changed(
    changes: list[tuple[str, int]], start: int, length: int
) -> None:
    first = D(2026, 1, 1)
    limits = operations.Limits(back_days=1000, ahead_days=1000)
    with transaction.atomic():
        for account, day in sorted(changes, key=lambda change: change[1]):
            with suppress(operations.AlreadyDone):
                operations.change_settlement(
                    "1001", account=account, start=first + timedelta(day), act=ACT, limits=limits
                )
        span = DateSpan(first + timedelta(start), first + timedelta(start + length))
        pieces = queries.billable("440304", span)
        edges = list(zip(pieces["start"].to_pylist(), pieces["end"].to_pylist(), strict=True))
        assert edges[0][0] == span.start
        assert edges[-1][1] == span.end
        assert all(before[1] == after[0] for before, after in itertools.pairwise(edges))
        transaction.set_rollback(True)


def test_loading_again_is_refused_as_a_whole() -> None:
    with pytest.raises(operations.AlreadyExists):
        operations.load(portfolio(), act=ACT)
