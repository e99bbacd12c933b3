"""What has been published: tariffs, their documents and versions. Needs the database."""

from datetime import date, datetime
from functools import lru_cache

from gridhall.contexts.tariffs.drafting import difference, draft_of
from gridhall.contexts.tariffs.loading import parse_tariff
from gridhall.contexts.tariffs.models import PublishedTariff, TariffDocument, TariffDraft, TariffVersion
from gridhall.contexts.tariffs.rules import periods
from gridhall.contexts.tariffs.types import (
    Calendar,
    Draft,
    DraftState,
    PeriodsOfDays,
    Plan,
    PublishedDocument,
    PublishedVersion,
    Tariff,
)
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


def periods_of(code: str, span: DateSpan, calendar: Calendar) -> PeriodsOfDays:
    """The periods of the day by which a published tariff prices energy on each day of a closed span. One query.

    Raises:
        NotFound: when nothing had been published under that code.
    """
    return periods.periods_of(tariff_as_of(code), span, calendar)


def codes() -> list[str]:
    """The codes of all published tariffs, in order."""
    return list(PublishedTariff.objects.order_by("code").values_list("code", flat=True))


def versions(code: str) -> list[PublishedVersion]:
    """The published versions of a tariff in order of time."""
    found = TariffVersion.objects.filter(tariff__code=code).order_by("span")
    return [
        PublishedVersion(code, each.version, DateSpan(each.span.lower, each.span.upper), each.digest) for each in found
    ]


def newest_documents() -> list[PublishedDocument]:
    """The newest document of every published tariff, by code. One query."""
    found = TariffDocument.objects.select_related("tariff").order_by("tariff__code", "-published_at", "-pk")
    return [_published(row) for row in found.distinct("tariff__code")]


def documents(code: str) -> list[PublishedDocument]:
    """The documents of a tariff, newest first.

    Raises:
        NotFound: when nothing was published under that code.
    """
    found = TariffDocument.objects.select_related("tariff").filter(tariff__code=code).order_by("-published_at", "-pk")
    if not found:
        raise NotFound(f"There is no published tariff {code}.", path=code)
    return [_published(row) for row in found]


def compiled(document: PublishedDocument) -> Tariff:
    """A published document as a tariff; once for each."""
    return _compiled(document.text)


def draft(number: int) -> Draft:
    """A draft.

    Raises:
        NotFound: when there is none of this number.
    """
    row = TariffDraft.objects.filter(pk=number).first()
    if row is None:
        raise NotFound(f"There is no draft {number}.", path="draft")
    return draft_of(row)


def drafts(*states: DraftState, limit: int = 50) -> list[Draft]:
    """Drafts in these states (all for none), the last changed first; their texts are left out."""
    found = TariffDraft.objects.defer("text").order_by("-updated_at", "-pk")
    if states:
        found = found.filter(state__in=[state.value for state in states])
    rows = list(found[:limit])
    for row in rows:
        row.text = ""
    return [draft_of(row) for row in rows]


def compare_texts(before: str, after: str) -> list[tuple[str, int | None, int | None, str]]:
    """See `drafting.difference`."""
    return difference(before, after)


def _published(row: TariffDocument) -> PublishedDocument:
    return PublishedDocument(row.tariff.code, row.digest, row.text, row.published_at)


@lru_cache(maxsize=128)
def _compiled(text: str) -> Tariff:
    return parse_tariff(text, name="published tariff")
