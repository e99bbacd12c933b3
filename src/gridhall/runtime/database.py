"""Which database an installation uses, and that it is there.

Without ``DATABASE_URL`` the embedded PostgreSQL below the installation's home; with it the server it names, and only
that: a mistyped or unreachable server is an error, never a reason to use another database silently.
"""

from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qsl, unquote, urlsplit

import psycopg

from gridhall.runtime.embedded import EmbeddedServer
from gridhall.runtime.errors import DatabaseSettingInvalid, DatabaseTooOld, DatabaseUnreachable

#: The name of the embedded server's database.
NAME: Final = "gridhall"
#: The oldest PostgreSQL that the constraints and queries are written for.
OLDEST_MAJOR: Final = 15

_SETTING: Final = "DATABASE_URL"
_FORM: Final = "Write it as postgres://user:password@host:port/database, special characters percent-encoded."
#: Connection parameters of libpq that may follow the question mark.
_PARAMETERS: Final = frozenset(
    {
        "sslmode", "sslrootcert", "sslcert", "sslkey", "sslpassword", "channel_binding", "target_session_attrs",
        "application_name", "connect_timeout", "keepalives", "keepalives_idle", "options", "gssencmode", "service",
        "passfile", "require_auth",
    }
)  # fmt: skip


def configuration(url: str | None, *, home: Path) -> dict[str, Any]:
    """This will give Django's settings of the database; it starts and contacts nothing.

    Args:
        url: the value of ``DATABASE_URL``, or None (or empty) for the embedded server.
        home: the directory of the installation.

    Raises:
        DatabaseSettingInvalid: when the URL cannot be understood.
    """
    basic: dict[str, Any] = {"ENGINE": "django.db.backends.postgresql", "CONN_MAX_AGE": None, "OPTIONS": {}}
    if not url:
        server = EmbeddedServer(home)
        return basic | {"NAME": NAME, "USER": "postgres", "HOST": str(server.socket_dir), "PASSWORD": "", "PORT": ""}
    return basic | _parse(url)


def ensure_running() -> None:
    """This will make sure that the configured database answers, starting the embedded server where that is the one.

    Raises:
        DatabaseUnreachable: when the server that ``DATABASE_URL`` names does not answer.
        DatabaseTooOld: when it is older than PostgreSQL 15.
        EmbeddedServerFailed: when the embedded server cannot be started.
    """
    from django.conf import settings

    if settings.DATABASE_URL:
        check_server(settings.DATABASES["default"])
    else:
        EmbeddedServer(settings.HOME).ensure_running([settings.DATABASES["default"]["NAME"]])


def check_server(configured: dict[str, Any]) -> int:
    """This will connect once to a server that ``DATABASE_URL`` names and give its major version.

    Raises:
        DatabaseUnreachable: when it does not answer, refuses the login, or lacks the database.
        DatabaseTooOld: when it is older than PostgreSQL 15.
    """
    parameters = {
        "host": configured["HOST"],
        "port": configured["PORT"],
        "user": configured["USER"],
        "password": configured["PASSWORD"],
        "dbname": configured["NAME"],
    }
    options = {"connect_timeout": 10} | configured["OPTIONS"]
    try:
        with psycopg.connect(**{k: v for k, v in parameters.items() if v}, **options) as connection:
            major = connection.info.server_version // 10_000
    except psycopg.Error as error:
        where = f"{configured['HOST'] or 'the local socket'}{':' if configured['PORT'] else ''}{configured['PORT']}"
        raise DatabaseUnreachable(
            f"The PostgreSQL server at {where} cannot be used: {str(error).strip()}",
            path=_SETTING,
            remedy=(
                f"Create the database {configured['NAME']} on it, or name another in {_SETTING}."
                if "does not exist" in str(error) and "database" in str(error)
                else f"Start that server or mend the setting {_SETTING}; unset it to use the embedded database."
            ),
        ) from error
    if major < OLDEST_MAJOR:
        raise DatabaseTooOld(
            f"The PostgreSQL server is version {major}; {OLDEST_MAJOR} or later is needed.",
            path=_SETTING,
            remedy=f"Upgrade the server or name another in {_SETTING}.",
        )
    return major


