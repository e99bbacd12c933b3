"""Building the demo utility step by step: each step can be repeated without harm, and a killed build goes on.

The months run as they would have: a month's files arrive on the morning after its last day, are imported, validated and
estimated, and the month is billed on that day, from the first month of readings to the newest whole one. What a step
costs in time is for the caller to measure; the clock is a parameter.
"""

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, fields
from datetime import date, datetime, time, timedelta
from functools import cached_property
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from gridhall.contexts.accounts import operations as accounts
from gridhall.contexts.accounts import queries as accounts_queries
from gridhall.contexts.billing import operations as billing
from gridhall.contexts.metering import operations as metering
from gridhall.contexts.metering.types import ImportReport
from gridhall.contexts.tariffs import operations as tariffs
from gridhall.journeys.demo import (
    cast,
    fee_control,
    grid,
    headend,
    meters,
    pack,
    paying,
    places,
    portfolio,
    state,
    weather,
)
from gridhall.journeys.demo.pack import Pack, Size
from gridhall.journeys.demo.state import AnotherDemo, State
from gridhall.journeys.demo.utility import Period, Utility
from gridhall.kernel.errors import GridhallError, NotFound
from gridhall.kernel.spans import DateSpan
from gridhall.runtime.audit import Act
from gridhall.runtime.content import content

#: Told while a step is at work: what is being done, how much of it, of how much.
Progress = Callable[[str, int, int], None]

DEFAULT_SEED: Final = 2016
_ACTOR: Final = "demo"
#: Bills so many months back may still be paid.
_MONTHS_OPEN: Final = 6


@dataclass(frozen=True)
class Step:
    """A step that is done: what it was, and what came of it in words."""

    name: str
    detail: str


@dataclass
class Counts:
    """What the imports of this build came to, readings unless said otherwise."""

    files: int = 0
    accepted: int = 0
    quarantined_rows: int = 0
    estimated: int = 0
    missing: int = 0
    suspects: int = 0

    @classmethod
    def of(cls, report: ImportReport) -> "Counts":
        """What one file came to."""
        return cls(
            files=1,
            accepted=report.accepted,
            quarantined_rows=report.quarantined,
            estimated=report.estimated,
            missing=report.missing,
            suspects=report.suspects,
        )

    def add(self, more: "Counts") -> None:
        """Count another file or month in."""
        for each in fields(self):
            setattr(self, each.name, getattr(self, each.name) + getattr(more, each.name))


def folder(home: Path) -> Path:
    """Where a home keeps what belongs to the demo only: its state and the head-end's newest files."""
    return home / "demo"


