"""The quarantine of an import: rows mended where they lie, all of them tried again, or a download that comes back."""

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from django.core.exceptions import PermissionDenied
from django.http import FileResponse, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.views.decorators.http import require_GET, require_POST

from gridhall.channels.console.access import ConsoleRequest, act, console_page
from gridhall.channels.console.readings.forms import FileForm
from gridhall.channels.console.readings.uploads import keep
from gridhall.channels.web import words
from gridhall.channels.web.asked import page_of, whole
from gridhall.channels.web.rendering import rendered
from gridhall.contexts.identity.types import Permission
from gridhall.contexts.metering import queries as metering
from gridhall.contexts.metering.types.imports import QuarantinePage, QuarantineRow
from gridhall.runtime import jobs

#: Rows on a page.
PAGE: Final = 20
#: Files with more columns show of each row only what says whose and when it is, and the cell at fault.
_MANY: Final = 12
#: How many of the first columns say whose and when a row is.
_HEADING: Final = 2
_LONGEST_CELL: Final = 5_000


@console_page(Permission.READINGS_VIEW)
def quarantine(request: ConsoleRequest, number: int) -> HttpResponseBase:
    """Rows that were not let in, to be mended; sent back, they are tried again as a job."""
    if request.method == "POST":
        _may_mend(request)
        return _check(request, number)
    return _page(request, number)


@console_page(Permission.READINGS_MEND)
def replace(request: ConsoleRequest, number: int) -> HttpResponseBase:
    """A value replaced in every row that has it: shown first, done on the second press."""
    given = request.POST if request.method == "POST" else request.GET
    column, old, new = (given.get(name, "")[:_LONGEST_CELL] for name in ("column", "old", "new"))
    if request.method == "POST":
        arguments = {"number": number, "replace": [column, old, new]}
        return _started(request, number, arguments)
    count, first = metering.replacing(number, column, old)
    columns = metering.quarantine_page(number, limit=0).columns
    at = columns.index(column) if column in columns else 0
    return rendered(
        request,
        "console/readings/replace.html",
        report=metering.import_report(number),
        column=column,
        old=old,
        new=new,
        count=count,
        columns=columns[:_MANY],
        at=at,
        first=[(row, [*row.cells[:at], new, *row.cells[at + 1 :]][:_MANY]) for row in first],
    )


@console_page(Permission.READINGS_MEND)
@require_POST
def again(request: ConsoleRequest, number: int) -> HttpResponseBase:
    """Every open row as it is once more, for instance when missing accounts have been opened."""
    return _started(request, number, {"number": number})


@console_page(Permission.READINGS_VIEW)
@require_GET
def download(request: ConsoleRequest, number: int) -> HttpResponseBase:
    """The open rows as CSV, with what is wrong; mended, it can be uploaded."""
    with tempfile.TemporaryDirectory(prefix="gridhall-quarantine-") as folder:
        file = Path(folder) / "quarantine.csv"
        metering.export_quarantine(number, file)
        # Open files outlive their names.
        response = FileResponse(file.open("rb"), as_attachment=True, filename=f"quarantine-{number}.csv")
    response["Cache-Control"] = "no-store, private"
    return response


@console_page(Permission.READINGS_MEND)
@require_POST
def upload(request: ConsoleRequest, number: int) -> HttpResponseBase:
    """A quarantine download comes back mended."""
    report = metering.import_report(number)
    form = FileForm(request.POST, request.FILES)
    if not form.is_valid():
        return _page(request, number, form=form, status=422)
    arguments = {
        "file": keep(form.cleaned_data["file"]), "channel": report.channel, "zone": report.zone, "mending": number,
    }  # fmt: skip
    id = jobs.start("import", arguments, act=act(request), subject=f"import:{number}")
    return redirect("console.imports-job", id=id)


def _may_mend(request: ConsoleRequest) -> None:
    if not request.staff.may(Permission.READINGS_MEND):
        raise PermissionDenied


def _started(request: ConsoleRequest, number: int, arguments: dict[str, Any]) -> HttpResponseBase:
    metering.import_report(number)
    id = jobs.start("mend", arguments, act=act(request), subject=f"import:{number}")
    return redirect("console.imports-job", id=id)


def _check(request: ConsoleRequest, number: int) -> HttpResponseBase:
    """The rows that were sent, with the cells that were sent; what was not sent of a row stays as it was."""
    sent: dict[int, dict[int, str]] = {}
    for name, value in request.POST.items():
        kind, _, place = name.partition(".")
        row, _, cell = place.partition(".")
        of, at = whole(row), whole(cell)
        if kind == "cell" and of is not None and at is not None:
            sent.setdefault(of, {})[at] = str(value)[:_LONGEST_CELL]
    rows: dict[str, Sequence[str]] = {}
    for found in metering.quarantine_rows(number, list(sent)):
        cells = list(found.cells)
        for at, text in sent[found.id].items():
            if at < len(cells):
                cells[at] = text
        rows[str(found.id)] = cells
    if not rows:
        return redirect("console.quarantine", number=number)
    return _started(request, number, {"number": number, "rows": rows})


def _page(request: ConsoleRequest, number: int, *, form: FileForm | None = None, status: int = 200) -> HttpResponse:
    code, row = request.GET.get("code", "").replace("\0", "")[:60], whole(request.GET.get("row", ""))
    page = page_of(request)
    report = metering.import_report(number)
    counts = metering.quarantine_counts(number)
    start = (min(page, 1_000_000) - 1) * PAGE
    found = metering.quarantine_page(number, code=code, row=row, start=start, limit=PAGE)
    response = rendered(
        request,
        "console/readings/quarantine.html",
        report=report,
        faults=[(each, words.of_quarantine(each), count) for each, count in counts.items()],
        open_rows=sum(counts.values()),
        code=code,
        one_row=row is not None,
        rows=[_shown(each, found, whole=row is not None) for each in found.rows],
        columns=found.columns,
        total=found.total,
        page=page,
        pages=max(1, -(-found.total // PAGE)),
        first=start + 1,
        last=start + len(found.rows),
        before=page - 1 if page > 1 else None,
        after=page + 1 if start + PAGE < found.total else None,
        may_mend=request.staff.may(Permission.READINGS_MEND) and report.format != "greenbutton",
        form=form or FileForm(),
        upload_wrong=form is not None,
    )
    response.status_code = status
    return response


def _shown(row: QuarantineRow, page: QuarantinePage, *, whole: bool) -> dict[str, Any]:
    """A row with the cells that are worth editing: all of a narrow file, of a wide one those that matter."""
    at_fault = [at for at, name in enumerate(page.columns) if name.strip() == row.field.strip()]
    wide = len(page.columns) > _MANY and not whole
    shown = sorted({*range(_HEADING), *at_fault}) if wide else range(len(page.columns))
    cells = [(at, page.columns[at], row.cells[at], at in at_fault) for at in shown if at < len(row.cells)]
    return {
        "row": row,
        "cells": cells,
        "hidden": len(page.columns) - len(cells),
        "words": words.of_quarantine(row.code),
    }
