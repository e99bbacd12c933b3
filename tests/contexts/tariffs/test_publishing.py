"""Guards: what was published stays as it was; versions never overlap; bills find the document of their day."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import IntegrityError, transaction
from django.db.backends.postgresql.psycopg_any import DateRange

from gridhall.contexts.tariffs import operations, queries
from gridhall.contexts.tariffs.models import PublishedTariff, TariffVersion
from gridhall.contexts.tariffs.publishing import PublishedVersionChanged
from gridhall.kernel.errors import NotFound

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 1, 5, 8, tzinfo=UTC)
FIRST = """
tariff: village
name: {zh-Hans: 村庄, en: village}
versions:
  - version: "2025"
    start: 2025-01-01
    source: a ruling of the test
    components:
      - {code: energy, type: energy, price: 0.5}
"""
SECOND = (
    FIRST
    + """
  - version: "2026"
    start: 2026-07-01
    source: a ruling of the test
    components:
      - {code: energy, type: energy, price: 0.6}
"""
)


def publish(text: str, at: datetime = NOW) -> list[str]:
    return [each.version for each in operations.publish(text, name="village.yaml", at=at)]


def test_a_version_is_published_once():
    assert publish(FIRST) == ["2025"]
    assert publish(FIRST) == []
    assert queries.codes() == ["village"]


def test_a_successor_ends_the_open_version():
    publish(FIRST)
    assert publish(SECOND, NOW + timedelta(days=30)) == ["2026"]
    spans = {each.version: (each.span.start, each.span.end) for each in queries.versions("village")}
    assert spans == {"2025": (date(2025, 1, 1), date(2026, 7, 1)), "2026": (date(2026, 7, 1), None)}
    assert queries.plan_on("village", date(2026, 6, 30)).version == "2025"
    assert queries.plan_on("village", date(2026, 7, 1)).version == "2026"


def test_the_past_is_known_as_it_was():
    publish(FIRST)
    publish(SECOND, NOW + timedelta(days=30))
    assert len(queries.tariff_as_of("village", at=NOW).plans) == 1
    assert len(queries.tariff_as_of("village").plans) == 2
    assert queries.document_as_of("village", at=NOW) == FIRST
    with pytest.raises(NotFound):
        queries.document_as_of("village", at=NOW - timedelta(days=1))


@pytest.mark.parametrize(
    "text",
    [
        FIRST.replace("price: 0.5", "price: 0.51"),
        FIRST.replace('"2025"', '"2025a"').replace("2025-01-01", "2025-02-01"),
    ],
    ids=["another price", "version gone"],
)
def test_a_published_version_never_changes(text: str):
    publish(FIRST)
    with pytest.raises(PublishedVersionChanged):
        publish(text)
    assert queries.document_as_of("village") == FIRST


def test_a_set_end_stays():
    ended = FIRST.replace("start: 2025-01-01", "start: 2025-01-01\n    end: 2025-12-01")
    publish(ended)
    with pytest.raises(PublishedVersionChanged):
        publish(ended.replace("2025-12-01", "2025-11-01"))


def test_the_database_itself_refuses_versions_that_overlap():
    publish(FIRST)
    village = PublishedTariff.objects.get(code="village")
    with pytest.raises(IntegrityError, match="tariffs_version_overlap"), transaction.atomic():
        TariffVersion.objects.create(
            tariff=village,
            document=village.documents.get(),
            version="other",
            span=DateRange(date(2030, 1, 1), None),
            digest="0" * 64,
        )
