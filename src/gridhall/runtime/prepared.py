"""Statements that are planned once for each connection, for those that are asked a hundred times a second.

Django binds parameters on the client's side, so that the server parses and plans each statement anew; where a statement
joins many tables that is most of its cost. A cursor from here hands parameters to the server and prepares.

    with prepared.cursor() as cursor:
        cursor.execute(_OWED, {"accounts": [7]})

The statement is a constant with typed parameters (``%(day)s::date``). Under a test that counts queries it is an
ordinary cursor of Django's, so that the count is right.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from django.db import connection


class _Prepared:
    def __init__(self, cursor: "psycopg.Cursor[Any]") -> None:
        self._cursor = cursor
        self.fetchone = cursor.fetchone
        self.fetchall = cursor.fetchall

    def execute(self, statement: Any, parameters: Any = None) -> None:
        self._cursor.execute(statement, parameters, prepare=True)

    @property
    def rowcount(self) -> int:
        return self._cursor.rowcount


@contextmanager
def cursor() -> Iterator[Any]:
    """A cursor with `execute`, `fetchone`, `fetchall` and `rowcount`, in Django's own transaction.

    Raises:
        django.db.Error: as Django's cursors do.
    """
    if connection.queries_logged:
        with connection.cursor() as plain:
            yield plain
        return
    connection.validate_no_broken_transaction()
    connection.ensure_connection()
    line: Any = connection.connection
    # Django switches preparing off, even for those who ask for it.
    line.prepare_threshold = 0
    with connection.wrap_database_errors, psycopg.Cursor(line) as raw:
        yield _Prepared(raw)
