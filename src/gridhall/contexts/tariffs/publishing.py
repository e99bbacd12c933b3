"""Publishing: a document becomes what bills are made by; what was published stays as it was."""

import hashlib
from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.db.backends.postgresql.psycopg_any import DateRange

from gridhall.contexts.tariffs.document.models import VersionText
from gridhall.contexts.tariffs.loading import parse_tariff
from gridhall.contexts.tariffs.models import PublishedTariff, TariffDocument, TariffVersion
from gridhall.contexts.tariffs.types import Plan, PublishedVersion
from gridhall.kernel.errors import Refused
from gridhall.kernel.spans import DateSpan


class PublishedVersionChanged(Refused):
    """A published version is missing from the document, or says something else there."""

    code = "published_version_changed"


def publish(text: str, *, name: str, at: datetime) -> Sequence[PublishedVersion]:
    """See `operations.publish`."""
    tariff = parse_tariff(text, name=name)
    digests = {plan.version: digest_of(plan.text) for plan in tariff.plans}
    with transaction.atomic():
        owner, _ = PublishedTariff.objects.get_or_create(code=tariff.code)
        PublishedTariff.objects.select_for_update().get(pk=owner.pk)
        known = {version.version: version for version in owner.versions.all()}
        for version in known.values():
            if digests.get(version.version) != version.digest:
                raise PublishedVersionChanged(
                    f"The version {version.version!r} of {tariff.code} was published with other content.",
                    path=name,
                    remedy="Keep it as it was and add a version that starts when the change takes effect.",
                )
        stored, _ = TariffDocument.objects.get_or_create(
            tariff=owner, digest=tariff.digest, defaults={"text": text, "published_at": at}
        )
        # Ends first: a version that was open-ended makes room for its successor.
        for plan in tariff.plans:
            if plan.version in known:
                _end(known[plan.version], plan, name)
        fresh = [plan for plan in tariff.plans if plan.version not in known]
        for plan in fresh:
            TariffVersion.objects.create(
                tariff=owner,
                document=stored,
                version=plan.version,
                span=DateRange(plan.span.start, plan.span.end),
                digest=digests[plan.version],
            )
    return [PublishedVersion(tariff.code, plan.version, plan.span, digests[plan.version]) for plan in fresh]


def digest_of(version: VersionText) -> str:
    """The SHA-256 of a version's content; its end is left out, since a successor may set it."""
    return hashlib.sha256(version.model_dump_json(exclude={"end"}, by_alias=True).encode()).hexdigest()


def _end(version: TariffVersion, plan: Plan, name: str) -> None:
    before = DateSpan(version.span.lower, version.span.upper)
    if before == plan.span:
        return
    if before.end is not None:
        raise PublishedVersionChanged(
            f"The version {plan.version!r} was published to end on {before.end}, here it ends on {plan.span.end}.",
            path=name,
            remedy="Keep its end as it was.",
        )
    version.span = DateRange(plan.span.start, plan.span.end)
    version.save(update_fields=["span"])
