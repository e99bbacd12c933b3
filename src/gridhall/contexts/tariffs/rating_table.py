"""Rated bills as an Arrow table: lines of all bills in lists, empty lines left out."""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from gridhall.contexts.tariffs.rules.arithmetic import Integers
from gridhall.contexts.tariffs.rules.charges.batch import REASONS, Batch, Charge
from gridhall.contexts.tariffs.types import LINES_PER_VERSION

SCHEMA: Final = pa.schema(
    [
        pa.field("usage_point", pa.int64(), nullable=False),
        pa.field("agreement", pa.int64(), nullable=False),
        pa.field("start", pa.date32(), nullable=False),
        pa.field("end", pa.date32(), nullable=False),
        pa.field("versions", pa.list_(pa.string())),
        pa.field("line_no", pa.list_(pa.int16())),
        pa.field("quantity", pa.list_(pa.int64())),
        pa.field("price", pa.list_(pa.int64())),
        pa.field("amount", pa.list_(pa.int64())),
        pa.field("total", pa.int64(), nullable=False),
        pa.field("separate_total", pa.int64(), nullable=False),
        pa.field("tax_included", pa.int64(), nullable=False),
        pa.field("energy_wh", pa.int64(), nullable=False),
        pa.field("export_wh", pa.int64(), nullable=False),
        pa.field("reactive_varh", pa.int64(), nullable=False),
        pa.field("demand_w", pa.int64(), nullable=False),
        pa.field("power_factor", pa.int16()),
        pa.field("tier_used_wh", pa.int64(), nullable=False),
        pa.field("tier_used_after_wh", pa.int64(), nullable=False),
        pa.field("days", pa.int16(), nullable=False),
        pa.field("days_read", pa.int16(), nullable=False),
        pa.field("missing", pa.int32(), nullable=False),
        pa.field("estimated", pa.int32(), nullable=False),
        pa.field("refusal", pa.string()),
    ]
)


def empty_table() -> pa.Table:
    """No bills, in the same form."""
    return SCHEMA.empty_table()


def table_of(batch: Batch, columns: dict[str, Any]) -> pa.Table:
    """The bills of a batch with their lines.

    Args:
        columns: the columns of `SCHEMA` other than lines, totals, spans and refusals.
    """
    refused = batch.refusal > 0
    first, versions = _versions(batch)
    charges = sorted(batch.charges, key=lambda charge: (charge.plan_index, charge.line.position))
    total, separate = batch.nothing, batch.nothing
    for charge in charges:
        if charge.line.settlement == "bill":
            total = batch.added(total, charge.amount)
        else:
            separate = batch.added(separate, charge.amount)
    offsets, lines = (
        _lines(batch, charges, first, refused) if batch.months == 1 else _stacked_lines(batch, charges, refused)
    )
    listed = pa.array(offsets.astype(np.int32))
    power_factor: Integers | None = columns.pop("power_factor")
    if refused.any():
        total, separate = np.where(refused, 0, total), np.where(refused, 0, separate)
    columns |= {"start": batch.start, "end": batch.end, "total": total, "separate_total": separate}
    arrays: dict[str, Any] = {name: _in_order(batch, column) for name, column in columns.items()}
    arrays |= {
        "versions": versions,
        **{name: pa.ListArray.from_arrays(listed, pa.array(values)) for name, values in lines.items()},
        "power_factor": _power_factors(batch, power_factor),
        "refusal": _reasons(_in_order(batch, batch.refusal)),
    }
    return pa.table([_array(arrays[field.name], field.type) for field in SCHEMA], schema=SCHEMA)


def _array(values: Any, kind: pa.DataType) -> pa.Array:
    found = pa.array(values)
    return found if found.type == kind else found.cast(kind)


def _power_factors(batch: Batch, found: Integers | None) -> pa.Array:
    """In hundredths, null where not adjusted."""
    if found is None:
        return pa.nulls(batch.size, pa.int16())
    ordered = _in_order(batch, found)
    return pa.array(ordered, mask=ordered < 0).cast(pa.int16())


