"""The running month of a batch of agreements of one tariff: what the days so far would cost, and how it will end.

The days so far are rated as bills are (`rating.rate_batch`), straight from the lake. The days to come are curves made
by `rules.pace`; laid behind the readings of the month they are rated by the same call.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from gridhall.contexts.billing.pacing import Days, Ints, Month, dates, days_to_come
from gridhall.contexts.billing.rating import Document, Outcome, Sources, rate_batch, with_measured_positions
from gridhall.contexts.billing.rules import pace
from gridhall.contexts.billing.rules.parking import BillingRules
from gridhall.contexts.billing.rules.tiers import TierLimits, limits_of
from gridhall.contexts.tariffs.types import LINES_PER_VERSION, Tariff
from gridhall.kernel.spans import DateSpan
from gridhall.lake.curves import SCHEMA
from gridhall.lake.freshness import day_energy, in_order
from gridhall.lake.needs import Channel
from gridhall.lake.readings import Readings

_DAY: Final = np.timedelta64(1, "D")
_NEVER: Final = np.datetime64("1900-01-01")
_LATER: Final = np.datetime64("2999-12-31")

#: The columns of `models.RunningMonth` that a batch fills.
COLUMNS: Final = pa.schema(
    [
        ("agreement_id", pa.int64()),
        ("usage_point_id", pa.int64()),
        ("organisation_id", pa.int64()),
        ("tariff_code", pa.string()),
        ("start_date", pa.date32()),
        ("end_date", pa.date32()),
        ("as_of_date", pa.date32()),
        ("days", pa.int16()),
        ("days_read", pa.int16()),
        ("missing", pa.int32()),
        ("estimated", pa.int32()),
        ("energy_wh", pa.int64()),
        ("export_wh", pa.int64()),
        ("charges_fen", pa.int64()),
        ("separate_fen", pa.int64()),
        ("problem", pa.string()),
        ("before_date", pa.date32()),
        ("before_wh", pa.int64()),
        ("before_fen", pa.int64()),
        ("same_days_wh", pa.int64()),
        ("periods", pa.list_(pa.string())),
        ("periods_wh", pa.list_(pa.int64())),
        ("tier_basis", pa.string()),
        ("tier_since_date", pa.date32()),
        ("tier_limits_wh", pa.list_(pa.int64())),
        ("tier_before_wh", pa.int64()),
        ("tier_after_wh", pa.int64()),
        ("tier", pa.int16()),
        ("forecast_wh", pa.int64()),
        ("forecast_fen", pa.int64()),
        ("forecast_tier_wh", pa.int64()),
        ("forecast_tier", pa.int16()),
    ]
)


@dataclass(frozen=True)
class Held(Sources):
    """Sources whose readings are rows in memory, by channel, in the form of `lake.curves.SCHEMA`."""

    held: Mapping[Channel, pa.Table] = field(default_factory=dict)

    def readings(self, channel: Channel, span: DateSpan, usage_points: Ints) -> Readings:
        """The rows of a channel in a span; all that are held are wanted."""
        found = Readings.of(self.session, self.held.get(channel, SCHEMA.empty_table()))
        table = found.table
        return Readings(self.session, table.filter(table.day >= span.start, table.day < span.end))


@dataclass
class Sums:
    """Rated bills summed up by agreement; arrays over the agreements of the batch. ``rated`` says who has any."""

    rated: npt.NDArray[np.bool_]
    wh: Ints
    export_wh: Ints
    fen: Ints
    separate_fen: Ints
    days_read: Ints
    missing: Ints
    estimated: Ints
    tier_before: Ints
    tier_after: Ints
    periods: Mapping[str, Ints]
    problem: dict[int, str]
    first: Days


@dataclass(frozen=True)
class Seen:
    """What the lake has of some usage points, read once for all their tariffs, by usage point.

    Attributes:
        daily: energy of each day of this month and the one before, delivered.
        rows: by channel, the curves of the month so far and of the days that tell the pace.
    """

    daily: pa.Table
    rows: Mapping[Channel, pa.Table]

    @classmethod
    def of(cls, points: Ints, month: Month, sources: Sources) -> "Seen":
        """Read what there is; some 30 kB in memory for each usage point."""
        last = DateSpan(month.before.start, month.until)
        pace_from = min(month.span.start, month.until - timedelta(days=pace.DAYS))
        with sources.session.scratch():
            daily = day_energy(sources.readings(Channel.IMPORT, last, points))
            found = {
                channel: in_order(sources.readings(channel, DateSpan(pace_from, month.until), points))
                for channel, files in sources.files.items()
                if files
            }
        return cls(daily, found)

    def only(self, points: Ints) -> "Seen":
        """The same of some of the usage points, which ascend."""
        return Seen(_only(self.daily, points), {channel: _only(rows, points) for channel, rows in self.rows.items()})


def month_of(
    document: Document, rows: pa.Table, seen: Seen, month: Month, sources: Sources, rules: BillingRules
) -> pa.Table:
    """This will estimate the running month of agreements of one tariff, in the columns of `COLUMNS`.

    Args:
        rows: unbilled days as `sources.agreements` gives them and `positions.with_positions` has placed them, ordered
            by agreement and start; each agreement has days in the running month.
    """
    points = rows["usage_point"].to_numpy()
    seen = seen.only(np.unique(points))
    daily = seen.daily
    with sources.session.scratch():
        rows = with_measured_positions(rows, sources)
    rows = rows.set_column(rows.column_names.index("tier_from"), "tier_from", pa.nulls(rows.num_rows, pa.date32()))
    as_of = last_days(points, daily)
    first = np.datetime64(month.span.start)
    owners, place, owner = np.unique(rows["agreement"].to_numpy(), return_index=True, return_inverse=True)
    starts, ends = dates(rows["start"]), dates(rows["end"])
    running = np.flatnonzero(ends > first)
    # One row for each agreement from here on: its first row gives the terms, all of them the days.
    start, end = np.full(len(owners), _LATER), np.full(len(owners), first)
    np.minimum.at(start, owner[running], np.maximum(starts[running], first))
    np.maximum.at(end, owner[running], ends[running])
    known = as_of[place]

    stop = np.minimum(ends, as_of + _DAY)
    read = np.flatnonzero(stop > starts)
    so_far = rows.take(pa.array(read)).set_column(
        rows.column_names.index("end"), "end", pa.array(stop[read], pa.date32())
    )
    outcome = _rated(document, so_far, sources, rules)
    now = sums_of(outcome, owners, month.span)
    then = sums_of(outcome, owners, DateSpan(date(1900, 1, 1), month.span.start))
    ahead = _forecast(document, rows, owners, owner, now, (as_of, month, seen), sources, rules)
    limits = _limits(document.tariff, rows.take(pa.array(place)), start, end, month)
    priced = now.rated & ~np.isin(np.arange(len(owners)), list(now.problem))
    days = np.clip((np.minimum(end, known + _DAY) - start).astype(np.int64), 0, None)
    tier_before = _position(limits, now.tier_before, then.tier_after, now.rated, then.rated)
    tier_after = np.where(now.rated, _counted(limits, now), tier_before)
    forecast_tier = _counted(limits, ahead)
    # Months without any reading are none of which one could say what is owed.
    wrong = np.isin(np.arange(len(owners)), [at for at, code in then.problem.items() if code != "no_readings"])
    columns: dict[str, Any] = {
        "agreement_id": owners,
        "usage_point_id": points[place],
        "organisation_id": rows["organisation"].to_numpy()[place],
        "tariff_code": pa.repeat(pa.scalar(document.tariff.code), len(owners)),
        "start_date": start,
        "end_date": end,
        "as_of_date": pa.array(known, pa.date32(), mask=known == _NEVER),
        "days": days,
        "days_read": now.days_read,
        "missing": now.missing,
        "estimated": now.estimated,
        "energy_wh": now.wh,
        "export_wh": now.export_wh,
        "charges_fen": pa.array(now.fen, mask=~priced),
        "separate_fen": pa.array(now.separate_fen, mask=~priced),
        "problem": [now.problem.get(index, "") for index in range(len(owners))],
        "before_date": pa.array(then.first, pa.date32(), mask=then.first == _LATER),
        "before_wh": then.wh,
        "before_fen": pa.array(then.fen, mask=(then.first == _LATER) | wrong),
        "same_days_wh": _same_days(points[place], dates(rows["since"])[place], start, days, daily, month),
        **_periods(now),
        "tier_basis": [each.basis if each else "" for each in limits],
        "tier_since_date": [each.since if each else None for each in limits],
        "tier_limits_wh": [list(each.limits_wh) if each else [] for each in limits],
        "tier_before_wh": tier_before,
        "tier_after_wh": tier_after,
        "tier": _tiers(limits, tier_after, np.ones(len(owners), bool)),
        "forecast_wh": pa.array(ahead.wh, mask=~ahead.rated),
        "forecast_fen": pa.array(ahead.fen, mask=~ahead.rated),
        "forecast_tier_wh": pa.array(forecast_tier, mask=~ahead.rated),
        "forecast_tier": _tiers(limits, forecast_tier, ahead.rated),
    }
    return pa.table([_column(columns[each.name], each.type) for each in COLUMNS], schema=COLUMNS)


def last_days(points: Ints, daily: pa.Table) -> Days:
    """The last complete day of each usage point, or its last day with any reading; `_NEVER` where there is none."""
    found = np.full(len(points), _NEVER)
    for complete in (False, True):
        part = daily.filter(pc.equal(daily["missing"], 0)) if complete else daily
        last = part.group_by("usage_point").aggregate([("day", "max")]).sort_by("usage_point")
        known, days = last["usage_point"].to_numpy(), dates(last["day_max"])
        if len(known):
            at = np.minimum(np.searchsorted(known, points), len(known) - 1)
            found = np.where(known[at] == points, days[at], found)
    return found


def sums_of(outcome: Outcome, agreements: Ints, span: DateSpan) -> Sums:
    """The bills of an outcome whose days lie in a span, summed up by agreement."""
    count = len(agreements)
    names = ("energy_wh", "export_wh", "total", "separate_total", "days_read", "missing", "estimated")
    found = {name: np.zeros(count, np.int64) for name in names}
    before, after = np.full(count, -1, np.int64), np.zeros(count, np.int64)
    has, problem, first = np.zeros(count, bool), {}, np.full(count, _LATER)
    for refusal in outcome.refusals:
        for agreement in outcome.agreements["agreement"].to_numpy()[refusal.rows].tolist():
            problem[int(np.searchsorted(agreements, agreement))] = refusal.error.code
    periods: Mapping[str, Ints] = {}
    if outcome.rated.num_rows:
        start = dates(outcome.rated["start"])
        rated = outcome.rated.filter(pa.array((start >= np.datetime64(span.start)) & (start < np.datetime64(span.end))))
        at = np.searchsorted(agreements, rated["agreement"].to_numpy())
        has[at] = True
        for name, column in found.items():
            np.add.at(column, at, rated[name].to_numpy())
        # Ordered by agreement and start: the first bill says where it began, the last where it ended.
        after[at] = rated["tier_used_after_wh"].to_numpy()
        before[at[::-1]] = rated["tier_used_wh"].to_numpy()[::-1]
        refused = pc.is_valid(rated["refusal"]).to_numpy(zero_copy_only=False)
        for row in np.flatnonzero(refused).tolist():
            problem[int(at[row])] = rated["refusal"][row].as_py()
        np.minimum.at(first, at[~refused], dates(rated["start"])[~refused])
        periods = _quantities(rated, at, count, outcome.document.tariff)
    return Sums(
        has, found["energy_wh"], found["export_wh"], found["total"], found["separate_total"], found["days_read"],
        found["missing"], found["estimated"], np.maximum(before, 0), after, periods, problem, first,
    )  # fmt: skip


#: Under this name `Sums.periods` counts the energy that fills tiers.
_TIERED: Final = "\0tiered"


def _quantities(rated: pa.Table, at: Ints, count: int, tariff: Tariff) -> dict[str, Ints]:
    """Wh by agreement of each period of the day, and of what fills the tiers; of the first component that has them."""
    lists = rated["line_no"].combine_chunks()
    lengths = pc.list_value_length(lists).to_numpy().astype(np.int64)
    numbers = lists.flatten().to_numpy().astype(np.int64)
    quantity = rated["quantity"].combine_chunks().flatten().to_numpy()
    row = np.repeat(np.arange(rated.num_rows), lengths)
    versions = rated["versions"].combine_chunks()
    named = versions.flatten().dictionary_encode()
    begins = np.asarray(versions.offsets)[:-1] - np.asarray(versions.offsets)[0]
    which = named.indices.to_numpy()[begins[row] + numbers // LINES_PER_VERSION].astype(np.int64)
    found: dict[str, Ints] = {}
    keys = which * LINES_PER_VERSION + numbers % LINES_PER_VERSION
    for key in np.unique(keys).tolist():
        plan = tariff.plan(named.dictionary[key // LINES_PER_VERSION].as_py())
        line = plan.lines[key % LINES_PER_VERSION]
        delivered = {
            part.code: part
            for part in plan.text.components
            if part.type == "energy" and part.channel == "import" and not part.fund
        }
        split = next((part.code for part in delivered.values() if part.time_of_use), None)
        tiered = next((part.code for part in delivered.values() if part.tiers), None)
        chosen = keys == key
        for name, wanted in ((line.period, split), (_TIERED, tiered if line.tier else None)):
            if name is not None and wanted == line.component:
                np.add.at(found.setdefault(name, np.zeros(count, np.int64)), at[row[chosen]], quantity[chosen])
    return found


def _rated(document: Document, rows: pa.Table, sources: Sources, rules: BillingRules) -> Outcome:
    if not rows.num_rows:
        return Outcome(document, rows, pa.table({}), np.zeros(0, np.int64))
    span = DateSpan(pc.min(rows["start"]).as_py(), pc.max(rows["end"]).as_py())
    return rate_batch(document, rows, span, sources, rules)


def _forecast(
    document: Document,
    rows: pa.Table,
    owners: Ints,
    owner: Ints,
    now: Sums,
    known: tuple[Days, Month, Seen],
    sources: Sources,
    rules: BillingRules,
) -> Sums:
    """The whole month at this pace, of those who have readings in it and enough days to tell."""
    as_of, month, seen = known
    first = np.datetime64(month.span.start)
    starts, ends = np.maximum(dates(rows["start"]), first), dates(rows["end"])
    possible = (ends > first) & now.rated[owner] & (as_of >= first)
    points, place = np.unique(rows["usage_point"].to_numpy(), return_index=True)
    # The pace is this customer's: what somebody else used here before tells nothing.
    since = np.full(len(points), _NEVER)
    np.maximum.at(since, np.searchsorted(points, rows["usage_point"].to_numpy()), dates(rows["since"]))
    held, able = {}, np.zeros(len(points), bool)
    for channel, found in seen.rows.items():
        to_come, sure = days_to_come(found, points, since, as_of[place], month, str(sources.zone))
        if channel is Channel.IMPORT:
            able = sure
        # A day that is read in part is expected as a whole: it must not be there twice.
        day, until = dates(found["day"]), as_of[place][np.searchsorted(points, found["usage_point"].to_numpy())]
        so_far = found.filter(pa.array((day >= first) & (day <= until)))
        held[channel] = pa.concat_tables([so_far.select(SCHEMA.names).cast(SCHEMA), *to_come])
    able_row = able[np.searchsorted(points, rows["usage_point"].to_numpy())]
    complete = ends <= as_of + _DAY
    chosen = np.flatnonzero(possible & (able_row | complete))
    part = rows.take(pa.array(chosen))
    heads = np.ones(len(chosen), bool)
    heads[1:] = owner[chosen][1:] != owner[chosen][:-1]
    used = pa.array(now.tier_before[owner[chosen]], mask=~heads)
    for name, column in (("start", pa.array(starts[chosen], pa.date32())), ("tier_used_wh", used)):
        part = part.set_column(part.column_names.index(name), name, column)
    ahead = Held(sources.session, sources.root, sources.version, sources.files, sources.zone, sources.calendar, held)
    found_sums = sums_of(_rated(document, part, ahead, rules), owners, month.span)
    found_sums.rated[list(found_sums.problem)] = False
    return found_sums


def _only(rows: pa.Table, points: Ints) -> pa.Table:
    owner = rows["usage_point"].to_numpy()
    at = np.minimum(np.searchsorted(points, owner), len(points) - 1)
    return rows.filter(pa.array(points[at] == owner))


def _limits(tariff: Tariff, heads: pa.Table, start: Days, end: Days, month: Month) -> list[TierLimits | None]:
    """Of each agreement; few of them differ."""
    known: dict[tuple[Any, ...], TierLimits | None] = {}
    found = []
    columns = zip(
        start.tolist(), end.tolist(), heads["since"].to_pylist(), heads["household_size"].to_pylist(), strict=True
    )
    oldest = month.span.start - timedelta(days=800)
    for begin, stop, since, persons in columns:
        key = begin, stop, max(since, oldest), persons
        if key not in known:
            known[key] = limits_of(tariff, DateSpan(begin, stop), key[2], persons)
        found.append(known[key])
    return found


def _counted(limits: Sequence[TierLimits | None], sums: Sums) -> Ints:
    """What counts against the limits at the end of the days: the position in the year, or the energy of the month."""
    outlasts = np.array([each is not None and each.basis in ("year", "season") for each in limits], bool)
    return np.where(outlasts, sums.tier_after, sums.periods.get(_TIERED, np.zeros(len(limits), np.int64)))


def _position(
    limits: Sequence[TierLimits | None],
    before: Ints,
    then: Ints,
    rated: npt.NDArray[np.bool_],
    earlier: npt.NDArray[np.bool_],
) -> Ints:
    outlasts = np.array([each is not None and each.basis in ("year", "season") for each in limits], bool)
    return np.where(outlasts & rated, before, np.where(outlasts & earlier, then, 0))


def _tiers(limits: Sequence[TierLimits | None], used: Ints, known: npt.NDArray[np.bool_]) -> list[int | None]:
    return [
        None if each is None or not sure else 1 + sum(value > limit for limit in each.limits_wh)
        for each, value, sure in zip(limits, used.tolist(), known.tolist(), strict=True)
    ]


def _periods(sums: Sums) -> dict[str, list[list[Any]]]:
    names = [name for name in sums.periods if name != _TIERED]
    values = [sums.periods[name].tolist() for name in names]
    each = list(zip(*values, strict=True)) if values else [()] * len(sums.rated)
    return {
        "periods": [[name for name, wh in zip(names, row, strict=True) if wh] for row in each],
        "periods_wh": [[wh for wh in row if wh] for row in each],
    }


def _same_days(points: Ints, since: Days, start: Days, days: Ints, daily: pa.Table, month: Month) -> pa.Array:
    """The energy of the same days of the month before; null where they are not all there or were somebody else's."""
    first, length = np.datetime64(month.before.start), month.before.days
    wh, has = np.zeros((len(points), length), np.int64), np.zeros((len(points), length), np.int64)
    column = (dates(daily["day"]) - first).astype(np.int64)
    order = np.argsort(points)
    at = np.searchsorted(points[order], daily["usage_point"].to_numpy())
    at = np.minimum(at, len(points) - 1)
    mine = (column < length) & (points[order][at] == daily["usage_point"].to_numpy())
    rows = order[at[mine]]
    wh[rows, column[mine]] = daily["wh"].to_numpy()[mine]
    has[rows, column[mine]] = 1
    last = np.clip(days, 1, length)[:, None] - 1
    total = np.take_along_axis(wh.cumsum(axis=1), last, 1)[:, 0]
    whole = np.take_along_axis(has.cumsum(axis=1), last, 1)[:, 0] == np.clip(days, 1, length)
    fits = whole & (days > 0) & (days <= length) & (since <= first) & (start == np.datetime64(month.span.start))
    return pa.array(total, mask=~fits)


def _column(values: Any, kind: pa.DataType) -> pa.Array:
    if isinstance(values, np.ndarray) and values.dtype.kind == "M":
        return pa.array(values, pa.date32())
    found = (
        values
        if isinstance(values, pa.Array | pa.ChunkedArray)
        else pa.array(values, None if isinstance(values, np.ndarray) else kind)
    )
    return found if found.type == kind else found.cast(kind)
