"""`gridhall bill`: run a month, show and explain bills, work off what is parked, correct, simulate, print."""

import time
from datetime import date, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import typer

from gridhall.channels.cli import bill_forms as forms
from gridhall.channels.cli.bill_words import show_correction, show_explanation
from gridhall.channels.cli.output import people, progress, refusals, show_json, show_table
from gridhall.channels.cli.startup import act, with_database
from gridhall.kernel.energy import kwh
from gridhall.kernel.errors import Refused
from gridhall.kernel.money import yuan
from gridhall.kernel.spans import DateSpan

if TYPE_CHECKING:
    from gridhall.contexts.billing.types import CorrectionReport

app = typer.Typer(
    help="Run a month; show, explain and correct bills; work off what is parked.",
    no_args_is_help=True,
    rich_markup_mode="rich",
)

MONTH = typer.Option(..., "--month", metavar="YYYY-MM", help="The calendar month.")
SOME_MONTH = typer.Option(None, "--month", metavar="YYYY-MM", help="Only this calendar month.")
UNIT = typer.Option(None, "--organisation", metavar="CODE", help="Only this unit and all below it.")
JSON = typer.Option(False, "--json", help="For programs: one JSON document.")
REASON = typer.Option(..., "--reason", help="Why; it is kept with the decision and shown on a corrected bill.")


class By(StrEnum):
    """Which of an entry's two dates counts."""

    VALUE = "value"
    POSTING = "posting"


class BadOption(Refused):
    """An option has a value that cannot be used."""

    code = "bad_option"


def register(parent: typer.Typer) -> None:
    """Add the group to the command line."""
    parent.add_typer(app, name="bill")


@app.command()
@refusals
def run(month: str = MONTH, organisation: str | None = UNIT, as_json: bool = JSON) -> None:
    """Bill every agreement for a month, or park it with a reason.

    The run commits in batches. Killed at any moment and started again it goes on where it stood: nothing twice, nothing
    left out. A month that is billed already is billed again only where it was not: parked periods whose data is there
    by now, new agreements.

    [dim]gridhall bill run --month 2013-01 --organisation SH-PD[/]
    """
    span = _month(month)
    with_database()
    from gridhall.contexts.billing import operations

    began = time.monotonic()
    acting = act()
    with progress() as bar:
        task = bar.add_task(f"Billing {month}", total=None)

        def told(done: int, total: int) -> None:
            bar.update(task, completed=done, total=total)

        report = operations.run_month(
            span, organisation=organisation, act=acting, today=_today(acting.at), progress=told
        )
    form = forms.run_form(report, time.monotonic() - began)
    if as_json:
        show_json(form)
        return
    show_table(
        f"Run {report.run}: {month}",
        ("", ""),
        [
            ("bills", report.bills),
            ("total", yuan(report.total_fen)),
            *((f"parked: {code}", count) for code, count in report.parked.items()),
            ("readings version", report.readings_version),
            ("seconds", form["seconds"]),
        ],
    )
    if report.parked:
        people.print(f"What is parked, and what to do: [bold]gridhall bill parked --month {month}[/]")


@app.command("list")
@refusals
def list_bills(
    month: str | None = SOME_MONTH,
    usage_point: str | None = typer.Option(None, help="Only this usage-point number (户号)."),
    account: str | None = typer.Option(None, help="Only this settlement account (结算户)."),
    organisation: str | None = UNIT,
    cancelled: bool = typer.Option(False, "--cancelled", help="Cancelled bills as well."),
    limit: int = typer.Option(1000, min=1, help="At most so many."),
    as_json: bool = JSON,
) -> None:
    """List bills by period.

    [dim]gridhall bill list --usage-point MAC000002[/]
    """
    span = None if month is None else _month(month)
    with_database()
    from gridhall.contexts.billing import queries

    found = queries.bills(
        span=span, usage_point=usage_point, account=account, organisation=organisation, cancelled=cancelled, limit=limit
    )
    if as_json:
        show_json({"bills": [forms.summary_form(bill) for bill in found]})
        return
    show_table(
        "Bills",
        ("number", "usage point", "account", "start", "end", "kWh", "total", "status"),
        [
            (
                b.number,
                b.usage_point,
                b.account,
                b.span.start,
                b.span.end,
                kwh(b.energy_wh),
                yuan(b.total_fen),
                b.status,
            )
            for b in found
        ],
    )


