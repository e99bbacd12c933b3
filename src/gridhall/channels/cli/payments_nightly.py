"""`gridhall payments ask, refunds, late-charges, autopay, receipt`: by hand what the schedule does, and paper."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer

from gridhall.channels.cli.output import people, refusals, show_json
from gridhall.channels.cli.startup import act, with_database
from gridhall.kernel import clock
from gridhall.runtime.localtime import local_day

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document for programs.")]


def register(payments: typer.Typer) -> None:
    """Add the commands to the group of payments."""
    payments.command()(ask)
    payments.command()(refunds)
    payments.command("late-charges")(late_charges)
    payments.command()(autopay)
    payments.command()(receipt)


@refusals
def ask(as_json: AsJson = False) -> None:
    """Ask gateways about open orders whose time is over, and post or close them by their word.

    Example: [bold]gridhall payments ask[/]
    """
    with_database()
    from gridhall.contexts.payments import operations

    found = operations.ask_overdue(clock.now)
    _tell({"paid": found.paid, "closed": found.closed, "waiting": found.waiting}, as_json=as_json)


@refusals
def refunds(as_json: AsJson = False) -> None:
    """Ask gateways for the refunds that are on their way.

    Example: [bold]gridhall payments refunds[/]
    """
    with_database()
    from gridhall.contexts.payments import operations

    _tell(operations.send_waiting_refunds(clock.now), as_json=as_json)


@refusals
def late_charges(
    through: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="The last day that counts; yesterday.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Bring the late-payment charges of every account that has had a bill fall due to what is right.

    Example: [bold]gridhall payments late-charges --through 2026-03-01[/]
    """
    with_database()

    from gridhall.contexts.payments import operations, queries

    acting = act()
    yesterday = local_day(acting.at) - timedelta(days=1)
    day = through.date() if through else yesterday
    accounts = queries.to_assess(day, since=None)
    changed = operations.assess(accounts, day, act=acting)
    _tell({"accounts": len(accounts), "changed": changed}, as_json=as_json)


@refusals
def autopay(as_json: AsJson = False) -> None:
    """Charge the debits that are due by autopay, and notice new ones.

    Example: [bold]gridhall payments autopay[/]
    """
    with_database()
    from gridhall.contexts.payments import operations

    sent = operations.send_debits(clock.now)
    _tell({"noticed": operations.notice_debits(clock.now()), **sent}, as_json=as_json)


@refusals
def receipt(
    number: Annotated[int, typer.Argument(help="The receipt, as the console names it.")],
    output: Annotated[Path, typer.Argument(help="The file: .pdf, or .png for a picture.")],
    language: Annotated[str, typer.Option(help="zh-Hans or en.")] = "zh-Hans",
) -> None:
    """Print a receipt to a file.

    Example: [bold]gridhall payments receipt 7 receipt.pdf[/]
    """
    with_database()
    from gridhall.contexts.payments import operations

    operations.write_receipt(number, output, now=clock.now(), language=language)
    people.print(f"{output}")


def _tell(found: dict[str, int], *, as_json: bool) -> None:
    if as_json:
        show_json(found)
    else:
        people.print(", ".join(f"{name.replace('_', ' ')} {count:,}" for name, count in found.items()))
