"""`gridhall readings …`: readings taken away, looked at, and how fresh they are."""

import os
from collections.abc import Iterable
from dataclasses import asdict
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer

from gridhall.channels.cli import meters, weather
from gridhall.channels.cli.output import people, progress, refusals, show_json, show_table
from gridhall.channels.cli.startup import with_database
from gridhall.contexts.metering.types.readings import DownloadFormat, SpanEmpty
from gridhall.kernel import clock
from gridhall.kernel.energy import kwh
from gridhall.kernel.errors import GridhallError, NotFound
from gridhall.kernel.spans import DateSpan
from gridhall.lake.needs import Channel
from gridhall.runtime.localtime import local_day

readings = typer.Typer(
    help="Readings: take them away, look at them, see how fresh they are. "
    "Example: [bold]gridhall readings freshness[/]",
    no_args_is_help=True,
)

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document for programs.")]
Number = Annotated[str, typer.Argument(help="Number of the usage point (户号).")]
From = Annotated[datetime, typer.Option("--from", formats=["%Y-%m-%d"], help="First day.")]
To = Annotated[datetime, typer.Option("--to", formats=["%Y-%m-%d"], help="The day after the last one.")]
AsOf = Annotated[
    int | None, typer.Option("--as-of", help="As the readings were after the import of this number; without: as now.")
]
Organisation = Annotated[
    str | None, typer.Option(help="Code of a unit: all usage points of it and of the units below it.")
]
ChannelOption = Annotated[Channel, typer.Option(help="What the readings count.")]

#: Lines that a table for people shows before it stops.
_SHOWN = 40


class NobodyNamed(GridhallError):
    """Neither a usage point nor a unit is named."""

    code = "nobody_named"


def register(app: typer.Typer) -> None:
    """Add the group, and that of the meters, to the command line."""
    app.add_typer(readings, name="readings")
    meters.register(app)
    weather.register(readings)


@readings.command()
@refusals
def export(
    start: From,
    end: To,
    output: Annotated[Path, typer.Option(help="The file to write; it appears once it is complete.", dir_okay=False)],
    usage_point: Annotated[
        list[str] | None, typer.Option(help="Number of a usage point (户号); may be repeated.")
    ] = None,
    organisation: Organisation = None,
    form: Annotated[DownloadFormat, typer.Option("--format", help="The form of the file.")] = DownloadFormat.CSV,
    channel: Annotated[list[Channel] | None, typer.Option(help="Only these; may be repeated. Without: all.")] = None,
    as_of: AsOf = None,
    as_json: AsJson = False,
) -> None:
    """Write readings into a file: exact, with missing and estimated values marked, without names or addresses.

    csv: a line per slot with its start and UTC offset. curve-csv: a line per day. parquet: a row per day.
    greenbutton: an XML feed that validates against the official ESPI schema.

    Example: gridhall readings export --usage-point MAC000002 --from 2013-01-01 --to 2014-01-01 --format greenbutton
    --output mac2.xml
    """
    span = _span(start, end)
    if not usage_point and organisation is None:
        raise NobodyNamed(
            "Nobody's readings are named.", path="usage-point", remedy="Give --usage-point or --organisation."
        )
    with_database()
    from gridhall.contexts.metering import queries

    numbers = _numbers(usage_point or [], organisation)
    version = as_of if as_of is not None else queries.latest_version()
    channels = tuple(channel) if channel else tuple(Channel)
    pieces = queries.download(numbers, span, form=form, now=clock.now(), channels=channels, version=as_of)
    written = _write(output, pieces)
    if as_json:
        show_json(
            {
                "file": str(output), "format": form.value, "bytes": written, "usage_points": len(numbers),
                "start": span.start, "end": span.end, "readings_version": version,
            }
        )  # fmt: skip
    else:
        people.print(f"{output}: {written:,} bytes, readings as of version {version}")


@readings.command()
@refusals
def show(
    usage_point: Number, start: From, end: To, channel: ChannelOption = Channel.IMPORT, as_of: AsOf = None,
    as_json: AsJson = False,
) -> None:  # fmt: skip
    """Show the days of a usage point: energy, missing and estimated slots; with --json the whole curves.

    Example: gridhall readings show MAC000002 --from 2013-03-01 --to 2013-04-01
    """
    span = _span(start, end)
    with_database()
    from gridhall.contexts.metering import queries

    (identity,) = _numbers([usage_point], None)
    days = queries.day_curves(identity, usage_point, span, channel=channel, version=as_of)
    if as_json:
        show_json(
            {
                "usage_point": usage_point,
                "channel": channel.value,
                "days": [
                    {
                        "day": day.day, "kwh": kwh(day.energy), "missing": day.missing, "estimated": day.estimated,
                        "curve_wh": day.values, "quality": day.quality,
                    }
                    for day in days
                ],
            }
        )  # fmt: skip
        return
    rows = [(day.day, len(day.values), kwh(day.energy), day.missing, day.estimated) for day in days]
    show_table(f"{usage_point} {channel.value}", ["day", "slots", "kWh", "missing", "estimated"], rows)


