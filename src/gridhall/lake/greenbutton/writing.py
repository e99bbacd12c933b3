"""Day curves as a Green Button feed, piece by piece, so that a download of any length takes little memory."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from urllib.parse import quote
from uuid import UUID, uuid5
from xml.sax.saxutils import escape, quoteattr

from gridhall.lake import curves
from gridhall.lake.curves import Quality
from gridhall.lake.daycurves import DayCurve, day_start
from gridhall.lake.greenbutton import espi
from gridhall.lake.needs import Channel

#: The namespace of the feed's ids: the same resource has the same id in every download.
_IDS = UUID("5d7c1c0e-2f6b-5b7e-9a53-6f0d6e8c1a11")
_ROOT = "/espi/1_1/resource"
_TITLES = {
    Channel.IMPORT: "Energy delivered",
    Channel.EXPORT: "Energy received",
    Channel.REACTIVE: "Reactive energy, inductive",
    Channel.REACTIVE_EXPORT: "Reactive energy, capacitive",
}


def write(days: Iterable[DayCurve], *, zone: str, updated: datetime, author: str = "gridhall") -> Iterator[bytes]:
    """Give the feed as UTF-8 pieces.

    One entry each for the zone, a usage point, a channel's readings, their type, and every day. Days come grouped by
    usage point; missing slots are left out, estimated ones carry their quality. Only the usage-point number identifies
    the customer.

    Args:
        days: what to write, the days of one usage point together.
        zone: the local zone of the days.
        updated: the moment the feed is made, aware.
        author: who publishes it.

    Raises:
        ResolutionUnknown: when a curve does not fit its day.
    """
    stamp = updated.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    yield _feed(stamp, author)
    zones: set[int] = set()
    types: set[str] = set()
    point, readings = None, set[str]()
    for day in days:
        if day.day.year not in zones:
            zones.add(day.day.year)
            yield _local_time(zone, day.day.year, stamp)
        if day.usage_point != point:
            point, readings = day.usage_point, set()
            yield _usage_point(day.usage_point, day.day.year, stamp)
        minutes = day.minutes(zone)
        name = f"{day.channel.value}-{minutes}"
        if name not in readings:
            readings.add(name)
            yield _meter_reading(day.usage_point, day.channel, name, stamp)
        if name not in types:
            types.add(name)
            yield _reading_type(day.channel, minutes, name, stamp)
        if day.missing < len(day.values):
            yield _interval_block(day, zone, minutes, name, stamp)
    yield b"</feed>\n"


def _feed(stamp: str, author: str) -> bytes:
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<feed xmlns="{espi.ATOM}">\n'
        f"<id>urn:uuid:{uuid5(_IDS, 'feed ' + stamp)}</id>\n"
        "<title>Green Button Usage Feed</title>\n"
        f"<updated>{stamp}</updated>\n"
        f"<author><name>{escape(author)}</name></author>\n"
        f'<link rel="self" href="{_ROOT}/Batch/Subscription"/>\n'
    ).encode()


def _entry(href: str, title: str, content: str, stamp: str, related: tuple[str, ...] = ()) -> bytes:
    up = href.rpartition("/")[0]
    links = [("self", href), ("up", up), *(("related", each) for each in related)]
    return (
        f"<entry>\n<id>urn:uuid:{uuid5(_IDS, href)}</id>\n"
        + "".join(f'<link rel="{rel}" href={quoteattr(each)}/>\n' for rel, each in links)
        + f'<title>{escape(title)}</title>\n<content type="application/xml">\n{content}\n</content>\n'
        f"<published>{stamp}</published>\n<updated>{stamp}</updated>\n</entry>\n"
    ).encode()


def _resource(name: str, values: dict[str, object]) -> str:
    inside = "".join(f"<{key}>{value}</{key}>" for key, value in values.items())
    return f'<{name} xmlns="{espi.ESPI}">{inside}</{name}>'


def _local_time_href(year: int) -> str:
    return f"{_ROOT}/LocalTimeParameters/{year}"


def _usage_point_href(number: str) -> str:
    return f"{_ROOT}/UsagePoint/{quote(number, safe='')}"


def _reading_type_href(name: str) -> str:
    return f"{_ROOT}/ReadingType/{name}"


def _local_time(zone: str, year: int, stamp: str) -> bytes:
    content = _resource("LocalTimeParameters", dict(espi.local_time(zone, year)))
    return _entry(_local_time_href(year), f"{zone} {year}", content, stamp)


def _usage_point(number: str, year: int, stamp: str) -> bytes:
    href = _usage_point_href(number)
    content = _resource("UsagePoint", {"ServiceCategory": "<kind>0</kind>", "status": 1})
    return _entry(href, number, content, stamp, related=(f"{href}/MeterReading", _local_time_href(year)))


def _meter_reading(number: str, channel: Channel, name: str, stamp: str) -> bytes:
    href = f"{_usage_point_href(number)}/MeterReading/{name}"
    related = (f"{href}/IntervalBlock", _reading_type_href(name))
    return _entry(href, _TITLES[channel], _resource("MeterReading", {}), stamp, related=related)


def _reading_type(channel: Channel, minutes: int, name: str, stamp: str) -> bytes:
    unit, flows = espi.FLOWS[channel]
    content = _resource(
        "ReadingType",
        {
            "accumulationBehaviour": espi.DELTA,
            "commodity": 1,
            "dataQualifier": 12,
            "defaultQuality": espi.VALIDATED,
            "flowDirection": flows[0],
            "intervalLength": minutes * 60,
            "kind": 12,
            "phase": 0,
            "powerOfTenMultiplier": 0,
            "timeAttribute": 0,
            "uom": unit,
        },
    )
    return _entry(_reading_type_href(name), f"{_TITLES[channel]}, {minutes} minutes", content, stamp)


def _interval_block(day: DayCurve, zone: str, minutes: int, name: str, stamp: str) -> bytes:
    start = int(day_start(zone, day.day).timestamp())
    length = minutes * 60
    parts = [
        f'<IntervalBlock xmlns="{espi.ESPI}">'
        f"<interval><duration>{curves.day_minutes(zone, day.day) * 60}</duration><start>{start}</start></interval>"
    ]
    for slot, value in enumerate(day.values):
        if value is None:
            continue
        code = None if day.quality is None else espi.QUALITY_WRITTEN.get(Quality(day.quality[slot]))
        mark = "" if code is None else f"<ReadingQuality><quality>{code}</quality></ReadingQuality>"
        parts.append(
            f"\n<IntervalReading>{mark}<timePeriod><duration>{length}</duration><start>{start + slot * length}</start>"
            f"</timePeriod><value>{value}</value></IntervalReading>"
        )
    parts.append("\n</IntervalBlock>")
    href = f"{_usage_point_href(day.usage_point)}/MeterReading/{name}/IntervalBlock/{day.day:%Y%m%d}"
    return _entry(href, f"{day.day}", "".join(parts), stamp)
