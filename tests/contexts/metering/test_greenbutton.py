"""Promise (X4): Green Button is read to the Wh, attacks are refused, what we write validates and reads back equal."""

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from gridhall.kernel.errors import GridhallError
from gridhall.lake import curves, greenbutton
from gridhall.lake.curves import Quality
from gridhall.lake.daycurves import DayCurve
from gridhall.lake.greenbutton import GreenButtonFile, RejectedReading
from gridhall.lake.greenbutton.feed import blocks
from gridhall.lake.needs import Channel

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
NEW_YORK = "America/New_York"
PROJECTED = "<ReadingQuality><quality>12</quality></ReadingQuality>"
FEED = '<feed xmlns="http://www.w3.org/2005/Atom">'
ATOM, ESPI = "{http://www.w3.org/2005/Atom}", "{http://naesb.org/espi}"


def written(days: Sequence[DayCurve], zone: str) -> bytes:
    return b"".join(greenbutton.write(days, zone=zone, updated=NOW))


def days_of(path: Path, zone: str = NEW_YORK) -> list[DayCurve]:
    found = list(greenbutton.read(path, zone=zone))
    assert all(isinstance(each, DayCurve) for each in found)
    return [each for each in found if isinstance(each, DayCurve)]


@pytest.fixture
def feed(tmp_path: Path) -> Callable[..., Path]:
    """A small feed of one quarter-hour in Shanghai, with parts replaced."""

    def make(*changes: tuple[str, str]) -> Path:
        day = DayCurve("A1", Channel.IMPORT, date(2026, 1, 1), (250, *[None] * 95))
        text = written([day], "Asia/Shanghai").decode()
        for old, new in changes:
            assert old in text
            text = text.replace(old, new)
        path = tmp_path / "feed.xml"
        path.write_text(text)
        return path

    return make


def only(path: Path) -> DayCurve | RejectedReading:
    (found,) = greenbutton.read(path, zone="Asia/Shanghai")
    return found


# -- the official samples ------------------------------------------------------------------------------------------


def test_the_samples_are_read_to_the_wh_over_the_day_the_clocks_change(shared: Path) -> None:
    path = shared / "greenbutton/samples/test_usage_data.xml"
    days = days_of(path)
    values = [
        int(each.text or 0)
        for each in etree.parse(path).iter(f"{ESPI}value")
        if each.getparent().tag == f"{ESPI}IntervalReading"
    ]
    assert len(values) == 1340
    assert sum(day.energy for day in days) == sum(values)
    assert [len(day.values) for day in days] == [96] * 10 + [92] + [96] * 3
    assert days[0].day == date(2012, 3, 1)
    assert days[0].values[:3] == (282, 323, 294)
    assert days[0].quality is not None
    assert days[0].quality[:3] == (Quality.LIKE_DAY, Quality.EDITED, Quality.MEASURED)
    assert {day.usage_point for day in days} == {"5446AF3F"}


def test_every_sample_reads_and_goes_round(shared: Path, tmp_path: Path) -> None:
    samples = sorted((shared / "greenbutton/samples").glob("*.xml"))
    assert len(samples) == 12
    for sample in samples:
        days = days_of(sample)
        assert not any(day.missing for day in days)
        (tmp_path / "again.xml").write_bytes(written(days, NEW_YORK))
        assert days_of(tmp_path / "again.xml") == days


# -- what is written -----------------------------------------------------------------------------------------------


def _schema(shared: Path) -> etree.XMLSchema:
    """The official schema; it imports an Atom schema that it does not use and that is not there."""
    tree = etree.parse(shared / "greenbutton/xsd_espi4/espi.xsd")
    for imported in tree.findall("{http://www.w3.org/2001/XMLSchema}import"):
        tree.getroot().remove(imported)
    return etree.XMLSchema(tree)


def _feed_of_everything() -> list[DayCurve]:
    quality = [Quality.MISSING, *list(Quality)[2:], *[Quality.MEASURED] * 91]
    return [
        DayCurve("A&1/户", Channel.IMPORT, date(2026, 3, 28), (None, *range(95)), tuple(int(code) for code in quality)),
        DayCurve("A&1/户", Channel.IMPORT, date(2026, 3, 29), tuple(range(92))),
        DayCurve("A&1/户", Channel.EXPORT, date(2026, 10, 25), tuple(range(50))),
        DayCurve("A&1/户", Channel.REACTIVE, date(2026, 10, 25), tuple(range(100))),
        DayCurve("B2", Channel.REACTIVE_EXPORT, date(2027, 1, 1), (2**31 - 1,) * 24),
    ]