def _in_order(batch: Batch, column: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """A column of bills by agreement and month; where several months are rated together, they stand month by month."""
    if batch.months == 1 or column is batch.nothing:
        return column
    return column.reshape(batch.months, -1).T.reshape(-1)


def _lines(
    batch: Batch, charges: Sequence[Charge], first: Integers, refused: npt.NDArray[np.bool_]
) -> tuple[Integers, dict[str, npt.NDArray[Any]]]:
    """The lines of each bill that are not empty: where they begin, and their columns."""
    count = batch.zeros()
    kept = []
    for charge in charges:
        keep = ((charge.quantity != 0) | (charge.amount != 0)) & ~refused
        kept.append(np.flatnonzero(keep))
        count += keep
    offsets = np.concatenate([[0], np.cumsum(count)])
    lines: dict[str, npt.NDArray[Any]] = {
        name: np.empty(int(offsets[-1]), dtype=np.int64) for name in ("line_no", "quantity", "price", "amount")
    }
    place = offsets[:-1].copy()
    for charge, rows in zip(charges, kept, strict=True):
        here = place[rows]
        place[rows] += 1
        lines["line_no"][here] = (charge.plan_index - first[rows]) * LINES_PER_VERSION + charge.line.position
        lines["quantity"][here] = charge.quantity[rows]
        lines["price"][here] = charge.price if isinstance(charge.price, int) else charge.price[rows]
        lines["amount"][here] = charge.amount[rows]
    return offsets, lines


def _stacked_lines(
    batch: Batch, charges: Sequence[Charge], refused: npt.NDArray[np.bool_]
) -> tuple[Integers, dict[str, npt.NDArray[Any]]]:
    """As `_lines`, for months of one plan rated together: so few bills that a matrix of all lines is small."""
    months, agreements = batch.months, batch.size // batch.months
    found = [(charge, (charge.quantity | charge.amount) != 0) for charge in charges]
    found = [(charge, keep) for charge, keep in found if keep.any()]
    if refused.any():
        found = [(charge, keep & ~refused) for charge, keep in found]
    count = np.zeros(batch.size, dtype=np.int32)
    for _, keep in found:
        count += keep
    offsets = np.concatenate([[0], np.cumsum(_in_order(batch, count))])
    shape = (len(found), months, agreements)
    kept = np.array([keep for _, keep in found], dtype=np.bool_).reshape(shape).transpose(2, 1, 0)
    chosen = np.flatnonzero(kept)
    matrix = np.empty(shape, dtype=np.int64)
    lines: dict[str, npt.NDArray[Any]] = {}
    for name in ("quantity", "price", "amount"):
        for row, (charge, _) in zip(matrix, found, strict=True):
            column: Integers | int = getattr(charge, name)
            row[:] = column if isinstance(column, int) else column.reshape(months, agreements)
        lines[name] = matrix.transpose(2, 1, 0).reshape(-1)[chosen]
    positions = np.array([charge.line.position for charge, _ in found], dtype=np.int16)
    lines["line_no"] = np.tile(positions, batch.size)[chosen]
    return offsets, lines


def _reasons(refusal: npt.NDArray[np.int8]) -> pa.Array:
    if not refusal.any():
        return pa.nulls(len(refusal), pa.string())
    indices = pa.array(refusal.astype(np.int32) - 1, mask=refusal == 0)
    return pa.DictionaryArray.from_arrays(indices, pa.array(REASONS)).cast(pa.string())


def _versions(batch: Batch) -> tuple[Integers, pa.Array]:
    """The index of each bill's first plan, and the versions of the plans that it has days under."""
    names = [plan.version for plan in batch.plans]
    if batch.whole:
        each = pa.array(np.arange(batch.size + 1, dtype=np.int32))
        return batch.zeros(), pa.ListArray.from_arrays(each, pa.repeat(pa.scalar(names[0], pa.string()), batch.size))
    has = np.zeros((batch.size, max(len(names), 1)), dtype=bool)
    for index, parts in enumerate(batch.parts):
        for piece in parts:
            has[:, index] |= piece.days > 0
    first = has.argmax(axis=1).astype(np.int64)
    counts = has.sum(axis=1)
    offsets = np.concatenate([[0], np.cumsum(counts)]).astype(np.int32)
    indices = np.nonzero(has)[1].astype(np.int32)
    values = pa.DictionaryArray.from_arrays(pa.array(indices), pa.array(names or [""])).cast(pa.string())
    return first, pa.ListArray.from_arrays(pa.array(offsets), values)
