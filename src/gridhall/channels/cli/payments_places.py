"""`gridhall payments places`: places to pay at, from files and to a file."""

from pathlib import Path
from typing import Annotated

import typer

from gridhall.channels.cli.output import people, refusals, show_json, show_table
from gridhall.channels.cli.startup import act, with_database
from gridhall.kernel.errors import GridhallError, NotFound

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document for programs.")]

places = typer.Typer(
    help="Places to pay at. Example: [bold]gridhall payments places import places.csv --coordinates gcj-02[/]",
    no_args_is_help=True,
)


def register(payments: typer.Typer) -> None:
    """Add the commands to the group of payments."""
    payments.add_typer(places, name="places")


class CoordinatesUnknown(GridhallError):
    """There is no such coordinate system."""

    code = "coordinates_unknown"


@places.command("import")
@refusals
def import_(
    file: Annotated[Path, typer.Argument(help="CSV or GeoJSON; told by its content.")],
    coordinates: Annotated[
        str,
        typer.Option(
            help="How the file counts longitude and latitude: wgs-84 (GPS, OpenStreetMap), gcj-02 (most maps of "
            "mainland China), bd-09 (Baidu). Never guessed."
        ),
    ],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what it would do; change nothing.")] = False,
    deactivate_missing: Annotated[
        bool, typer.Option("--deactivate-missing", help="Take places that the file does not have out of use.")
    ] = False,
    bad_rows: Annotated[
        Path | None, typer.Option(help="Write rows that are not let in to this CSV, with why.", dir_okay=False)
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Take in places to pay at: good rows become places or change them, bad ones are told with line, field and remedy.

    Columns code, kind, name, address, longitude, latitude; also name_en, address_en, phone, hours, exceptions,
    services, active. Chinese names of columns are understood. What a file has no column for stays as it is.

    Example: gridhall payments places import places.csv --coordinates gcj-02 --dry-run
    """
    with_database()
    from django.db import transaction

    from gridhall.contexts.payments.operations.importing_points import keep_point_file, take_in_points
    from gridhall.contexts.payments.queries.point_plans import (
        FAULTS_SAID,
        CoordinateSystem,
        bad_rows_csv,
        plan_of,
    )

    if coordinates.lower() not in set(CoordinateSystem):
        raise CoordinatesUnknown(
            f"There is no coordinate system {coordinates!r}.", path="--coordinates",
            remedy=f"One of {', '.join(CoordinateSystem)}.",
        )  # fmt: skip
    if not file.is_file():
        raise NotFound(f"There is no file {file}.", path=str(file))
    system, content = CoordinateSystem(coordinates.lower()), file.read_bytes()
    if dry_run:
        plan = plan_of(content, system, deactivate_missing=deactivate_missing)
    else:
        by = act()
        with transaction.atomic():
            kept = keep_point_file(file.name, content, system, deactivate_missing=deactivate_missing, act=by)
            plan = take_in_points(kept, act=by)
    told = [
        {
            "line": row.line, "field": fault.field, "value": fault.value, "code": fault.code.value,
            "reason": FAULTS_SAID[fault.code][0], "remedy": FAULTS_SAID[fault.code][1],
        }
        for row in plan.bad
        for fault in row.faults
    ]  # fmt: skip
    if bad_rows is not None and plan.bad:
        bad_rows.write_bytes(bad_rows_csv(plan.bad))
    if as_json:
        show_json({**plan.counts, "dry_run": dry_run, "missing": [code for code, _ in plan.missing], "faults": told})
        return
    counts = plan.counts
    would = "would be " if dry_run else ""
    people.print(
        f"{counts['new']} places {would}new, {counts['changed']} {would}changed, {counts['unchanged']} unchanged, "
        f"{counts['deactivated']} {would}taken out of use, {counts['bad']} rows not let in.",
        highlight=False,
    )
    if plan.missing and not plan.deactivates:
        why = ": a bad row without a code could be one of them" if plan.unsure else ""
        people.print(f"{len(plan.missing)} places are not in the file and stay in use{why}.", highlight=False)
    if plan.ignored:
        people.print(f"Columns that are not ours: {', '.join(plan.ignored)}.", highlight=False, markup=False)
    if told:
        columns = ("line", "field", "value", "reason", "remedy")
        show_table("Rows that are not let in", columns, [[row[name] for name in columns] for row in told])


@places.command()
@refusals
def export(
    output: Annotated[Path, typer.Option(help="The CSV file to write.", dir_okay=False)], as_json: AsJson = False
) -> None:
    """Write every place as CSV; it can be taken in again with --coordinates wgs-84.

    Example: gridhall payments places export --output places.csv
    """
    with_database()
    from gridhall.contexts.payments.queries.point_plans import points_csv, points_of_staff

    output.write_bytes(points_csv())
    total = points_of_staff(limit=0)[1]
    if as_json:
        show_json({"places": total, "file": str(output)})
    else:
        people.print(f"{total} places are in {output}.", highlight=False)
