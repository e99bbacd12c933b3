"""`gridhall demo`: an invented utility on a real grid, with thirteen months of readings and bills, in one command."""

import time
from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from gridhall.channels.cli import bill, bill_forms, logins, output, serve
from gridhall.channels.cli.startup import with_database
from gridhall.journeys.demo.pack import Size
from gridhall.kernel import clock
from gridhall.kernel.energy import kwh
from gridhall.kernel.money import yuan

if TYPE_CHECKING:
    from gridhall.journeys.demo.build import Building
    from gridhall.journeys.demo.month import Outcome

_HOST: Final = "127.0.0.1"
#: Parked periods that are listed; the rest is counted.
_LISTED: Final = 12


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("demo")(demo)


@output.refusals
def demo(
    size: Annotated[Size, typer.Option(help="block: 135 usage points; town: about 2,000; city: 14,583.")] = Size.TOWN,
    no_serve: Annotated[
        bool, typer.Option("--no-serve", help="Build and bill only, without the hall and the console.")
    ] = False,
    port: Annotated[int, typer.Option(envvar="GRIDHALL_PORT", help="Where the hall is served.")] = 8000,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Remove the demo utility that is here, and everything with it, first.")
    ] = False,
    seed: Annotated[int, typer.Option(help="Another number gives other people and other curves.")] = 2016,
    today: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="Build as of this day instead of today; readings end the day before."),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON document for programs; nothing is served.")
    ] = False,
) -> None:
    """Build the demo utility, run its months, and serve its hall and console on http://127.0.0.1:8000.

    The grid is real (SimBench), the people are invented: owners of several homes, landlords and tenants, a chain that
    settles forty shops on one account, farms, factories, electric cars, photovoltaics. The readings cover thirteen
    months up to yesterday and go in by the same import as any file; the last whole month has planted faults.

    A second start keeps what is there and adds the days since. A build that was killed goes on.

    Example: [bold]gridhall demo --size block[/]
    """
    started = time.monotonic()
    serving = not (no_serve or as_json)
    if serving:
        serve.check_port(_HOST, port)
    with_database()
    from django.conf import settings

    from gridhall.journeys.demo.build import Building
    from gridhall.runtime import localtime

    now = clock.now()
    zone = localtime.zone()
    day = today.date() if today else now.astimezone(zone).date()
    if fresh:
        from gridhall.journeys.demo.fresh import remove

        remove(settings.HOME)
        with_database()

    steps: list[dict[str, Any]] = []
    with output.progress() as bar:
        shown = bar.add_task("", total=None)
        building = Building(
            size=size,
            seed=seed,
            today=day,
            now=now,
            home=settings.HOME,
            zone=zone,
            progress=lambda name, done, all_: bar.update(shown, description=name, completed=done, total=all_),
        )
        before = started
        for step in building.steps():
            after = time.monotonic()
            steps.append({"step": step.name, "detail": step.detail, "seconds": round(after - before, 2)})
            if not as_json:
                bar.console.print(
                    f"{after - before:6.1f} s  {step.name:<8}  {step.detail}", highlight=False, soft_wrap=True
                )
            before = after
    seconds = time.monotonic() - started
    from gridhall.journeys.demo.month import outcome

    found = outcome(building, today=day)
    people = logins.ensure()
    if as_json:
        output.show_json(_form(building, found) | {"steps": steps, "seconds": round(seconds, 2)})
    else:
        _show(building, found)
        output.people.print(
            f"{'Ready' if steps else 'Everything was there already'} after {seconds:.1f} s.", highlight=False
        )
    if serving:
        serve.collect_static()
        logins.show_logins(people)
        address = f"http://{_HOST}:{port}"
        output.people.print(f"Hall {address}/ · console {address}/console/ · Ctrl-C ends both.", highlight=False)
        serve.run(host=_HOST, port=port)


def _form(building: "Building", found: "Outcome") -> dict[str, Any]:
    from gridhall.contexts.billing import queries

    explained = None
    if found.telling is not None:
        explained = bill_forms.explanation_form(queries.explain(queries.read_number(found.telling)))
    return {
        "size": str(building.state.size),
        "usage_points": len(building.utility.points),
        "founded": building.state.founded,
        "month": f"{found.month.start:%Y-%m}",
        "imported": asdict(found.imported),
        "findings": found.findings,
        "registers": {
            "compared": found.compared,
            "disagreeing": [
                {"usage_point": number, "interval_kwh": str(kwh(interval)), "register_kwh": str(kwh(register))}
                for number, interval, register in found.disagreeing
            ],
        },
        "runs": [bill_forms.run_summary_form(run) for run in found.runs],
        "parked": [bill_forms.parked_form(item) for item in found.parked],
        "planted": dict(found.planted),
        "roles": {str(role): numbers for role, numbers in found.roles.items() if numbers},
        "explained": explained,
    }


def _show(building: "Building", found: "Outcome") -> None:
    """The run of the months, what waits in the newest one and why, and one bill explained."""
    output.show_table(
        f"Bill runs of {building.state.size}, {len(building.utility.points):,} usage points",
        ("month", "bills", "total", "parked then"),
        [(f"{run.span.start:%Y-%m}", f"{run.bills:,}", f"{yuan(run.total_fen):,}", run.parked) for run in found.runs],
    )
    month, counts = f"{found.month.start:%Y-%m}", found.imported
    output.show_table(
        f"Readings of {month}",
        ("", ""),
        [
            ("readings let in", f"{counts.accepted:,}"),
            ("rows in quarantine", counts.quarantined_rows),
            ("slots estimated", counts.estimated),
            ("slots still missing", counts.missing),
            ("suspect readings, kept and marked", counts.suspects),
            ("usage points compared with their register", found.compared),
            *((f"{number} by register {kwh(register)} kWh", kwh(wh)) for number, wh, register in found.disagreeing),
        ],
    )
    shown = sorted(found.parked, key=lambda item: (item.usage_point not in found.planted, item.code, item.usage_point))
    output.show_table(
        f"Parked in {month}: {len(found.parked)}",
        ("usage point", "reason", "what is wrong"),
        [(item.usage_point, item.code, item.reason) for item in shown[:_LISTED]],
    )
    if len(shown) > _LISTED:
        output.people.print(f"The rest: [bold]gridhall bill parked --month {month}[/]")
    output.show_table(
        "Made wrong on purpose in that month's readings", ("usage point", "how"), list(found.planted.items())
    )
    if found.telling is not None:
        bill.explain(found.telling, as_json=False)