@app.command()
@refusals
def show(number: str, as_json: bool = JSON) -> None:
    """Show a bill as it was issued."""
    with_database()
    from gridhall.contexts.billing import queries

    bill = queries.bill(queries.read_number(number))
    if as_json:
        show_json(forms.bill_form(bill))
        return
    show_table(
        f"Bill {bill.number}, {bill.usage_point}, {bill.span}, {bill.status}",
        ("line", "quantity", "unit", "price", "amount"),
        [(line.label.zh_hans, line.quantity, line.unit, line.price, line.amount) for line in bill.lines]
        + [("合计 total", "", "", "", yuan(bill.total_fen))],
    )


@app.command()
@refusals
def explain(number: str, as_json: bool = JSON) -> None:
    """Explain a bill line by line, and compute it again from its readings and its tariff document.

    Every line is quantity × price = amount with the source of the price; the tier position names the bills it is the
    sum of; readings are given by day as the bill saw them. [bold]equal[/] says whether the recomputation agrees to
    the fen.

    [dim]gridhall bill explain 20130101-000000042-00[/]
    """
    with_database()
    from gridhall.contexts.billing import queries

    explanation = queries.explain(queries.read_number(number))
    if as_json:
        show_json(forms.explanation_form(explanation))
        return
    show_explanation(explanation)


@app.command()
@refusals
def verify(month: str = MONTH, organisation: str | None = UNIT, as_json: bool = JSON) -> None:
    """Compute every live bill of a month again and compare to the fen; exit status 1 where one differs.

    [dim]gridhall bill verify --month 2013-01[/]
    """
    span = _month(month)
    with_database()
    from gridhall.contexts.billing import queries

    checked, wrong = 0, []
    for found in queries.verify(span, organisation=organisation):
        checked += 1
        if not found.equal:
            again = None if found.again is None else str(yuan(found.again["total"]))
            wrong.append(
                {
                    "number": queries.show_number(found.bill["number"]),
                    "total": str(yuan(found.bill["total"])),
                    "recomputed_total": again,
                    "problem": found.why,
                }
            )
    if as_json:
        show_json(
            {"period": forms.span_form(span), "bills": checked, "equal": checked - len(wrong), "different": wrong}
        )
    else:
        people.print(f"{checked} bills computed again, {checked - len(wrong)} equal to the fen.")
        if wrong:
            show_table("Different", tuple(wrong[0]), [tuple(row.values()) for row in wrong])
    if wrong:
        raise typer.Exit(1)


@app.command()
@refusals
def parked(
    month: str | None = SOME_MONTH,
    organisation: str | None = UNIT,
    reason: str | None = typer.Option(None, help="Only this reason code, e.g. missing_readings."),
    as_json: bool = JSON,
) -> None:
    """List what was not billed, why, and what to do next: the clerks' work list.

    [dim]gridhall bill parked --month 2013-11 --reason no_readings[/]
    """
    span = None if month is None else _month(month)
    with_database()
    from gridhall.contexts.billing import queries

    found = queries.parked(organisation=organisation, span=span, code=reason)
    if as_json:
        show_json({"parked": [forms.parked_form(item) for item in found]})
        return
    show_table(
        "Parked",
        ("item", "usage point", "start", "end", "reason", "what is wrong", "next step"),
        [
            (i.id, i.usage_point, i.span.start, i.span.end, i.code, i.reason, "released" if i.released else i.next_step)
            for i in found
        ],
    )


