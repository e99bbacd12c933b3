"""`gridhall supply`: smart fee control by hand: a day's run, and the simulated customer at the meter."""

from datetime import date, datetime, time
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer

from gridhall.channels.cli.output import people, refusals, show_json
from gridhall.channels.cli.startup import act, with_database
from gridhall.kernel.errors import Refused

app = typer.Typer(help="Smart fee control: balances, warnings, cut-offs, reconnections.", no_args_is_help=True)


def register(parent: typer.Typer) -> None:
    """Add the group."""
    parent.add_typer(app, name="supply")


@app.command()
@refusals
def run(
    day: Annotated[str, typer.Option(help="The day whose morning it is, YYYY-MM-DD; today where it is left out.")] = "",
    hour: Annotated[str, typer.Option(help="The clock time at which steps are decided, HH:MM.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Take stock of all balances, warn, and take every step that is due; days can be played one after the other.

    [dim]gridhall supply run --day 2026-03-04 --hour 09:30[/]
    """
    with_database()
    from django.conf import settings

    from gridhall.contexts.payments.operations.fee_control_cases import advance
    from gridhall.contexts.payments.operations.fee_control_daily import take_stock
    from gridhall.runtime.audit import Act

    acting, zone = act(), ZoneInfo(settings.TIME_ZONE)
    today = _read(day, date.fromisoformat, "day") if day else acting.at.astimezone(zone).date()
    if day or hour:
        clock = _read(hour, time.fromisoformat, "hour") if hour else time(9, 30)
        acting = Act(acting.actor, datetime.combine(today, clock, zone))
    stock = take_stock(today, act=acting)
    moved = advance(act=acting)
    if as_json:
        show_json(
            {
                "day": str(today), "usage_points": stock.usage_points, "levels": stock.levels, "warned": stock.warned,
                "unpriced": stock.unpriced, "moves": moved.moves,
            }
        )  # fmt: skip
        return
    levels = ", ".join(f"{count:,} {level}" for level, count in stock.levels.items()) or "nobody"
    people.print(f"{today}: {stock.usage_points:,} usage points under fee control ({levels}); {stock.warned:,} warned.")
    for move, count in sorted(moved.moves.items()):
        people.print(f"  {move}: {count:,}")


@app.command()
@refusals
def drive(
    seconds: Annotated[int, typer.Option(help="For how long.")] = 30,
) -> None:
    """Drive commands to meters here and now, as `gridhall worker` does beside its jobs; for days that are played.

    [dim]gridhall supply drive --seconds 30[/]
    """
    with_database()
    import time as clock_time

    from gridhall.contexts.payments.operations.fee_control_switching import take_up_forgotten
    from gridhall.kernel import clock
    from gridhall.runtime import outbox

    until = clock_time.monotonic() + seconds
    while clock_time.monotonic() < until:
        take_up_forgotten(clock.now())
        outbox.deliver(clock.now)
        clock_time.sleep(0.5)


@app.command()
@refusals
def press(number: Annotated[str, typer.Argument(help="The 户号.")]) -> None:
    """Press the button of a home's meter, where the head-end is the simulated one.

    [dim]gridhall supply press 3100000008[/]
    """
    with_database()
    from gridhall.contexts.accounts import queries as accounts
    from gridhall.contexts.metering import queries as metering
    from gridhall.contexts.payments.ports import head_end
    from gridhall.kernel import clock

    point = accounts.usage_point_by_number(number)
    found = metering.current_meters([point.id]).get(point.id, ())
    pressing: Any = getattr(head_end(), "press", None)
    if pressing is None:
        raise Refused("This head-end speaks to real meters.", path="head_end")
    if not found or not pressing(found[0], now=clock.now()):
        raise Refused("The meter of this home does not wait for its button.", path=number)
    people.print(f"{number}: pressed, the relay is closed.")


def _read(text: str, how: Any, path: str) -> Any:
    try:
        return how(text)
    except ValueError as error:
        raise Refused(f"{text!r} is not a {path}.", path=path) from error
