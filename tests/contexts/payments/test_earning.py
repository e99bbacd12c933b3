"""Guards: what payments earn is counted once, by the rule of the day, and goes back with the money: whatever is told,
how often and in whatever order, points of a receipt are never less than none, and none are left when all went back."""

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.contexts.payments.conftest import ACT, NOW, Till, till_of

from gridhall.contexts.payments import operations, queries
from gridhall.contexts.payments.earning_settings import PointsRules, PointsRulesInvalid, points_rules
from gridhall.contexts.payments.models import EarnedPoints
from gridhall.contexts.payments.operations.earning import count_points
from gridhall.contexts.payments.operations.receiving import take
from gridhall.contexts.payments.points_journal import PointsJournal
from gridhall.contexts.payments.ports import points
from gridhall.contexts.payments.rules.earning import earned, gone
from gridhall.contexts.payments.types import Part
from gridhall.kernel.errors import NotFound
from gridhall.runtime import outbox

FEN = st.integers(1, 5_000_000)


@pytest.fixture
def till(db: None) -> Till:
    return till_of(1)


def paid(till: Till, fen: int, *, gateway: str = "demo", method: str = "demo.link", days: int = 0) -> int:
    """Money that comes in; the id of its receipt."""
    found = take(
        [Part(till.accounts[0].pk, fen)], gateway=gateway, method=method, reference=f"R{fen}-{gateway}-{days}",
        organisation=till.organisation.pk, paid_at=NOW - timedelta(days=days), now=NOW, actor="test",
    )  # fmt: skip
    assert found
    return found


def back(receipt: int, fen: int, name: str, kind: str = "refund") -> int:
    found = operations.go_back(receipt, fen, kind=kind, reference=name, at=NOW, reason="zu viel", act=ACT)
    assert found
    return found


def of(*receipts: int) -> list[int | None]:
    found = points().earned(receipts)
    return [found.get(receipt) for receipt in receipts]


def told() -> int:
    """What waits on the outbox is heard."""
    return outbox.deliver(lambda: NOW)


def test_a_payment_earns_when_it_is_heard_of_and_a_refund_takes_back(till: Till) -> None:
    receipt = paid(till, 12_850)
    assert of(receipt) == [None]
    told()
    assert of(receipt) == [128]
    first = back(receipt, 100, "B1")
    second = back(receipt, 12_750, "B2", "chargeback")
    told()
    assert of(receipt, first, second) == [0, 0, -128]
    (payment,) = queries.payments_of([till.accounts[0].pk])
    assert payment.points == 0


def test_by_way_to_pay(till: Till) -> None:
    ways = [("demo", "demo.link"), ("counter", "counter.cash"), ("debit", "debit"), ("ewallet", "ewallet.page")]
    receipts = [paid(till, 10_099, gateway=gateway, method=method) for gateway, method in ways]
    told()
    assert of(*receipts) == [100, 0, 0, 201]


def test_before_the_rule_nothing_is_earned(till: Till) -> None:
    since = (NOW.date() - points_rules().since).days
    receipts = [paid(till, 10_000, days=since), paid(till, 10_000, days=since + 1)]
    told()
    assert of(*receipts) == [100, 0]


def test_a_way_goes_before_who_takes_the_money() -> None:
    rules = PointsRules(
        since=date(2026, 1, 1), per_yuan=Decimal(1), by_method={"x": Decimal("0.5"), "x.qr": Decimal(3)}
    )
    day = date(2026, 1, 1)
    assert [rules.rate("x", way, day) for way in ("x.qr", "x.page")] == [Fraction(3), Fraction(1, 2)]
    assert rules.rate("y", "y", day) == 1
    assert rules.rate("y", "y", date(2025, 12, 31)) == 0


def test_an_unknown_receipt_is_none_of_ours(till: Till) -> None:
    with pytest.raises(NotFound):
        count_points([0], now=NOW)
    assert points().earned([0]) == {}
    assert points().earned([]) == {}


def test_rules_that_cannot_be_used_say_where(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "rules").mkdir()
    monkeypatch.setattr("gridhall.runtime.rules.content", lambda *parts: tmp_path.joinpath(*parts))
    for wrong, where in (
        ("since: 2026-01-01\nper_yuan: -1\n", "per_yuan"), ("since: 2026-01-01\nper_yuan: 1\nmore: 1\n", "more"),
        ("since: soon\nper_yuan: 1\n", "since"), ("since: [\n", "points.yaml:2"),
        ("since: 2026-01-01\nper_yuan: 1\nby_method:\n  demo: 0.00001\n", "by_method.demo"),
    ):  # fmt: skip
        (tmp_path / "rules" / "points.yaml").write_text(wrong)
        with pytest.raises(PointsRulesInvalid) as refused:
            points_rules()
        assert where in str(refused.value.path)


