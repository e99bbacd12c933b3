"""What a command does before it can use the database."""

from collections.abc import Callable
from typing import Any


def with_database(*, migrate: bool = True) -> None:
    """This will start or reach the database, set up Django and bring the tables up to date.

    Call it first in each command that needs the database; later imports of contexts then work. A second call costs
    almost nothing.

    Raises:
        DatabaseSettingInvalid, DatabaseUnreachable, DatabaseTooOld: when ``DATABASE_URL`` is the matter.
        EmbeddedServerFailed: when the embedded server cannot be started.
    """
    import django
    from django.apps import apps

    from gridhall.runtime import database, memory

    memory.keep_freed()
    if not apps.ready:
        django.setup()
    database.ensure_running()
    if migrate and database.prepare():
        fill_in()


def fill_in() -> None:
    """This will write what comes with the software into tables that have none of it yet."""
    from gridhall.contexts.payments.operations import guide
    from gridhall.kernel import clock

    guide.seed_guide(clock.now())


def check_gateways() -> None:
    """This will make every payment gateway that the setting names, so that one that cannot work ends the start.

    Raises:
        SettingInvalid: names the setting that is missing or unusable.
    """
    from gridhall.contexts.payments.ports import gateways

    gateways()


def act() -> Any:
    """Who acts, for the audit trail: the user of the command line, now."""
    import getpass

    from gridhall.kernel import clock
    from gridhall.runtime.audit import Act

    return Act(actor=f"cli:{_quietly(getpass.getuser) or 'unknown'}", at=clock.now())


def _quietly(read: Callable[[], str]) -> str:
    # A user without a name, as in some containers, is no reason to refuse.
    try:
        return read()
    except (KeyError, OSError):
        return ""
