"""`gridhall`: the groups of commands, put together."""

import importlib

import typer

app = typer.Typer(
    name="gridhall",
    help="Readings in, exact bills out, every line explained. Start with [bold]gridhall demo[/].",
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
)

#: Each module offers ``register(app)``; the order is the order of ``gridhall --help``.
GROUPS = (
    "demo", "serve", "logins", "worker", "organisation", "imports", "readings", "tariff", "tariff_import", "bill",
    "bill_running", "payments", "supply",
)  # fmt: skip

for _group in GROUPS:
    importlib.import_module(f"gridhall.channels.cli.{_group}").register(app)
