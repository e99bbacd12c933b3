"""How the command line speaks: tables and progress bars to people, JSON to programs, errors with place and remedy."""

import functools
import sys
from collections.abc import Callable, Iterable, Sequence
from typing import Any, ParamSpec, TypeVar

import orjson
import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from gridhall.kernel.errors import GridhallError

P = ParamSpec("P")
R = TypeVar("R")

#: The exit status of a refusal: the request was understood and not carried out.
REFUSED = 2
#: Texts without a space up to this length stay on one line of a table.
LONGEST_IDENTIFIER = 24
#: The width of tables that go into a file or another program instead of a terminal.
_WIDE = 140

people = Console(width=None if sys.stdout.isatty() else _WIDE)
errors = Console(stderr=True)


def show_json(value: Any) -> None:
    """Print one JSON document; decimals and dates as strings, so that no digit is lost."""
    sys.stdout.write(orjson.dumps(value, default=str, option=orjson.OPT_INDENT_2).decode() + "\n")


def show_table(title: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Print rows as a table for people; numbers to the right."""
    table = Table(title=title, title_justify="left")
    listed = [[str(cell) for cell in row] for row in rows]
    for index, column in enumerate(columns):
        numeric = bool(listed) and all(_is_number(row[index]) for row in listed)
        # Numbers and identifiers are read back and copied: they are never cut, and prose makes room for them.
        whole = all(" " not in row[index] and len(row[index]) <= LONGEST_IDENTIFIER for row in listed)
        table.add_column(column, justify="right" if numeric else "left", no_wrap=whole, overflow="fold")
    for row in listed:
        table.add_row(*row)
    people.print(table)


def progress() -> Progress:
    """A progress bar on standard error for work that takes more than a moment; silent where nobody watches."""
    return Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=errors,
        disable=not errors.is_terminal,
    )


def refusals(command: Callable[P, R]) -> Callable[P, R]:
    """Turn a `GridhallError` into exit status 2: as ``{"error": …}`` with ``--json``, as a sentence without."""

    @functools.wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return command(*args, **kwargs)
        except GridhallError as error:
            if kwargs.get("as_json"):
                show_json({"error": error.as_json()})
            else:
                errors.print(f"[bold red]{error.code}[/]", end=" ")
                errors.print(str(error), markup=False, highlight=False)
            raise typer.Exit(REFUSED) from error

    return run


def _is_number(text: str) -> bool:
    return text.replace(",", "").replace(".", "", 1).removeprefix("-").removeprefix("¥").isdigit()
