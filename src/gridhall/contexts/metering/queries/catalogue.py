"""Which files of the lake are visible, as of any readings version."""

from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path

from django.conf import settings
from django.db.models import Min

from gridhall.contexts.metering.models import Import, LakeFile
from gridhall.kernel.spans import DateSpan
from gridhall.lake import parts
from gridhall.lake.needs import Channel


def lake_root() -> Path:
    """The folder of the lake."""
    return Path(settings.HOME) / "lake"


def latest_version() -> int | None:
    """The readings version: the newest import; None before the first."""
    return Import.objects.order_by("-id").values_list("id", flat=True).first()


def version_as_of(moment: datetime) -> int | None:
    """The readings version that was the newest at a moment; None before the first import."""
    return Import.objects.filter(available_at__lte=moment).order_by("-id").values_list("id", flat=True).first()


def readable_files(
    channel: Channel, span: DateSpan | None = None, *, version: int | None = None
) -> list[parts.LakeFile]:
    """The visible files of a channel that can hold days of a span, as of a readings version (None: the newest)."""
    return readable_files_of([channel], span, version=version)[channel]


def readable_files_of(
    channels: Sequence[Channel], span: DateSpan | None = None, *, version: int | None = None
) -> dict[Channel, list[parts.LakeFile]]:
    """`readable_files` of several channels by one query; a channel without files has an empty list."""
    rows = LakeFile.objects.filter(channel__in=[channel.value for channel in channels]).order_by("id")
    if version is not None:
        rows = rows.filter(source_id__lte=version)
    if span is not None:
        rows = rows.filter(last_day__gte=span.start)
        if span.end is not None:
            rows = rows.filter(first_day__lt=span.end)
    found: dict[Channel, list[parts.LakeFile]] = {channel: [] for channel in channels}
    for row in rows:
        channel = Channel(row.channel)
        found[channel].append(
            parts.LakeFile(
                path=row.path,
                channel=channel,
                month=f"{row.month:%Y-%m}",
                first_day=row.first_day,
                last_day=row.last_day,
                rows=row.rows,
                usage_point_min=row.usage_point_min,
                usage_point_max=row.usage_point_max,
                version=row.source_id,
                revision=row.revision,
            )
        )
    return found


def readings_since(usage_point: int) -> date | None:
    """A day before which a usage point has no readings: the first of the files near it; None where there are none."""
    near = LakeFile.objects.filter(usage_point_min__lte=usage_point, usage_point_max__gte=usage_point)
    first: date | None = near.aggregate(first=Min("first_day"))["first"]
    return first
