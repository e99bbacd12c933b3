"""Guards: places come from files in the coordinates that somebody named; bad rows are told, good ones go in."""

import json
from datetime import timedelta

import pytest
from tests.contexts.payments.conftest import ACT, NOW

from gridhall.contexts.payments.models import PaymentPoint
from gridhall.contexts.payments.operations.importing_points import (
    PointChanged,
    PointFileDone,
    PointInvalid,
    PointPlanChanged,
    keep_point_file,
    save_point,
    take_in_points,
)
from gridhall.contexts.payments.place_files import (
    PointColumnsMissing,
    PointFileEmpty,
    PointFileTooLarge,
    PointFileUnreadable,
    RowFault,
    read_places,
)
from gridhall.contexts.payments.queries.point_plans import (
    bad_rows_csv,
    file_plan,
    plan_of,
    point_of_staff,
    points_csv,
    points_of_staff,
    uploaded_file,
)
from gridhall.contexts.payments.rules.coordinates import CoordinateSystem
from gridhall.kernel.errors import NotFound
from gridhall.runtime.audit import Act, trail

WGS, GCJ = CoordinateSystem.WGS_84, CoordinateSystem.GCJ_02
HEAD = "code,kind,name,address,longitude,latitude,hours,services"
A = 'A-1,hall,城东营业厅,人民路1号,121.473701,31.230416,"Mo-Fr 08:30-17:00; Sa 09:00-12:00",cash;card'
B = "B-1,代收点,小周便利店,人民路2号,121.48,31.24,每天 07:00-22:00,现金、扫码"
LATER = Act("staff:2", NOW + timedelta(hours=1))


def file_of(*rows: str, head: str = HEAD) -> bytes:
    return "\n".join([head, *rows]).encode()


def take(content: bytes, system: CoordinateSystem = WGS, *, missing: bool = False):
    return take_in_points(keep_point_file("网点.csv", content, system, deactivate_missing=missing, act=ACT), act=ACT)


def faults(content: bytes) -> list[tuple[int, str, RowFault]]:
    return [(bad.line, fault.field, fault.code) for bad in read_places(content, WGS).bad for fault in bad.faults]


@pytest.mark.django_db
class TestTakingIn:
    """Files into places."""

    def test_good_rows_become_places(self):
        plan = take(file_of(A, B))
        assert plan.counts == {"new": 2, "changed": 0, "unchanged": 0, "deactivated": 0, "bad": 0}
        point = PaymentPoint.objects.get(code="A-1")
        assert (point.longitude, point.latitude) == (121.473701, 31.230416)
        assert point.hours["6"] == [["09:00", "12:00"]]
        assert PaymentPoint.objects.get(code="B-1").services == ["cash", "code"]
        assert PaymentPoint.objects.get(code="B-1").kind == "agent"
        assert [each.action for each in trail("payment_point:A-1")] == ["payments.point.added"]

    def test_chinese_maps_are_shifted(self):
        take(file_of(A), GCJ)
        point = PaymentPoint.objects.get(code="A-1")
        assert (point.longitude, point.latitude) == pytest.approx((121.46916, 31.23235), abs=1e-5)

    def test_the_same_again_changes_nothing_and_a_cell_only_itself(self):
        take(file_of(A, B))
        assert plan_of(file_of(A, B), WGS, deactivate_missing=True).counts["unchanged"] == 2
        plan = take(file_of("A-1,hall,城东营业厅,人民路1号,121.473701,31.230416", head=HEAD.rsplit(",", 2)[0]))
        assert plan.counts["unchanged"] == 1
        plan = take(file_of(A.replace("人民路1号", "人民路9号")))
        assert plan.changed[0].fields == ("address",)
        told = trail("payment_point:A-1")[-1]
        assert (told.details["before"], told.details["after"]) == ({"address": "人民路1号"}, {"address": "人民路9号"})

    def test_places_that_a_file_lacks_stay_unless_asked(self):
        take(file_of(A, B))
        assert take(file_of(A)).missing == (("B-1", "小周便利店"),)
        assert PaymentPoint.objects.get(code="B-1").active
        assert take(file_of(A), missing=True).counts["deactivated"] == 1
        assert not PaymentPoint.objects.get(code="B-1").active
        assert trail("payment_point:B-1")[-1].action == "payments.point.deactivated"

    def test_a_bad_row_keeps_its_place(self):
        take(file_of(A, B))
        plan = take(file_of(A, B.replace("代收点", "什么")), missing=True)
        assert plan.missing == ()
        plan = take(file_of(A, B.replace("B-1", "")), missing=True)
        assert (plan.unsure, plan.counts["deactivated"]) == (True, 0)
        assert PaymentPoint.objects.get(code="B-1").active

    def test_a_file_is_taken_in_once_and_as_agreed(self):
        kept = keep_point_file("a.csv", file_of(A, B), WGS, deactivate_missing=False, act=ACT)
        mark = file_plan(kept).mark
        take(file_of(A.replace("人民路1号", "人民路9号")))
        with pytest.raises(PointPlanChanged):
            take_in_points(kept, act=ACT, mark=mark)
        assert PaymentPoint.objects.count() == 1
        take_in_points(kept, act=ACT, mark=file_plan(kept).mark)
        assert uploaded_file(kept).counts["changed"] == 1
        with pytest.raises(PointFileDone):
            take_in_points(kept, act=ACT)
        with pytest.raises(NotFound):
            take_in_points(0, act=ACT)

    def test_what_is_exported_is_taken_in_without_a_change(self):
        take(file_of(A, B.replace("小周便利店", "=1+1")))
        odd = cells_of_new(phone="+86 21 5555", exceptions="2026-10-01/2026-10-03 off", active="no")
        save_point(None, odd, mark="", act=ACT)
        written = points_csv()
        assert b"'=1+1" in written
        assert b"'+86" in written
        assert plan_of(written, WGS, deactivate_missing=True).counts == {
            "new": 0, "changed": 0, "unchanged": 3, "deactivated": 0, "bad": 0,
        }  # fmt: skip
        PaymentPoint.objects.all().delete()
        assert take(written).counts["new"] == 3
        assert PaymentPoint.objects.get(code="C-1").phone == "+86 21 5555"
        assert not PaymentPoint.objects.get(code="C-1").active

    def test_bad_rows_come_back_mended(self):
        content = file_of(A, B.replace("31.24", "north"))
        take(content)
        (bad,) = plan_of(content, WGS, deactivate_missing=False).bad
        assert (bad.line, bad.faults[0].field, bad.faults[0].code) == (3, "latitude", RowFault.NUMBER)
        mended = bad_rows_csv([bad]).replace(b"north", b"31.24")
        plan = take(mended)
        assert (plan.counts["new"], plan.ignored) == (1, ())


