"""Files of places, read row by row: a bad row is told with its line, the others are good."""

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import orjson

from gridhall.contexts.payments.place_files.cells import REQUIRED, Cells, Fault, RowFault, column_of, values_of
from gridhall.contexts.payments.rules.coordinates import CoordinateSystem
from gridhall.kernel.errors import Refused

LARGEST: Final = 5 * 1024 * 1024
MOST_ROWS: Final = 10_000
#: Written by `writing.bad_rows_csv`; a mended file may keep them.
NOTES: Final = ("line", "field", "reason", "remedy")
#: A spreadsheet takes cells that begin so for something to compute.
COMPUTED: Final = ("=", "+", "-", "@", "\t", "\r")
#: Put before them.
QUOTE: Final = "'"


class PointFileUnreadable(Refused):
    """The file is neither CSV nor GeoJSON; the path names the line where there is one."""

    code = "point_file_unreadable"


class PointColumnsMissing(Refused):
    """The head of the file lacks columns, or has one twice; the path names them."""

    code = "point_columns_missing"


class PointFileEmpty(Refused):
    """There is no place in the file."""

    code = "point_file_empty"


class PointFileTooLarge(Refused):
    """The file has more than anybody has places."""

    code = "point_file_too_large"


@dataclass(frozen=True)
class PlaceRow:
    """A good row: its line (of GeoJSON: the feature's number), and what it says of the place."""

    line: int
    values: dict[str, Any]


@dataclass(frozen=True)
class BadRow:
    """A row that is not let in, as it came, with what is wrong in it."""

    line: int
    cells: Cells
    faults: tuple[Fault, ...]


@dataclass(frozen=True)
class PlaceFile:
    """What a file says.

    Attributes:
        form: ``csv`` or ``geojson``. ``columns``: those of ours that it has.
        ignored: names of columns that are not ours.
        rows, bad: in the order of the file.
    """

    form: str
    columns: tuple[str, ...]
    ignored: tuple[str, ...]
    rows: tuple[PlaceRow, ...]
    bad: tuple[BadRow, ...]


#: Line, cells, and a fault of the row as a whole.
_Raw = tuple[int, dict[str, str], Fault | None]


def read_places(content: bytes, system: CoordinateSystem) -> PlaceFile:
    """The places of a file; which of the forms it is, is told by its content.

    Args:
        system: how the file counts longitude and latitude.

    Raises:
        PointFileUnreadable, PointColumnsMissing, PointFileEmpty, PointFileTooLarge: nothing of the file can be used.
    """
    if len(content) > LARGEST:
        raise PointFileTooLarge(f"The file has {len(content):,} bytes.", remedy=f"At most {LARGEST:,} are accepted.")
    if content[:2] == b"PK":
        raise PointFileUnreadable("This is a workbook or an archive.", remedy="Save the sheet as CSV (UTF-8).")
    text = _text(content)
    if text.lstrip().startswith(("{", "[")):
        form, (columns, ignored, raw) = "geojson", _geojson(text)
    else:
        form, (columns, ignored, raw) = "csv", _csv(text)
    rows: list[PlaceRow] = []
    bad: list[BadRow] = []
    seen: set[str] = set()
    for line, cells, fault in raw:
        if len(rows) + len(bad) >= MOST_ROWS:
            raise PointFileTooLarge(f"The file has more than {MOST_ROWS:,} places.", remedy="Split it.")
        values, faults = values_of(cells, system)
        if fault is not None:
            # What else seems wrong follows from it.
            faults = [fault]
        code = values.get("code", "")
        if code and code in seen:
            faults.append(Fault("code", code, RowFault.REPEATED))
        seen.add(code)
        if faults:
            bad.append(BadRow(line, cells, tuple(faults)))
        else:
            rows.append(PlaceRow(line, values))
    if not rows and not bad:
        raise PointFileEmpty("There is no place in the file.")
    return PlaceFile(form, columns, ignored, tuple(rows), tuple(bad))


def _text(content: bytes) -> str:
    encodings = ("utf-16",) if content[:2] in (b"\xff\xfe", b"\xfe\xff") else ("utf-8-sig", "gb18030")
    for encoding in encodings:
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\x00" not in text:
            return text
    raise PointFileUnreadable("The file is no readable text.", remedy="Save it as CSV (UTF-8).")


