"""`gridhall accounts …` and `gridhall database …`: who uses and pays what, and the database it is kept in."""

from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from gridhall.channels.cli.output import people, refusals, show_json, show_table
from gridhall.channels.cli.startup import act, fill_in, with_database

accounts = typer.Typer(
    help="Usage points, who uses them, who pays. Example: [bold]gridhall accounts load households.csv[/]",
    no_args_is_help=True,
)
database = typer.Typer(
    help="The database of this installation. Example: [bold]gridhall database status[/]", no_args_is_help=True
)

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document for programs.")]
UsagePoint = Annotated[str, typer.Argument(help="Number of the usage point (户号).")]
Day = Annotated[datetime, typer.Option(formats=["%Y-%m-%d"])]


def register(app: typer.Typer) -> None:
    """Add the groups to the command line."""
    app.add_typer(accounts, name="accounts")
    app.add_typer(database, name="database")


@accounts.command()
@refusals
def load(
    file: Annotated[Path, typer.Argument(help="CSV with a header, in UTF-8 or GB18030.", dir_okay=False)],
    organisation: Annotated[
        str, typer.Option(help="Unit of rows without a column 'organisation'; created when it does not exist.")
    ] = "demo",
    as_json: AsJson = False,
) -> None:
    """Take over usage points with their agreements from a CSV file, all of it or nothing.

    Needed columns: usage_point, tariff_code, start (YYYY-MM-DD). Optional: end, name (of the customer), customer and
    account (numbers; without them the usage point's number with C and A before it), kind (person, organisation),
    phone, address, organisation, usage_class, longitude, latitude, household_size, allowance, capacity_va,
    contract_demand_w, power_factor_standard. Rows may name the same customer or account several times.

    Example file:

        usage_point,name,tariff_code,start
        MAC000002,某先生,shanghai-residential,2013-01-01

    Example: gridhall accounts load households.csv --organisation 3101
    """
    with_database()
    from gridhall.contexts.accounts.operations import load_csv

    counts = load_csv(file, organisation=organisation, act=act())
    if as_json:
        show_json({"loaded": counts})
    else:
        show_table("Loaded", ["what", "rows"], sorted(counts.items()))


@accounts.command()
@refusals
def show(usage_point: UsagePoint, as_json: AsJson = False) -> None:
    """Show a usage point: where it is, its agreements, who settles them. Personal data are masked.

    Example: gridhall accounts show MAC000002
    """
    with_database()
    from gridhall.contexts.accounts import queries

    point = queries.usage_point_by_number(usage_point)
    found = [_plain(agreement) for agreement in queries.agreements_of(usage_point)]
    if as_json:
        show_json({"usage_point": _point(point), "agreements": found})
        return
    people.print(
        f"户号 {point.number}  {point.organisation}  {point.usage_class}  {point.status}  "
        f"{queries.masked_address(point.address or '')}"
    )
    rows = [
        (a["start"], a["end"] or "…", f"{a['customer']} {a['customer_name']}", a["tariff_code"], _payers(a))
        for a in found
    ]
    show_table("供用电合同", ["from", "to (excl.)", "customer", "tariff", "settled by"], rows)


@accounts.command("move-in")
@refusals
def move_in(
    usage_point: UsagePoint,
    customer: Annotated[str, typer.Option(help="Number of the customer who moves in.")],
    account: Annotated[str, typer.Option(help="Number of the account that settles; may be another customer's.")],
    tariff: Annotated[str, typer.Option(help="Code of the tariff.")],
    start: Day,
    end: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="First day without; none: open.")] = None,
    household_size: Annotated[int | None, typer.Option(help="Registered persons.")] = None,
    as_json: AsJson = False,
) -> None:
    """Begin an agreement for a free usage point.

    Example: gridhall accounts move-in 3101000001 --customer C7 --account A7 --tariff shanghai-residential
    --start 2026-05-17
    """
    with_database()
    from gridhall.contexts.accounts import operations
    from gridhall.contexts.accounts.types import Terms
    from gridhall.kernel.spans import DateSpan

    wish = operations.MoveIn(
        usage_point,
        customer,
        account,
        tariff,
        _span(DateSpan, start.date(), end.date() if end else None),
        Terms(household_size=household_size),
    )
    _say(operations.move_in(wish, act=act()), as_json)


@accounts.command("move-out")
@refusals
def move_out(usage_point: UsagePoint, end: Day, as_json: AsJson = False) -> None:
    """End the agreement in force; --end is the first day without it.

    Example: gridhall accounts move-out 3101000001 --end 2026-05-17
    """
    with_database()
    from gridhall.contexts.accounts import operations

    _say(operations.move_out(usage_point, end=end.date(), act=act()), as_json)