@app.command()
@refusals
def release(item: int, reason: str = REASON, as_json: bool = JSON) -> None:
    """Decide that a parked period is billed as it is; the next run of its month bills it.

    Only where a clerk can decide: missing, estimated or implausible readings; usage without agreement is closed.

    [dim]gridhall bill release 17 --reason "Empty flat, confirmed by telephone"[/]
    """
    with_database()
    from gridhall.contexts.billing import operations

    released = operations.release(item, reason=reason, act=act())
    if as_json:
        show_json(forms.parked_form(released))
        return
    people.print(f"Released. [bold]gridhall bill run --month {released.span.start:%Y-%m}[/] bills it.")


@app.command()
@refusals
def correct(
    number: str,
    reason: str = REASON,
    preview: bool = typer.Option(False, "--preview", help="Show before and after; post nothing."),
    as_json: bool = JSON,
) -> None:
    """Cancel a bill and put the right one in its place, by the newest readings, agreement and tariff.

    Both stay, linked, and both can be explained. Later bills of the same tier year whose lines change with the position
    in the tiers are corrected in the same transaction. Entries carry the value date of the period.

    [dim]gridhall bill correct 20130101-000000042-00 --reason "Late readings" --preview[/]
    """
    with_database()
    from gridhall.contexts.billing import operations, queries

    report = operations.correct(queries.read_number(number), reason=reason, act=act(), preview=preview)
    _tell_correction(report, as_json)


@app.command()
@refusals
def corrections(
    month: str = MONTH,
    organisation: str | None = UNIT,
    post: bool = typer.Option(False, "--post", help="Correct them; without it they are only found."),
    reason: str = typer.Option("late or corrected data", help="Shown on the corrected bills."),
    as_json: bool = JSON,
) -> None:
    """Find the bills of a month that would be different today, and with --post correct them all.

    [dim]gridhall bill corrections --month 2013-01[/]
    """
    span = _month(month)
    with_database()
    from gridhall.contexts.billing import operations

    report = operations.correct_month(span, organisation=organisation, reason=reason, act=act(), preview=not post)
    _tell_correction(report, as_json)


@app.command("what-if")
@refusals
def what_if(
    tariff: Path = typer.Option(..., help="A draft tariff document."),
    month: str = MONTH,
    organisation: str | None = UNIT,
    instead_of: str | None = typer.Option(
        None, help="Apply it to agreements on this tariff; default: those on the tariff of the draft's own code."
    ),
    as_json: bool = JSON,
) -> None:
    """Simulate a draft tariff on real readings and compare with the bills of today's tariff; posts nothing.

    [dim]gridhall bill what-if --tariff draft.yaml --month 2013-01 --instead-of shanghai-residential-tou[/]
    """
    span = _month(month)
    with_database()
    from gridhall.contexts.billing import operations

    report = operations.what_if(tariff, span, organisation=organisation, instead_of=instead_of, act=act())
    form = forms.what_if_form(report)
    if as_json:
        show_json(form)
        return
    show_table(
        f"What if: {report.tariff_code}, {month}",
        ("", ""),
        [(name, form[name]) for name in ("bills", "before", "after", "difference", "higher", "lower", "same")],
    )
    show_table(
        "Change of the bill",
        ("from %", "to %", "bills"),
        [("" if low is None else low, "" if high is None else high, count) for low, high, count in report.bands],
    )


@app.command()
@refusals
def pdf(
    number: str,
    output: Path = typer.Option(..., "--output", "-o", help="The file to write; .png gives a picture of each page."),
    language: str = typer.Option("zh-Hans", help="zh-Hans or en."),
    as_json: bool = JSON,
) -> None:
    """Write a bill as PDF, Chinese first.

    A Chinese font is needed: of the system (fonts-noto-cjk), of the package justmytype-intl-cjk, or in GRIDHALL_FONTS.

    [dim]gridhall bill pdf 20130101-000000042-00 --output bill.pdf[/]
    """
    with_database()
    from gridhall.contexts.billing import operations, queries

    operations.write_pdf(queries.explain(queries.read_number(number)), output, language=language)
    if as_json:
        show_json({"number": number, "file": str(output), "bytes": output.stat().st_size if output.exists() else None})
        return
    people.print(f"Written: {output}")


