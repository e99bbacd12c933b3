"""From agreements to rated bills with a verdict on each: the one path that runs, corrections, explanations and
simulations share."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from gridhall.contexts.billing.rules.parking import BillingRules, Measured, Verdict, judge, verdict_of_refusal
from gridhall.contexts.tariffs import operations as tariffs
from gridhall.contexts.tariffs.types import Calendar, PriceSeries, RatedBills, Tariff
from gridhall.kernel.errors import GridhallError
from gridhall.kernel.spans import DateSpan
from gridhall.lake import curves
from gridhall.lake.engine import Session
from gridhall.lake.measure import measure
from gridhall.lake.needs import Channel, DayPattern, Needs, Slice
from gridhall.lake.parts import LakeFile
from gridhall.lake.readings import Readings, effective

#: Refusals that lie in the tariff, not in an agreement: no need to look for the one that is at fault.
_OF_TARIFF = frozenset({"price_series_missing", "bad_agreements"})
#: How many pieces a refused batch is cut into, at most, before the rest is refused with it.
_PIECES = 4000


@dataclass(frozen=True)
class Sources:
    """Where figures come from, pinned: the same sources give the same bills at any time.

    Attributes:
        version: the readings version.
        files: of the lake that make up that version, by channel.
    """

    session: Session
    root: Path
    version: int
    files: Mapping[Channel, Sequence[LakeFile]]
    zone: ZoneInfo
    calendar: Calendar

    def readings(self, channel: Channel, span: DateSpan, usage_points: npt.NDArray[np.int64]) -> Readings:
        """The readings in force of some usage points."""
        return effective(self.session, self.root, self.files.get(channel, ()), span, np.unique(usage_points))

    def rows(self, span: DateSpan, usage_points: npt.NDArray[np.int64]) -> pa.Table:
        """The lake's rows themselves, of active energy; for few days or few usage points."""
        with self.session.scratch():
            return self.session.collect(self.readings(Channel.IMPORT, span, usage_points).table)

    def by_channel(self, span: DateSpan, usage_points: npt.NDArray[np.int64]) -> dict[Channel, Readings]:
        """The readings of all channels that have any file."""
        return {
            channel: self.readings(channel, span, usage_points)
            for channel, files in self.files.items()
            if files or channel is Channel.IMPORT
        }


@dataclass(frozen=True)
class Document:
    """A tariff as bills are priced by it, with its price series; ``digest`` tells it from every other."""

    tariff: Tariff
    digest: str
    series: Mapping[str, PriceSeries] = field(default_factory=dict)


@dataclass(frozen=True)
class History:
    """What the live bills before say about each agreement of a batch; arrays of equal length."""

    before_wh: npt.NDArray[np.int64]
    before_days: npt.NDArray[np.int64]
    before_bills: npt.NDArray[np.int64]

    @classmethod
    def none(cls, count: int) -> "History":
        """No bill before."""
        zeros = np.zeros(count, np.int64)
        return cls(zeros, zeros, zeros)


@dataclass(frozen=True)
class Refusal:
    """Agreements that the tariff cannot price exactly."""

    rows: npt.NDArray[np.int64]
    error: GridhallError


@dataclass(frozen=True)
class Outcome:
    """What became of a batch of agreements.

    Attributes:
        agreements: the batch, as given.
        rated: the rated bills; ``row_of[i]`` is the row of ``agreements`` that the i-th belongs to.
        verdicts: of the rated bills that must wait (index into ``rated``).
        refusals: the agreements that could not be rated (rows of ``agreements``).
    """

    document: Document
    agreements: pa.Table
    rated: pa.Table
    row_of: npt.NDArray[np.int64]
    verdicts: Sequence[Verdict] = ()
    refusals: Sequence[Refusal] = field(default_factory=tuple)

    def billable(self) -> npt.NDArray[np.int64]:
        """The rows of ``rated`` that can be billed."""
        keep = np.ones(self.rated.num_rows, bool)
        keep[[verdict.index for verdict in self.verdicts]] = False
        return np.flatnonzero(keep)


