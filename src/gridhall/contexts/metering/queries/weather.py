"""The weather of two periods, and how much of a usage point's energy it explains."""

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Final

import numpy as np
import pyarrow.compute as pc
from django.db import connection

from gridhall.contexts.metering.queries.catalogue import lake_root, readable_files
from gridhall.contexts.metering.rules import weather
from gridhall.contexts.metering.types.weather import WeatherBetween
from gridhall.kernel.spans import DateSpan
from gridhall.lake.needs import Channel
from gridhall.lake.points import rows_of

#: Days before the end of the later period that the answer to the weather is estimated from.
_LOOKED_AT: Final = 400
#: The days of the nearest unit, from the usage point's own upwards, that has any.
_MEANS: Final = """
    SELECT w.day, w.mean_centi, w.source FROM metering_dailyweather w
    WHERE w.day >= %(first)s AND w.day < %(stop)s AND w.organisation_id = (
        SELECT above.id FROM accounts_organisation mine
        JOIN accounts_organisation above ON starts_with(mine.path, above.path)
        WHERE mine.id = %(unit)s
            AND EXISTS (SELECT 1 FROM metering_dailyweather known WHERE known.organisation_id = above.id)
        ORDER BY length(above.path) DESC LIMIT 1)
"""


def daily_means(organisation: int, span: DateSpan) -> dict[date, int]:
    """The mean temperatures of days at a unit (an id), in hundredths of °C; days without one are absent. One query."""
    return _means(organisation, span)[0]


def weather_between(
    usage_point: int, organisation: int, before: DateSpan, after: DateSpan, visible: Iterable[DateSpan]
) -> WeatherBetween | None:
    """How the weather of two periods differs, and what it explains at a usage point. Reads the lake once.

    Args:
        usage_point, organisation: ids.
        visible: the days whose readings may be used: those of the same customer.

    Returns:
        None where not every day of both periods has a temperature.
    """
    assert before.end is not None
    assert after.end is not None
    looked_at = DateSpan(after.end - timedelta(days=_LOOKED_AT), after.end)
    whole = DateSpan(min(before.start, looked_at.start), max(before.end, after.end))
    means, source = _means(organisation, whole)
    old = {day: means[day] for day in before if day in means}
    new = {day: means[day] for day in after if day in means}
    if len(old) < before.days or len(new) < after.days:
        return None
    sensitivity = weather.fit(_whole_days(usage_point, looked_at, list(visible)), means)
    more = None
    if sensitivity is not None:
        more = sensitivity.energy(new) - sensitivity.energy(old) * after.days // before.days
    return WeatherBetween(
        round(sum(old.values()) / len(old)), round(sum(new.values()) / len(new)), source, sensitivity, more
    )


def _means(organisation: int, span: DateSpan) -> tuple[dict[date, int], str]:
    with connection.cursor() as cursor:
        cursor.execute(_MEANS, {"unit": organisation, "first": span.start, "stop": span.end})
        rows = cursor.fetchall()
    return {day: mean for day, mean, _ in rows}, rows[-1][2] if rows else ""


def _whole_days(usage_point: int, span: DateSpan, visible: list[DateSpan]) -> dict[date, int]:
    """The energy of the days that have every slot and may be used."""
    rows = rows_of(lake_root(), readable_files(Channel.IMPORT, span), span, usage_point)
    days, curves = rows["day"].to_pylist(), rows["curve"].combine_chunks()
    if not days:
        return {}
    energy = np.add.reduceat(curves.flatten().fill_null(0).to_numpy(zero_copy_only=False), curves.offsets[:-1])
    whole = pc.equal(pc.add(rows["missing"], rows["estimated"]), 0).to_pylist()
    return {
        day: int(wh)
        for day, wh, good in zip(days, energy.tolist(), whole, strict=True)
        if good and any(day in each for each in visible)
    }
