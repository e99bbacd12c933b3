"""Guards the promise that the picture of tiers shows the limits that the bill was charged by."""

from datetime import date

import pytest

from gridhall.contexts.billing.rules.tiers import limits_of
from gridhall.contexts.tariffs.operations import parse_tariff
from gridhall.kernel.spans import DateSpan

DOCUMENT = """\
tariff: village
name: {{zh-Hans: 村庄, en: village}}
currency: CNY
versions:
  - version: a
    start: 2000-01-01
    source: test
    seasons:
      summer: {{months: [5, 6, 7, 8, 9, 10]}}
    components:
      - code: energy
        type: energy{season}
        tiers:
          basis: {basis}{more}
          blocks: [{{up_to: 120, price: 1}}, {{up_to: 240.5, price: 2}}, {{price: 3}}]
"""
JULY = "\n          year_starts: 07-01"
BY_MONTHS, BY_DAYS, WHOLE = (f"\n          prorate: {how}" for how in ("months", "days", "none"))
TEN_DAYS = DateSpan(date(2026, 4, 1), date(2026, 4, 11))
LONG_AGO = date(2010, 1, 1)
HOUSEHOLD = "\n          household: [{from_persons: 5, add_kwh_per_month: 10}]"
EACH = "\n          household: [{from_persons: 5, add_kwh_per_month: 10, each_person: true}]"


def tariff(basis: str, more: str = "", season: str = ""):
    return parse_tariff(DOCUMENT.format(basis=basis, more=more, season=season), name="village")


@pytest.mark.parametrize(
    ("basis", "more", "span", "since", "persons", "limits", "first"),
    [
        ("year", "", DateSpan.month(2026, 3), LONG_AGO, None, (120_000, 240_500), date(2026, 1, 1)),
        ("year", JULY, DateSpan.month(2026, 3), LONG_AGO, 3, (120_000, 240_500), date(2025, 7, 1)),
        ("year", HOUSEHOLD, DateSpan.month(2026, 3), LONG_AGO, 4, (120_000, 240_500), date(2026, 1, 1)),
        ("year", HOUSEHOLD, DateSpan.month(2026, 3), LONG_AGO, 5, (240_000, 360_500), date(2026, 1, 1)),
        ("year", EACH, DateSpan.month(2026, 3), LONG_AGO, 7, (480_000, 600_500), date(2026, 1, 1)),
        ("year", BY_MONTHS, DateSpan.month(2026, 8), date(2026, 7, 17), None, (60_000, 120_250), date(2026, 7, 17)),
        ("year", BY_DAYS, DateSpan.month(2026, 12), date(2026, 12, 1), None, (10_192, 20_426), date(2026, 12, 1)),
        ("month", "", DateSpan.month(2026, 4), LONG_AGO, None, (120_000, 240_500), date(2026, 4, 1)),
        ("month", "", TEN_DAYS, LONG_AGO, None, (40_000, 80_167), date(2026, 4, 1)),
        ("month", WHOLE, TEN_DAYS, LONG_AGO, None, (120_000, 240_500), date(2026, 4, 1)),
        ("day", "", DateSpan.month(2026, 4), LONG_AGO, None, (3_600_000, 7_215_000), date(2026, 4, 1)),
    ],
)
def test_limits_are_those_of_the_charges(basis, more, span, since, persons, limits, first):
    found = limits_of(tariff(basis, more), span, since, persons)
    assert found is not None
    assert (found.limits_wh, found.basis, found.since) == (limits, basis, first)


def test_limits_of_a_season_count_from_its_first_day_and_its_months():
    found = limits_of(tariff("season", HOUSEHOLD, "\n        season: summer"), DateSpan.month(2026, 7), LONG_AGO, 5)
    assert found is not None
    assert (found.limits_wh, found.since) == ((180_000, 300_500), date(2026, 5, 1))
    assert limits_of(tariff("season", "", "\n        season: summer"), DateSpan.month(2026, 3), LONG_AGO, 5) is None
