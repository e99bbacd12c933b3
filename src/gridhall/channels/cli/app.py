"""`gridhall`: the commands, put together."""

import typer

app = typer.Typer(
    name="gridhall",
    help="Readings in, exact bills out. Start with [bold]gridhall demo[/].",
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
)
