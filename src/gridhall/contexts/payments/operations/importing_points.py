"""Places to pay at from files, and changed by hand: each change with who made it."""

from collections.abc import Mapping
from typing import Any, Final

from django.db import transaction

from gridhall.contexts.payments.models import PaymentPoint, PointFile
from gridhall.contexts.payments.operations.payment_points import NewPoint, put_points
from gridhall.contexts.payments.place_files import Cells, Fault, RowFault, read_places, values_of
from gridhall.contexts.payments.queries.point_plans import (
    FIELDS,
    Change,
    Plan,
    differs,
    file_plan,
    point_mark,
)
from gridhall.contexts.payments.rules.coordinates import CoordinateSystem
from gridhall.kernel.errors import NotFound, Refused
from gridhall.runtime.audit import Act, record, record_many

_BY_HAND: Final = "console"


class PointFileDone(Refused):
    """The file was taken in before."""

    code = "point_file_done"


class PointPlanChanged(Refused):
    """Places were changed since somebody looked at what the file would do."""

    code = "point_plan_changed"


class PointChanged(Refused):
    """Somebody else changed the place meanwhile."""

    code = "point_changed"


class PointInvalid(Refused):
    """The place cannot be so; ``faults`` says why, field by field."""

    code = "point_invalid"

    def __init__(self, faults: list[Fault]) -> None:
        super().__init__("The place cannot be so.", path=", ".join(each.field for each in faults))
        self.faults = faults


def keep_point_file(name: str, content: bytes, system: CoordinateSystem, *, deactivate_missing: bool, act: Act) -> int:
    """This will keep a file of places to be looked at and then taken in, and give its id. No place changes.

    Args:
        system: how the file counts longitude and latitude, by the word of whoever knows.
        deactivate_missing: whether places that the file does not have are set inactive when it is taken in.

    Raises:
        PointFileUnreadable, PointColumnsMissing, PointFileEmpty, PointFileTooLarge: nothing of the file can be used.
    """
    read = read_places(content, system)
    with transaction.atomic():
        row = PointFile.objects.create(
            name=name[:120], coordinates=system.value, deactivate_missing=deactivate_missing, content=content,
            uploaded_at=act.at, uploaded_by=act.actor,
        )  # fmt: skip
        details = {"file": row.name, "coordinates": system.value, "rows": len(read.rows), "bad": len(read.bad)}
        record(act, "payments.points.uploaded", f"point_file:{row.pk}", details)
    return row.pk


def take_in_points(id: int, *, act: Act, mark: str | None = None) -> Plan:
    """This will do what a kept file says: its good rows become places or change them, all in one transaction.

    Args:
        mark: of the plan that somebody agreed to; None takes the file in as things are now.

    Returns:
        What was done.

    Raises:
        NotFound: there is no such file.
        PointFileDone: it was taken in before.
        PointPlanChanged: it would do something else now than what was agreed to.
    """
    with transaction.atomic():
        # Two files at once, or a change by hand meanwhile, wait for each other here.
        list(PaymentPoint.objects.select_for_update().order_by("pk").values_list("pk"))
        file = PointFile.objects.select_for_update().defer("content").filter(pk=id).first()
        if file is None:
            raise NotFound("There is no such file.", path="file")
        if file.taken_in_at is not None:
            raise PointFileDone("The file was taken in before.", remedy="Upload it again.")
        plan = file_plan(id)
        if mark is not None and mark != plan.mark:
            raise PointPlanChanged("Places were changed meanwhile.", remedy="Look at what the file would do now.")
        before = {
            each.code: each for each in PaymentPoint.objects.filter(code__in=[each.code for each in plan.changed])
        }
        put_points((_new_point(each.values) for each in (*plan.new, *plan.changed)), source=file.name[:80], now=act.at)
        deeds = [_deed(change, before.get(change.code), file=id) for change in (*plan.new, *plan.changed)]
        if plan.deactivates:
            codes = [code for code, _ in plan.missing]
            PaymentPoint.objects.filter(code__in=codes).update(active=False, changed_at=act.at)
            deeds += [("payments.point.deactivated", f"payment_point:{code}", {"file": id}) for code in codes]
        PointFile.objects.filter(pk=id).update(taken_in_at=act.at, taken_in_by=act.actor, counts=plan.counts)
        deeds.append(("payments.points.taken_in", f"point_file:{id}", plan.counts | {"file": file.name}))
        record_many(act, deeds)
    return plan


def save_point(id: int | None, cells: Cells, *, mark: str, act: Act) -> int:
    """This will change a place by hand, or add one, and give its id. Longitude and latitude are WGS-84.

    Args:
        id: of the place; None adds one.
        cells: every column of a row; see `place_files.cells`.
        mark: of the place as it was looked at.

    Raises:
        NotFound: there is no such place.
        PointInvalid: a cell means nothing, or the code of a new place is taken; names each.
        PointChanged: somebody changed the place meanwhile; nothing is written.
    """
    with transaction.atomic():
        held = None
        if id is not None:
            held = PaymentPoint.objects.select_for_update().filter(pk=id).first()
            if held is None:
                raise NotFound("There is no such place.", path="place")
            cells = {**cells, "code": held.code}
        values, faults = values_of(cells, CoordinateSystem.WGS_84)
        if id is None and PaymentPoint.objects.filter(code=values.get("code", "")).exists():
            faults.append(Fault("code", values["code"], RowFault.REPEATED))
        if faults:
            raise PointInvalid(faults)
        if held is not None and mark != point_mark(held):
            raise PointChanged("Somebody else changed this place meanwhile.", remedy="Look at both and save again.")
        fields = tuple(each for each in FIELDS if each in values and differs(held, each, values[each]))
        if held is None or fields:
            put_points([_new_point(values)], source=_BY_HAND, now=act.at)
            change = Change(0, values["code"], values["name"], values, fields, held is None)
            record(act, *_deed(change, held))
        saved: int = PaymentPoint.objects.get(code=values["code"]).pk
        return saved


def _new_point(values: Mapping[str, Any]) -> NewPoint:
    return NewPoint(**values)


def _deed(change: Change, before: PaymentPoint | None, **more: Any) -> tuple[str, str, dict[str, Any]]:
    """How a change of a place stands on the audit trail."""
    subject = f"payment_point:{change.code}"
    after = {each: change.values[each] for each in change.fields}
    if before is None:
        return "payments.point.added", subject, {"after": after, **more}
    held = {each: getattr(before, each) for each in change.fields}
    return "payments.point.changed", subject, {"before": held, "after": after, **more}
