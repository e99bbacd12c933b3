"""`gridhall import …`, `gridhall imports`, `gridhall quarantine …`: readings in, and what was not let in."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from gridhall.channels.cli.output import REFUSED, errors, people, progress, refusals, show_json, show_table
from gridhall.channels.cli.startup import with_database
from gridhall.kernel import clock
from gridhall.kernel.errors import GridhallError

quarantine = typer.Typer(
    help="Rows that an import did not let in. Example: [bold]gridhall quarantine export 7 --output mend.csv[/]",
    no_args_is_help=True,
)

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document for programs.")]
Number = Annotated[int, typer.Argument(help="Number of the import, as `gridhall imports` shows it.", metavar="IMPORT")]


def register(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    app.command("import")(import_)
    app.command("imports")(imports)
    app.add_typer(quarantine, name="quarantine")


@refusals
def import_(
    files: Annotated[
        list[Path],
        typer.Argument(help="Files of readings; each is taken in on its own, as a whole.", metavar="FILE…"),
    ],
    format: Annotated[
        str | None,
        typer.Option(
            help="Told by the content; to insist: long, day-curve (also as long-csv, long-parquet, day-curve-csv, "
            "day-curve-parquet), register-csv, greenbutton."
        ),
    ] = None,
    channel: Annotated[
        str, typer.Option(help="What the readings count: import, export, reactive, reactive_export.")
    ] = "import",
    zone: Annotated[
        str | None, typer.Option(help="Zone of the file's days and clock times; the utility's when left out.")
    ] = None,
    unit: Annotated[
        str | None, typer.Option(help="Unit of the values: kwh, wh or mwh; told by the header, otherwise kWh.")
    ] = None,
    interval: Annotated[
        int | None, typer.Option(help="Minutes of a slot in a long file, where its times do not tell: 60, 30, 15 …")
    ] = None,
    usage_point: Annotated[
        str | None, typer.Option(help="File a Green Button feed of one home under this usage point.")
    ] = None,
    again: Annotated[bool, typer.Option("--again", help="Read a file once more whose content is known.")] = False,
    as_json: AsJson = False,
) -> None:
    """Take in files of readings: the good rows at once, the bad ones into quarantine with line, value and reason.

    A file is recognised by its content and header:

    - long: a row for each reading. Columns usage_point, start, kwh (or 户号, 时间, 电量; lclid, ts, kwh; …)

    - day curves: a row for each usage point and day. Columns usage_point, day and 96, 48 or 24 value columns, or one
      column curve with a list such as [0.1,0.2,…]

    - register readings: usage_point or meter, at, reading, and register where there are several

    - Green Button XML

    CSV (any usual separator; UTF-8, UTF-16, GB18030; also .gz and .zip) or Parquet. Energies are kWh unless the header
    says Wh. Days on which clocks change have 92 or 100 quarter-hours.

    The same file twice changes nothing. Later values replace earlier ones and keep them as history. Short gaps are
    interpolated, longer ones filled from like days, always marked as estimates.

    Usage points must exist: see `gridhall accounts load`. Exit status 2 when a file was refused; the others are in.

    Example: gridhall import march/*.csv --zone Asia/Shanghai
    """
    with_database()
    from django.conf import settings

    from gridhall.contexts.metering.operations import ZoneUnknown, import_readings
    from gridhall.contexts.metering.types.imports import ImportReport
    from gridhall.lake.formats import Unit
    from gridhall.lake.needs import Channel

    known_channel = _one_of("--channel", channel, {each.value: each for each in Channel})
    known_unit = None if unit is None else _one_of("--unit", unit.lower(), {each.name.lower(): each for each in Unit})
    if interval is not None:
        _one_of("--interval", str(interval), {each: each for each in ("5", "10", "15", "20", "30", "60")})
    reports: list[ImportReport] = []
    told: list[dict[str, Any]] = []
    refused: list[GridhallError] = []
    with progress() as bar:
        for file in files:
            task = bar.add_task(file.name, total=None)

            def moved(done: int, size: int, task: Any = task) -> None:
                bar.update(task, completed=done >> 20, total=(size >> 20) + 1)

            try:
                report = import_readings(
                    file, now=clock.now(), zone=zone or settings.TIME_ZONE, channel=known_channel, format=format,
                    unit=known_unit, interval=interval, usage_point=usage_point, again=again, progress=moved,
                )  # fmt: skip
            except ZoneUnknown:
                raise
            except GridhallError as error:
                refused.append(error)
                told.append({"file": str(file), "status": "refused", "error": error.as_json()})
            else:
                reports.append(report)
                told.append(report.as_json() | {"file": str(file)})
            bar.update(task, completed=1, total=1)
    if as_json:
        totals = {name: sum(getattr(each, name) for each in reports) for name in _TOTALS}
        first = {"error": refused[0].as_json()} if refused else {}
        show_json(totals | {"imports": told} | first)
    else:
        _show(reports)
        for refusal in refused:
            errors.print(f"[bold red]{refusal.code}[/]", end=" ")
            errors.print(str(refusal), markup=False, highlight=False)
    if refused:
        raise typer.Exit(REFUSED)


_TOTALS = ("accepted", "quarantined", "estimated", "unchanged", "revised", "suspects", "rounded", "missing")


@refusals
def imports(
    limit: Annotated[int, typer.Option(help="How many, the newest first.")] = 20, as_json: AsJson = False
) -> None:
    """List the newest imports.

    Example: gridhall imports --limit 5
    """
    with_database()
    from gridhall.contexts.metering import queries

    found = queries.imports(limit=limit)
    if as_json:
        show_json({"imports": [each.as_json() for each in found]})
    else:
        _show(found, numbered=True)


@quarantine.command("list")
@refusals
def list_(
    number: Number, limit: Annotated[int, typer.Option(help="At most so many rows.")] = 50, as_json: AsJson = False
) -> None:
    """List the rows of an import that are in quarantine: line, field, value, reason, remedy.

    Example: gridhall quarantine list 7
    """
    with_database()
    from gridhall.contexts.metering import queries

    rows = queries.quarantined(number, limit=limit)
    counts = queries.quarantine_counts(number)
    if as_json:
        show_json(
            {
                "import": number,
                "quarantined": sum(counts.values()),
                "codes": counts,
                "rows": [
                    {
                        "row": row.id, "line": row.line, "field": row.field, "value": row.value, "code": row.code,
                        "reason": row.reason, "remedy": row.remedy,
                    }
                    for row in rows
                ],
            }
        )  # fmt: skip
        return
    show_table(
        f"Import {number}: {sum(counts.values())} rows in quarantine",
        ["line", "field", "value", "reason", "remedy"],
        [[row.line, row.field, row.value[:40], row.reason, row.remedy] for row in rows],
    )


@quarantine.command()
@refusals
def export(
    number: Number,
    output: Annotated[Path, typer.Option(help="The CSV file to write.", dir_okay=False)],
    everything: Annotated[bool, typer.Option("--all", help="Also rows that were mended since.")] = False,
    as_json: AsJson = False,
) -> None:
    """Write quarantined rows as a CSV file, as they came and with what was wrong; mend it and import it again.

    The added columns quarantine_… may stay: quarantine_row says which rows the mended file resolves.

    Example: gridhall quarantine export 7 --output mend.csv
    """
    with_database()
    from gridhall.contexts.metering import queries

    count = queries.export_quarantine(number, output, unresolved=not everything)
    if as_json:
        show_json({"import": number, "rows": count, "file": str(output)})
    else:
        people.print(f"{count} rows of import {number} are in {output}. Mend them, then: gridhall import {output}")


def _show(reports: Sequence[Any], *, numbered: bool = False) -> None:
    if not reports and not numbered:
        return
    show_table(
        "Readings taken in; rows in quarantine",
        ["import", "file", "accepted", "estimated", "quarantined"],
        [[each.id, _short(each.file), each.accepted, each.estimated, each.quarantined] for each in reports],
    )
    for each in reports:
        if numbered:
            continue
        if each.status != "imported":
            people.print(f"{each.file}: {each.status} as {each.id}; nothing has changed.", highlight=False)
            continue
        if each.unchanged or each.revised:
            people.print(
                f"{each.file}: {each.unchanged} readings were there already, {each.revised} replace earlier ones.",
                markup=False, highlight=False,
            )  # fmt: skip
        for finding in each.findings:
            people.print(f"{each.file}: {finding['message']}", markup=False, highlight=False)
        if each.quarantined:
            people.print(f"{each.file}: see gridhall quarantine list {each.id}", markup=False, highlight=False)


def _short(name: str) -> str:
    return name if len(name) <= 32 else f"{name[:14]}…{name[-17:]}"


class OptionInvalid(GridhallError):
    """An option has a value that it cannot have."""

    code = "option_invalid"


def _one_of(option: str, value: str, known: dict[str, Any]) -> Any:
    if value not in known:
        raise OptionInvalid(f"{value!r} is not possible.", path=option, remedy=f"One of {', '.join(known)}.")
    return known[value]
