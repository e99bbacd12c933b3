"""`gridhall readings weather`: daily mean temperatures, so that bills can be compared with another period's weather."""

from pathlib import Path
from typing import Annotated

import typer

from gridhall.channels.cli.output import people, refusals, show_json
from gridhall.channels.cli.startup import act, with_database


def register(readings: typer.Typer) -> None:
    """Add the command to the group of readings."""
    readings.command()(weather)


@refusals
def weather(
    file: Annotated[Path, typer.Argument(help="CSV with the columns day (YYYY-MM-DD) and mean_celsius.")],
    organisation: Annotated[str, typer.Option(help="Code of the unit where it was measured; units below share it.")],
    source: Annotated[str, typer.Option(help="Who measured; readers of a comparison are told.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document for programs.")] = False,
) -> None:
    """Take in daily mean temperatures; a day that is there already is replaced.

    Example: gridhall readings weather shanghai-2026.csv --organisation SH --source "Shanghai weather bureau"
    """
    with_database()
    from gridhall.contexts.metering import operations

    days = operations.import_weather(file, organisation=organisation, source=source, act=act())
    if as_json:
        show_json({"file": str(file), "organisation": organisation, "days": days})
    else:
        people.print(f"{file}: temperatures of {days} days")