@readings.command()
@refusals
def freshness(
    organisation: Organisation = None,
    usage_point: Annotated[str | None, typer.Option(help="One usage point (户号), with each of its gaps.")] = None,
    days: Annotated[int, typer.Option(min=1, max=3660, help="How many days back gaps are looked for.")] = 35,
    on: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Look from this day back; without: from today.")
    ] = None,
    channel: ChannelOption = Channel.IMPORT,
    as_of: AsOf = None,
    as_json: AsJson = False,
) -> None:
    """Say as of when readings are, which gaps they have and how much is estimated; by transformer area (台区).

    Example: gridhall readings freshness --organisation 3101

    Example: gridhall readings freshness --usage-point MAC000002 --on 2014-01-01
    """
    with_database()

    today = on.date() if on else local_day(clock.now())
    if usage_point is not None:
        _freshness_of_one(usage_point, today, days, channel, as_of, as_json)
        return
    from gridhall.contexts.metering import queries

    areas = queries.freshness_by_area(today, organisation=organisation, days=days, channel=channel, version=as_of)
    rows: list[dict[str, Any]] = areas.to_pylist()
    if as_json:
        show_json({"today": today, "days": days, "channel": channel.value, "areas": rows})
        return
    columns = ("area", "usage_points", "complete_to", "behind", "never", "absent_days", "missing", "estimated")
    heads = ("area", "usage points", "complete to", "behind", "never", "absent days", "slots missing", "slots estim.")
    shown = [row | {"area": f"{row['area']} {row['name']}".strip()} for row in rows[:_SHOWN]]
    show_table(f"Readings on {today}, gaps of {days} days", heads, _cells(shown, columns))
    if len(rows) > _SHOWN:
        people.print(f"… and {len(rows) - _SHOWN} more areas; --json gives all.")


@readings.command()
@refusals
def registers(usage_point: Number, start: From, end: To, as_of: AsOf = None, as_json: AsJson = False) -> None:
    """Show what the registers of a usage point's meters say about some days, over exchanges and rollovers.

    Example: gridhall readings registers 3101000001 --from 2026-03-01 --to 2026-04-01
    """
    span = _span(start, end)
    with_database()
    from django.conf import settings

    from gridhall.contexts.metering import queries

    (identity,) = _numbers([usage_point], None)
    found = queries.installations(identity)
    rows: list[dict[str, Any]] = queries.register_energy([identity], span, version=as_of).to_pylist()
    if as_json:
        installed = [
            {
                "meter": meter.meter, "start": meter.start, "end": meter.end, "multiplier": meter.multiplier,
                "registers": [register.kind.value for register in meter.registers],
            }
            for meter in found
        ]  # fmt: skip
        show_json({"usage_point": usage_point, "meters": installed, "registers": rows})
        return
    installed_rows = [
        (each.meter, each.start.date(), each.end.date() if each.end else "…", each.multiplier) for each in found
    ]
    show_table(f"Meters of {usage_point}", ["meter", "from", "to", "multiplier"], installed_rows)
    columns = ("register", "wh", "covered", "estimated", "rollovers", "finding")
    local = ZoneInfo(settings.TIME_ZONE)
    for row in rows:
        covered = [f"{row[bound].astimezone(local):%Y-%m-%d %H:%M}" for bound in ("from", "to")]
        row["covered"] = " - ".join(covered)
        row["estimated"] = "yes" if row["estimated"] else ""
    heads = ("register", "Wh", "covered", "estimated", "rollovers", "finding")
    show_table(f"Registers {span}", heads, _cells(rows, columns))


@readings.command()
@refusals
def derive(
    start: From, end: To, organisation: Organisation = None, channel: ChannelOption = Channel.IMPORT,
    as_json: AsJson = False,
) -> None:  # fmt: skip
    """Make day curves from registers for usage points without interval readings, so that they can be billed.

    What the registers counted is shared out evenly in time; the sum is theirs to the Wh, the hours are marked as
    estimates. Bills wait for a clerk where more is estimated than content/rules/billing.yaml allows.

    Example: gridhall readings derive --from 2026-03-01 --to 2026-04-01
    """
    span = _span(start, end)
    with_database()
    from django.conf import settings

    from gridhall.contexts.metering import operations

    found = operations.derive_curves(
        span, now=clock.now(), zone=settings.TIME_ZONE, organisation=organisation, channel=channel
    )
    if as_json:
        show_json(asdict(found))
        return
    people.print(
        f"{found.derived} usage points, {kwh(found.energy)} kWh, as of version {found.version or 'none'}; left alone: "
        f"{found.measured} with interval readings, {found.unread} not read over the whole span, "
        f"{found.unbelieved} with readings that are not believed"
    )


