"""`gridhall tariff`: price readings by a tariff document, check documents, publish their schema. Needs no database."""

import os
from datetime import date
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import typer

from gridhall.channels.cli.output import people, refusals, show_json, show_table
from gridhall.kernel.errors import Refused
from gridhall.kernel.money import yuan
from gridhall.kernel.spans import DateSpan

if TYPE_CHECKING:
    from gridhall.contexts.tariffs.types import Calendar, ExplainedLine, Priced, PricedBill, PublishedVersion, Tariff

app = typer.Typer(
    help="Price readings by a tariff document; check documents.", no_args_is_help=True, rich_markup_mode="rich"
)

#: Rejected rows that are told in full; all are counted.
_TOLD = 20
_LONGEST_YEARS = 30


class Missing(StrEnum):
    """What happens to bills whose readings have gaps."""

    BILL = "bill"
    REFUSE = "refuse"


class Holidays(StrEnum):
    """Which holidays a tariff that tells them apart goes by, when none are named."""

    UTILITY = "utility"
    NONE = "none"


class BadOption(Refused):
    """An option has a value that cannot be used."""

    code = "bad_option"


def register(parent: typer.Typer) -> None:
    """Add the group to the command line."""
    parent.add_typer(app, name="tariff")


@app.command()
@refusals
def price(
    tariff: Path = typer.Option(..., help="A tariff document (YAML), or a URDB rate (JSON)."),
    readings: Path = typer.Option(..., help="Imported energy: long or day-curve CSV or Parquet."),
    start: str = typer.Option(..., "--from", metavar="DATE", help="First day, YYYY-MM-DD."),
    end: str = typer.Option(..., "--to", metavar="DATE", help="The day after the last, YYYY-MM-DD."),
    export: Path | None = typer.Option(None, help="Exported energy, same forms."),
    reactive: Path | None = typer.Option(None, help="Reactive energy (kvarh), inductive."),
    reactive_export: Path | None = typer.Option(None, help="Reactive energy (kvarh), capacitive."),
    prices: Path | None = typer.Option(None, help="Price series of a dynamic tariff: columns start and price."),
    zone: str | None = typer.Option(
        None, help="Zone of days and clock times; default the tariff's, then GRIDHALL_ZONE."
    ),
    household_size: int | None = typer.Option(None, min=1, max=100, help="Persons in the household."),
    allowance: str | None = typer.Option(
        None, help="An allowance that the tariff names, such as a protected household."
    ),
    capacity_kva: str | None = typer.Option(None, metavar="KVA", help="Transformer capacity."),
    contract_demand_kw: str | None = typer.Option(None, metavar="KW", help="Contracted demand."),
    power_factor_standard: str | None = typer.Option(None, metavar="PF", help="0.90, 0.85 or 0.80."),
    move_in: str | None = typer.Option(None, metavar="DATE", help="First day of the agreement, for limits pro-rated."),
    tier_used_kwh: str | None = typer.Option(
        None, metavar="KWH", help="Used in the tier year before --from; default: what the file has of it."
    ),
    holidays: Holidays = typer.Option(
        Holidays.UTILITY, help="For tariffs that tell holidays apart: the utility's business calendar, or none."
    ),
    holiday: list[str] = typer.Option([], metavar="DATE", help="A holiday instead of the calendar's; may be repeated."),
    makeup_workday: list[str] = typer.Option([], metavar="DATE", help="A weekend day worked instead; may be repeated."),
    missing: Missing = typer.Option(Missing.BILL, help="Bill what was read and tell the gaps, or refuse such bills."),
    as_json: bool = typer.Option(False, "--json", help="For programs: one JSON document."),
) -> None:
    """Price readings: one bill per usage point and calendar month.

    Prices are exact; each line is rounded half up to 0.01, the total is the sum of the lines. Readings in the file
    before --from count as used where they belong to the same tier year.

    Example: [bold]gridhall tariff price --tariff content/tariffs/shanghai-residential-tou.yaml
    --readings readings.csv --from 2013-01-01 --to 2014-01-01[/]
    """
    from gridhall.contexts.tariffs import operations
    from gridhall.contexts.tariffs.types import Calendar, GivenTerms
    from gridhall.lake.needs import Channel

    span = _span(start, end)
    loaded = operations.load_tariff(tariff)
    calendar = Calendar(
        frozenset(_day(day, "--holiday") for day in holiday),
        frozenset(_day(day, "--makeup-workday") for day in makeup_workday),
    )
    if calendar == Calendar() and holidays is Holidays.UTILITY and operations.tells_holidays_apart(loaded):
        calendar = _calendar_of_the_utility(span)
    given = {
        Channel.IMPORT: readings,
        Channel.EXPORT: export,
        Channel.REACTIVE: reactive,
        Channel.REACTIVE_EXPORT: reactive_export,
    }
    priced = operations.price_files(
        loaded,
        {channel: file for channel, file in given.items() if file is not None},
        span,
        zone=_zone(zone or loaded.zone or os.environ.get("GRIDHALL_ZONE") or "Asia/Shanghai"),
        terms=GivenTerms(
            household_size=household_size,
            allowance=allowance,
            capacity_va=_thousandths(capacity_kva, "--capacity-kva"),
            contract_demand_w=_thousandths(contract_demand_kw, "--contract-demand-kw"),
            power_factor_standard=_standard(power_factor_standard),
            move_in=_day(move_in, "--move-in") if move_in else None,
            tier_used_wh=_thousandths(tier_used_kwh, "--tier-used-kwh", zero=True),
        ),
        calendar=calendar,
        prices=prices,
        missing="refuse" if missing is Missing.REFUSE else "bill",
    )
    if as_json:
        show_json(_json(loaded, priced))
    else:
        _show(loaded, priced)


