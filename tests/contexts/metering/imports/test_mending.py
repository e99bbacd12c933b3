"""Guards: quarantined rows are mended where they lie; what is wrong again stays there with its new reason."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from gridhall.contexts.accounts import operations as accounts
from gridhall.contexts.metering import queries
from gridhall.contexts.metering.models import Import, QuarantinedRow
from gridhall.contexts.metering.operations import ColumnUnknown, NotMendable, mend, mend_all, mend_by_file
from gridhall.kernel.errors import NotFound
from gridhall.lake.formats import FileRefused, Unit
from gridhall.runtime import audit
from gridhall.runtime.audit import Act

ACT = Act("staff:li", datetime(2026, 3, 21, 2, tzinfo=UTC))
FILE = (
    "usage_point,start,kwh\n"
    "A1,2026-03-01 00:00,1\n"
    "X9,2026-03-01 00:00,2\n"
    "A2,2026-03-01 00:00,much\n"
    "X9,2026-03-01 01:00,3\n"
    "A3,2026-03-01 00:00,-4\n"
)


def rows(number: int) -> dict[int, Any]:
    return {row.line: row for row in queries.quarantine_page(number).rows}


def test_mended_rows_are_let_in_and_wrong_ones_stay_with_their_new_reason(
    take_in: Callable, lake: Callable, points: dict[str, int]
) -> None:
    told = take_in(FILE)
    open_ = rows(told.id)
    assert sorted(open_) == [3, 4, 5, 6]
    changes = {
        open_[3].id: ["A2", "2026-03-01 05:00", "2"],
        open_[4].id: ["A2", "2026-03-01 00:00", "1.5"],
        open_[6].id: ["A9", "2026-03-01 00:00", "4"],
    }
    done = mend(told.id, changes, act=ACT)
    assert (done.resolved, done.still_wrong) == (2, 1)
    assert done.taken is not None
    assert (done.taken.accepted, done.taken.quarantined) == (2, 0)
    left = rows(told.id)
    assert sorted(left) == [5, 6]
    assert (left[6].code, left[6].value) == ("unknown_usage_point", "A9")
    assert left[6].cells == ("A9", "2026-03-01 00:00", "4")
    assert left[5].code == "unknown_usage_point"
    assert queries.quarantine_counts(done.taken.id) == {}
    values = lake()[(points["A2"], date(2026, 3, 1))][0]
    assert (values[0], values[5]) == (1500, 2000)
    entries = {entry.action: entry.details for entry in audit.trail(f"import:{told.id}")}
    assert entries["metering.quarantine.mended"] == {"by_import": done.taken.id, "resolved": 2, "still_wrong": 1}
    assert entries["metering.quarantine.edited"]["rows"][str(open_[4].id)] == {"kwh": ["much", "1.5"]}


def test_the_same_mending_twice_does_nothing_the_second_time(take_in: Callable) -> None:
    told = take_in(FILE)
    changes = {rows(told.id)[4].id: ["A2", "2026-03-01 00:00", "1.5"]}
    assert mend(told.id, changes, act=ACT).resolved == 1
    count = Import.objects.count()
    again = mend(told.id, changes, act=ACT)
    assert (again.taken, again.resolved, Import.objects.count()) == (None, 0, count)


def test_a_value_is_replaced_everywhere(take_in: Callable, lake: Callable, points: dict[str, int]) -> None:
    told = take_in(FILE)
    count, first = queries.replacing(told.id, "usage_point", "X9")
    assert (count, [row.line for row in first]) == (2, [3, 5])
    done = mend_all(told.id, act=ACT, replace=("usage_point", "X9", "A3"))
    assert (done.resolved, done.still_wrong) == (2, 0)
    assert lake()[(points["A3"], date(2026, 3, 1))][0][:2] == [2000, 3000]
    assert sorted(rows(told.id)) == [4, 6]
    with pytest.raises(ColumnUnknown):
        mend_all(told.id, act=ACT, replace=("voltage", "X9", "A3"))


def test_rows_are_tried_again_when_their_usage_point_exists_by_now(take_in: Callable) -> None:
    told = take_in(FILE)
    assert mend_all(told.id, act=ACT).still_wrong == 4
    assert sorted(rows(told.id)) == [3, 4, 5, 6]
    import pyarrow as pa

    accounts.load(
        accounts.Portfolio(
            usage_points=pa.table({"number": ["X9"], "organisation": ["P"], "usage_class": ["residential"]})
        ),
        act=ACT,
    )
    assert mend_all(told.id, act=ACT).resolved == 2


def test_rows_of_other_imports_are_passed_over(take_in: Callable) -> None:
    first = take_in(FILE)
    second = take_in(FILE.replace("2026-03-01", "2026-03-02"), "second.csv")
    foreign = rows(second.id)[4].id
    assert mend(first.id, {foreign: ["A2", "2026-03-01 00:00", "1"]}, act=ACT).taken is None
    assert sorted(rows(second.id)) == [3, 4, 5, 6]
    with pytest.raises(NotFound):
        mend(999_999, {}, act=ACT)


def test_a_download_comes_back_mended(take_in: Callable, tmp_path: Path) -> None:
    told = take_in(FILE)
    file = tmp_path / "mend.csv"
    queries.export_quarantine(told.id, file)
    file.write_text(file.read_text().replace("much", "1.25").replace("A3,", "A9,"))
    done = mend_by_file(told.id, file, act=ACT)
    assert (done.resolved, done.still_wrong) == (1, 3)
    left = rows(told.id)
    assert left[6].cells == ("A9", "2026-03-01 00:00", "-4")
    assert QuarantinedRow.objects.filter(resolved_by=None).count() == 3


def test_what_was_said_of_the_file_holds_for_its_mended_rows(
    take_in: Callable, lake: Callable, points: dict[str, int]
) -> None:
    told = take_in("usage_point,start,value\nA1,2026-03-01 00:00,x\n", unit=Unit.WH)
    mend(told.id, {rows(told.id)[2].id: ["A1", "2026-03-01 00:00", "700"]}, act=ACT)
    assert lake()[(points["A1"], date(2026, 3, 1))][0][0] == 700


def test_day_curves_are_mended_like_any_row(take_in: Callable, lake: Callable, points: dict[str, int]) -> None:
    head = ",".join(f"v{each}" for each in range(1, 25))
    values = ["1"] * 24
    bad = [*values[:3], "oops", *values[4:]]
    told = take_in(f"usage_point,day,{head}\nA1,2026-03-01,{','.join(bad)}\nA2,2026-03-01,{','.join(values)}\n")
    (row,) = queries.quarantine_page(told.id).rows
    assert (row.field, row.value) == ("v4", "oops")
    assert mend(told.id, {row.id: ["A1", "2026-03-01", *values]}, act=ACT).resolved == 1
    assert lake()[(points["A1"], date(2026, 3, 1))][0] == [1000] * 24


def test_cells_from_hostile_hands_are_only_cells(take_in: Callable) -> None:
    told = take_in(FILE)
    row = rows(told.id)[4].id
    for cell in ('"', "a\nb", "=cmd()", "\0", "‮", "<script>", "A" * 5_000):
        mend(told.id, {row: [cell, "2026-03-01 00:00", "1", "more", "than", "columns"]}, act=ACT)
        assert len(rows(told.id)) == 4
    assert mend(told.id, {row: ["A2"]}, act=ACT).still_wrong == 1


def test_a_feed_has_no_cells_to_mend(take_in: Callable) -> None:
    told = take_in(FILE)
    Import.objects.filter(pk=told.id).update(format="greenbutton")
    with pytest.raises(NotMendable):
        mend_all(told.id, act=ACT)


def test_a_refused_file_changes_nothing(take_in: Callable, tmp_path: Path) -> None:
    told = take_in(FILE)
    file = tmp_path / "empty.csv"
    file.write_text("")
    with pytest.raises(FileRefused):
        mend_by_file(told.id, file, act=ACT)
    assert len(rows(told.id)) == 4


def test_lists_say_what_is_still_open(take_in: Callable, django_assert_max_num_queries: Callable) -> None:
    first = take_in(FILE)
    second = take_in("usage_point,start,kwh\nA1,2026-03-02 00:00,1\n", "second.csv")
    with django_assert_max_num_queries(1):
        found = queries.found_imports()
    assert [(each.report.id, each.open_rows) for each in found] == [(second.id, 0), (first.id, 4)]
    assert [each.report.id for each in queries.found_imports(open_only=True)] == [first.id]
    assert [each.report.id for each in queries.found_imports(text="SECOND")] == [second.id]
    assert [each.report.id for each in queries.found_imports(before=second.id)] == [first.id]
    assert queries.found_imports(channel="export") == []
    page = queries.quarantine_page(first.id, code="unknown_usage_point", limit=1)
    assert (len(page.rows), page.total, page.columns) == (1, 2, ("usage_point", "start", "kwh"))
