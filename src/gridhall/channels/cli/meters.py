"""`gridhall meters …`: meters installed, exchanged, removed and read."""

from datetime import datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Annotated

import typer

from gridhall.channels.cli.output import people, refusals, show_json
from gridhall.channels.cli.startup import with_database
from gridhall.contexts.metering.types import RegisterKind
from gridhall.kernel import clock
from gridhall.kernel.errors import GridhallError

meters = typer.Typer(
    help="Meters: take over, install, exchange, remove, read. Example: [bold]gridhall meters load meters.csv[/]",
    no_args_is_help=True,
)

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document for programs.")]
Number = Annotated[str, typer.Argument(help="Number of the usage point (户号).")]
At = Annotated[
    datetime, typer.Option(formats=["%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M", "%Y-%m-%d"], help="When, on the local clock.")
]
Shown = Annotated[
    list[str], typer.Option("--reading", help="What a register shows: 123.45, or import_peak=12.3; may be repeated.")
]
Multiplier = Annotated[str, typer.Option(help="CT × PT of the place (综合倍率).")]


class ReadingUnclear(GridhallError):
    """A reading on the command line is no number, or names no register."""

    code = "reading_unclear"


def register(app: typer.Typer) -> None:
    """Add the group to the command line."""
    app.add_typer(meters, name="meters")


@meters.command()
@refusals
def load(
    file: Annotated[Path, typer.Argument(help="CSV with a header, in any usual encoding.", dir_okay=False)],
    as_json: AsJson = False,
) -> None:
    """Take over the meters of a CSV file, all of them or none.

    Needed columns: usage_point, meter, at (a day means its beginning), reading. Optional: register (import), multiplier
    (1), digits (6), decimals (2). A meter with several registers has a row for each. Chinese names (户号, 表号,
    装表日期, 示数, 倍率) do as well.

    Example: gridhall meters load meters.csv
    """
    with_database()
    from django.conf import settings

    from gridhall.contexts.metering import operations

    count = operations.load_meters(file, zone=settings.TIME_ZONE, now=clock.now())
    _tell(as_json, f"{count} meters installed", meters=count)


@meters.command()
@refusals
def install(
    usage_point: Number, serial: Annotated[str, typer.Argument(help="Number of the meter (表号).")], at: At,
    reading: Shown, multiplier: Multiplier = "1", as_json: AsJson = False,
) -> None:  # fmt: skip
    """Install a meter with its first readings.

    Example: gridhall meters install 3101000001 YZ77 --at 2026-03-17 --reading 0.00 --multiplier 30
    """
    with_database()
    from gridhall.contexts.metering import operations

    found = operations.install_meter(
        serial, usage_point=_identity(usage_point), at=_moment(at), readings=_readings(reading),
        multiplier=_decimal(multiplier), now=clock.now(),
    )  # fmt: skip
    _tell(as_json, f"{serial} installed at {usage_point}", installation=found)


@meters.command()
@refusals
def exchange(
    usage_point: Number, serial: Annotated[str, typer.Argument(help="Number of the new meter (表号).")], at: At,
    final: Annotated[list[str], typer.Option(help="What the old meter shows at last; as --reading.")],
    reading: Shown, multiplier: Multiplier = "1", as_json: AsJson = False,
) -> None:  # fmt: skip
    """Put a new meter in the place of the old one.

    Example: gridhall meters exchange 3101000001 YZ78 --at "2026-03-17 10:30" --final 8123.45 --reading 0.02
    """
    with_database()
    from gridhall.contexts.metering import operations

    found = operations.exchange_meter(
        serial, usage_point=_identity(usage_point), at=_moment(at), final=_readings(final), initial=_readings(reading),
        multiplier=_decimal(multiplier), now=clock.now(),
    )  # fmt: skip
    _tell(as_json, f"{serial} is now the meter of {usage_point}", installation=found)


@meters.command()
@refusals
def remove(usage_point: Number, at: At, reading: Shown, as_json: AsJson = False) -> None:
    """Remove the meter of a usage point, with its last readings.

    Example: gridhall meters remove 3101000001 --at 2026-03-17 --reading 8123.45
    """
    with_database()
    from gridhall.contexts.metering import operations

    identity = _identity(usage_point)
    operations.remove_meter(usage_point=identity, at=_moment(at), readings=_readings(reading), now=clock.now())
    _tell(as_json, f"{usage_point} has no meter any more", usage_point=usage_point)


@meters.command()
@refusals
def read(
    usage_point: Number, at: At, reading: Shown,
    estimated: Annotated[bool, typer.Option(help="Nobody has seen it: it is an estimate.")] = False,
    as_json: AsJson = False,
) -> None:  # fmt: skip
    """Record what the registers of a usage point's meter show; a second time for the same moment corrects it.

    Example: gridhall meters read 3101000001 --at 2026-04-01 --reading 8200.10 --reading import_peak=4100.00
    """
    with_database()
    from gridhall.contexts.metering import operations

    operations.record_reading(
        usage_point=_identity(usage_point), at=_moment(at), readings=_readings(reading), estimated=estimated,
        now=clock.now(),
    )  # fmt: skip
    _tell(as_json, f"{usage_point} read", usage_point=usage_point, registers=len(reading))


def _identity(usage_point: str) -> int:
    from gridhall.contexts.accounts import queries

    return queries.usage_point_by_number(usage_point).id


def _moment(at: datetime) -> datetime:
    from gridhall.runtime.localtime import zone

    return at.replace(tzinfo=zone())


def _readings(texts: list[str]) -> dict[RegisterKind, Decimal]:
    found: dict[RegisterKind, Decimal] = {}
    for text in texts:
        name, equals, value = text.rpartition("=")
        try:
            kind = RegisterKind(name) if equals else RegisterKind.IMPORT
        except ValueError:
            raise ReadingUnclear(
                f"There is no register {name!r}.", path="reading", remedy=f"One of {', '.join(RegisterKind)}."
            ) from None
        found[kind] = _decimal(value)
    return found


def _decimal(text: str) -> Decimal:
    try:
        value = Decimal(text)
    except InvalidOperation:
        value = Decimal("NaN")
    if not value.is_finite() or abs(value) >= 10**9:
        raise ReadingUnclear(f"{text!r} is no number.", path="reading")
    return value


def _tell(as_json: bool, sentence: str, **told: object) -> None:
    if as_json:
        show_json(told)
    else:
        people.print(sentence)
