"""Loading a whole portfolio at once: a utility's existing customers, the demo, a benchmark.

Tables come as Arrow, refer to each other by number or code, and go in by COPY and a few set-based statements. The
constraints of the database hold as for a single row; loading is all or nothing.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, fields
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc
from django.db import connection, transaction
from psycopg import sql

from gridhall.contexts.accounts.operations.errors import AgreementsOverlap, UnknownReference, WrongColumns, integrity
from gridhall.runtime import audit
from gridhall.runtime.copy import copy_in, dateranges


@dataclass(frozen=True)
class Portfolio:
    """What to load; every table is optional. Columns marked ? may be absent; dates are date32, spans ``[start, end)``.

    Attributes:
        organisations: code, name, level (1 province … 4 station), parent? (code); parents before children.
        substations: code, name, organisation, longitude?, latitude?
        feeders: code, name, substation.
        transformer_areas: code, name, feeder, dedicated?, capacity_va?, longitude?, latitude?
        customers: number, kind, name, phone?, credential?
        accounts: number, organisation, customer.
        usage_points: number, organisation, usage_class, transformer_area?, address?, status?, longitude?, latitude?;
            rows with the same address share a service location.
        agreements: usage_point, customer, tariff_code, start, end?, account? (settles the whole span; null where
            ``settlements`` says who), household_size?, allowance?, capacity_va?, contract_demand_w?,
            power_factor_standard?
        settlements: usage_point, account, start, end?: of the agreement that is in force on ``start``.
    """

    organisations: pa.Table | None = None
    substations: pa.Table | None = None
    feeders: pa.Table | None = None
    transformer_areas: pa.Table | None = None
    customers: pa.Table | None = None
    accounts: pa.Table | None = None
    usage_points: pa.Table | None = None
    agreements: pa.Table | None = None
    settlements: pa.Table | None = None


@dataclass(frozen=True)
class _Kind:
    """How the rows of one table of a portfolio become rows of the database."""

    required: dict[str, pa.DataType]
    optional: dict[str, pa.DataType]
    #: column of the portfolio → (database table, its column that is referred to, may it be null)
    references: dict[str, tuple[str, str, bool]]
    #: The statement that inserts from ``staged``; ``{staged}`` stands for it and ``{joins}`` for its references.
    insert: str
    spans: bool = False
    before: tuple[str, ...] = field(default=())


_TEXT, _DEGREES = pa.string(), pa.float64()
_POSITION: Final = {"longitude": _DEGREES, "latitude": _DEGREES}
_TERMS: Final = {
    "household_size": pa.int16(),
    "allowance": _TEXT,
    "capacity_va": pa.int64(),
    "contract_demand_w": pa.int64(),
    "power_factor_standard": pa.int16(),
}

_KINDS: Final = {
    "organisations": _Kind(
        {"code": _TEXT, "name": _TEXT, "level": pa.int16()},
        {"parent": _TEXT},
        {},
        # Row by row in the given order, so that a parent is there before its children.
        """DO $$ DECLARE s record; BEGIN FOR s IN SELECT * FROM staged ORDER BY row_no LOOP
             INSERT INTO accounts_organisation (code, name, level, parent_id, path) VALUES (s.code, s.name, s.level,
               CASE WHEN s.parent IS NOT NULL
                 THEN coalesce((SELECT id FROM accounts_organisation WHERE code = s.parent), -1) END, '');
           END LOOP; END $$""",
    ),
    "substations": _Kind(
        {"code": _TEXT, "name": _TEXT, "organisation": _TEXT},
        _POSITION,
        {"organisation": ("accounts_organisation", "code", False)},
        """INSERT INTO accounts_substation (code, name, organisation_id, longitude, latitude)
           SELECT s.code, s.name, organisation_.id, s.longitude, s.latitude FROM staged s {joins} ORDER BY s.row_no""",
    ),
    "feeders": _Kind(
        {"code": _TEXT, "name": _TEXT, "substation": _TEXT},
        {},
        {"substation": ("accounts_substation", "code", False)},
        """INSERT INTO accounts_feeder (code, name, substation_id)
           SELECT s.code, s.name, substation_.id FROM staged s {joins} ORDER BY s.row_no""",
    ),
    "transformer_areas": _Kind(
        {"code": _TEXT, "name": _TEXT, "feeder": _TEXT},
        {"dedicated": pa.bool_(), "capacity_va": pa.int64()} | _POSITION,
        {"feeder": ("accounts_feeder", "code", False)},
        """INSERT INTO accounts_transformerarea (code, name, feeder_id, dedicated, capacity_va, longitude, latitude)
           SELECT s.code, s.name, feeder_.id, coalesce(s.dedicated, false), s.capacity_va, s.longitude, s.latitude
           FROM staged s {joins} ORDER BY s.row_no""",
    ),
    "customers": _Kind(
        {"number": _TEXT, "kind": _TEXT, "name": _TEXT},
        {"phone": _TEXT, "credential": _TEXT},
        {},
        """INSERT INTO accounts_customer (number, kind, name, phone, credential)
           SELECT s.number, s.kind, s.name, coalesce(s.phone, ''), coalesce(s.credential, '')
           FROM staged s ORDER BY s.row_no""",
    ),
    "accounts": _Kind(
        {"number": _TEXT, "organisation": _TEXT, "customer": _TEXT},
        {},
        {
            "organisation": ("accounts_organisation", "code", False),
            "customer": ("accounts_customer", "number", False),
        },
        """INSERT INTO accounts_customeraccount (number, organisation_id, customer_id)
           SELECT s.number, organisation_.id, customer_.id FROM staged s {joins} ORDER BY s.row_no""",
    ),
    "usage_points": _Kind(
        {"number": _TEXT, "organisation": _TEXT, "usage_class": _TEXT},
        {"transformer_area": _TEXT, "address": _TEXT, "status": _TEXT} | _POSITION,
        {
            "organisation": ("accounts_organisation", "code", False),
            "transformer_area": ("accounts_transformerarea", "code", True),
        },
        """INSERT INTO accounts_usagepoint
             (number, organisation_id, location_id, transformer_area_id, usage_class, status, longitude, latitude)
           SELECT s.number, organisation_.id, located.id, transformer_area_.id, s.usage_class,
             coalesce(s.status, 'connected'), s.longitude, s.latitude
           FROM staged s {joins} LEFT JOIN located ON located.address = s.address ORDER BY s.row_no""",
        before=(
            "CREATE TEMPORARY TABLE located (id bigint, address text) ON COMMIT DROP",
            """WITH fresh AS (
                 INSERT INTO accounts_servicelocation (address, longitude, latitude)
                 SELECT address, min(longitude), min(latitude) FROM staged
                 WHERE address IS NOT NULL GROUP BY address ORDER BY min(row_no) RETURNING id, address)
               INSERT INTO located SELECT id, address FROM fresh""",
            "ANALYZE located",
        ),
    ),
    "agreements": _Kind(
        {"usage_point": _TEXT, "customer": _TEXT, "tariff_code": _TEXT, "start": pa.date32()},
        {"end": pa.date32(), "account": _TEXT} | _TERMS,
        {
            "usage_point": ("accounts_usagepoint", "number", False),
            "customer": ("accounts_customer", "number", False),
            "account": ("accounts_customeraccount", "number", True),
        },
        """WITH agreed AS (
             INSERT INTO accounts_customeragreement (usage_point_id, customer_id, tariff_code, span, household_size,
               allowance, capacity_va, contract_demand_w, power_factor_standard)
             SELECT usage_point_.id, customer_.id, s.tariff_code, s.span, s.household_size, s.allowance, s.capacity_va,
               s.contract_demand_w, s.power_factor_standard
             FROM staged s {joins} ORDER BY s.row_no RETURNING id, usage_point_id, span)
           INSERT INTO accounts_settlement (agreement_id, account_id, span)
           SELECT agreed.id, account_.id, agreed.span FROM agreed JOIN staged_accounts account_
             ON account_.usage_point_id = agreed.usage_point_id AND account_.span = agreed.span
           ORDER BY agreed.id""",
        spans=True,
        before=(
            """CREATE TEMPORARY TABLE staged_accounts ON COMMIT DROP AS
               SELECT u.id AS usage_point_id, s.span, a.id FROM staged s
               JOIN accounts_usagepoint u ON u.number = s.usage_point
               JOIN accounts_customeraccount a ON a.number = s.account""",
            "ANALYZE staged_accounts",
        ),
    ),
    "settlements": _Kind(
        {"usage_point": _TEXT, "account": _TEXT, "start": pa.date32()},
        {"end": pa.date32()},
        {
            "usage_point": ("accounts_usagepoint", "number", False),
            "account": ("accounts_customeraccount", "number", False),
        },
        """INSERT INTO accounts_settlement (agreement_id, account_id, span)
           SELECT a.id, account_.id, s.span FROM staged s {joins}
           JOIN accounts_customeragreement a ON a.usage_point_id = usage_point_.id AND a.span @> lower(s.span)
           ORDER BY s.row_no""",
        spans=True,
    ),
}


#: From this many rows on, references of a table may be checked all at once.
_LARGE: Final = 5_000
#: From this many rows on, statistics are made anew.
_NOTICEABLE: Final = 1_000
_GROWING: Final = {
    "customers": ("accounts_customer",),
    "accounts": ("accounts_customeraccount",),
    "usage_points": ("accounts_usagepoint",),
    "agreements": ("accounts_customeragreement", "accounts_settlement"),
    "settlements": ("accounts_settlement",),
}


def load(portfolio: Portfolio, *, act: audit.Act) -> dict[str, int]:
    """This will add everything in a portfolio in one transaction and give the number of rows of each table.

    Existing contracts of any age may be loaded: the limits for backdating bind changes, not the taking over of what is
    already agreed.

    Raises:
        WrongColumns: when a table lacks a column, or has one that nobody reads.
        UnknownReference: when a row refers to a number or code that does not exist; names the row.
        AlreadyExists, AgreementsOverlap, SettlementIncomplete, …: when a constraint of the database says no.
    """
    counts = {}
    tables = {f.name: getattr(portfolio, f.name) for f in fields(portfolio)}
    with transaction.atomic(), integrity(), _checked_at_once(tables):
        for name, rows in tables.items():
            if rows is not None and rows.num_rows:
                counts[name] = _load(name, _KINDS[name], rows)
        if counts:
            audit.record(act, "accounts.portfolio.loaded", "portfolio", dict(counts))
    return counts


@contextmanager
def _checked_at_once(tables: Mapping[str, pa.Table | None]) -> Iterator[None]:
    """For large loads: take foreign keys and exclusions off the tables that grow, and put them back checked at once.

    Foreign keys row by row would take half of the time, and exclusions row by row most of the log. The tables are
    locked until the transaction ends.
    """
    growth = {
        table: rows.num_rows
        for name, names in _GROWING.items()
        if (rows := tables[name]) is not None and rows.num_rows >= _LARGE
        for table in names
    }
    with connection.cursor() as cursor:
        # Checking a table as a whole pays only where much of it is new.
        cursor.execute(
            "SELECT relname, reltuples FROM pg_class WHERE oid = ANY(%s::regclass[]) AND relkind = 'r'", [list(growth)]
        )
        wanted = [table for table, rows in cursor.fetchall() if growth[table] * 10 >= rows]
        if wanted:
            # A table with checks still waiting cannot be altered.
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            cursor.execute("SET CONSTRAINTS ALL DEFERRED")
        cursor.execute(
            "SELECT conrelid::regclass::text, quote_ident(conname), pg_get_constraintdef(oid) FROM pg_constraint"
            " WHERE contype IN ('f', 'x') AND conrelid = ANY(%s::regclass[]) ORDER BY oid",
            [wanted],
        )
        keys = cursor.fetchall()
        for table, key, _ in keys:
            cursor.execute(f"ALTER TABLE {table} DROP CONSTRAINT {key}")
        yield
        for table, key, definition in keys:
            cursor.execute(f"ALTER TABLE {table} ADD CONSTRAINT {key} {definition}")


def _load(name: str, kind: _Kind, rows: pa.Table) -> int:
    staged = _conform(name, kind, rows)
    with connection.cursor() as cursor, _staging(cursor, staged):
        joins = []
        for column, (table, key, nullable) in kind.references.items():
            _refuse_unknown(cursor, name, column, table, key)
            joins.append(f"{'LEFT ' if nullable else ''}JOIN {table} {column}_ ON {column}_.{key} = s.{column}")
        if name == "agreements":
            _refuse_overlaps(cursor)
        for statement in kind.before:
            cursor.execute(statement)
        cursor.execute(kind.insert.replace("{joins}", " ".join(joins)))
        for statement in kind.before:
            if statement.startswith("CREATE TEMPORARY TABLE"):
                cursor.execute(f"DROP TABLE {statement.split()[3]}")
        _analyse(cursor, name, staged.num_rows)
    return int(staged.num_rows)


def _conform(name: str, kind: _Kind, rows: pa.Table) -> pa.Table:
    """The rows with exactly the known columns in the database's types, numbered from 1."""
    known = kind.required | kind.optional
    missing = [column for column in kind.required if column not in rows.column_names]
    unknown = [column for column in rows.column_names if column not in known]
    if missing or unknown:
        raise WrongColumns(
            f"the table lacks {', '.join(missing)}" if missing else f"nobody reads the columns {', '.join(unknown)}",
            path=name,
            remedy=f"It has {', '.join(kind.required)}, and optionally {', '.join(kind.optional) or 'nothing else'}.",
        )
    columns: dict[str, Any] = {"row_no": pa.array(range(1, rows.num_rows + 1), pa.int64())}
    for column, wanted in known.items():
        if column in rows.column_names:
            try:
                columns[column] = rows[column].cast(wanted)
            except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
                raise WrongColumns(f"{column} is no {wanted}: {error}", path=f"{name}:{column}") from error
        else:
            columns[column] = pa.nulls(rows.num_rows, wanted)
        if column in kind.required and columns[column].null_count:
            row = columns[column].combine_chunks().is_null().to_pylist().index(True) + 1
            raise WrongColumns(f"{column} is empty in row {row}", path=f"{name}:{row}:{column}")
    if kind.spans:
        start, end = columns.pop("start"), columns.pop("end")
        wrong = pc.indices_nonzero(pc.fill_null(pc.less_equal(end, start), False)).to_pylist()
        if wrong:
            row = wrong[0] + 1
            raise WrongColumns(f"the span in row {row} ends before it has begun", path=f"{name}:{row}:end")
        columns["span"] = dateranges(start, end)
    return pa.table(columns)


