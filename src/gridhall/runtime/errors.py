"""What can be wrong with the database that an installation names or keeps."""

from gridhall.kernel.errors import GridhallError


class DatabaseSettingInvalid(GridhallError):
    """``DATABASE_URL`` cannot be understood; the message says which part."""

    code = "database_setting_invalid"


class DatabaseUnreachable(GridhallError):
    """The server that ``DATABASE_URL`` names does not answer or refuses the login; nothing else is used instead."""

    code = "database_unreachable"


class DatabaseTooOld(GridhallError):
    """The server that ``DATABASE_URL`` names is older than the oldest supported PostgreSQL."""

    code = "database_too_old"


class EmbeddedServerFailed(GridhallError):
    """The embedded PostgreSQL could not be set up or started; the message quotes its log."""

    code = "embedded_server_failed"
