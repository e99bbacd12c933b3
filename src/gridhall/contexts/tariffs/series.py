"""Price series from files: a time and a price per row, exact, laid out by local day and slot."""

import csv
from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa

from gridhall.contexts.tariffs.document.parts import PRICE_PLACES
from gridhall.contexts.tariffs.types import PriceSeries
from gridhall.kernel.errors import GridhallError
from gridhall.lake import curves

_TIMES: Final = ("start", "ts", "time", "timestamp", "datetime", "interval_start", "时间", "开始时间")
_NO_PRICE: Final = np.iinfo(np.int64).min


class BadPriceSeries(GridhallError):
    """A file of prices cannot be read as a series."""

    code = "bad_price_series"


def read_series(file: Path, *, minutes: int, zone: ZoneInfo) -> PriceSeries:
    """Read a price series from CSV or Parquet.

    The time column is called ``start``, ``ts``, ``time`` or ``timestamp``, the price column has ``price`` in its name
    (or is the only other one). Times without offset are local; the repeated hour may occur twice. Times that the
    local clock never shows are passed over, since no reading can fall there.

    Args:
        minutes: the step of the series.
        zone: of times without offset, and of the days.

    Raises:
        BadPriceSeries: with file, line and column.
    """
    if not file.is_file():
        raise BadPriceSeries("The file of prices is not there.", path=str(file))
    rows = list(_parquet_rows(file) if file.suffix.lower() in (".parquet", ".pq") else _csv_rows(file))
    if not rows:
        raise BadPriceSeries("The file has no prices.", path=str(file))
    places = 2
    days = np.empty(len(rows), dtype="datetime64[D]")
    walls = np.empty(len(rows), dtype=np.int64)
    for index, (line, moment, price) in enumerate(rows):
        local = moment.astimezone(zone) if moment.tzinfo else moment
        days[index], walls[index] = np.datetime64(local.date()), local.hour * 60 + local.minute
        if local.second or local.microsecond or walls[index] % minutes:
            raise BadPriceSeries(
                f"{moment} does not begin an interval of {minutes} minutes.",
                path=f"{file}:{line}",
                remedy="See interval.",
            )
        exponent = price.normalize().as_tuple().exponent
        places = max(places, -exponent if isinstance(exponent, int) else 0)
    if places > PRICE_PLACES:
        raise BadPriceSeries(f"Prices have more than {PRICE_PLACES} decimal places.", path=str(file))
    slot = curves.slots_of(str(zone), days, walls, minutes)
    by_day: dict[date, Any] = {}
    for index, (line, moment, price) in enumerate(rows):
        if slot[index] < 0:
            continue
        day = days[index].astype(object)
        if day not in by_day:
            by_day[day] = np.full(curves.slots(str(zone), day, minutes), _NO_PRICE, dtype=np.int64)
        value = int(price.scaleb(places))
        if by_day[day][slot[index]] not in (_NO_PRICE, value):
            raise BadPriceSeries(f"{moment} has two different prices.", path=f"{file}:{line}")
        by_day[day][slot[index]] = value
    ordered = sorted(by_day)
    table = pa.table(
        {
            "day": pa.array(ordered, pa.date32()),
            "prices": pa.array(
                [[None if value == _NO_PRICE else int(value) for value in by_day[day]] for day in ordered],
                pa.list_(pa.int64()),
            ),
        }
    )
    return PriceSeries(minutes, places, table, source=file.name)


def _csv_rows(file: Path) -> Iterator[tuple[int, datetime, Decimal]]:
    try:
        with file.open(encoding="utf-8-sig", newline="") as text:
            reader = csv.reader(text)
            header = [name.strip().lower() for name in next(reader, [])]
            time, price = _columns(header, file)
            for row in reader:
                if not row:
                    continue
                place = f"{file}:{reader.line_num}"
                if len(row) <= max(time, price):
                    raise BadPriceSeries("The row is too short.", path=place)
                yield reader.line_num, _moment(row[time], place), _price(row[price], place)
    except UnicodeDecodeError as error:
        raise BadPriceSeries("The file of prices is not UTF-8 text.", path=str(file)) from error


def _parquet_rows(file: Path) -> Iterator[tuple[int, datetime, Decimal]]:
    import pyarrow.parquet as pq

    try:
        table = pq.read_table(file)
    except (pa.ArrowInvalid, OSError) as error:
        raise BadPriceSeries("The file of prices is no readable Parquet.", path=str(file)) from error
    time, price = _columns([name.lower() for name in table.column_names], file)
    moments = table.column(time)
    if pa.types.is_timestamp(moments.type):
        moments = moments.cast(pa.timestamp("us", moments.type.tz))
    for line, (moment, value) in enumerate(zip(moments.to_pylist(), table.column(price).to_pylist(), strict=True), 1):
        place = f"{file}:{line}"
        yield line, moment if isinstance(moment, datetime) else _moment(str(moment), place), _price(str(value), place)


def _columns(header: list[str], file: Path) -> tuple[int, int]:
    time = next((index for index, name in enumerate(header) if name in _TIMES), None)
    prices = [index for index, name in enumerate(header) if "price" in name or "电价" in name or name == "价格"]
    if not prices and len(header) == 2 and time is not None:
        prices = [1 - time]
    if time is None or len(prices) != 1:
        raise BadPriceSeries(
            f"The header {', '.join(header) or '(none)'} has no column of times and one of prices.",
            path=f"{file}:1",
            remedy="Call them start and price.",
        )
    return time, prices[0]


def _moment(text: str, place: str) -> datetime:
    try:
        return datetime.fromisoformat(text.strip())
    except ValueError as error:
        raise BadPriceSeries(f"{text!r} is not a time written YYYY-MM-DD HH:MM.", path=place) from error


def _price(text: str, place: str) -> Decimal:
    try:
        value = Decimal(text.strip())
    except InvalidOperation as error:
        raise BadPriceSeries(f"{text!r} is not a price.", path=place) from error
    if not value.is_finite() or abs(value) > 1_000_000:
        raise BadPriceSeries(f"{text!r} is not a price.", path=place)
    return value
