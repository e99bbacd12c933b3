"""What the days since the last bills come to, for very many agreements: charges alone, as fast as a bill run.

`running` tells a customer far more of the month; this is what a daily balance needs. Both rate by `rating.rate_batch`
up to the newest complete day of readings, so that they say the same.
"""

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import suppress
from datetime import date, timedelta
from functools import partial
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from gridhall.contexts.accounts import queries as accounts
from gridhall.contexts.billing import sources
from gridhall.contexts.billing.pacing import Ints, Month, dates
from gridhall.contexts.billing.positions import with_positions
from gridhall.contexts.billing.raters import AT_ONCE, Raters
from gridhall.contexts.billing.rating import Document, Sources, rate_batch
from gridhall.contexts.billing.rules.parking import BillingRules
from gridhall.contexts.billing.settings import rules as current_rules
from gridhall.contexts.billing.unbilled import unbilled_days
from gridhall.contexts.tariffs.operations import tells_holidays_apart
from gridhall.kernel.errors import NotFound
from gridhall.kernel.spans import DateSpan
from gridhall.lake.freshness import coverage
from gridhall.lake.needs import Channel

#: One row per agreement. ``fen`` is null where it cannot be priced, ``problem`` then says why; ``as_of`` is the newest
#: complete day of readings, null where there is none of this month or the one before.
UNBILLED: Final = pa.schema(
    [
        ("agreement", pa.int64()),
        ("usage_point", pa.int64()),
        ("fen", pa.int64()),
        ("energy_wh", pa.int64()),
        ("as_of", pa.date32()),
        ("problem", pa.string()),
    ]
)
_NEVER: Final = np.datetime64("1900-01-01")
_DAY: Final = np.timedelta64(1, "D")


def charges_so_far(
    today: date, *, usage_points: Ints | None = None, progress: Callable[[int, int], None] | None = None
) -> Iterator[pa.Table]:
    """This will rate the unbilled days of agreements, in tables of `UNBILLED`. Nothing is posted or stored.

    Agreements that have no unbilled day of the running month (that of yesterday) are not among them: nothing is due.

    Args:
        today: the first day of which nothing can be known.
        usage_points: of these alone (ids, ascending); None: of the whole utility.
        progress: told agreements done and agreements in all.

    Raises:
        NothingToBillFrom: no readings have been imported.
        RulesInvalid: ``rules/billing.yaml`` cannot be used.
    """
    version, rules = sources.newest_version(), current_rules()
    yesterday = today - timedelta(days=1)
    month = Month(DateSpan.month(yesterday.year, yesterday.month), today, frozenset())
    rows = unbilled_days(None, [unit.id for unit in accounts.organisations()], month, usage_points)
    if not rows.num_rows:
        return
    calendar = sources.calendar_of(DateSpan(pc.min(rows["start"]).as_py(), month.span.end))
    done = 0
    with Raters(version, calendar) as raters:
        waiting: deque[Future[pa.Table]] = deque()
        for document, part in _batches(rows, bool(calendar.get("unknown")), rules):
            placed, _ = with_positions(part, document.tariff, rules)
            waiting.append(raters.call(partial(_charges, document, placed, month, rules)))
            if len(waiting) > AT_ONCE:
                yield waiting.popleft().result()
            done += part.num_rows
            if progress is not None:
                progress(done, rows.num_rows)
        while waiting:
            yield waiting.popleft().result()


def _batches(rows: pa.Table, unknown: bool, rules: BillingRules) -> Iterator[tuple[Document, pa.Table]]:
    """By tariff, about as many as a batch of a bill run; rows of an agreement stay together.

    Tariffs that are not published, or tell days apart that the calendar does not know, are left out.
    """
    for code in sorted(pc.unique(rows["tariff_code"]).to_pylist()):
        with suppress(NotFound):
            document = sources.pin(code)
            if unknown and tells_holidays_apart(document.tariff):
                continue
            group = rows.filter(pc.equal(rows["tariff_code"], code))
            group = group.sort_by([("agreement", "ascending"), ("start", "ascending")])
            owners, begin = group["agreement"].to_numpy(), 0
            while begin < len(owners):
                end = int(np.searchsorted(owners, owners[min(begin + rules.batch, len(owners)) - 1], side="right"))
                yield document, group.slice(begin, end - begin)
                begin = end


def _charges(document: Document, rows: pa.Table, month: Month, rules: BillingRules, lake: Sources) -> pa.Table:
    """The charges of a batch up to each usage point's newest complete day."""
    points = rows["usage_point"].to_numpy()
    as_of = _newest(points, month, lake)
    starts, ends = dates(rows["start"]), dates(rows["end"])
    stop = np.minimum(ends, as_of + _DAY)
    read = np.flatnonzero(stop > starts)
    owners, place = np.unique(rows["agreement"].to_numpy(), return_index=True)
    fen, energy = np.zeros(len(owners), np.int64), np.zeros(len(owners), np.int64)
    problem = np.full(len(owners), "", object)
    if len(read):
        so_far = rows.take(pa.array(read))
        so_far = so_far.set_column(rows.column_names.index("end"), "end", pa.array(stop[read], pa.date32()))
        span = DateSpan(pc.min(so_far["start"]).as_py(), pc.max(so_far["end"]).as_py())
        outcome = rate_batch(document, so_far, span, lake, rules)
        if outcome.rated.num_rows:
            at = np.searchsorted(owners, outcome.rated["agreement"].to_numpy())
            np.add.at(fen, at, outcome.rated["total"].to_numpy())
            np.add.at(energy, at, outcome.rated["energy_wh"].to_numpy())
            refused = np.flatnonzero(pc.is_valid(outcome.rated["refusal"]).to_numpy(zero_copy_only=False))
            problem[at[refused]] = outcome.rated["refusal"].take(pa.array(refused)).to_pylist()
        for refusal in outcome.refusals:
            of = outcome.agreements["agreement"].to_numpy()[refusal.rows]
            problem[np.searchsorted(owners, of)] = refusal.error.code
    # Days without any reading are none of which one could say what is owed; they are billed when they come.
    problem[problem == "no_readings"] = ""
    known = as_of[place]
    columns = [
        owners, points[place], pa.array(fen, mask=problem != ""), energy,
        pa.array(known, pa.date32(), mask=known == _NEVER), pa.array(problem.tolist(), pa.string()),
    ]  # fmt: skip
    return pa.table(columns, schema=UNBILLED)


def _newest(points: Ints, month: Month, lake: Sources) -> np.ndarray[tuple[int], np.dtype[np.datetime64]]:
    """The newest complete day of each usage point of this month and the one before, else its newest day at all."""
    with lake.session.scratch():
        found = coverage(lake.readings(Channel.IMPORT, DateSpan(month.before.start, month.until), points))
    newest = np.full(len(points), _NEVER)
    known = found["usage_point"].to_numpy()
    if len(known):
        last = pc.coalesce(found["last_complete_day"], found["last_day"])
        at = np.minimum(np.searchsorted(known, points), len(known) - 1)
        newest = np.where(known[at] == points, dates(last)[at], newest)
    return newest
