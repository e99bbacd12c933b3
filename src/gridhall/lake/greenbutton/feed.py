"""A Green Button file as XML: opened safely, its resources and how they are linked.

The small resources (usage points, meter readings, reading types) are read in a first pass, so that a feed may hold its
entries in any order; the interval blocks, which can be gigabytes, in a second.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, Final
from urllib.parse import unquote, urlsplit

from lxml import etree

from gridhall.kernel.errors import GridhallError
from gridhall.lake.greenbutton import espi
from gridhall.lake.needs import Channel

#: How much of a file may go by without anything that can be let go of: more is an attempt to fill the memory.
_MOST_HELD: Final = 64 * 1024 * 1024
_CHUNK: Final = 1024 * 1024

_ENTRY: Final = f"{{{espi.ATOM}}}entry"
_LINK: Final = f"{{{espi.ATOM}}}link"
_CONTENT: Final = f"{{{espi.ATOM}}}content"
_BLOCK: Final = f"{{{espi.ESPI}}}IntervalBlock"
_READING: Final = f"{{{espi.ESPI}}}IntervalReading"
_TIME_PERIOD: Final = f"{{{espi.ESPI}}}timePeriod"
_START: Final = f"{{{espi.ESPI}}}start"
_DURATION: Final = f"{{{espi.ESPI}}}duration"
_VALUE: Final = f"{{{espi.ESPI}}}value"
_READING_QUALITY: Final = f"{{{espi.ESPI}}}ReadingQuality"


class GreenButtonUnreadable(GridhallError):
    """The file is no well-formed XML: cut off, wrongly encoded, or something else altogether."""

    code = "greenbutton_unreadable"


class GreenButtonDoctype(GridhallError):
    """The file carries a document type with entities, which feeds never need and attacks do."""

    code = "greenbutton_doctype"


class GreenButtonTooLarge(GridhallError):
    """A single element of the file is too large for memory."""

    code = "greenbutton_too_large"


class GreenButtonNamespace(GridhallError):
    """The file is XML, but not an Atom feed of ESPI resources."""

    code = "greenbutton_namespace"


@dataclass(frozen=True)
class ReadingType:
    """How the values of a meter reading are meant; ESPI's own numbers."""

    uom: int
    flow: int
    multiplier: int
    interval_length: int | None
    accumulation: int
    commodity: int
    default_quality: int


@dataclass
class Resources:
    """The small resources of a feed, by the address of their self link."""

    usage_points: dict[str, str] = field(default_factory=dict)  # address → number
    meter_readings: dict[str, tuple[str, ...]] = field(default_factory=dict)  # address → related addresses
    reading_types: dict[str, ReadingType] = field(default_factory=dict)
    block_owners: dict[str, str] = field(default_factory=dict)  # address of blocks → meter reading
    blocks: int = 0

    def meter_reading_of(self, block: str) -> str | None:
        """The meter reading that an interval block belongs to, by the block's self or up link."""
        if block in self.block_owners:
            return self.block_owners[block]
        return next((address for address in _above(block) if address in self.meter_readings), None)

    def number_of(self, meter_reading: str) -> str | None:
        """The number of the usage point that a meter reading belongs to."""
        return next((self.usage_points[each] for each in _above(meter_reading) if each in self.usage_points), None)

    @property
    def channels(self) -> tuple[Channel, ...]:
        """The channels that readings of the feed belong to."""
        kinds = (self.type_of(address) for address in self.meter_readings)
        found = {espi.channel_of(kind.uom, kind.flow) for kind in kinds if kind is not None}
        return tuple(channel for channel in Channel if channel in found)

    def type_of(self, meter_reading: str) -> ReadingType | None:
        """The type that a meter reading is linked to."""
        related = self.meter_readings[meter_reading]
        return next((self.reading_types[each] for each in related if each in self.reading_types), None)


@dataclass(slots=True)
class Interval:
    """One IntervalReading as it stands in the file; ``start`` in seconds since 1970, ``line`` where it stands."""

    start: int | None
    duration: int | None
    value: str
    quality: tuple[int, ...]
    line: int


