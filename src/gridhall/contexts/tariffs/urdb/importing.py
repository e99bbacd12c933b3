"""The door of this package: a URDB file or text in; a checked tariff, or its document, out."""

import json
from dataclasses import replace
from datetime import date
from pathlib import Path

from gridhall.contexts.tariffs.document import check
from gridhall.contexts.tariffs.plan import compile_tariff
from gridhall.contexts.tariffs.types import Tariff
from gridhall.contexts.tariffs.urdb import source, tariff
from gridhall.contexts.tariffs.urdb.tariff import ALWAYS, Content, Within


def load(
    rate: Path | str | bytes, *, label: str | None = None, within: Within = "chronological", start: date = ALWAYS
) -> Tariff:
    """The tariff of a URDB rate, ready to price.

    Args:
        rate: a file, or JSON text: ``{"items": […]}``, a list, or a bare rate.
        label: which of several rates.
        within: how tiers fill where a month has several periods: ``chronological``, as the energy was used, or
            ``proportional`` to the energy of each period.
        start: first day of the version. URDB's own dates tell when the utility published the rate, some of them end
            before they begin, and most questions ask for other days: by default the rate holds on all of them.

    Raises:
        UrdbRefused: when a bill could not be exact; ``reason`` and ``path`` say why.
    """
    fields = source.read(rate, label=label)
    document = check(tariff.content(fields, within=within, start=start), name=_name(rate))
    notes = (document.versions[0].note,) if document.versions[0].note else ()
    return replace(compile_tariff(document, origin=_name(rate), notes=notes), digest=fields.digest)


def content(
    rate: Path | str | bytes, *, label: str | None = None, within: Within = "chronological", start: date = ALWAYS
) -> Content:
    """The plain content of the tariff document that `load` prices; arguments and errors are the same."""
    made = tariff.content(source.read(rate, label=label), within=within, start=start)
    check(made, name=_name(rate))
    return made


def looks_like_urdb(text: str) -> bool:
    """Whether a text is meant as URDB JSON rather than as a tariff document of this house, which may be JSON too.

    >>> looks_like_urdb('{"items": []}'), looks_like_urdb('{"tariff": "x", "versions": []}')
    (True, False)
    """
    if not text.lstrip("\ufeff \t\r\n").startswith(("{", "[")):
        return False
    try:
        found = json.loads(text.lstrip("\ufeff"))
    except (ValueError, RecursionError):
        # Damaged JSON, or YAML in braces: the word that every rate has decides who complains about it.
        return "ratestructure" in text.lower()
    return not (isinstance(found, dict) and {"tariff", "versions"} & found.keys())


def _name(rate: Path | str | bytes) -> str:
    return str(rate) if isinstance(rate, Path) else "URDB rate"