@dataclass
class Building:
    """One call of the build.

    Args:
        size, seed: of the utility; ignored for what is there already, which must be of the same size.
        today: the first day without readings.
        now: the present moment; nothing is dated later.
        home: the installation's home.
        zone: of days and clock times.
        progress: told while months are at work.
    """

    size: Size
    seed: int
    today: date
    now: datetime
    home: Path
    zone: ZoneInfo
    progress: Progress = lambda _name, _done, _all: None

    def steps(self) -> Iterator[Step]:
        """Do what is still to do, telling each step when it is done.

        Raises:
            AnotherDemo: when a demo utility of another size is here.
        """
        self._file = folder(self.home) / "state.json"
        self.state = self._begin()
        if not self.state.founding:
            yield self._found()
        if not self.state.metered:
            yield self._install_meters()
        yield from self._months()
        self._pay_since()
        if self.state.estimated != self.today:
            yield self._estimate()

    def _begin(self) -> State:
        found = state.load(self._file)
        present = _is_there()
        if found is None and present:
            raise AnotherDemo(
                "The database holds a demo utility that this home knows nothing about.",
                path=str(self._file),
                remedy="Use the GRIDHALL_HOME it was built with, or start afresh with --fresh.",
            )
        if found is None or (found.founding and not present):
            return State(size=self.size, seed=self.seed, founded=self.today)
        if found.size is not self.size:
            raise AnotherDemo(
                f"The demo utility here is a {found.size}, not a {self.size}.",
                path=str(self._file),
                remedy=f"Use --size {found.size}, start afresh with --fresh, or set another GRIDHALL_HOME.",
            )
        return found

    def _done(self, **changes: object) -> None:
        self.state = self.state.having(**changes)
        state.save(self._file, self.state)

    @cached_property
    def period(self) -> Period:
        """The days as of which the utility was invented."""
        return Period.up_to(self.state.founded)

    @cached_property
    def pack(self) -> Pack:
        """The grid and the shapes."""
        return pack.read(self.state.size)

    @cached_property
    def utility(self) -> Utility:
        """The utility, invented again: cheaper than reading it back."""
        return cast.build(self.pack, seed=self.state.seed, period=self.period)

    @cached_property
    def holidays(self) -> frozenset[date]:
        """Public holidays of all days that have readings."""
        found: set[date] = set()
        for year in range(self.period.first.year, self.today.year + 1):
            try:
                found |= accounts_queries.holidays(DateSpan(date(year, 1, 1), date(year + 1, 1, 1)))
            except GridhallError as error:
                if error.code != "calendar_year_not_covered":
                    raise  # else: people at home do not know their holidays yet
        return frozenset(found)

    # -- steps --------------------------------------------------------------------------------------------------------

    def _found(self) -> Step:
        """Tariffs, the organisation and the grid, customers and contracts, in one transaction each."""
        documents = sorted([*content("tariffs").glob("*.yaml"), *content("demo", "tariffs").glob("*.yaml")])
        for document in documents:
            tariffs.publish(document.read_text(encoding="utf-8"), name=document.name, at=self.now)
        if not _is_there():
            accounts.load(portfolio.portfolio(self.utility), act=Act(_ACTOR, self.now))
        places.open_places(self.now)
        self._done(founding=True)
        points, people = len(self.utility.points), len(self.utility.people)
        return Step("utility", f"{points:,} usage points, {people:,} customers, {len(documents)} tariffs")

    def _install_meters(self) -> Step:
        rows = accounts_queries.usage_points_of(grid.PROVINCE)
        ids = dict(zip(rows["number"].to_pylist(), rows["id"].to_pylist(), strict=True))
        installed = meters.meters(self.utility, ids, since=self.period.first, zone=self.zone)
        # All or none: a build that was killed just before it could note that they are there finds them taken.
        with suppress(metering.MeterElsewhere, metering.UsagePointHasMeter):
            metering.install_meters(installed, now=self._moment(self.period.first, 0))
        self._done(metered=True)
        return Step("meters", f"{len(self.utility.points):,} installed")

    def _months(self) -> Iterator[Step]:
        first = self.state.billed_until or self.period.first
        if first >= self.today:
            return
        for month in headend.months(first, self.today):
            whole = DateSpan.month(month.start.year, month.start.month) == month
            delivered = self.state.delivered_until or self.period.first
            assert month.end is not None
            words = []
            if delivered < month.end:
                words.append(self._deliver(DateSpan(max(delivered, month.start), month.end)))
            if whole:
                self._read_meters(month.end)
                words.append(self._bill(month))
            if words:
                yield Step(f"{month.start:%Y-%m}", "; ".join(words))

    def _deliver(self, span: DateSpan) -> str:
        """The head-end's files of some days, through the same import as any file."""
        assert span.end is not None
        name = f"{span.start:%Y-%m} readings"
        self.progress(name, 0, 4)
        delivery = headend.deliver(
            self.pack,
            self.utility,
            span,
            folder(self.home) / "headend",
            zone=self.zone,
            holidays=self.holidays,
            faulty=span == self.period.last_month,
        )
        meters.note_sums(delivery, self._sums)
        self.progress(name, 1, 4)
        counts = Counts()
        for number, (channel, file) in enumerate(delivery.files.items(), start=2):
            report = metering.import_readings(file, channel=channel, now=self._moment(span.end, 6), zone=self.zone.key)
            counts.add(Counts.of(report))
            if span != self.period.last_month:
                file.unlink()  # the newest whole month stays, as an example of what a head-end delivers
            self.progress(name, min(number, 4), 4)
        act = Act(_ACTOR, self._moment(span.end, 6))
        metering.record_weather(weather.means(span), organisation=grid.PROVINCE, source=weather.SOURCE, act=act)
        planted = tuple(delivery.planted.items()) or self.state.planted
        self._done(delivered_until=span.end, planted=planted)
        extra = f", {counts.quarantined_rows} rows quarantined" if counts.quarantined_rows else ""
        extra += f", {counts.estimated:,} estimated" if counts.estimated else ""
        return f"{counts.accepted:,} readings{extra}"

    def _read_meters(self, day: date) -> None:
        """The frozen register readings of a month's end, as a file like any other."""
        file = meters.write_readings(
            self.utility, self._sums, day, folder(self.home) / "headend" / f"registers-{day}.csv"
        )
        metering.import_readings(file, now=self._moment(day, 6), zone=self.zone.key)
        if day != self.period.last_month.end:
            file.unlink()

    @property
    def _sums(self) -> Path:
        return folder(self.home) / "sums"

    def _bill(self, month: DateSpan) -> str:
        assert month.end is not None
        name = f"{month.start:%Y-%m} bills"
        report = billing.run_month(
            month,
            organisation=grid.PROVINCE,
            act=Act(_ACTOR, self._moment(month.end, 8)),
            today=self.today,
            progress=lambda done, all_: self.progress(name, done, all_),
        )
        metering.summarise_peers(month, act=Act(_ACTOR, self._moment(month.end, 9)))
        self._done(billed_until=month.end)
        paid = paying.settle(month, shown=self._shown, until=self._moment(self.today, 0))
        parked = sum(report.parked.values())
        return f"{report.bills:,} bills, {paid:,} paid" + (f", {parked} parked" if parked else "")

    def _pay_since(self) -> None:
        """What has been paid since the newest months were billed, where the demo is older than today."""
        last = self.state.billed_until
        for _ in range(_MONTHS_OPEN):
            if last is None or last <= self.period.first:
                return
            month = newest_whole_month(last)
            paying.settle(month, shown=self._shown, until=self._moment(self.today, 0))
            last = month.start

    @cached_property
    def _shown(self) -> frozenset[str]:
        """The usage points that tours look at first: the first few of each role."""
        return frozenset(number for numbers in self.utility.roles.values() for number in numbers[:3])

    def _estimate(self) -> Step:
        """What the days since the last bills come to, and what the month will at this pace."""
        report = billing.estimate_running(
            today=self.today,
            act=Act(_ACTOR, self.now),
            progress=lambda done, all_: self.progress("running month", done, all_),
        )
        watched = fee_control.begin(self.today, self.now, shown=self._shown)
        self._done(estimated=self.today)
        return Step("estimate", f"{report.agreements:,} running months, {watched} homes under fee control")

    def _moment(self, day: date, hour: int) -> datetime:
        """That hour of a day, but never later than now: the past is built as it would have happened."""
        return min(datetime.combine(day, time(hour), self.zone), self.now)


def _is_there() -> bool:
    try:
        accounts_queries.organisation_by_code(grid.PROVINCE)
    except NotFound:
        return False
    return True


def newest_whole_month(today: date) -> DateSpan:
    """The last month of which every day is over."""
    last = today.replace(day=1) - timedelta(1)
    return DateSpan.month(last.year, last.month)