@dataclass(frozen=True)
class Block:
    """A run of interval readings of one entry; a long block comes in several.

    Attributes:
        links: the addresses by which the entry can be found to belong to a meter reading.
        start: when the block's own interval starts, None where it does not say.
    """

    links: tuple[str, ...]
    start: int | None
    intervals: tuple[Interval, ...]
    line: int


class _Guarded:
    """A file that refuses to be read on while nothing read so far can be let go of."""

    def __init__(self, source: IO[bytes], path: Path) -> None:
        self._source = source
        self._path = path
        self._held = 0

    def read(self, size: int = _CHUNK) -> bytes:
        piece = self._source.read(min(size, _CHUNK))
        self._held += len(piece)
        if self._held > _MOST_HELD:
            raise GreenButtonTooLarge(
                f"A single entry is larger than {_MOST_HELD // 2**20} MB.",
                path=str(self._path),
                remedy="A feed holds one entry for each resource, with intervals in blocks.",
            )
        return piece

    def let_go(self) -> None:
        self._held = 0


def resources(path: Path) -> Resources:
    """Read everything but the interval values.

    Raises:
        GreenButtonUnreadable, GreenButtonDoctype, GreenButtonTooLarge, GreenButtonNamespace: as their names say.
    """
    found = Resources()

    def take(element: Any) -> None:
        if element.tag == _READING:
            _drop(element)
        else:
            _take_entry(element, found)
            _drop(element)

    _walk(path, (_ENTRY, _READING), take)
    return found


def blocks(path: Path, *, at_once: int = 20_000) -> Iterator[Block]:
    """The interval blocks in the order of the file, long ones in runs of ``at_once`` readings.

    Raises:
        GreenButtonUnreadable, GreenButtonDoctype, GreenButtonTooLarge, GreenButtonNamespace: as `resources`.
    """
    ready: list[Block] = []
    intervals: list[Interval] = []
    block_start: list[int | None] = [None]

    def flush(block: Any) -> None:
        entry = next(block.iterancestors(_ENTRY), None)
        links = () if entry is None else _addresses(entry, "self", "up")
        ready.append(Block(links, block_start[0], tuple(intervals), block.sourceline))
        intervals.clear()

    def take(element: Any) -> None:
        if element.tag == _READING:
            if not intervals:
                block_start[0] = _number(element.getparent(), "interval", "start")
            intervals.append(_interval(element))
            block = element.getparent()
            _drop(element)
            if len(intervals) >= at_once:
                flush(block)
        elif element.tag == _BLOCK:
            if intervals:
                flush(element)
        else:
            _drop(element)

    for _ in _steps(path, (_ENTRY, _BLOCK, _READING), take):
        yield from ready
        ready.clear()
    yield from ready


def _walk(path: Path, tags: tuple[str, ...], take: Callable[[Any], None]) -> None:
    for _ in _steps(path, tags, take):
        pass


def _steps(path: Path, tags: tuple[str, ...], take: Callable[[Any], None]) -> Iterator[None]:
    """Parse the file, handing over each element of the tags as it ends; entities and network are off."""
    with path.open("rb") as raw:
        source = _Guarded(raw, path)
        _refuse_doctype(raw, path)
        try:
            parser = etree.iterparse(
                source,
                events=("start", "end"),
                tag=(*tags, f"{{{espi.ATOM}}}feed"),
                resolve_entities=False,
                no_network=True,
                load_dtd=False,
                huge_tree=False,
                remove_comments=True,
                remove_pis=True,
            )
            checked = False
            for event, element in parser:
                if not checked:
                    _check_root(element, path)
                    checked = True
                if event == "end" and element.tag in tags:
                    take(element)
                    source.let_go()
                    yield
            if not checked:
                _check_root(parser.root, path)
        except etree.XMLSyntaxError as error:
            line, column = error.position
            said = (error.msg or "it ends at once").rsplit(", line", 1)[0].partition(", try XML_PARSE")[0]
            raise GreenButtonUnreadable(
                f"This is no readable XML: {said.partition(', use XML_PARSE')[0].strip()}.",
                path=f"{path}:{line}:{column}" if line else str(path),
                remedy="Ask the sender for the whole file again.",
            ) from error