@readings.command()
@refusals
def check(
    start: From, end: To, organisation: Organisation = None, channel: ChannelOption = Channel.IMPORT,
    as_of: AsOf = None, as_json: AsJson = False,
) -> None:  # fmt: skip
    """Compare interval readings with registers, wherever registers were read at midnight; show what disagrees.

    Example: gridhall readings check --from 2026-03-01 --to 2026-04-01
    """
    span = _span(start, end)
    with_database()
    from gridhall.contexts.metering import queries

    numbers = _numbers([], organisation)
    found: list[dict[str, Any]] = queries.register_checks(
        span, usage_points=sorted(numbers), channel=channel, version=as_of
    ).to_pylist()
    wrong = [row | {"usage_point": numbers[row["usage_point"]]} for row in found if not row["agrees"]]
    if as_json:
        show_json({"compared": len(found), "disagreeing": wrong})
        return
    people.print(f"{len(found)} stretches of days compared, {len(wrong)} disagree")
    columns = ("usage_point", "start", "end", "interval_wh", "register_wh", "tolerance_wh")
    heads = ("usage point", "from", "to (excl.)", "intervals Wh", "register Wh", "tolerance Wh")
    show_table("Intervals against registers", heads, _cells(wrong[:_SHOWN], columns))


def _freshness_of_one(
    usage_point: str, today: date, days: int, channel: Channel, as_of: int | None, as_json: bool
) -> None:
    from gridhall.contexts.metering import queries

    (identity,) = _numbers([usage_point], None)
    fresh = queries.freshness_of(identity, today, days=days, channel=channel, version=as_of)
    gaps = [{"first": gap.first, "last": gap.last, "missing_slots_a_day": gap.missing} for gap in fresh.gaps]
    if as_json:
        show_json(
            {
                "usage_point": usage_point, "channel": channel.value, "as_of": fresh.as_of, "last_day": fresh.last_day,
                "window": fresh.window, "days": fresh.days, "absent_days": fresh.absent_days, "missing": fresh.missing,
                "estimated": fresh.estimated, "gaps": gaps,
            }
        )  # fmt: skip
        return
    people.print(
        f"{usage_point}: complete to {fresh.as_of or 'never'}, last reading {fresh.last_day or 'never'}; "
        f"since {fresh.window} {fresh.missing} slots missing, {fresh.estimated} estimated"
    )
    rows = [(gap["first"], gap["last"], gap["missing_slots_a_day"] or "all day") for gap in gaps]
    show_table("Gaps", ["from", "to", "missing slots a day"], rows)


def _span(start: datetime, end: datetime) -> DateSpan:
    if end.date() <= start.date():
        raise SpanEmpty(
            f"There is no day from {start.date()} to {end.date()}.",
            path="to",
            remedy="--to is the day after the last one.",
        )
    return DateSpan(start.date(), end.date())


def _numbers(usage_points: list[str], organisation: str | None) -> dict[int, str]:
    """The number of each usage point by id.

    Raises:
        NotFound: when a number is unknown, or nobody is named.
    """
    from gridhall.contexts.accounts import queries

    if not usage_points:
        found = queries.usage_points_of(organisation)
        if not found.num_rows:
            raise NotFound("There are no usage points.", path=organisation or "organisation")
        return dict(zip(found["id"].to_pylist(), found["number"].to_pylist(), strict=True))
    identities = queries.usage_point_ids(usage_points).to_pylist()
    unknown = [number for number, identity in zip(usage_points, identities, strict=True) if identity is None]
    if unknown:
        raise NotFound(
            f"There is no usage point {', '.join(unknown[:5])}{', …' if len(unknown) > 5 else ''}.", path="usage-point"
        )
    return dict(zip(identities, usage_points, strict=True))


def _write(output: Path, pieces: Iterable[bytes]) -> int:
    """Write a file that appears under its name once it is whole, and give its size."""
    unfinished = output.with_name(f".{output.name}.{os.getpid()}")
    written = 0
    try:
        with unfinished.open("wb") as sink, progress() as bar:
            task = bar.add_task(output.name, total=None)
            for piece in pieces:
                written += sink.write(piece)
                bar.advance(task)
        unfinished.replace(output)
    except FileNotFoundError as error:
        raise NotFound(f"There is no folder {output.parent}.", path="output") from error
    finally:
        unfinished.unlink(missing_ok=True)
    return written


def _cells(rows: list[dict[str, Any]], columns: Iterable[str]) -> list[list[Any]]:
    return [["" if row[name] is None else row[name] for name in columns] for row in rows]
