"""`gridhall payments statement, close-day, reopen-day, ledger-summary`: the books against gateways, day by day."""

import sys
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from gridhall.channels.cli.output import people, refusals, show_json, show_table
from gridhall.channels.cli.startup import act, with_database

Day = Annotated[datetime, typer.Argument(formats=["%Y-%m-%d"], help="The day, YYYY-MM-DD.")]
Gateway = Annotated[str, typer.Argument(help="Code of the gateway.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document for programs.")]


def register(payments: typer.Typer) -> None:
    """Add the commands to the group of payments."""
    payments.command()(statement)
    payments.command("close-day")(close_day)
    payments.command("reopen-day")(reopen_day)
    payments.command("ledger-summary")(ledger_summary)


@refusals
def statement(
    gateway: Gateway,
    day: Day,
    file: Annotated[Path | None, typer.Option(help="The gateway's file; without it the gateway is asked.")] = None,
    as_json: AsJson = False,
) -> None:
    """Take in a gateway's statement of a day and match it with the books.

    Example: gridhall payments statement demo 2026-03-02
    """
    with_database()
    from gridhall.contexts.payments import ports
    from gridhall.contexts.payments.operations import reconciling
    from gridhall.kernel.errors import NotFound

    if file is not None and not file.is_file():
        raise NotFound(f"There is no file {file}.", path=str(file))
    content = file.read_bytes() if file else ports.gateway(gateway).statement(day.date())
    found = reconciling.take_statement(gateway, day.date(), content, act=act())
    if as_json:
        show_json(
            {
                "gateway": gateway, "day": day.date(), "lines": found.lines, "matched": found.matched,
                "opened": found.opened, "posted": found.posted, "settled": found.settled, "repeated": found.repeated,
            }
        )  # fmt: skip
    elif found.repeated:
        people.print(f"{gateway} {day:%Y-%m-%d}: this file was taken in before, nothing changed")
    else:
        people.print(
            f"{gateway} {day:%Y-%m-%d}: {found.lines} lines, {found.matched} as in the books, {found.posted} posted,"
            f" {found.opened} cases opened, {found.settled} earlier cases settled"
        )


@refusals
def close_day(gateway: Gateway, day: Day, as_json: AsJson = False) -> None:
    """Close a gateway's day; refused while a difference is not explained.

    Example: gridhall payments close-day demo 2026-03-02
    """
    with_database()
    from gridhall.contexts.payments.operations import closing
    from gridhall.kernel.money import yuan

    closed = closing.close_day(gateway, day.date(), act=act())
    if as_json:
        show_json(
            {
                "gateway": gateway, "day": closed.day, "receipts": closed.receipts, "paid_fen": closed.paid_fen,
                "refunded_fen": closed.refunded_fen,
            }
        )  # fmt: skip
    else:
        people.print(
            f"{gateway} {day:%Y-%m-%d} is closed: {closed.receipts} movements, {yuan(closed.paid_fen)} yuan in,"
            f" {yuan(closed.refunded_fen)} back"
        )


@refusals
def reopen_day(
    gateway: Gateway,
    day: Day,
    reason: Annotated[str, typer.Option(help="Why, in a sentence; it stays on record.")],
    as_json: AsJson = False,
) -> None:
    """Open a closed day again.

    Example: gridhall payments reopen-day demo 2026-03-02 --reason "The gateway corrected its statement."
    """
    with_database()
    from gridhall.contexts.payments.operations import closing

    closing.reopen_day(gateway, day.date(), reason=reason, act=act())
    if as_json:
        show_json({"gateway": gateway, "day": day.date()})
    else:
        people.print(f"{gateway} {day:%Y-%m-%d} is open again")


@refusals
def ledger_summary(
    first: Day,
    last: Annotated[datetime | None, typer.Argument(formats=["%Y-%m-%d"], help="The last day; none: one day.")] = None,
    csv: Annotated[
        Path | None, typer.Option(help="Write the file for the general ledger here; - is the output.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Sums of what was posted on days, by unit, kind and gateway, with the accounts of the general ledger.

    Example: gridhall payments ledger-summary 2026-03-02 --csv ledger-2026-03-02.csv
    """
    with_database()
    from gridhall.contexts.payments.queries import ledger_summary as summaries
    from gridhall.kernel.money import yuan

    found = summaries.ledger_summary(first.date(), (last or first).date())
    if csv is not None:
        content = summaries.ledger_csv(found)
        if str(csv) == "-":
            sys.stdout.buffer.write(content)
        else:
            csv.write_bytes(content)
            people.print(f"{csv}: {len(found)} lines")
    elif as_json:
        show_json(
            [
                {
                    "day": each.day, "unit": each.unit, "kind": each.kind, "gateway": each.gateway,
                    "entries": each.entries, "debit": each.debit, "credit": each.credit,
                    "amount_fen": each.amount_fen, "ledger_fen": each.ledger_fen,
                }
                for each in found
            ]
        )  # fmt: skip
    else:
        show_table(
            "总账汇总",
            ["day", "unit", "kind", "gateway", "entries", "debit", "credit", "amount"],
            [
                (each.day, f"{each.unit} {each.unit_name}", each.kind, each.gateway or "—", each.entries, each.debit,
                 each.credit, yuan(each.amount_fen))
                for each in found
            ],
        )  # fmt: skip