@accounts.command()
@refusals
def settle(
    usage_point: UsagePoint,
    account: Annotated[str, typer.Option(help="Number of the account that settles from then on.")],
    start: Day,
    as_json: AsJson = False,
) -> None:
    """Let another account settle the agreement in force, from a day on.

    Example: gridhall accounts settle 3101000001 --account A9 --start 2026-06-01
    """
    with_database()
    from gridhall.contexts.accounts import operations

    _say(operations.change_settlement(usage_point, account=account, start=start.date(), act=act()), as_json)


@accounts.command("tariff")
@refusals
def change_tariff(
    usage_point: UsagePoint,
    tariff: Annotated[str, typer.Option(help="Code of the tariff that holds from then on.")],
    start: Day,
    as_json: AsJson = False,
) -> None:
    """Continue the agreement in force under another tariff, from a day on.

    Example: gridhall accounts tariff 3101000001 --tariff shanghai-residential-tou --start 2026-06-01
    """
    with_database()
    from gridhall.contexts.accounts import operations

    _say(operations.change_tariff(usage_point, tariff_code=tariff, start=start.date(), act=act()), as_json)


@accounts.command()
@refusals
def units(as_json: AsJson = False) -> None:
    """List the organisation tree: province, city, county, station.

    Example: gridhall accounts units
    """
    with_database()
    from gridhall.contexts.accounts import queries

    found = queries.organisations()
    if as_json:
        show_json([{"code": u.code, "name": u.name, "level": int(u.level), "path": u.path} for u in found])
    else:
        rows = [("  " * (u.path.count("/") - 2) + u.code, u.name, u.level.name.lower()) for u in found]
        show_table("供电单位", ["code", "name", "level"], rows)


@database.command()
@refusals
def start(as_json: AsJson = False) -> None:
    """Start the embedded PostgreSQL, or check the server that DATABASE_URL names.

    Other commands do this themselves. The server keeps running until `gridhall database stop`.

    Example: gridhall database start
    """
    with_database(migrate=False)
    _status(as_json)


@database.command()
@refusals
def stop(as_json: AsJson = False) -> None:
    """Stop the embedded PostgreSQL; a server that DATABASE_URL names is left alone.

    Example: gridhall database stop
    """
    from gridhall.runtime import database as runtime_database

    stopped = runtime_database.stop()
    if as_json:
        show_json({"stopped": stopped})
    else:
        people.print("Stopped." if stopped else "It was not running.")


@database.command()
@refusals
def status(as_json: AsJson = False) -> None:
    """Say which database is used, whether it runs, and whether its tables are up to date.

    Example: gridhall database status --json
    """
    _status(as_json)


@database.command()
@refusals
def migrate(as_json: AsJson = False) -> None:
    """Bring the tables up to date. Other commands do this themselves.

    Example: gridhall database migrate
    """
    with_database(migrate=False)
    from gridhall.runtime import database as runtime_database

    changed = runtime_database.prepare()
    if changed:
        fill_in()
    if as_json:
        show_json({"migrated": changed})
    else:
        people.print("The tables are up to date now." if changed else "The tables were up to date.")


def _status(as_json: bool) -> None:
    from gridhall.runtime import database as runtime_database

    found = runtime_database.status()
    if as_json:
        show_json(found)
    else:
        show_table("Database", ["", ""], found.items())


def _say(agreement: Any, as_json: bool) -> None:
    plain = _plain(agreement)
    if as_json:
        show_json({"agreement": plain})
    else:
        people.print(
            f"{plain['usage_point']}: {plain['customer']} from {plain['start']} to {plain['end'] or 'further notice'}, "
            f"tariff {plain['tariff_code']}, settled by {_payers(plain)}"
        )


def _plain(agreement: Any) -> dict[str, Any]:
    from dataclasses import asdict

    from gridhall.contexts.accounts import queries

    return {
        "usage_point": agreement.usage_point_number,
        "customer": agreement.customer_number,
        "customer_name": queries.masked_customer_name(agreement.customer),
        "tariff_code": agreement.tariff_code,
        "start": agreement.span.start,
        "end": agreement.span.end,
        "terms": {name: value for name, value in asdict(agreement.terms).items() if value is not None},
        "settlements": [
            {"account": s.account_number, "start": s.span.start, "end": s.span.end} for s in agreement.settlements
        ],
    }


def _point(point: Any) -> dict[str, Any]:
    from dataclasses import asdict

    from gridhall.contexts.accounts import queries

    return asdict(point) | {"address": queries.masked_address(point.address) if point.address else None}


def _payers(plain: dict[str, Any]) -> str:
    return ", ".join(f"{s['account']} from {s['start']}" for s in plain["settlements"])


def _span(kind: Any, start: date, end: date | None) -> Any:
    from gridhall.kernel.errors import Refused

    try:
        return kind(start, end)
    except ValueError as error:
        raise Refused(str(error), path="--end", remedy="Give an end after the start.") from error