def cells_of_new(**more: str) -> dict[str, str]:
    return {
        "code": "C-1",
        "kind": "bank",
        "name": "银行",
        "address": "路3号",
        "longitude": "121.5",
        "latitude": "31.2",
    } | more


@pytest.mark.django_db
class TestByHand:
    """One place changed by a person."""

    def test_a_place_is_changed_and_told(self):
        id = save_point(None, cells_of_new(), mark="", act=ACT)
        held = point_of_staff(id)
        assert save_point(id, held.cells | {"active": "no", "code": "X"}, mark=held.mark, act=LATER) == id
        assert points_of_staff(active=False, limit=5)[1] == 1
        assert trail("payment_point:C-1")[-1].details == {"before": {"active": True}, "after": {"active": False}}
        before = len(trail("payment_point:C-1"))
        held = point_of_staff(id)
        save_point(id, held.cells, mark=held.mark, act=LATER)
        assert len(trail("payment_point:C-1")) == before

    def test_two_people_at_once_are_told(self):
        id = save_point(None, cells_of_new(), mark="", act=ACT)
        held = point_of_staff(id)
        save_point(id, held.cells | {"phone": "1"}, mark=held.mark, act=ACT)
        with pytest.raises(PointChanged):
            save_point(id, held.cells | {"phone": "2"}, mark=held.mark, act=LATER)
        assert point_of_staff(id).cells["phone"] == "1"

    def test_what_cannot_be_is_refused(self):
        save_point(None, cells_of_new(), mark="", act=ACT)
        with pytest.raises(PointInvalid) as refused:
            save_point(None, cells_of_new(hours="never"), mark="", act=ACT)
        assert {fault.code for fault in refused.value.faults} == {RowFault.REPEATED, RowFault.HOURS}
        with pytest.raises(NotFound):
            save_point(0, cells_of_new(), mark="", act=ACT)

    def test_they_are_found(self):
        take(file_of(A, B))
        assert [each.cells["code"] for each in points_of_staff(text="人民路 小周", limit=5)[0]] == ["B-1"]
        assert points_of_staff(kind="hall", limit=5)[1] == 1
        assert points_of_staff(limit=1)[1] == 2