def test_what_is_written_validates_against_the_official_schema(shared: Path) -> None:
    schema = _schema(shared)
    root = etree.fromstring(written(_feed_of_everything(), "Europe/London"))
    seen = set()
    for resource in root.iterfind(f"{ATOM}entry/{ATOM}content/*"):
        schema.assertValid(etree.ElementTree(etree.fromstring(etree.tostring(resource))))
        seen.add(etree.QName(resource).localname)
    assert seen == {"UsagePoint", "MeterReading", "ReadingType", "IntervalBlock", "LocalTimeParameters"}


def test_the_feed_is_atom_and_every_link_leads_somewhere() -> None:
    root = etree.fromstring(written(_feed_of_everything(), "Europe/London"))
    assert root.tag == f"{ATOM}feed"
    for thing in (root, *root.iterfind(f"{ATOM}entry")):
        for name in ("id", "title", "updated"):
            assert len(thing.findall(f"{ATOM}{name}")) == 1, name
        assert thing.find(f"{ATOM}id").text.startswith("urn:uuid:")
        assert datetime.fromisoformat(thing.find(f"{ATOM}updated").text) == NOW
    assert root.find(f"{ATOM}author/{ATOM}name").text
    ids = [each.text for each in root.iter(f"{ATOM}id")]
    assert len(ids) == len(set(ids))
    own = {link.get("href") for link in root.iter(f"{ATOM}link") if link.get("rel") == "self"}
    for link in root.iter(f"{ATOM}link"):
        if link.get("rel") == "related":
            href = link.get("href")
            assert href in own or any(each.startswith(f"{href}/") for each in own), href


def test_a_feed_tells_nobody_apart_but_by_number() -> None:
    text = written(_feed_of_everything(), "Europe/London").decode()
    assert "A%261%2F%E6%88%B7" in text
    titles = [each.text for each in etree.fromstring(text.encode()).iter(f"{ATOM}title")]
    assert "A&1/户" in titles


def test_the_same_readings_give_the_same_bytes_and_the_sum_is_kept(tmp_path: Path) -> None:
    days = _feed_of_everything()
    assert written(days, "Europe/London") == written(days, "Europe/London")
    (tmp_path / "feed.xml").write_bytes(written(days, "Europe/London"))
    assert sorted(days_of(tmp_path / "feed.xml", "Europe/London"), key=repr) == sorted(days, key=repr)


zones = st.sampled_from(["Asia/Shanghai", "Europe/London", NEW_YORK, "Australia/Sydney", "America/Sao_Paulo"])


@st.composite
def day_curves(draw: st.DrawFn) -> tuple[str, list[DayCurve]]:
    zone = draw(zones)
    around = st.sampled_from(
        [date(2013, 3, 9), date(2013, 3, 30), date(2013, 10, 5), date(2013, 10, 26), date(2013, 11, 2)]
    )
    first, minutes = draw(around), draw(st.sampled_from([15, 30, 60]))
    days = []
    for offset in range(3):
        day = first + timedelta(days=offset)
        count = curves.slots(zone, day, minutes)
        codes = draw(st.lists(st.sampled_from(list(Quality)), min_size=count, max_size=count))
        known = st.integers(-(2**31) + 1, 2**31 - 1)
        values = tuple(None if code is Quality.MISSING else draw(known) for code in codes)
        if any(value is not None for value in values):
            days.append(DayCurve("1", Channel.IMPORT, day, values, tuple(codes) if any(codes) else None))
    return zone, days


@given(case=day_curves())
def test_any_curve_goes_round_to_the_wh_also_where_clocks_change(
    tmp_path_factory: pytest.TempPathFactory, case: tuple[str, list[DayCurve]]
) -> None:
    zone, days = case
    path = tmp_path_factory.mktemp("round") / "feed.xml"
    path.write_bytes(written(days, zone))
    if days:
        assert days_of(path, zone) == days