def stop() -> bool:
    """This will stop the embedded server and give whether it was running; a server of ``DATABASE_URL`` is left alone.

    Raises:
        EmbeddedServerFailed: when it does not stop.
    """
    from django.conf import settings

    return False if settings.DATABASE_URL else EmbeddedServer(settings.HOME).stop()


def status() -> dict[str, Any]:
    """Which database is configured and how it is: kind, place, running, version, prepared, bytes.

    Starts nothing; a server that does not answer is reported as not running.
    """
    import django
    from django.apps import apps
    from django.conf import settings
    from django.db import connection

    configured = settings.DATABASES["default"]
    found: dict[str, Any] = {
        "kind": "server" if settings.DATABASE_URL else "embedded",
        "place": configured["HOST"] or "local socket",
        "database": configured["NAME"],
        "running": True,
    }
    try:
        version = check_server(configured)
    except DatabaseUnreachable:
        return found | {"running": False}
    if not apps.ready:
        django.setup()
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_database_size(current_database())")
        size = cursor.fetchone()[0]
    return found | {"version": version, "prepared": is_prepared(), "bytes": size}


def is_prepared() -> bool:
    """Whether every migration has been applied; needs a running database and set-up Django.

    Compares names only, for a start of a command that finds everything done.
    """
    from django.apps import apps
    from django.db import connection

    wanted = {
        (app.label, path.stem)
        for app in apps.get_app_configs()
        for path in (Path(app.path) / "migrations").glob("[0-9]*.py")
    }
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass('django_migrations') IS NOT NULL")
        if not cursor.fetchone()[0]:
            return False
        cursor.execute("SELECT app, name FROM django_migrations")
        return wanted <= {(app, name) for app, name in cursor.fetchall()}


def prepare() -> bool:
    """This will bring the tables up to date; returns whether there was anything to do.

    Any number of processes may call it at once: one migrates, the others wait for it.
    """
    from django.core.management import call_command
    from django.db import connection

    if is_prepared():
        return False
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [_MIGRATION_LOCK])
        try:
            if not is_prepared():
                call_command("migrate", verbosity=0, interactive=False)
        finally:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [_MIGRATION_LOCK])
    return True


#: The key of the session lock under which tables are brought up to date; any constant number serves.
_MIGRATION_LOCK: Final = 7_140_001


def _parse(url: str) -> dict[str, Any]:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise _invalid(f"its port or address is malformed ({error})") from error
    if parts.scheme not in {"postgres", "postgresql"}:
        raise _invalid(f"it must begin with postgres:// or postgresql://, not {parts.scheme or 'nothing'}://")
    name = unquote(parts.path.removeprefix("/"))
    if not name:
        raise _invalid("it names no database")
    if "/" in parts.path.removeprefix("/") or parts.fragment:
        raise _invalid("there is more than one name after the host; encode a slash in a name as %2F and a # as %23")
    options = {}
    host = unquote(parts.hostname or "") if not (parts.hostname or "").startswith("%2") else unquote(_raw_host(parts))
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    for key, value in parse_qsl(parts.query, keep_blank_values=True):
        match key:
            case "host":
                host = value
            case "port":
                port = int(value) if value.isdigit() else port
            case "user":
                user = value
            case "password":
                password = value
            case _ if key in _PARAMETERS:
                options[key] = value
            case _:
                raise _invalid(f"it has a parameter {key!r} that PostgreSQL does not know")
    return {
        "NAME": name,
        "USER": user,
        "PASSWORD": password,
        "HOST": host,
        "PORT": str(port or ""),
        "OPTIONS": options,
    }


def _raw_host(parts: Any) -> str:
    # urlsplit lowers the host; the path of a socket keeps its capitals.
    address = parts.netloc.rpartition("@")[2]
    return str(address.partition(":")[0])


def _invalid(what: str) -> DatabaseSettingInvalid:
    return DatabaseSettingInvalid(f"The setting {_SETTING} cannot be understood: {what}.", path=_SETTING, remedy=_FORM)
