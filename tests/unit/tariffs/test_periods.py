"""Guards: a page shows each hour in the period by which it is priced, on every kind of day."""

from datetime import date
from pathlib import Path

import pytest

from gridhall.contexts.tariffs.loading import load_tariff
from gridhall.contexts.tariffs.rules.periods import periods_of
from gridhall.contexts.tariffs.rules.pieces import layout
from gridhall.contexts.tariffs.types import Calendar
from gridhall.kernel.spans import DateSpan
from gridhall.lake.needs import Channel
from gridhall.runtime.content import content

YEAR = DateSpan(date(2026, 1, 1), date(2027, 1, 1))
CALENDAR = Calendar(frozenset({date(2026, 10, 1)}), frozenset({date(2026, 10, 10)}))
TIMED = sorted(
    path
    for path in [*content("tariffs").glob("*.yaml"), *content("demo", "tariffs").glob("*.yaml")]
    if "time_of_use" in path.read_text(encoding="utf-8")
)


@pytest.mark.parametrize("file", TIMED, ids=lambda path: path.stem)
def test_hours_belong_to_the_period_they_are_priced_by(file: Path) -> None:
    tariff = load_tariff(file)
    found = periods_of(tariff, YEAR, CALENDAR)
    plan = tariff.plan_on(date(2026, 6, 1))
    assert plan is not None
    priced = layout(plan, [YEAR & plan.span or YEAR], Channel.IMPORT, CALENDAR)
    if len(priced.divisions) != 1:
        return
    needs = priced.needs[0]
    for day, pattern in found.patterns.items():
        expected = [(each.start, each.end, needs.registers[each.register]) for each in needs.pattern(day).slices]
        assert [(each.start, each.end, found.periods[each.register].code) for each in pattern.slices] == expected


def test_a_price_without_periods_has_none() -> None:
    found = periods_of(load_tariff(content("tariffs") / "shanghai-residential.yaml"), YEAR, CALENDAR)
    assert not found.periods
    assert not found.patterns


def test_names_are_those_of_the_document() -> None:
    found = periods_of(load_tariff(content("tariffs") / "shanghai-residential-tou.yaml"), YEAR, CALENDAR)
    assert [(each.code, each.zh_hans, each.en) for each in found.periods] == [
        ("peak", "峰", "peak"),
        ("valley", "谷", "valley"),
    ]
    assert len(found.patterns) == 365