# -- what others write ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("power", "value", "wh"),
    [("0", "250", 250), ("3", "2", 2000), ("-3", "250000", 250), ("-3", "1600", 2), ("1", "-4", -40)],
)
def test_the_power_of_ten_is_applied(feed: Callable[..., Path], power: str, value: str, wh: int) -> None:
    path = feed(("Multiplier>0<", f"Multiplier>{power}<"), ("<value>250<", f"<value>{value}<"))
    found = only(path)
    assert isinstance(found, DayCurve)
    assert found.values[0] == wh


def test_fractions_of_a_wh_are_carried_so_that_the_day_is_right(tmp_path: Path) -> None:
    day = DayCurve("1", Channel.IMPORT, date(2026, 1, 1), (1400,) * 24)
    text = written([day], "Asia/Shanghai").replace(b"Multiplier>0<", b"Multiplier>-3<")
    (tmp_path / "feed.xml").write_bytes(text)
    (found,) = days_of(tmp_path / "feed.xml", "Asia/Shanghai")
    assert set(found.values) == {1, 2}
    assert found.energy == round(24 * 1.4)


@pytest.mark.parametrize(
    ("uom", "flow", "channel"),
    [
        ("72", "1", Channel.IMPORT),
        ("72", "19", Channel.EXPORT),
        ("73", "2", Channel.REACTIVE),
        ("73", "19", Channel.REACTIVE_EXPORT),
    ],
)
def test_unit_and_direction_make_the_channel(feed: Callable[..., Path], uom: str, flow: str, channel: Channel) -> None:
    found = only(feed(("<uom>72<", f"<uom>{uom}<"), ("<flowDirection>1<", f"<flowDirection>{flow}<")))
    assert found.channel is channel  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (("<uom>72<", "<uom>38<"), "unit_unknown"),  # power
        (("<flowDirection>1<", "<flowDirection>4<"), "unit_unknown"),  # net
        (("<commodity>1<", "<commodity>7<"), "commodity_not_electricity"),  # gas
        (("<accumulationBehaviour>4<", "<accumulationBehaviour>1<"), "not_interval_data"),
        (("Multiplier>0<", "Multiplier>300<"), "unit_unknown"),
        (("ReadingType xmlns", "Reading xmlns"), "reading_type_missing"),
    ],
)
def test_a_feed_of_nothing_that_can_be_taken_is_refused_with_the_reason(
    feed: Callable[..., Path], change: tuple[str, str], reason: str
) -> None:
    closing = (("</ReadingType>", "</Reading>"),) if reason == "reading_type_missing" else ()
    with pytest.raises(greenbutton.GreenButtonReadingType) as refused:
        list(greenbutton.read(feed(change, *closing), zone="Asia/Shanghai"))
    assert reason in refused.value.message


@pytest.mark.parametrize(
    ("change", "field", "reason"),
    [
        (("<value>250<", "<value>2.5<"), "value", "value_missing"),
        (("<value>250<", "<value>9999999999<"), "value", "value_out_of_range"),
        (("<value>250<", f"<value>{'9' * 6000}<"), "value", "value_missing"),
        (("900</duration><start>1767196800", "900</duration><start>1767196801"), "start", "off_the_grid"),
        (("900</duration><start>1767196800", "86400</duration><start>1767196800"), "duration", "interval_length"),
        (("900</duration><start>1767196800", "900</duration><start>soon"), "start", None),
        (("<timePeriod>", f"{PROJECTED}<timePeriod>"), "quality", "not_a_reading"),
    ],
)
def test_a_wrong_interval_is_rejected_with_line_field_value_and_reason(
    feed: Callable[..., Path], change: tuple[str, str], field: str, reason: str | None
) -> None:
    path = feed(change)
    found = only(path)
    if reason is None:  # an interval without a start follows the one before
        assert isinstance(found, DayCurve)
        return
    assert isinstance(found, RejectedReading)
    assert (found.field, found.reason) == (field, reason)
    assert "<IntervalReading>" in path.read_text().splitlines()[found.line - 1]


