"""What the demo utility's months came to: bill runs, what waits for a clerk and why, and a bill worth explaining."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import pyarrow.compute as pc

from gridhall.contexts.accounts import queries as accounts
from gridhall.contexts.billing import queries as billing
from gridhall.contexts.billing.types import ParkedItem, RunSummary
from gridhall.contexts.metering import queries as metering
from gridhall.journeys.demo import grid
from gridhall.journeys.demo.build import Building, Counts, newest_whole_month
from gridhall.journeys.demo.utility import Role
from gridhall.kernel.spans import DateSpan

#: Bills of these are looked at first: several tiers and periods make a bill worth explaining.
_TELLING = (Role.EV_HOME, Role.PV_HOME, Role.LARGE_HOUSEHOLD, Role.SEVERAL_HOMES)


@dataclass(frozen=True)
class Outcome:
    """The state of the demo utility after its newest whole month.

    Attributes:
        month: the newest whole month.
        imported: what the imports of that month's interval readings told; summed up.
        findings: what validation found in them, in words.
        compared: usage points whose intervals could be compared with their register over that month.
        disagreeing: those that differ: usage point, Wh by intervals, Wh by register.
        runs: one bill run per month, oldest first.
        parked: the open work list of the newest month.
        planted: what was made wrong on purpose in the readings, by usage point.
        telling: the number of a bill to explain; None where nothing was billed.
        roles: usage-point numbers by role.
    """

    month: DateSpan
    imported: Counts
    findings: list[str]
    compared: int
    disagreeing: list[tuple[str, int, int]]
    runs: list[RunSummary]
    parked: list[ParkedItem]
    planted: Mapping[str, str]
    telling: str | None
    roles: Mapping[Role, list[str]]


def outcome(building: Building, *, today: date) -> Outcome:
    """Look at what a finished build left."""
    month = newest_whole_month(today)
    imported, findings = Counts(), []
    for report in metering.imports(limit=100):
        if report.first_day and report.first_day in month and report.format.startswith("day-curve"):
            imported.add(Counts.of(report))
            findings += [f"{report.channel}: {finding['message']}" for finding in report.findings]
    checks = metering.register_checks(month, zone=building.zone.key)
    differing = checks.filter(pc.invert(checks["agrees"]))
    numbers = accounts.usage_point_numbers(differing["usage_point"]).to_pylist()
    runs = [run for run in billing.runs(limit=200) if run.organisation == grid.PROVINCE]
    return Outcome(
        month=month,
        imported=imported,
        findings=findings,
        compared=checks.num_rows,
        disagreeing=list(
            zip(numbers, differing["interval_wh"].to_pylist(), differing["register_wh"].to_pylist(), strict=True)
        ),
        runs=sorted(runs, key=lambda run: (run.span.start, run.run)),
        parked=billing.parked(organisation=grid.PROVINCE, span=month),
        planted=dict(building.state.planted),
        telling=_telling(building, month),
        roles=building.utility.roles,
    )


def _telling(building: Building, month: DateSpan) -> str | None:
    """The bill with the most lines among a few candidates."""
    candidates = [number for role in _TELLING for number in building.utility.roles[role][:3]]
    found = [bill.number for number in candidates for bill in billing.bills(span=month, usage_point=number, limit=1)]
    if not found:
        found = [bill.number for bill in billing.bills(span=month, organisation=grid.PROVINCE, limit=1)]
    return max(found, key=lambda number: len(billing.bill(billing.read_number(number)).lines), default=None)
