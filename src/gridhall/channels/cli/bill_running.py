"""`gridhall bill running`: what the days since the last bill would cost, for everybody."""

import time

import typer

from gridhall.channels.cli.bill import JSON, UNIT, app
from gridhall.channels.cli.output import people, progress, refusals, show_json
from gridhall.channels.cli.startup import act, with_database
from gridhall.runtime.localtime import local_day


def register(parent: typer.Typer) -> None:
    """Nothing to add: importing this module adds the command to the group ``bill``."""


@app.command()
@refusals
def running(organisation: str | None = UNIT, as_json: bool = JSON) -> None:
    """Estimate the running month of every agreement: charges so far, and the month's end at this pace.

    Priced by the tariffs, as a bill is; nothing is posted. The hall shows the result. Run it after each import.

    [dim]gridhall bill running[/]
    """
    with_database()

    from gridhall.contexts.billing import operations

    began, acting = time.monotonic(), act()
    with progress() as bar:
        task = bar.add_task("Estimating", total=None)
        report = operations.estimate_running(
            organisation,
            today=local_day(acting.at),
            act=acting,
            progress=lambda done, total: bar.update(task, completed=done, total=total),
        )
    seconds = round(time.monotonic() - began, 2)
    if as_json:
        show_json(
            {
                "month": f"{report.span.start:%Y-%m}",
                "today": report.today,
                "agreements": report.agreements,
                "unpriced": report.unpriced,
                "readings_version": report.readings_version,
                "seconds": seconds,
            }
        )
        return
    people.print(
        f"{report.span.start:%Y-%m}: {report.agreements:,} agreements estimated, {report.unpriced:,} without a price, "
        f"in {seconds} s (readings version {report.readings_version})."
    )