def test_entries_may_come_in_any_order_and_blocks_be_cut_anywhere(tmp_path: Path) -> None:
    days = _feed_of_everything()
    root = etree.fromstring(written(days, "Europe/London"))
    entries = root.findall(f"{ATOM}entry")
    for entry in entries:
        root.remove(entry)
    for entry in reversed(entries):
        content = entry.find(f"{ATOM}content")
        block = content[0]
        if etree.QName(block).localname == "IntervalBlock":
            second = etree.SubElement(content, f"{ESPI}IntervalBlock")
            for interval in block.findall(f"{ESPI}IntervalReading")[7:]:
                second.append(interval)
        root.append(entry)
    path = tmp_path / "feed.xml"
    path.write_bytes(etree.tostring(root))
    assert sorted(days_of(path, "Europe/London"), key=repr) == sorted(days, key=repr)


def test_long_blocks_come_in_runs(shared: Path) -> None:
    path = shared / "greenbutton/samples/test_usage_data.xml"
    whole, runs = list(blocks(path)), list(blocks(path, at_once=50))
    assert len(runs) > len(whole)
    assert [each for block in runs for each in block.intervals] == [each for block in whole for each in block.intervals]


# -- files that are none, or mean harm -----------------------------------------------------------------------------


def _laughs() -> str:
    entities = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 20))
    return f'<?xml version="1.0"?><!DOCTYPE feed [<!ENTITY l0 "ha">{entities}]>{FEED}&l19;</feed>'


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (_laughs().encode(), "greenbutton_doctype"),
        (_laughs().encode("utf-16"), "greenbutton_doctype"),
        (f'<!DOCTYPE feed SYSTEM "file:///etc/passwd">{FEED}</feed>'.encode(), "greenbutton_doctype"),
        (b"<feed", "greenbutton_unreadable"),
        (b"usage_point,start,kwh\n", "greenbutton_unreadable"),
        (b"", "file_empty"),
        (b"<feed/>", "greenbutton_namespace"),
        (b'<UsagePoint xmlns="http://naesb.org/espi"/>', "greenbutton_namespace"),
        (f"{FEED}</feed>".encode(), "greenbutton_empty"),
        (FEED.encode() + b"<a>" * 5000, "greenbutton_unreadable"),
    ],
)
def test_bad_files_are_refused_with_a_code_and_a_place(tmp_path: Path, content: bytes, code: str) -> None:
    path = tmp_path / "bad.xml"
    path.write_bytes(content)
    with pytest.raises(GridhallError) as refused, GreenButtonFile(path, zone="Asia/Shanghai") as file:
        list(file.batches())
    assert refused.value.code == code
    assert refused.value.path.startswith(str(path))
    assert refused.value.message


def test_a_feed_of_another_namespace_is_refused(feed: Callable[..., Path]) -> None:
    with pytest.raises(greenbutton.GreenButtonEmpty):
        list(greenbutton.read(feed(("http://naesb.org/espi", "http://example.org/espi")), zone="Asia/Shanghai"))


def test_an_entry_without_end_is_refused_before_it_fills_the_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gridhall.lake.greenbutton.feed._MOST_HELD", 2**20)
    path = tmp_path / "endless.xml"
    with path.open("wb") as sink:
        sink.write(b'<feed xmlns="http://www.w3.org/2005/Atom"><entry>')
        for _ in range(40):
            sink.write(b"<x/>" * 10_000)
    with pytest.raises(greenbutton.GreenButtonTooLarge):
        list(greenbutton.read(path, zone="Asia/Shanghai"))


# -- as an import reads it -----------------------------------------------------------------------------------------


def test_an_import_gets_batches_by_channel_with_quality_and_what_is_rejected(tmp_path: Path) -> None:
    path = tmp_path / "feed.xml"
    path.write_bytes(written(_feed_of_everything(), "Europe/London"))

    def known(names: Sequence[str]) -> Iterator[int]:
        return iter([7 if name == "A&1/户" else -1 for name in names])

    with GreenButtonFile(path, zone="Europe/London", resolve=lambda names: list(known(names))) as file:
        assert file.channels == tuple(Channel)
        (batch,) = file.batches()
    assert [(group.wh.shape, group.usage_points.tolist()) for group in batch.days] == [((1, 96), [7]), ((1, 92), [7])]
    assert batch.days[0].quality is not None
    assert batch.table()["missing"].to_pylist() == [1, 0]
    with GreenButtonFile(
        path, zone="Europe/London", channel=Channel.REACTIVE_EXPORT, resolve=lambda names: list(known(names))
    ) as file:
        (batch,) = file.batches()
    assert [(each.code, each.original[0]) for each in batch.rejected] == [("usage_point_unknown", "B2")]
