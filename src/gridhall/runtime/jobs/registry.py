"""Which function does which kind of job."""

import importlib
import pkgutil
from collections.abc import Callable
from typing import Any, Final

from gridhall.runtime.jobs.types import JobKindUnknown

Handler = Callable[..., dict[str, Any]]

_HANDLERS: Final[dict[str, Handler]] = {}
_loaded: set[str] = set()


def handler(kind: str) -> Callable[[Handler], Handler]:
    """Decorator: this function will do the jobs of a kind; it is called as ``function(running, **arguments)``.

    Its result is stored as JSON. A kind is a stable code: jobs of it may wait in the database.
    """

    def register(function: Handler) -> Handler:
        known = _HANDLERS.get(kind)
        if known is not None and (known.__module__, known.__qualname__) != (function.__module__, function.__qualname__):
            raise ValueError(f"Two functions do jobs of kind {kind!r}: {known} and {function}.")
        _HANDLERS[kind] = function
        return function

    return register


def find(kind: str) -> Handler:
    """The function that does a kind of job.

    Raises:
        JobKindUnknown: when there is none.
    """
    if kind not in _HANDLERS:
        load()
    try:
        return _HANDLERS[kind]
    except KeyError:
        raise JobKindUnknown(f"Nothing here does jobs of kind {kind!r}.", path=kind) from None


def load() -> None:
    """This will import every module that registers handlers or a schedule; once."""
    from django.conf import settings

    for package in settings.JOB_HANDLERS:
        if package in _loaded:
            continue
        module = importlib.import_module(package)
        for found in pkgutil.iter_modules(getattr(module, "__path__", ())):
            importlib.import_module(f"{package}.{found.name}")
        _loaded.add(package)
