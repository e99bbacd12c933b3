"""What has been published: tariffs, their documents and versions. Needs the database."""

from datetime import date, datetime
from functools import lru_cache

from gridhall.contexts.tariffs.loading import parse_tariff
from gridhall.contexts.tariffs.models import PublishedTariff, TariffDocument, TariffVersion
from gridhall.contexts.tariffs.types import Plan, PublishedVersion, Tariff
from gridhall.kernel.errors import NotFound
from gridhall.kernel.spans import DateSpan


def tariff_as_of(code: str, *, at: datetime | None = None) -> Tariff:
    """The tariff with all versions that had been published at a moment (by default: ever).

    Raises:
        NotFound: when nothing had been published under that code.
    """
    return _compiled(document_as_of(code, at=at))


def document_as_of(code: str, *, at: datetime | None = None) -> str:
    """The text of the newest document of a tariff that had been published at a moment (by default: ever).

    Raises:
        NotFound: when nothing had been published under that code.
    """
    documents = TariffDocument.objects.filter(tariff__code=code)
    if at is not None:
        documents = documents.filter(published_at__lte=at)
    newest = documents.order_by("-published_at", "-pk").first()
    if newest is None:
        raise NotFound(f"There is no published tariff {code}.", path=code, remedy="Publish its document first.")
    return newest.text


def plan_on(code: str, day: date) -> Plan:
    """The plan of a published tariff that is in force on a day.

    Raises:
        NotFound: when there is none.
    """
    plan = tariff_as_of(code).plan_on(day)
    if plan is None:
        raise NotFound(f"No version of {code} is in force on {day}.", path=code)
    return plan


def codes() -> list[str]:
    """The codes of all published tariffs, in order."""
    return list(PublishedTariff.objects.order_by("code").values_list("code", flat=True))


def versions(code: str) -> list[PublishedVersion]:
    """The published versions of a tariff in order of time."""
    found = TariffVersion.objects.filter(tariff__code=code).order_by("span")
    return [
        PublishedVersion(code, each.version, DateSpan(each.span.lower, each.span.upper), each.digest) for each in found
    ]


@lru_cache(maxsize=128)
def _compiled(text: str) -> Tariff:
    return parse_tariff(text, name="published tariff")