def rate_batch(
    document: Document,
    agreements: pa.Table,
    span: DateSpan,
    sources: Sources,
    rules: BillingRules,
    history: History | None = None,
    released: npt.NDArray[np.bool_] | None = None,
) -> Outcome:
    """This will rate agreements of one tariff over a span within a month and judge each bill; it reads no database.

    Args:
        agreements: the columns that `tariffs.operations.rate` wants, ordered by agreement and start. Where
            ``tier_from`` is not null, the position in the tiers is measured from the readings since that day.
        history: of each row, for plausibility; None skips the comparison.
        released: rows that a clerk has decided to bill as they are.
    """
    with sources.session.scratch():
        agreements = with_measured_positions(agreements, sources)
        pieces, refusals = _rate(document, agreements, span, sources)
    rated = pa.concat_tables(pieces) if pieces else None
    if rated is None or not rated.num_rows:
        empty = np.zeros(0, np.int64)
        return Outcome(document, agreements, pa.table({}), empty, (), refusals)
    row_of = _rows_of(rated, agreements)
    known = history or History.none(agreements.num_rows)
    measured = _measured(rated, row_of, known, span, sources)
    free = np.zeros(agreements.num_rows, bool) if released is None else released
    refused = dict(_refused(rated))
    verdicts = [verdict for verdict in judge(measured, rules, free[row_of]) if verdict.index not in refused]
    verdicts += [verdict_of_refusal(index, code, document.tariff.code) for index, code in refused.items()]
    return Outcome(document, agreements, rated, row_of, verdicts, refusals)


def _refused(rated: pa.Table) -> list[tuple[int, str]]:
    column = rated["refusal"]
    if column.null_count == rated.num_rows:
        return []
    rows = np.flatnonzero(pc.is_valid(column).to_numpy(zero_copy_only=False)).tolist()
    return [(row, column[row].as_py()) for row in rows]


