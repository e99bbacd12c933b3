"""Removing the demo utility: database, lake and state, and never anything that is not a demo."""

import shutil
from pathlib import Path

from django.db import connection
from django.db.utils import ProgrammingError

from gridhall.contexts.accounts import queries as accounts
from gridhall.contexts.accounts.types import OrganisationRecord
from gridhall.journeys.demo import build, grid, paying
from gridhall.kernel.errors import Refused


class NotOnlyADemo(Refused):
    """The installation holds something besides the demo utility."""

    code = "not_only_a_demo"


def remove(home: Path) -> None:
    """This will empty the database and the demo gateway's book, and remove the lake and the demo's own files.

    Raises:
        NotOnlyADemo: when the database holds an organisation that is not the demo's; then nothing is removed.
    """
    strangers = [unit for unit in _units() if f"/{grid.PROVINCE}/" not in unit.path]
    if strangers:
        raise NotOnlyADemo(
            f"The database also holds {strangers[0].name} ({strangers[0].code}), which is no part of the demo utility.",
            path=strangers[0].code,
            remedy="Use another GRIDHALL_HOME or DATABASE_URL for the demo.",
        )
    with connection.cursor() as cursor:
        cursor.execute("DROP SCHEMA public CASCADE")
        cursor.execute("CREATE SCHEMA public")
    connection.close()
    if (known := paying.gateway_of_the_past()) is not None:
        known.forget()
    for path in (home / "lake", build.folder(home)):
        if path.exists():
            shutil.rmtree(path)


def _units() -> list[OrganisationRecord]:
    try:
        return accounts.organisations()
    except ProgrammingError:
        connection.rollback() if connection.in_atomic_block else connection.close()
        return []  # no tables yet