@app.command()
@refusals
def check(
    files: list[Path] = typer.Argument(..., help="Tariff documents or URDB rates."),
    as_json: bool = typer.Option(False, "--json", help="For programs: one JSON document."),
) -> None:
    """Check tariff documents: all problems at once, each with file, line and place.

    Example: [bold]gridhall tariff check content/tariffs/*.yaml[/]
    """
    from gridhall.contexts.tariffs import operations

    tariffs = [operations.load_tariff(file) for file in files]
    if as_json:
        show_json({"tariffs": [_tariff(each) for each in tariffs]})
        return
    for file, each in zip(files, tariffs, strict=True):
        lines = sum(len(plan.lines) for plan in each.plans)
        people.print(
            f"{file}: {each.name.en}, {len(each.plans)} version(s), {lines} kinds of line",
            highlight=False,
            soft_wrap=True,
        )


@app.command()
@refusals
def schema(
    as_json: bool = typer.Option(True, "--json", help="The schema is JSON in any case."),
) -> None:
    """Print the JSON Schema of tariff documents, as published in content/tariffs/tariff.schema.json.

    Example: [bold]gridhall tariff schema > tariff.schema.json[/]
    """
    from gridhall.contexts.tariffs import operations

    show_json(operations.document_schema())


@app.command()
@refusals
def publish(
    files: list[Path] = typer.Argument(..., help="Tariff documents (YAML)."),
    as_json: bool = typer.Option(False, "--json", help="For programs: one JSON document."),
) -> None:
    """Publish tariff documents: their versions come into force on their days. Needs the database.

    A published version never changes; a document may add versions and set the end of an open one.

    Example: [bold]gridhall tariff publish content/tariffs/shanghai-residential.yaml[/]
    """
    from gridhall.channels.cli.startup import with_database
    from gridhall.kernel import clock

    with_database()
    from gridhall.contexts.tariffs import operations

    found: list[PublishedVersion] = []
    for file in files:
        text = file.read_text(encoding="utf-8-sig") if operations.load_tariff(file) else ""
        found += operations.publish(text, name=str(file), at=clock.now())
    rows = [(each.tariff, each.version, each.span.start, each.span.end or "", each.digest[:12]) for each in found]
    if as_json:
        names = ("tariff", "version", "start", "end", "digest")
        show_json({"published": [dict(zip(names, row, strict=True)) for row in rows]})
    else:
        show_table("Published", ("tariff", "version", "start", "end", "digest"), rows)


def _span(start: str, end: str) -> DateSpan:
    first, stop = _day(start, "--from"), _day(end, "--to")
    if stop <= first:
        raise BadOption(
            f"--to {stop} is not after --from {first}.", path="--to", remedy="--to is the day after the last."
        )
    if stop.year - first.year > _LONGEST_YEARS:
        raise BadOption(f"At most {_LONGEST_YEARS} years are priced at once.", path="--to")
    return DateSpan(first, stop)


def _calendar_of_the_utility(span: DateSpan) -> "Calendar":
    """The business calendar from its file: Django is set up for it, the database is not needed."""
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "gridhall.project.settings")
    django.setup()
    from gridhall.contexts.accounts import queries as accounts
    from gridhall.contexts.tariffs.types import Calendar

    found = accounts.calendar_within(span)
    return Calendar(found.holidays, found.makeup_workdays)


def _day(text: str, option: str) -> date:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        day = date.min
    if not 1970 <= day.year <= 2200 or len(text) != 10:
        raise BadOption(f"{text!r} is not a day from 1970 to 2200.", path=option, remedy="Write YYYY-MM-DD.")
    return day


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise BadOption(f"{name!r} is not a time zone.", path="--zone", remedy="For example Asia/Shanghai.") from error


