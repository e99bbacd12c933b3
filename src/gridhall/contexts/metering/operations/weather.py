"""Daily mean temperatures taken in, so that a bill can be compared with another one's weather."""

import csv
from collections.abc import Iterable
from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Final

from django.db import transaction

from gridhall.contexts.accounts import queries as accounts
from gridhall.contexts.metering.models import DailyWeather
from gridhall.contexts.metering.types.weather import WeatherFileInvalid
from gridhall.runtime.audit import Act, record

_COLUMNS: Final = ("day", "mean_celsius")
_COLDEST, _WARMEST = Decimal(-80), Decimal(60)


def import_weather(file: Path, *, organisation: str, source: str, act: Act) -> int:
    """This will take in a CSV of ``day,mean_celsius`` for a unit of the utility and all units below it.

    All or nothing; a day that is there already is replaced.

    Args:
        file: UTF-8, days written YYYY-MM-DD, temperatures in °C with up to two decimals.
        organisation: the unit's code.
        source: who measured, as readers of a bill are told.

    Returns:
        How many days were taken in.

    Raises:
        WeatherFileInvalid: with line and field, when a row cannot be understood.
        NotFound: there is no such unit.
    """
    if not source.strip():
        raise WeatherFileInvalid("Nobody is named as the source.", path="source", remedy="Say who measured.")
    return record_weather(_read(file), organisation=organisation, source=source.strip(), act=act)


def record_weather(means: Iterable[tuple[date, int]], *, organisation: str, source: str, act: Act) -> int:
    """This will note mean temperatures (hundredths of °C) of days at a unit, as `import_weather` does from a file.

    Raises:
        NotFound: there is no such unit.
    """
    unit = accounts.organisation_by_code(organisation)
    rows = [DailyWeather(organisation_id=unit.id, day=day, mean_centi=mean, source=source) for day, mean in means]
    with transaction.atomic():
        DailyWeather.objects.bulk_create(
            rows, update_conflicts=True, unique_fields=["organisation", "day"], update_fields=["mean_centi", "source"],
            batch_size=5000,
        )  # fmt: skip
        record(act, "metering.weather.recorded", f"organisation:{organisation}", {"days": len(rows), "source": source})
    return len(rows)


def _read(file: Path) -> list[tuple[date, int]]:
    try:
        text = file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise WeatherFileInvalid(f"The file cannot be read: {error}.", path=str(file)) from error
    reader = csv.DictReader(text.splitlines())
    lacking = sorted(set(_COLUMNS) - set(reader.fieldnames or ()))
    if lacking:
        raise WeatherFileInvalid(
            f"The header lacks {', '.join(lacking)}.",
            path=f"{file.name}:1",
            remedy=f"Call the columns {', '.join(_COLUMNS)}.",
        )
    found: dict[date, int] = {}
    for row in reader:
        place = f"{file.name}:{reader.line_num}"
        written = (row["day"] or "").strip()
        try:
            day = date.fromisoformat(written)
        except ValueError as error:
            raise WeatherFileInvalid(f"{written!r} is no day written YYYY-MM-DD.", path=f"{place}:day") from error
        if day in found:
            raise WeatherFileInvalid(f"{day} occurs twice.", path=f"{place}:day")
        found[day] = _centi((row["mean_celsius"] or "").strip(), f"{place}:mean_celsius")
    if not found:
        raise WeatherFileInvalid("The file has no days.", path=file.name)
    return sorted(found.items())


def _centi(written: str, path: str) -> int:
    try:
        mean = Decimal(written)
        if not mean.is_finite() or mean * 100 != int(mean * 100):
            raise InvalidOperation
    except InvalidOperation as error:
        raise WeatherFileInvalid(
            f"{written!r} is no temperature in °C.", path=path, remedy="Write a number with at most two decimals."
        ) from error
    if not _COLDEST <= mean <= _WARMEST:
        raise WeatherFileInvalid(
            f"{written} °C is not a temperature of this world.", path=path, remedy="Check the unit: degrees Celsius."
        )
    return int(mean * 100)