@pytest.mark.parametrize(
    ("row", "told"),
    [
        (A.replace("A-1", ""), ("code", RowFault.MISSING)),
        (A.replace("A-1", "A 1"), ("code", RowFault.CODE)),
        (A.replace("A-1", "A" * 41), ("code", RowFault.TOO_LONG)),
        (A.replace("hall", "palace"), ("kind", RowFault.KIND)),
        (A.replace("cash;card", "gold"), ("services", RowFault.SERVICE)),
        (A.replace("17:00", "27:00"), ("hours", RowFault.HOURS)),
        (A.replace("121.473701", "nan"), ("longitude", RowFault.NUMBER)),
        (A.replace("121.473701", "1_0"), ("longitude", RowFault.NUMBER)),
        (A.replace("121.473701,31.230416", "31.230416,121.473701"), ("latitude", RowFault.SWAPPED)),
        (A.replace("121.473701,31.230416", "0,0"), ("latitude", RowFault.OFF_EARTH)),
        (A.replace("121.473701", "181"), ("longitude", RowFault.OFF_EARTH)),
        (A + ",more", ("", RowFault.CELLS)),
        ("A-1,hall", ("", RowFault.CELLS)),
    ],
)
def test_bad_rows_are_told(row, told):
    assert [(line, *rest) for line, *rest in faults(file_of(B, row))] == [(3, *told)]
    assert len(read_places(file_of(B, row), WGS).rows) == 1


def test_a_code_twice_is_told_at_the_second():
    assert faults(file_of(A, B, "", A)) == [(5, "code", RowFault.REPEATED)]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "gb18030"])
@pytest.mark.parametrize("separator", [",", "\t", "|"])
def test_heads_may_be_chinese(encoding, separator):
    head = separator.join(["编号", "类型", "名称", "地址", "经度", "纬度", "备注"])
    row = separator.join(["A-1", "营业厅", "城东", "人民路", "121.4", "31.2", "x"])
    read = read_places(f"{head}\r\n{row}\r\n".encode(encoding), WGS)
    assert read.rows[0].values["name"] == "城东"
    assert read.ignored == ("备注",)


@pytest.mark.parametrize(
    ("content", "refused"),
    [
        (b"", PointFileEmpty), (file_of(), PointFileEmpty), (b"PK\x03\x04", PointFileUnreadable),
        (b"\x00\xff\xfe\x00", PointFileUnreadable), (b"x,y\n1,2", PointColumnsMissing),
        (file_of(A, head=HEAD.replace("services", "code")), PointColumnsMissing),
        (file_of(A, 'B,"never closed'), PointFileUnreadable), (b"{", PointFileUnreadable),
        (b'{"type": "Topology"}', PointFileUnreadable), (b"[1]", PointFileUnreadable),
        (b'{"type": "FeatureCollection", "features": []}', PointFileEmpty), (b"x" * 6_000_000, PointFileTooLarge),
        (file_of(*["A"] * 10_001), PointFileTooLarge), (b"[" * 100_000, PointFileUnreadable),
    ],
)  # fmt: skip
def test_files_that_are_none(content, refused):
    with pytest.raises(refused):
        read_places(content, WGS)


def test_geojson_is_read():
    said = {
        "类型": "营业厅", "name": "城东", "address": "人民路", "opening_hours": "24/7", "services": ["cash", "card"],
        "active": False, "colour": "red",
    }  # fmt: skip
    good = {
        "type": "Feature",
        "id": 7,
        "properties": said,
        "geometry": {"type": "Point", "coordinates": [121.4, 31.2, 5]},
    }
    line = good | {"id": "L", "geometry": {"type": "LineString", "coordinates": [[1, 2], [3, 4]]}}
    odd = good | {"id": "M", "geometry": {"type": "Point", "coordinates": [True, None]}}
    whole = {"type": "FeatureCollection", "features": [good, line, odd, 5, good | {"properties": None, "id": "N"}]}
    read = read_places(json.dumps(whole).encode(), WGS)
    (row,) = read.rows
    assert (row.line, row.values["code"], row.values["active"], row.values["services"]) == (
        1,
        "7",
        False,
        ["cash", "card"],
    )
    assert row.values["hours"]["7"] == [["00:00", "24:00"]]
    assert [(bad.line, bad.faults[0].code) for bad in read.bad] == [
        (2, RowFault.NOT_A_POINT), (3, RowFault.NOT_A_POINT), (4, RowFault.NOT_A_POINT), (5, RowFault.MISSING),
    ]  # fmt: skip
    assert read.ignored == ("colour",)
