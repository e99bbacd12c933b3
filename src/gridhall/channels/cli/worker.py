"""`gridhall worker`: does the jobs that the console asks for."""

from typing import Annotated

import typer

from gridhall.channels.cli import output
from gridhall.channels.cli.startup import check_gateways, with_database
from gridhall.kernel import clock


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("worker")(worker)


@output.refusals
def worker(
    at_once: Annotated[
        int, typer.Option(min=1, max=16, help="How many jobs run at the same time; imports and runs wait anyway.")
    ] = 1,
    until_idle: Annotated[bool, typer.Option("--until-idle", help="End as soon as no job waits.")] = False,
    beside: Annotated[int | None, typer.Option(hidden=True, help="The parent process without which it stops.")] = None,
) -> None:
    """Do jobs: imports, bill runs, what-if runs. `gridhall serve` starts a worker of its own.

    Ctrl-C stops it; the job in hand is put back and taken up by the next worker, as after a power cut.

    Example: [bold]gridhall worker --until-idle[/]
    """
    with_database()
    check_gateways()
    from gridhall.runtime.jobs.worker import work

    work(now=clock.now, at_once=at_once, until_idle=until_idle, beside=beside)
