"""`gridhall payments debit`: direct debit by files, from the mandate to the bank's answer."""

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from gridhall.channels.cli.output import people, refusals, show_json, show_table
from gridhall.channels.cli.startup import act, with_database

Day = Annotated[datetime, typer.Argument(formats=["%Y-%m-%d"], help="The day of collection, YYYY-MM-DD.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document for programs.")]

debit = typer.Typer(
    help="Direct debit by files. Example: [bold]gridhall payments debit announce 2026-03-20[/]", no_args_is_help=True
)


def register(payments: typer.Typer) -> None:
    """Add the commands to the group of payments."""
    payments.add_typer(debit, name="debit")


@debit.command()
@refusals
def mandate(
    number: Annotated[str, typer.Argument(help="户号 or account number.")],
    reference: Annotated[str, typer.Option(help="What the bank knows the mandate by.")],
    name: Annotated[str, typer.Option(help="The payer, as the bank knows them.")],
    bank_account: Annotated[str, typer.Option(help="IBAN or account number.")],
    bank: Annotated[str, typer.Option(help="BIC or bank number.")],
    limit: Annotated[str, typer.Option(help="The most of one debit, in yuan.")],
    signed: Annotated[datetime, typer.Option(formats=["%Y-%m-%d"], help="The day it was signed.")],
    as_json: AsJson = False,
) -> None:
    """Record that a payer lets bills be collected from a bank account.

    Example: gridhall payments debit mandate 3100000008 --reference M-1 --name 崔女士 --bank-account 6222020200001234567
    --bank 102100099996 --limit 500 --signed 2026-01-05
    """
    with_database()
    from gridhall.contexts.payments import operations
    from gridhall.contexts.payments.types import fen_of

    operations.record_mandate(
        number, reference=reference, debtor_name=name, bank_account=bank_account, bank_code=bank,
        limit_fen=fen_of(limit), signed_date=signed.date(), act=act(),
    )  # fmt: skip
    if as_json:
        show_json({"reference": reference, "number": number})
    else:
        people.print(f"{reference}: recorded for {number}", highlight=False)


@debit.command()
@refusals
def end(
    reference: Annotated[str, typer.Argument(help="What the bank knows the mandate by.")],
    reason: Annotated[str, typer.Option(help="Why.")],
    as_json: AsJson = False,
) -> None:
    """End a mandate.

    Example: gridhall payments debit end M-1 --reason "moved out"
    """
    with_database()
    from gridhall.contexts.payments import operations

    operations.end_mandate(reference, reason=reason, act=act())
    if as_json:
        show_json({"reference": reference, "ended": True})
    else:
        people.print(f"{reference}: ended", highlight=False)


@debit.command()
@refusals
def announce(day: Day, as_json: AsJson = False) -> None:
    """Announce debits to everybody with a mandate who owes something.

    Example: gridhall payments debit announce 2026-03-20
    """
    with_database()
    from gridhall.contexts.payments import operations
    from gridhall.kernel.money import yuan

    told = operations.announce_debits(day.date(), act=act())
    if as_json:
        show_json({"count": told.count, "total_fen": told.total_fen, "above_limit": list(told.above_limit)})
    else:
        people.print(f"{told.count} debits announced, {yuan(told.total_fen)} yuan", highlight=False)
        for reference in told.above_limit:
            people.print(f"{reference}: owes more than may be collected at once, not announced", highlight=False)


@debit.command()
@refusals
def make(
    day: Day,
    to: Annotated[Path, typer.Option(help="The folder that the file is written to.")],
    form: Annotated[str, typer.Option("--format", help="pain: ISO 20022 pain.008; text: a Chinese bank's.")] = "pain",
    as_json: AsJson = False,
) -> None:
    """Make the file of a day's announced debits for the bank.

    Example: gridhall payments debit make 2026-03-20 --to out
    """
    with_database()
    from gridhall.contexts.payments import operations
    from gridhall.kernel.errors import NotFound

    if not to.is_dir():
        raise NotFound(f"There is no folder {to}.", path=str(to))
    made = operations.make_batch(day.date(), format=form, act=act())
    file = None
    if made is not None:
        name, content = operations.batch_file(made)
        file = to / name
        file.write_bytes(content)
    if as_json:
        show_json({"batch": made, "file": str(file) if file else None})
    else:
        people.print(f"{file}" if file else "Nothing is left to collect on that day.", highlight=False)


@debit.command("import")
@refusals
def take_in(
    file: Annotated[Path, typer.Argument(help="camt.054, or the text of a Chinese bank.")], as_json: AsJson = False
) -> None:
    """Take in a bank's answer: what was paid, what failed, what came back.

    Example: gridhall payments debit import camt054.xml
    """
    with_database()
    from gridhall.contexts.payments import operations, queries
    from gridhall.kernel.errors import NotFound
    from gridhall.kernel.money import yuan

    if not file.is_file():
        raise NotFound(f"There is no file {file}.", path=str(file))
    answer = queries.debit_answer(operations.import_answer(file.read_bytes(), act=act()))
    counts: dict[str, int] = {}
    for line in answer.lines:
        counts[line.outcome] = counts.get(line.outcome, 0) + 1
    unsettled = [line for line in answer.lines if line.outcome in operations.UNSETTLED]
    if as_json:
        show_json({"message": answer.message_id, "outcomes": counts, "unsettled": [vars(line) for line in unsettled]})
        return
    people.print(f"{answer.message_id}: " + ", ".join(f"{count} {word}" for word, count in sorted(counts.items())))
    if unsettled:
        rows = [(line.line, line.end_to_end, yuan(line.amount_fen), line.outcome) for line in unsettled]
        show_table("For a clerk to look into; nothing was posted", ("line", "end-to-end id", "yuan", "why"), rows)


@debit.command("list")
@refusals
def batches(as_json: AsJson = False) -> None:
    """The files for the bank, the newest first.

    Example: gridhall payments debit list
    """
    with_database()
    from gridhall.contexts.payments import queries
    from gridhall.kernel.money import yuan

    found = queries.debit_batches()
    if as_json:
        show_json([vars(batch) for batch in found])
        return
    rows = [
        (
            batch.message_id,
            batch.format,
            batch.collection_date,
            batch.count,
            yuan(batch.total_fen),
            *batch.states.values(),
        )
        for batch in found
    ]
    columns = ("message", "format", "collection", "debits", "yuan", "sent", "paid", "failed", "returned")
    show_table("Direct debits", columns, rows)
