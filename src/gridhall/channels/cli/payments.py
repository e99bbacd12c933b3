"""`gridhall payments`: money in, from the command line."""

import typer

from gridhall.channels.cli import payments_books, payments_debit, payments_nightly, payments_places

payments = typer.Typer(
    help="Money in: statements of gateways, days that are closed, sums for the general ledger. "
    "Example: [bold]gridhall payments statement demo 2026-03-02[/]",
    no_args_is_help=True,
)


def register(app: typer.Typer) -> None:
    """Add the group of payments; its parts add their commands."""
    app.add_typer(payments, name="payments")
    payments_books.register(payments)
    payments_debit.register(payments)
    payments_nightly.register(payments)
    payments_places.register(payments)
