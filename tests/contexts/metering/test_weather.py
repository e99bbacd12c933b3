"""Guards: temperatures come in whole or not at all, and the weather is claimed only where a home's use follows it."""

import random
from datetime import UTC, date, datetime, timedelta

import pytest

from gridhall.contexts.accounts.models import Organisation
from gridhall.contexts.metering import operations, queries
from gridhall.contexts.metering.models import DailyWeather
from gridhall.contexts.metering.rules.weather import fit
from gridhall.contexts.metering.types.weather import WeatherFileInvalid
from gridhall.kernel.errors import NotFound
from gridhall.kernel.spans import DateSpan
from gridhall.runtime.audit import Act, trail

ACT = Act("test", datetime(2026, 3, 1, tzinfo=UTC))
FIRST = date(2026, 1, 1)
MEANS = {FIRST + timedelta(days=at): 500 + 2500 * at // 180 for at in range(181)}


@pytest.fixture
def units(db: None) -> None:
    top = Organisation.objects.create(code="P", name="省", level=1)
    Organisation.objects.create(code="C", name="市", level=2, parent=top)


def written(tmp_path, text: str):
    file = tmp_path / "weather.csv"
    file.write_text(text, encoding="utf-8")
    return file


def test_a_file_is_taken_in_and_replaces_what_it_repeats(units, tmp_path):
    for mean in ("4.8", "-5.25"):
        file = written(tmp_path, f"day,mean_celsius\n2026-01-01,{mean}\n2026-01-02,3\n")
        assert operations.import_weather(file, organisation="P", source="气象台", act=ACT) == 2
    assert list(DailyWeather.objects.order_by("day").values_list("mean_centi", flat=True)) == [-525, 300]
    assert [entry.action for entry in trail("organisation:P")] == ["metering.weather.recorded"] * 2


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("day,mean\n2026-01-01,4\n", "weather.csv:1"),
        ("day,mean_celsius\n2026-01-01,4\n2026-13-01,4\n", "weather.csv:3:day"),
        ("day,mean_celsius\n2026-01-01,warm\n", "weather.csv:2:mean_celsius"),
        ("day,mean_celsius\n2026-01-01,NaN\n", "weather.csv:2:mean_celsius"),
        ("day,mean_celsius\n2026-01-01,4.123\n", "weather.csv:2:mean_celsius"),
        ("day,mean_celsius\n2026-01-01,300\n", "weather.csv:2:mean_celsius"),
        ("day,mean_celsius\n2026-01-01\n", "weather.csv:2:mean_celsius"),
        ("day,mean_celsius\n2026-01-01,4\n2026-01-01,5\n", "weather.csv:3:day"),
        ("day,mean_celsius\n", "weather.csv"),
    ],
)
def test_a_wrong_file_is_refused_whole_with_line_and_field(units, tmp_path, text, path):
    with pytest.raises(WeatherFileInvalid) as refused:
        operations.import_weather(written(tmp_path, text), organisation="P", source="x", act=ACT)
    assert refused.value.path == path
    assert not DailyWeather.objects.exists()


def test_a_source_and_a_unit_are_needed(units, tmp_path):
    file = written(tmp_path, "day,mean_celsius\n2026-01-01,4\n")
    with pytest.raises(WeatherFileInvalid):
        operations.import_weather(file, organisation="P", source=" ", act=ACT)
    with pytest.raises(NotFound):
        operations.import_weather(file, organisation="X", source="x", act=ACT)


def test_the_nearest_unit_that_has_weather_counts(units):
    city, province = Organisation.objects.get(code="C"), Organisation.objects.get(code="P")
    span = DateSpan(FIRST, FIRST + timedelta(days=1))
    operations.record_weather([(FIRST, 100)], organisation="P", source="x", act=ACT)
    assert queries.daily_means(city.pk, span) == {FIRST: 100}
    operations.record_weather([(FIRST, 900)], organisation="C", source="x", act=ACT)
    assert (queries.daily_means(city.pk, span), queries.daily_means(province.pk, span)) == ({FIRST: 900}, {FIRST: 100})


def test_cooling_and_heating_are_found_where_they_are():
    chance = random.Random(1)
    energy = {
        day: 6000 + max(0, 1200 - mean) * 4 + max(0, mean - 2400) * 9 + chance.randint(-400, 400)
        for day, mean in MEANS.items()
    }
    found = fit(energy, MEANS)
    assert found is not None
    assert (found.heating_base, found.cooling_base) == (12, 24)
    assert found.heating_wh == pytest.approx(400, rel=0.1)
    assert found.cooling_wh == pytest.approx(900, rel=0.1)
    warm, cold = {FIRST: 3000}, {FIRST: 0}
    assert found.energy(warm) == found.cooling_wh * 6
    assert found.energy(cold) == found.heating_wh * 12
    assert found.energy({FIRST: 1800}) == 0


@pytest.mark.parametrize("seed", range(20))
def test_nothing_is_claimed_of_a_home_that_does_not_mind(seed):
    chance = random.Random(seed)
    assert fit({day: chance.randint(3000, 9000) for day in MEANS}, MEANS) is None


def test_nothing_is_claimed_of_too_few_days_no_use_or_less_use_on_hot_days():
    few = dict(list(MEANS.items())[:50])
    assert fit({day: 5000 + mean for day, mean in few.items()}, few) is None
    assert fit(dict.fromkeys(MEANS, 0), MEANS) is None
    hot = {day: mean for day, mean in MEANS.items() if mean > 2000}
    assert fit({day: 90_000 - mean * 9 for day, mean in hot.items()}, hot) is None