def _thousandths(text: str | None, option: str, *, zero: bool = False) -> int | None:
    """kW, kVA or kWh as whole W, VA or Wh."""
    if text is None:
        return None
    try:
        value = Decimal(text).scaleb(3)
    except InvalidOperation:
        value = Decimal("NaN")
    if (
        not value.is_finite()
        or value != value.to_integral_value()
        or not (0 <= value < 10**13)
        or (value == 0 and not zero)
    ):
        raise BadOption(f"{text!r} is not a positive number with at most three decimal places.", path=option)
    return int(value)


def _standard(text: str | None) -> int | None:
    if text is None:
        return None
    known = {"0.90": 90, "0.9": 90, "0.85": 85, "0.80": 80, "0.8": 80}
    if text not in known:
        raise BadOption(
            f"{text!r} is no standard of the rules.", path="--power-factor-standard", remedy="0.90, 0.85, 0.80."
        )
    return known[text]


def _json(tariff: "Tariff", priced: "Priced") -> dict[str, Any]:
    return {
        "tariff": _tariff(tariff),
        "bills": [_bill(bill) for bill in priced.bills],
        "refused": priced.refused,
        "notes": priced.notes,
        "rejected": {
            "count": priced.rejected_count,
            "first": [
                {
                    "file": file,
                    "line": row.line,
                    "field": row.field,
                    "value": row.value,
                    "code": row.code,
                    "reason": row.reason,
                }
                for file, row in priced.rejected[:_TOLD]
            ],
        },
    }


def _tariff(tariff: "Tariff") -> dict[str, Any]:
    return {
        "code": tariff.code,
        "name": {"zh-Hans": tariff.name.zh_hans, "en": tariff.name.en},
        "currency": tariff.currency,
        "digest": tariff.digest,
        "versions": [
            {"version": plan.version, "start": plan.span.start, "end": plan.span.end} for plan in tariff.plans
        ],
        "notes": list(tariff.notes),
    }


def _bill(bill: "PricedBill") -> dict[str, Any]:
    row = bill.row
    told: dict[str, Any] = {
        "usage_point": bill.usage_point,
        "start": bill.start,
        "end": bill.end,
        "lines": [_line(line) for line in bill.lines],
        "total": str(yuan(row["total"])),
        "tax_included": str(yuan(row["tax_included"])),
        "energy": _kwh(row["energy_wh"]),
        "demand": _kwh(row["demand_w"]),
        "tier_used": _kwh(row["tier_used_wh"]),
        "tier_used_after": _kwh(row["tier_used_after_wh"]),
        "days": row["days"],
        "days_read": row["days_read"],
        "missing": row["missing"],
        "estimated": row["estimated"],
    }
    if row["power_factor"] is not None:
        told["power_factor"] = f"{Decimal(row['power_factor']).scaleb(-2):.2f}"
    if bill.separate:
        told["separate"] = {"lines": [_line(line) for line in bill.separate], "total": str(yuan(row["separate_total"]))}
    return told


def _line(line: "ExplainedLine") -> dict[str, Any]:
    return {
        "code": line.code,
        "quantity": f"{line.quantity:f}",
        "unit": line.unit,
        "price": f"{line.price:f}",
        "amount": f"{line.amount:f}",
        "label": {"zh-Hans": line.label.zh_hans, "en": line.label.en},
        "formula": line.formula,
        "source": line.source,
        "version": line.version,
        "tier": line.tier,
        "period": line.period,
    }


def _kwh(thousandths: int) -> str:
    return f"{Decimal(thousandths).scaleb(-3):f}"


def _show(tariff: "Tariff", priced: "Priced") -> None:
    for bill in priced.bills:
        row = bill.row
        gaps = f", {row['missing']} slots missing" if row["missing"] else ""
        unread = row["days"] - row["days_read"]
        gaps += f", {unread} days without readings" if unread else ""
        title = f"{bill.usage_point}  {bill.start} … {bill.end}  {_kwh(row['energy_wh'])} kWh{gaps}"
        lines = [
            (line.label.zh_hans, line.code, f"{line.quantity:f}", line.unit, f"{line.price:f}", f"{line.amount:f}")
            for line in (*bill.lines, *bill.separate)
        ]
        total = ("合计", "total", "", tariff.currency, "", str(yuan(row["total"])))
        show_table(title, ("项目", "line", "quantity", "unit", "price", "amount"), [*lines, total])
    for each in priced.refused:
        people.print(f"{each['usage_point']} {each['start']}: {each['message']} ({each['code']})", style="yellow")
    for note in priced.notes:
        people.print(note, style="yellow", markup=False, highlight=False)
    if priced.rejected:
        people.print(f"{priced.rejected_count} rows of readings were not taken in:", style="yellow")
        for file, rejected in priced.rejected[:_TOLD]:
            people.print(f"  {file}:{rejected.line}:{rejected.field}: {rejected.reason}", markup=False, highlight=False)
