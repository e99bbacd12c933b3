"""Taking over a utility's usage points and contracts from a CSV file, as it comes out of its old system."""

import csv
import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
from django.db import connection, transaction
from psycopg import sql

from gridhall.contexts.accounts.operations.bulk import Portfolio, load
from gridhall.contexts.accounts.operations.errors import CsvInvalid
from gridhall.kernel.errors import GridhallError
from gridhall.runtime import audit

#: A contract takes some hundred bytes; larger files are no lists of contracts.
_LARGEST: Final = 512 * 1024 * 1024
_NEEDED: Final = ("usage_point", "tariff_code", "start")


def _day(text: str) -> date:
    return datetime.strptime(text.replace("/", "-"), "%Y-%m-%d").date()  # noqa: DTZ007 a day has no zone


def _degrees(text: str) -> float:
    return float(text)


_PARSERS: Final[dict[str, Callable[[str], Any]]] = {
    "usage_point": str, "tariff_code": str, "start": _day, "end": _day, "name": str, "customer": str, "account": str,
    "kind": str, "phone": str, "address": str, "organisation": str, "usage_class": str, "longitude": _degrees,
    "latitude": _degrees, "household_size": int, "allowance": str, "capacity_va": int, "contract_demand_w": int,
    "power_factor_standard": int,
}  # fmt: skip
_KIND: Final = {str: "text", int: "a whole number", _day: "a day, YYYY-MM-DD", _degrees: "a number of degrees"}


@dataclass
class _Table:
    """Rows for one table of a portfolio, each with the line it came from; the first of a number counts."""

    types: dict[str, pa.DataType]
    key: str | None = None
    known: set[str] = field(default_factory=set)
    rows: list[dict[str, Any]] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)

    def add(self, line: int, row: dict[str, Any]) -> None:
        if self.key:
            if row[self.key] in self.known:
                return
            self.known.add(row[self.key])
        self.rows.append(row)
        self.lines.append(line)

    def table(self) -> pa.Table | None:
        return pa.Table.from_pylist(self.rows, schema=pa.schema(list(self.types.items()))) if self.rows else None


def load_csv(file: Path, *, organisation: str, act: audit.Act) -> dict[str, int]:
    """This will add what a CSV file says, all of it or nothing, and give the number of new rows of each table.

    Customers, accounts and usage points that exist already are used as they are; each row adds one agreement, which
    its account settles from its first to its last day. Units that do not exist are created at the top of the tree.

    Args:
        file: columns ``usage_point,tariff_code,start`` and those of `_PARSERS`; UTF-8 or GB18030; commas, semicolons
            or tabs.
        organisation: the code of the unit of rows that name none.

    Raises:
        CsvInvalid: when the file is unreadable or a value is; the path is ``file:line:column``.
        AgreementsOverlap, UnknownReference, …: as `load`, with the same path.
    """
    tables = {
        "organisations": _Table({"code": pa.string(), "name": pa.string(), "level": pa.int16()}, "code"),
        "customers": _Table(dict.fromkeys(("number", "kind", "name", "phone"), pa.string()), "number"),
        "accounts": _Table(dict.fromkeys(("number", "organisation", "customer"), pa.string()), "number"),
        "usage_points": _Table(
            dict.fromkeys(("number", "organisation", "usage_class", "address"), pa.string())
            | {"longitude": pa.float64(), "latitude": pa.float64()},
            "number",
        ),
        "agreements": _Table(
            dict.fromkeys(("usage_point", "customer", "account", "tariff_code", "allowance"), pa.string())
            | {"start": pa.date32(), "end": pa.date32(), "household_size": pa.int16(), "capacity_va": pa.int64()}
            | {"contract_demand_w": pa.int64(), "power_factor_standard": pa.int16()}
        ),
    }
    read = list(_rows(file))
    with transaction.atomic():
        for name, column in (
            ("organisations", "code"),
            ("customers", "number"),
            ("accounts", "number"),
            ("usage_points", "number"),
        ):
            tables[name].known = _existing(name, column)
        for line, row in read:
            _distribute(tables, line, row, organisation)
        try:
            return load(Portfolio(**{name: table.table() for name, table in tables.items()}), act=act)
        except GridhallError as error:
            name, _, rest = error.path.partition(":")
            number, _, column = rest.partition(":")
            if name in tables and number.isdigit():
                error.path = f"{file.name}:{tables[name].lines[int(number) - 1]}:{column}"
            else:
                error.path = error.path or file.name
            raise


