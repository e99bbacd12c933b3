"""What the invented head-end delivers: day-curve files, one for each channel and month, with some planted faults.

Columns: ``usage_point`` (户号), ``day`` (local), ``curve_wh`` (energy of each slot in Wh, reactive in varh; null where
the head-end got nothing). The same utility and days give the same bytes, so that importing a file twice is noticed.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from gridhall.journeys.demo.curves import Curves, Ints, generate
from gridhall.journeys.demo.pack import Pack
from gridhall.journeys.demo.utility import Role, Utility
from gridhall.kernel.spans import DateSpan
from gridhall.lake import curves
from gridhall.lake.needs import Channel

#: Usage points computed and written at a time.
_ROWS: Final = 512
#: A usage point that nobody has opened, in the file of the newest whole month.
UNKNOWN_USAGE_POINT: Final = "9900000001"
#: What the planted spike reads, Wh in each of some quarter hours: not absurd for a works, but for a home.
SPIKE_WH: Final = 1_100_000
SPIKE_SLOTS: Final = 8
_SCHEMA: Final = pa.schema([("usage_point", pa.string()), ("day", pa.date32()), ("curve_wh", pa.list_(pa.int32()))])


@dataclass(frozen=True)
class Delivery:
    """The files of some days, by channel; the sums of the true energy per usage point, in the utility's order.

    ``planted`` says in words what was made wrong on purpose, by usage point.
    """

    span: DateSpan
    files: dict[Channel, Path]
    imported_wh: Ints
    exported_wh: Ints
    reactive_varh: Ints
    planted: dict[str, str] = field(default_factory=dict)


def deliver(
    pack: Pack,
    utility: Utility,
    span: DateSpan,
    folder: Path,
    *,
    zone: ZoneInfo,
    holidays: frozenset[date],
    faulty: bool,
) -> Delivery:
    """Write the files of a span of days into the folder.

    Args:
        span: days of one month.
        holidays: public holidays around the span.
        faulty: plant the faults (a gap, a long gap, a spike, a stuck meter, an unknown usage point).
    """
    assert utility.loads is not None
    days = list(span)
    numbers = [point.number for point in utility.points]
    faults = _Faults(utility.roles, days) if faulty else None
    sums = {channel: np.zeros(len(numbers), np.int64) for channel in (Channel.IMPORT, Channel.EXPORT, Channel.REACTIVE)}
    names = {channel: folder / f"{channel}-{_named(span)}.parquet" for channel in sums}
    folder.mkdir(parents=True, exist_ok=True)
    rows_written = dict.fromkeys(sums, 0)
    writers = {channel: _writer(name) for channel, name in names.items()}
    try:
        for first in range(0, len(numbers), _ROWS):
            rows = np.arange(first, min(first + _ROWS, len(numbers)))
            month = generate(pack, utility.loads.take(rows), days, holidays)
            for channel, members, values in (
                (Channel.IMPORT, rows, month.imported),
                (Channel.EXPORT, rows[month.exporting], month.exported),
                (Channel.REACTIVE, rows[month.inductive], month.reactive),
            ):
                if not len(members):
                    continue
                sums[channel][members] += values.sum(axis=(1, 2), dtype=np.int64)
                chosen = [numbers[row] for row in members]
                told = faults if channel is Channel.IMPORT else None
                table = _table(chosen, days, values, zone, told)
                rows_written[channel] += table.num_rows
                writers[channel].write_table(table)
        if faults is not None:
            writers[Channel.IMPORT].write_table(faults.of_unknown(zone))
    finally:
        for writer in writers.values():
            writer.close()
    for channel, name in names.items():
        finished = name.with_suffix(".parquet.part")
        if rows_written[channel]:
            finished.replace(name)
        else:
            finished.unlink()
    return Delivery(
        span,
        {channel: name for channel, name in names.items() if rows_written[channel]},
        sums[Channel.IMPORT],
        sums[Channel.EXPORT],
        sums[Channel.REACTIVE],
        faults.words if faults else {},
    )


def _named(span: DateSpan) -> str:
    """``2026-10`` for a whole month, otherwise with the days: ``2026-11-01-to-2026-11-20``."""
    whole = DateSpan.month(span.start.year, span.start.month) == span
    assert span.end is not None
    return f"{span.start:%Y-%m}" if whole else f"{span.start}-to-{span.end - timedelta(1)}"


def _writer(name: Path) -> pq.ParquetWriter:
    part = name.with_suffix(".parquet.part")
    return pq.ParquetWriter(part, _SCHEMA, compression="zstd", use_dictionary=["usage_point", "day"])


class _Faults:
    """What goes wrong in the month, and the words for it."""

    def __init__(self, roles: Mapping[Role, Sequence[str]], days: list[date]) -> None:
        self.days = days
        self.of = {number: role for role in (Role.GAP, Role.LONG_GAP, Role.SPIKE, Role.STUCK) for number in roles[role]}
        words = {
            Role.GAP: f"five quarter hours missing on {days[8]}, the whole of {days[18]}",
            Role.LONG_GAP: f"nothing from {days[5]} to {days[20]}",
            Role.SPIKE: f"{SPIKE_WH // 1000} kWh in each of {SPIKE_SLOTS} quarter hours on {days[12]}",
            Role.STUCK: f"the same value from {days[14]} to {days[18]}",
        }
        self.words = {number: words[role] for number, role in self.of.items()}
        self.words[UNKNOWN_USAGE_POINT] = f"not a usage point of this utility, on {days[2]} and {days[3]}"

    def apply(
        self, numbers: list[str], values: Curves, absent: npt.NDArray[np.bool_], nothing: npt.NDArray[np.bool_]
    ) -> None:
        """Spoil ``values [usage point, day, slot]``; mark slots ``nothing`` and rows ``absent``."""
        for row, number in enumerate(numbers):
            match self.of.get(number):
                case Role.GAP:
                    nothing[row, 8, 30:35] = True
                    absent[row, 18] = True
                case Role.LONG_GAP:
                    absent[row, 5:21] = True
                case Role.SPIKE:
                    values[row, 12, 72 : 72 + SPIKE_SLOTS] = SPIKE_WH
                case Role.STUCK:
                    values[row, 14:19] = values[row, 14, 0]

    def of_unknown(self, zone: ZoneInfo) -> pa.Table:
        """Two days of a usage point that does not exist."""
        return _table([UNKNOWN_USAGE_POINT], self.days[2:4], np.full((1, 2, 96), 50, np.int32), zone, None)


def _table(numbers: list[str], days: list[date], values: Curves, zone: ZoneInfo, faults: _Faults | None) -> pa.Table:
    """One row per usage point and day, the day's slots in the order of time."""
    absent = np.zeros(values.shape[:2], bool)
    nothing = np.zeros(values.shape, bool)
    if faults is not None:
        faults.apply(numbers, values, absent, nothing)
    keep = np.flatnonzero(~absent)
    flat, void, lengths = _on_the_clock(values, nothing, days, zone)
    kept = np.repeat(~absent.reshape(-1), np.tile(lengths, len(numbers)))
    offsets = np.concatenate([[0], np.cumsum(np.tile(lengths, len(numbers))[keep])]).astype(np.int32)
    void = void[kept]
    curve = pa.ListArray.from_arrays(
        pa.array(offsets), pa.array(flat[kept], pa.int32(), mask=void if void.any() else None)
    )
    return pa.Table.from_arrays(
        [
            pa.array(numbers, pa.string()).take(pa.array(keep // len(days))),
            pa.array(days, pa.date32()).take(pa.array(keep % len(days))),
            curve,
        ],
        schema=_SCHEMA,
    )


def _on_the_clock(
    values: Curves, nothing: npt.NDArray[np.bool_], days: list[date], zone: ZoneInfo
) -> tuple[Curves, npt.NDArray[np.bool_], Ints]:
    """Curves of 96 quarter hours as the zone has them (92 or 100 when clocks change), flat, and the days' lengths."""
    slots = [curves.wall_minutes(zone, day, 15) // 15 for day in days]
    lengths = np.array([len(walls) for walls in slots])
    if (lengths == 96).all():
        return values.reshape(-1), nothing.reshape(-1), lengths
    index = np.concatenate([day * 96 + walls for day, walls in enumerate(slots)])
    wide = (len(values), -1)
    return values.reshape(wide)[:, index].reshape(-1), nothing.reshape(wide)[:, index].reshape(-1), lengths


def months(first: date, stop: date) -> Iterator[DateSpan]:
    """The days from ``first`` up to but not including ``stop``, by calendar month."""
    yield from DateSpan(first, stop).months()