def test_changed_rules_change_nothing_that_was_counted(till: Till, monkeypatch: pytest.MonkeyPatch) -> None:
    receipt = paid(till, 10_000)
    told()
    twice = PointsRules(since=date(2026, 1, 1), per_yuan=Decimal(2))
    monkeypatch.setattr("gridhall.contexts.payments.operations.earning.points_rules", lambda: twice)
    back(receipt, 5_000, "B1")
    told()
    assert of(receipt) == [50]


def test_another_programme_takes_its_place_by_one_setting(till: Till, settings: Any) -> None:
    settings.PAYMENT_POINTS = ""
    points.cache_clear()
    receipt = paid(till, 10_000)
    told()
    assert of(receipt) == [None]
    assert not EarnedPoints.objects.exists()
    del settings.PAYMENT_POINTS
    points.cache_clear()


@pytest.fixture(autouse=True)
def journal() -> Iterator[None]:
    points.cache_clear()
    yield
    points.cache_clear()
    assert isinstance(points(), PointsJournal)


@pytest.mark.parametrize(
    ("statement", "error"),
    [
        ("UPDATE payments_earnedpoints SET points = 5", "append"),
        ("DELETE FROM payments_earnedpoints", "append"),
        ("{insert} ({back}, {receipt}, -6, now())", "more points"),
        ("{insert} ({back}, {receipt}, 1, now())", "payments_earnedpoints_sign"),
        ("{insert} ({receipt}, {receipt}, 1, now())", "duplicate"),
    ],
)
def test_the_database_holds_it(till: Till, statement: str, error: str) -> None:
    receipt = paid(till, 500)
    told()
    insert = "INSERT INTO payments_earnedpoints (receipt_id, of_id, points, counted_at) VALUES"
    said = statement.format(insert=insert, receipt=receipt, back=back(receipt, 500, "B1"))
    with pytest.raises(DatabaseError, match=error), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(said)


@given(FEN, st.fractions(0, 1000, max_denominator=10_000), st.lists(st.integers(1, 1_000_000)))
def test_however_it_goes_back_it_comes_to_the_same(fen: int, rate: Fraction, backs: list[int]) -> None:
    whole = earned(fen, rate)
    assert whole <= fen * rate / 100 < whole + 1
    gone_back, taken = 0, 0
    for part in backs:
        gone_back = min(gone_back + part, fen)
        now = gone(whole, fen, gone_back)
        assert taken <= now <= whole
        taken = now
    assert gone(whole, fen, fen) == whole


@pytest.mark.django_db
@settings(max_examples=60, deadline=None)
@given(st.data())
def test_whatever_is_told_in_whatever_order(data: st.DataObject) -> None:
    with transaction.atomic():
        till = till_of(1)
        amounts = data.draw(st.lists(FEN, min_size=1, max_size=3, unique=True))
        families: dict[int, tuple[int, list[int]]] = {}
        family: dict[int, int] = {}
        for fen in amounts:
            receipt = paid(till, fen)
            families[receipt], family[receipt] = (fen, []), receipt
        for at in range(data.draw(st.integers(0, 8))):
            receipt = data.draw(st.sampled_from(sorted(families)))
            fen, backs = families[receipt]
            if left := fen - sum(backs):
                share = data.draw(st.integers(1, left))
                family[back(receipt, share, f"B{at}")] = receipt
                backs.append(share)
            # Messages come whenever, of whatever was posted so far, any number of times.
            for _ in range(data.draw(st.integers(0, 2))):
                count_points(data.draw(st.lists(st.sampled_from(sorted(family)), min_size=1)), now=NOW)
            assert all(value is None or value >= 0 for value in of(*families))
        rest = data.draw(st.permutations(sorted(family)))
        for id in [*rest, *rest]:
            count_points([id], now=NOW)
        for receipt, (fen, backs) in families.items():
            whole = fen // 100
            assert of(receipt) == [whole - whole * sum(backs) // fen]
        assert EarnedPoints.objects.count() == len(family)
        transaction.set_rollback(True)
