"""What every error of gridhall carries: a stable code, what happened, where, and what to do about it."""

from typing import Any


class GridhallError(Exception):
    """An error that a person can act on and a program can recognise.

    Subclasses live beside what raises them and set ``code``; a code never changes once published.

    Args:
        message: one sentence, what happened.
        path: where, in the reader's terms: ``file.csv:12:kwh``, ``components[2].periods``; empty when nowhere.
        remedy: what to do now; empty when the message says it.
    """

    code = "error"

    def __init__(self, message: str, *, path: str = "", remedy: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.path = path
        self.remedy = remedy

    def as_json(self) -> dict[str, Any]:
        """The form that ``--json`` prints: ``{"code", "message", "path"}`` and the remedy where there is one."""
        plain = {"code": self.code, "message": self.message, "path": self.path}
        return plain | ({"remedy": self.remedy} if self.remedy else {})

    def __str__(self) -> str:
        where = f"{self.path}: " if self.path else ""
        return f"{where}{self.message}" + (f" {self.remedy}" if self.remedy else "")


class NotFound(GridhallError):
    """What was asked for by number or name does not exist, or is not this caller's to see."""

    code = "not_found"


class Refused(GridhallError):
    """The request is understood and will not be carried out; the code of the subclass says why."""

    code = "refused"