def _csv(text: str) -> tuple[tuple[str, ...], tuple[str, ...], Iterator[_Raw]]:
    first = next((line for line in text.splitlines() if line.strip()), "")
    if not first:
        raise PointFileEmpty("There is nothing in the file.")
    separator = max(",\t;|", key=lambda each: sum(column_of(cell.strip('"')) is not None for cell in first.split(each)))
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    try:
        head = next(row for row in reader if any(cell.strip() for cell in row))
    except csv.Error as error:
        raise PointFileUnreadable(f"The head cannot be read: {error}.", path="1") from error
    columns = [column_of(name) for name in head]
    named = [each for each in columns if each]
    missing = [each for each in REQUIRED if each not in named]
    twice = sorted({each for each in named if named.count(each) > 1})
    if missing or twice:
        said = f"The head lacks {', '.join(missing)}." if missing else f"The head has {', '.join(twice)} twice."
        raise PointColumnsMissing(said, path=", ".join(missing or twice), remedy="Name each column once.")
    ignored = [name for name, column in zip(head, columns, strict=True) if not column and name.strip()]
    return tuple(named), _told(ignored), _csv_rows(reader, columns)


def _csv_rows(reader: Any, columns: list[str | None]) -> Iterator[_Raw]:
    line = reader.line_num + 1
    try:
        for row in reader:
            if any(cell.strip() for cell in row):
                # Spreadsheets leave empty cells at the end away, or put some there.
                spare = len(columns) - len(row)
                odd = any(cell.strip() for cell in row[len(columns) :]) or spare > 0
                padded = row + [""] * spare
                cells = {name: _bare(cell) for name, cell in zip(columns, padded, strict=False) if name}
                yield line, cells, Fault("", "", RowFault.CELLS) if odd else None
            line = reader.line_num + 1
    except csv.Error as error:
        raise PointFileUnreadable(
            f"The row cannot be read: {error}.", path=str(line), remedy="Look for a quote that is not closed."
        ) from error


def _geojson(text: str) -> tuple[tuple[str, ...], tuple[str, ...], Iterator[_Raw]]:
    try:
        whole = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise PointFileUnreadable(f"It is no JSON: {error.msg}.", path=str(error.lineno)) from error
    features = whole.get("features") if isinstance(whole, dict) else None
    if not isinstance(features, list) or whole.get("type") != "FeatureCollection":
        raise PointFileUnreadable("It is JSON, but no FeatureCollection.", remedy="Export the places as GeoJSON.")
    names = dict.fromkeys(name for each in features for name in _properties(each))
    known = {name: column for name in names if (column := column_of(name))}
    ignored = _told([name for name in names if name not in known])
    columns = tuple(dict.fromkeys([*known.values(), "longitude", "latitude"]))
    return columns, ignored, (_feature(at, each, known) for at, each in enumerate(features, 1))


def _feature(number: int, feature: Any, known: dict[str, str]) -> _Raw:
    said = _properties(feature)
    cells = {column: _cell(said[name]) for name, column in known.items() if name in said}
    if isinstance(feature, dict) and "code" not in cells and isinstance(feature.get("id"), (str, int)):
        cells["code"] = str(feature["id"])
    geometry = feature.get("geometry") if isinstance(feature, dict) else None
    at = geometry.get("coordinates") if isinstance(geometry, dict) and geometry.get("type") == "Point" else None
    if not isinstance(at, list) or len(at) < 2 or not all(type(each) in (int, float) for each in at[:2]):
        return number, cells, Fault("", "", RowFault.NOT_A_POINT)
    return number, cells | {"longitude": repr(at[0]), "latitude": repr(at[1])}, None


def _properties(feature: Any) -> dict[str, Any]:
    said = feature.get("properties") if isinstance(feature, dict) else None
    return said if isinstance(said, dict) else {}


def _cell(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return "; ".join(_cell(each) for each in value)
    return "" if value is None else value if isinstance(value, str) else orjson.dumps(value).decode()


def _bare(cell: str) -> str:
    return cell[1:] if cell[:1] == QUOTE and cell[1:2] in COMPUTED else cell


def _told(names: list[str]) -> tuple[str, ...]:
    return tuple(name.strip()[:40] for name in names if name.strip().lower() not in NOTES)[:20]