def _refuse_doctype(raw: IO[bytes], path: Path) -> None:
    """Refuse a document type before a parser sees it: entities that grow without end live there."""
    head = raw.read(_CHUNK)
    raw.seek(0)
    plain = head.replace(b"\0", b"").lower()  # UTF-16 and UTF-32 have zeros between the letters
    root = plain.find(b"<feed")
    doctype = plain.find(b"<!doctype")
    if doctype >= 0 and (root < 0 or doctype < root):
        raise _doctype(path)


def _doctype(path: Path) -> GreenButtonDoctype:
    return GreenButtonDoctype(
        "The file declares a document type; a Green Button feed has none.",
        path=str(path),
        remedy="Do not trust this file; ask the sender for a plain feed.",
    )


def _check_root(element: Any, path: Path) -> None:
    root = element.getroottree().getroot()
    if root.getroottree().docinfo.doctype:
        raise _doctype(path)
    if root.tag != f"{{{espi.ATOM}}}feed":
        raise GreenButtonNamespace(
            f"The document is a {root.tag!r}, not an Atom feed.",
            path=f"{path}:{root.sourceline}",
            remedy=f"A Green Button file starts with <feed xmlns={espi.ATOM!r}>.",
        )


def _take_entry(entry: Any, found: Resources) -> None:
    content = entry.find(_CONTENT)
    address = next(iter(_addresses(entry, "self")), "")
    for resource in () if content is None else content:
        name = etree.QName(resource)
        if name.namespace != espi.ESPI:
            continue  # customer data and extensions are none of metering's business
        match name.localname:
            case "UsagePoint":
                found.usage_points[address] = unquote(address.rpartition("/")[2])
            case "MeterReading":
                found.meter_readings[address] = _addresses(entry, "related")
                found.block_owners |= dict.fromkeys(found.meter_readings[address], address)
            case "ReadingType":
                found.reading_types[address] = _reading_type(resource)
            case "IntervalBlock":
                found.blocks += 1


def _reading_type(resource: Any) -> ReadingType:
    def number(name: str, otherwise: int) -> int:
        value = _number(resource, name)
        return otherwise if value is None else value

    return ReadingType(
        uom=number("uom", espi.WATT_HOURS),
        flow=number("flowDirection", 0),
        multiplier=number("powerOfTenMultiplier", 0),
        interval_length=_number(resource, "intervalLength"),
        accumulation=number("accumulationBehaviour", espi.DELTA),
        commodity=number("commodity", 0),
        default_quality=number("defaultQuality", 0),
    )


def _interval(element: Any) -> Interval:
    start = duration = None
    value = ""
    quality: tuple[int, ...] = ()
    for child in element:
        tag = child.tag
        if tag == _TIME_PERIOD:
            for part in child:
                if part.tag == _START:
                    start = _whole(part.text)
                elif part.tag == _DURATION:
                    duration = _whole(part.text)
        elif tag == _VALUE:
            value = (child.text or "").strip()
        elif tag == _READING_QUALITY:
            code = _number(child, "quality")
            quality += () if code is None else (code,)
    return Interval(start, duration, value, quality, element.sourceline)


def _number(element: Any, *names: str) -> int | None:
    """A whole number below an element; None where it is absent or no number."""
    found = element.find("/".join(f"{{{espi.ESPI}}}{name}" for name in names))
    return None if found is None else _whole(found.text)


def _whole(text: str | None) -> int | None:
    plain = (text or "").strip()
    return int(plain) if plain.removeprefix("-").isdecimal() and len(plain) <= 19 else None


def _addresses(entry: Any, *relations: str) -> tuple[str, ...]:
    """The paths of an entry's links, without host, query and trailing slash."""
    links = [link.get("href", "") for rel in relations for link in entry.iterfind(_LINK) if link.get("rel") == rel]
    return tuple(urlsplit(link).path.rstrip("/") for link in links)


def _above(address: str) -> Iterator[str]:
    """An address and those above it, the longest first."""
    while address:
        yield address
        address = address.rpartition("/")[0]


def _drop(element: Any) -> None:
    """Free an element and everything before it."""
    element.clear(keep_tail=False)
    parent = element.getparent()
    while parent is not None and element.getprevious() is not None and element.getprevious().tag == element.tag:
        parent.remove(element.getprevious())
