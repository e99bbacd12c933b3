"""The door of this package: a URDB file or text in, a checked tariff or its document out."""

from datetime import date
from pathlib import Path

from gridhall.contexts.tariffs.document import TariffDocument, check
from gridhall.contexts.tariffs.urdb import source, tariff
from gridhall.contexts.tariffs.urdb.tariff import ALWAYS, Content, Within


def document(
    rate: Path | str | bytes, *, label: str | None = None, within: Within = "chronological", start: date = ALWAYS
) -> Content:
    """The plain content of our tariff document for a URDB rate, as its YAML says it.

    Args:
        rate: a file, or JSON text: ``{"items": […]}``, a list, or a bare rate.
        label: which of several rates.
        within: how tiers fill where a month has several periods: ``chronological``, as the energy was used, or
            ``proportional`` to the energy of each period.
        start: first day of the version. URDB's own dates tell when the utility published the rate, some of them end
            before they begin, and most questions ask for other days: by default the rate holds on all of them.

    Raises:
        UrdbRefused: when the bill could not be exact; ``reason`` and ``path`` say why.
    """
    return tariff.content(source.read(rate, label=label), within=within, start=start)


def load(
    rate: Path | str | bytes, *, label: str | None = None, within: Within = "chronological", start: date = ALWAYS
) -> TariffDocument:
    """The checked document of a URDB rate; arguments and errors as `document`."""
    content = document(rate, label=label, within=within, start=start)
    return check(content, name=rate.name if isinstance(rate, Path) else "URDB rate")


def looks_like_urdb(text: str) -> bool:
    """Whether a text is meant as URDB JSON rather than as a YAML document of this house."""
    return text.lstrip("\ufeff \t\r\n").startswith(("{", "[")) and '"versions"' not in text