@app.command()
@refusals
def balance(
    account: str,
    at: str | None = typer.Option(None, metavar="DATE", help="A day; default: everything."),
    by: By = typer.Option(By.VALUE, help="By the day an entry belongs to, or the moment it was posted."),
    as_json: bool = JSON,
) -> None:
    """Show what a settlement account owes, and every entry behind it.

    By value date: what was owed in truth on that day, corrections counted in their period. By posting: what the books
    said at the end of that day.

    [dim]gridhall bill balance J0000042 --at 2013-06-30[/]
    """
    day = None if at is None else _day(at)
    with_database()
    from django.conf import settings

    from gridhall.contexts.billing import queries

    moment: date | datetime | None = day
    if day is not None and by is By.POSTING:
        moment = queries.end_of_day(day, settings.TIME_ZONE)
    identity = queries.account_id(account)
    dated: Literal["value", "posting"] = "value" if by is By.VALUE else "posting"
    owed = queries.balance(identity, at=moment, by=dated)
    entries = list(queries.statement(identity, at=moment, by=dated))
    if as_json:
        listed = [
            {
                "kind": e.kind,
                "bill": e.bill,
                "amount": str(yuan(e.amount_fen)),
                "value_date": e.value_date,
                "posted_at": e.posted_at,
                "balance": str(yuan(e.balance_fen)),
            }
            for e in entries
        ]
        show_json({"account": account, "at": at, "by": by.value, "balance": str(yuan(owed)), "entries": listed})
        return
    show_table(
        f"Account {account}",
        ("kind", "bill", "value date", "posted", "amount", "balance"),
        [
            (
                e.kind,
                e.bill or "",
                e.value_date,
                f"{e.posted_at:%Y-%m-%d %H:%M}",
                yuan(e.amount_fen),
                yuan(e.balance_fen),
            )
            for e in entries
        ],
    )
    people.print(f"Owed{'' if at is None else f' on {at}'}: {yuan(owed)}")


@app.command()
@refusals
def openings(file: Path, as_json: bool = JSON) -> None:
    """Take over how much of their tiers customers have used, from a system before: CSV of usage_point, as_of, kwh.

    Needed once, by a utility that starts in mid-year and has no readings of the months before.

    [dim]gridhall bill openings used-until-july.csv[/]
    """
    with_database()
    from gridhall.contexts.billing import operations

    count = operations.load_openings(file, act=act())
    if as_json:
        show_json({"file": file.name, "usage_points": count})
        return
    people.print(f"{count} usage points have an opening position.")


@app.command()
@refusals
def runs(as_json: bool = JSON) -> None:
    """List the newest runs: regular, corrections, simulations."""
    with_database()
    from gridhall.contexts.billing import queries

    found = queries.runs()
    if as_json:
        show_json({"runs": [forms.run_summary_form(each) for each in found]})
        return
    show_table(
        "Runs",
        ("run", "kind", "status", "start", "end", "bills", "parked", "total"),
        [(r.run, r.kind, r.status, r.span.start, r.span.end, r.bills, r.parked, yuan(r.total_fen)) for r in found],
    )


def _tell_correction(report: "CorrectionReport", as_json: bool) -> None:
    if as_json:
        show_json(forms.correction_form(report))
    else:
        show_correction(report)


def _month(text: str) -> DateSpan:
    try:
        return DateSpan.parse_month(text)
    except ValueError as error:
        raise BadOption(f"{error}.", path="--month") from error


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise BadOption(f"{text!r} is no day.", path="--at", remedy="Write it YYYY-MM-DD.") from error


def _today(now: datetime) -> date:
    """The local day of a moment."""
    from gridhall.runtime.localtime import local_day

    return local_day(now)