def _distribute(tables: dict[str, _Table], line: int, row: dict[str, Any], organisation: str) -> None:
    point = row["usage_point"]
    unit = row.get("organisation") or organisation
    customer = row.get("customer") or f"C{point}"
    account = row.get("account") or f"A{point}"
    tables["organisations"].add(line, {"code": unit, "name": unit, "level": 1})
    tables["customers"].add(
        line,
        {
            "number": customer,
            "kind": row.get("kind") or "person",
            "name": row.get("name") or customer,
            "phone": row.get("phone"),
        },
    )
    tables["accounts"].add(line, {"number": account, "organisation": unit, "customer": customer})
    tables["usage_points"].add(
        line,
        {
            "number": point,
            "organisation": unit,
            "usage_class": row.get("usage_class") or "residential",
            "address": row.get("address"),
            "longitude": row.get("longitude"),
            "latitude": row.get("latitude"),
        },
    )
    terms = {name: row.get(name) for name in tables["agreements"].types}
    tables["agreements"].add(line, terms | {"customer": customer, "account": account})


def _rows(file: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """Line number and parsed values of each row; empty cells are absent."""
    text = _text(file)
    header, _, _ = text.partition("\n")
    delimiter = max((",", ";", "\t"), key=header.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        columns = [name.strip().lower() for name in next(reader, [])]
        missing = [name for name in _NEEDED if name not in columns]
        unknown = [name for name in columns if name not in _PARSERS]
        twice = [name for name in columns if columns.count(name) > 1]
        if missing or unknown or twice:
            raise CsvInvalid(
                f"The header lacks {', '.join(missing)}."
                if missing
                else f"The header has {'twice ' if twice else ''}{(unknown or twice)[0]!r}"
                f"{'' if twice else ', which nobody reads'}.",
                path=f"{file.name}:1",
                remedy=f"Needed are {', '.join(_NEEDED)}; known besides: {', '.join(list(_PARSERS)[3:])}.",
            )
        for cells in reader:
            if not any(cell.strip() for cell in cells):
                continue
            yield reader.line_num, _parsed(file, reader.line_num, columns, cells)
    except csv.Error as error:
        raise CsvInvalid(f"The line is no CSV: {error}.", path=f"{file.name}:{reader.line_num}") from error


def _parsed(file: Path, line: int, columns: list[str], cells: list[str]) -> dict[str, Any]:
    if len(cells) != len(columns):
        raise CsvInvalid(
            f"The line has {len(cells)} values, the header {len(columns)} names.",
            path=f"{file.name}:{line}",
            remedy="Put values that contain the separator into double quotes.",
        )
    row = {}
    for column, cell in zip(columns, cells, strict=True):
        value = cell.strip()
        if not value:
            if column in _NEEDED:
                raise CsvInvalid(f"{column} is empty.", path=f"{file.name}:{line}:{column}")
            continue
        parse = _PARSERS[column]
        try:
            row[column] = parse(value)
        except ValueError as error:
            raise CsvInvalid(f"{value!r} is not {_KIND[parse]}.", path=f"{file.name}:{line}:{column}") from error
    return row


def _text(file: Path) -> str:
    try:
        if file.stat().st_size > _LARGEST:
            raise CsvInvalid(
                "The file is too large for a list of contracts.", path=file.name, remedy="Split it into several files."
            )
        content = file.read_bytes()
    except OSError as error:
        raise CsvInvalid(f"The file cannot be read: {error.strerror}.", path=str(file)) from error
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = content.decode("utf-16" if content[:2] in (b"\xff\xfe", b"\xfe\xff") else encoding)
        except UnicodeDecodeError:
            continue
        if "\0" in text:
            break
        return text
    raise CsvInvalid("The file is no text in UTF-8, UTF-16 or GB18030.", path=file.name, remedy="Save it as CSV UTF-8.")


def _existing(name: str, column: str) -> set[str]:
    tables = {
        "organisations": "accounts_organisation", "customers": "accounts_customer",
        "accounts": "accounts_customeraccount", "usage_points": "accounts_usagepoint",
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(sql.SQL("SELECT {} FROM {}").format(sql.Identifier(column), sql.Identifier(tables[name])))
        return {value for (value,) in cursor.fetchall()}