@contextmanager
def _staging(cursor: Any, rows: pa.Table) -> Iterator[None]:
    """The rows as the temporary table ``staged``."""
    columns = sql.SQL(", ").join(
        sql.SQL("{} {}").format(sql.Identifier(f.name), sql.SQL(_sql_type(f))) for f in rows.schema
    )
    cursor.execute(sql.SQL("CREATE TEMPORARY TABLE staged ({}) ON COMMIT DROP").format(columns))
    copy_in("staged", rows)
    cursor.execute("ANALYZE staged")
    yield
    cursor.execute("DROP TABLE staged")


def _sql_type(column: pa.Field) -> str:
    if column.name == "span":
        return "daterange"
    names = {
        pa.string(): 'text COLLATE "C"', pa.int16(): "smallint", pa.int64(): "bigint", pa.bool_(): "boolean",
        pa.float64(): "double precision",
    }  # fmt: skip
    return names[column.type]


def _refuse_unknown(cursor: Any, name: str, column: str, table: str, key: str) -> None:
    query = sql.SQL(
        "SELECT s.row_no, s.{column} FROM staged s WHERE s.{column} IS NOT NULL"
        " AND NOT EXISTS (SELECT FROM {table} t WHERE t.{key} = s.{column}) ORDER BY s.row_no LIMIT 1"
    ).format(column=sql.Identifier(column), table=sql.Identifier(table), key=sql.Identifier(key))
    cursor.execute(query)
    if found := cursor.fetchone():
        row, value = found
        raise UnknownReference(
            f"row {row} refers to {column} {value!r}, which does not exist",
            path=f"{name}:{row}:{column}",
            remedy="Load it first, or mend the number.",
        )


def _refuse_overlaps(cursor: Any) -> None:
    """Find the row that the exclusion constraint would refuse, to be able to name it."""
    cursor.execute(
        """SELECT row_no, usage_point FROM (
             SELECT row_no, usage_point, span && lag(span) OVER w AS twice FROM staged
             WINDOW w AS (PARTITION BY usage_point ORDER BY lower(span), row_no)) s WHERE twice
           UNION ALL
           SELECT s.row_no, s.usage_point FROM staged s JOIN accounts_usagepoint u ON u.number = s.usage_point
             JOIN accounts_customeragreement a ON a.usage_point_id = u.id AND a.span && s.span
           ORDER BY 1 LIMIT 1"""
    )
    if found := cursor.fetchone():
        row, number = found
        raise AgreementsOverlap(
            f"usage point {number} has another agreement on days of row {row}",
            path=f"agreements:{row}:start",
            remedy="End that agreement first, or mend the days.",
        )


def _analyse(cursor: Any, name: str, rows: int) -> None:
    # A table that was empty a moment ago has no statistics; the next query should not be planned for an empty one.
    if rows >= _NOTICEABLE:
        for table in _GROWING.get(name, ()):
            cursor.execute(f"ANALYZE {table}")