def _rate(
    document: Document, agreements: pa.Table, span: DateSpan, sources: Sources
) -> tuple[list[pa.Table], list[Refusal]]:
    """Rate all that can be; where the tariff refuses, halve until those at fault stand alone."""
    pieces: list[pa.Table] = []
    refusals: list[Refusal] = []
    if not agreements.num_rows:
        return pieces, refusals
    readings = sources.by_channel(span, agreements["usage_point"].to_numpy())
    waiting = [np.arange(agreements.num_rows)]
    cuts = 0
    while waiting:
        rows = waiting.pop()
        part = agreements if len(rows) == agreements.num_rows else agreements.take(pa.array(rows))
        try:
            rated: RatedBills = tariffs.rate(
                document.tariff,
                part,
                readings,
                span,
                zone=sources.zone,
                calendar=sources.calendar,
                prices=document.series,
            )
            pieces.append(rated.table)
        except GridhallError as error:
            cuts += 1
            if len(rows) == 1 or error.code in _OF_TARIFF or cuts > _PIECES:
                refusals.append(Refusal(rows, error))
                continue
            # Rows of one agreement stay together: usage is carried on from one to the next.
            keys = part["agreement"].to_numpy()
            middle = int(np.searchsorted(keys, keys[len(rows) // 2]))
            if middle == 0:
                middle = int(np.searchsorted(keys, keys[0], side="right"))
            if middle == len(rows):
                refusals.append(Refusal(rows, error))
                continue
            waiting += [rows[middle:], rows[:middle]]
    return pieces, refusals


def _rows_of(rated: pa.Table, agreements: pa.Table) -> npt.NDArray[np.int64]:
    """For each rated bill its agreement's row."""

    def keys(table: pa.Table) -> npt.NDArray[np.int64]:
        start = table["start"].cast(pa.int32()).to_numpy().astype(np.int64)
        return np.asarray(table["agreement"].to_numpy() * 1_000_000 + start)

    wanted, known = keys(rated), keys(agreements)
    if len(wanted) == len(known) and bool((wanted == known).all()):
        return np.arange(len(known))
    order = np.argsort(known, kind="stable")
    # The row whose start is the last at or before the bill's: rating may cut a period, never join two.
    place = np.searchsorted(known[order], wanted, side="right") - 1
    return np.asarray(order[place])


def _measured(
    rated: pa.Table, row_of: npt.NDArray[np.int64], history: History, span: DateSpan, sources: Sources
) -> Measured:
    start = rated["start"].cast(pa.int32()).to_numpy().astype(np.int64)
    end = rated["end"].cast(pa.int32()).to_numpy().astype(np.int64)
    days = end - start
    present = rated["days_read"].to_numpy().astype(np.int64)
    missing = rated["missing"].to_numpy().astype(np.int64)
    estimated = rated["estimated"].to_numpy().astype(np.int64)
    minutes = np.full(len(days), 15, np.int64)
    doubtful = (missing > 0) | (estimated > 0) | (present < days)
    if doubtful.any():
        points = rated["usage_point"].to_numpy()
        minutes[doubtful] = resolutions(points[doubtful], span, sources)
    per_day = 1440 // minutes
    return Measured(
        slots=days * per_day,
        missing=missing + (days - present) * per_day,
        estimated=estimated,
        energy_wh=rated["energy_wh"].to_numpy(),
        days=days,
        before_wh=history.before_wh[row_of],
        before_days=history.before_days[row_of],
        before_bills=history.before_bills[row_of],
    )


def resolutions(usage_points: npt.NDArray[np.int64], span: DateSpan, sources: Sources) -> npt.NDArray[np.int64]:
    """The minutes per slot of each usage point's readings, from its first day with any; 15 where there are none."""
    found = dict.fromkeys(usage_points.tolist(), 15)
    unknown = np.unique(usage_points)
    for day in span:
        if not len(unknown):
            break
        rows = sources.rows(DateSpan(day, day + timedelta(days=1)), unknown)
        lengths = pc.list_value_length(rows["curve"]).to_pylist()
        seen = rows["usage_point"].to_pylist()
        for point, length in zip(seen, lengths, strict=True):
            found[point] = curves.resolution(str(sources.zone), day, length)
        unknown = np.setdiff1d(unknown, np.array(seen, np.int64))
    return np.array([found[point] for point in usage_points.tolist()], np.int64)


def with_measured_positions(agreements: pa.Table, sources: Sources) -> pa.Table:
    """Fill the position in the tiers of those whose bills do not cover the tier year so far."""
    if "tier_from" not in agreements.column_names:
        return agreements
    wanted = pc.is_valid(agreements["tier_from"]).to_numpy(zero_copy_only=False)
    if not wanted.any():
        return agreements
    rows = np.flatnonzero(wanted)
    part = agreements.take(pa.array(rows))
    starts, ends = part["tier_from"], part["start"]
    members = pa.table({"usage_point": part["usage_point"], "start": starts, "end": ends})
    energy = energy_of(members, sources)
    used = agreements["tier_used_wh"].fill_null(0).to_numpy().copy()
    used[rows] += energy
    place = agreements.column_names.index("tier_used_wh")
    # A later row of the same agreement stays null: rating carries the usage on from the row before.
    keep_null = pc.and_(pc.is_null(agreements["tier_used_wh"]), pa.array(~wanted))
    return agreements.set_column(place, "tier_used_wh", pc.if_else(keep_null, None, pa.array(used)))


def energy_of(members: pa.Table, sources: Sources) -> npt.NDArray[np.int64]:
    """The delivered energy in Wh of each member (``usage_point, start, end``) over its own days."""
    first, stop = pc.min(members["start"]).as_py(), pc.max(members["end"]).as_py()
    span = DateSpan(first, stop)
    readings = sources.readings(Channel.IMPORT, span, members["usage_point"].to_numpy())
    found = measure(readings, whole_days(span), sources.zone, members)
    energy = np.zeros(members.num_rows, np.int64)
    energy[found["member"].to_numpy()] = found["wh_0"].to_numpy()
    return energy


def whole_days(span: DateSpan) -> Needs:
    """All energy in one register."""
    return Needs(span, ("energy",), (DayPattern((Slice(0, 1440, 0),)),), (0,) * span.days)
