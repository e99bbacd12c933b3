"""Register readings of a file: each put to its meter, compared with its neighbours, stored or turned away."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from itertools import groupby
from typing import Any, Final

import pyarrow as pa
from django.db import connection, transaction

from gridhall.contexts.accounts import queries as accounts
from gridhall.contexts.metering.registerfiles import SnapshotRow
from gridhall.contexts.metering.rules.registers import (
    Dial,
    Finding,
    FindingKind,
    RegisterKind,
    Snapshot,
    advance,
    on_the_dial,
)
from gridhall.lake.formats.rows import Rejected, shown
from gridhall.runtime.copy import copy_in


@dataclass
class StoredSnapshots:
    """What became of some rows.

    Attributes:
        accepted: readings stored; ``revised`` of them correct an earlier one for the same moment.
        unchanged: readings that were known already.
        duplicates: readings that repeat another row.
        mended: numbers of the quarantined rows that stored or known rows stand for.
        first, last: the earliest and latest moment stored.
    """

    accepted: int = 0
    revised: int = 0
    unchanged: int = 0
    duplicates: int = 0
    rejected: list[Rejected] = field(default_factory=list)
    mended: list[int] = field(default_factory=list)
    first: datetime | None = None
    last: datetime | None = None


@dataclass(frozen=True)
class _Placed:
    """A row with the register it belongs to, and the readings around it that are stored already."""

    row: SnapshotRow
    installation: int
    multiplier: Decimal
    dial: Dial
    known: Decimal | None
    told: bool  # the known reading is of the same file
    before: Snapshot | None
    after: Snapshot | None

    @property
    def snapshot(self) -> Snapshot:
        return Snapshot(self.row.at, self.row.reading)


def store_snapshots(rows: Sequence[SnapshotRow], *, source: int, available_at: datetime) -> StoredSnapshots:
    """This will store what can be believed of some register readings, inside the caller's transaction.

    A reading goes to the meter that was there at its moment. One that the register cannot show, or that would make it
    go back without a plausible rollover, is turned away; where one sticks out between two that agree, it is that one.

    Args:
        rows: of one file, some ten thousand at a time.
        source: id of the import.
        available_at: when the import becomes visible.
    """
    stored = StoredSnapshots()
    placed = list(_placed(rows, source, stored.rejected))
    placed.sort(key=lambda each: (each.installation, each.row.kind, each.row.at, each.row.line))
    kept: list[_Placed] = []
    for _, group in groupby(placed, key=lambda each: (each.installation, each.row.kind)):
        kept += _believed(list(group), stored)
    new = [each for each in kept if each.known != each.row.reading]
    stored.accepted, stored.unchanged = len(new), len(kept) - len(new)
    stored.revised = sum(each.known is not None for each in new)
    stored.mended = [each.row.mends for each in kept if each.row.mends is not None]
    if new:
        stored.first, stored.last = min(each.row.at for each in new), max(each.row.at for each in new)
        copy_in("metering_registerreading", _table(new, source, available_at))
    return stored


def _believed(group: list[_Placed], stored: StoredSnapshots) -> list[_Placed]:
    """The rows of one register, in time order, that agree with each other and with what is stored."""
    kept: list[_Placed] = []
    distinct: list[_Placed] = []
    for each in group:
        again = distinct[-1].row.reading if distinct and distinct[-1].row.at == each.row.at else None
        if again is None and each.told:
            again = each.known
        if again is not None:
            if again == each.row.reading:
                stored.duplicates += 1
            else:
                stored.rejected.append(
                    _turned_away(each.row, "duplicate_reading", "Another row gives another reading for that moment.")
                )
            continue
        if wrong := on_the_dial(each.row.reading, each.dial):
            stored.rejected.append(_turned_away(each.row, wrong.kind, _sentence(wrong)))
            continue
        distinct.append(each)
    for index, each in enumerate(distinct):
        following = distinct[index + 1 : index + 3]
        wrong = None if each.row.kind is RegisterKind.MAX_DEMAND else _disbelief(each, kept, following)
        if wrong is None:
            kept.append(each)
        else:
            stored.rejected.append(_turned_away(each.row, wrong.kind, _sentence(wrong)))
    return kept


def _disbelief(each: _Placed, kept: list[_Placed], following: Sequence[_Placed]) -> Finding | None:
    """Why a row is not believed, given the row before it that is, and up to two that follow in the file."""
    before = max(
        (one for one in (kept[-1].snapshot if kept else None, each.before) if one is not None),
        key=lambda one: one.at,
        default=None,
    )
    after = each.after
    if following and (after is None or following[0].row.at <= after.at):
        after = None  # the next rows of the file say more than what is stored
        steps = [_step(each.snapshot, later.snapshot, each) for later in following]
        # It sticks out: what comes before agrees with the next row, and this one with none that follow.
        if all(steps) and before is not None and _step(before, following[0].snapshot, each) is None:
            return steps[0]
    found = _step(before, each.snapshot, each) if before is not None else None
    return found or (_step(each.snapshot, after, each) if after is not None else None)


def _step(first: Snapshot, second: Snapshot, of: _Placed) -> Finding | None:
    moved = advance(first, second, dial=of.dial, multiplier=of.multiplier)
    return moved if isinstance(moved, Finding) else None


def _placed(rows: Sequence[SnapshotRow], source: int, rejected: list[Rejected]) -> Iterator[_Placed]:
    """Find each row's register; rows without one are rejected."""
    if not rows:
        return
    numbers = accounts.usage_point_ids([row.usage_point for row in rows]).to_pylist()
    table = pa.table(
        {
            "n": pa.array(range(len(rows)), pa.int64()),
            "serial": pa.array([row.meter for row in rows], pa.string()),
            "usage_point": pa.array(numbers, pa.int64()),
            "at": pa.array([row.at for row in rows], pa.timestamp("us", tz="UTC")),
            "kind": pa.array([row.kind.value for row in rows], pa.string()),
        }
    )
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "CREATE TEMP TABLE snapshot_rows (n bigint, serial text, usage_point bigint, at timestamptz, kind text)"
            " ON COMMIT DROP"
        )
        copy_in("snapshot_rows", table)
        cursor.execute("ANALYZE snapshot_rows")
        cursor.execute(_PLACE)
        found = cursor.fetchall()
        cursor.execute("DROP TABLE snapshot_rows")
    for number, meter_known, installation, multiplier, digits, decimals, known, known_source, *around in found:
        row = rows[number]
        if row.usage_point and numbers[number] is None:
            rejected.append(_turned_away(row, "usage_point_unknown", "There is no such usage point."))
        elif row.meter and not meter_known:
            rejected.append(_turned_away(row, "meter_unknown", "There is no such meter."))
        elif installation is None:
            rejected.append(_turned_away(row, "no_meter_then", "No such meter was there at that moment."))
        elif digits is None:
            rejected.append(_turned_away(row, "register_missing", f"The meter has no register {row.kind}."))
        else:
            before_at, before, after_at, after = around
            yield _Placed(
                row, installation, multiplier, Dial(digits, decimals), known, known_source == source,
                None if before is None else Snapshot(before_at, before),
                None if after is None else Snapshot(after_at, after),
            )  # fmt: skip


_PLACE: Final = """
SELECT s.n, m.id IS NOT NULL, i.id, i.multiplier, g.digits, g.decimals, known.reading, known.source_id,
    before.at, before.reading, after.at, after.reading
FROM snapshot_rows s
LEFT JOIN metering_meter m ON m.serial = s.serial AND s.serial <> ''
LEFT JOIN LATERAL (
    (SELECT i.id, i.meter_id, i.multiplier, i.span FROM metering_meterinstallation i
     WHERE i.meter_id = m.id AND (s.usage_point IS NULL OR i.usage_point_id = s.usage_point)
       AND (i.span @> s.at OR upper(i.span) = s.at)
     UNION ALL
     SELECT i.id, i.meter_id, i.multiplier, i.span FROM metering_meterinstallation i
     WHERE s.serial = '' AND i.usage_point_id = s.usage_point AND (i.span @> s.at OR upper(i.span) = s.at))
    -- At the moment of an exchange the usage point's meter is the new one.
    ORDER BY span DESC LIMIT 1
) i ON TRUE
LEFT JOIN metering_meterregister g ON g.meter_id = i.meter_id AND g.kind = s.kind
LEFT JOIN LATERAL (
    SELECT r.reading, r.source_id FROM metering_registerreading r
    WHERE r.installation_id = i.id AND r.kind = s.kind AND r.at = s.at ORDER BY r.id DESC LIMIT 1
) known ON TRUE
LEFT JOIN LATERAL (
    SELECT r.at, r.reading FROM metering_registerreading r
    WHERE r.installation_id = i.id AND r.kind = s.kind AND r.at < s.at ORDER BY r.at DESC, r.id DESC LIMIT 1
) before ON TRUE
LEFT JOIN LATERAL (
    SELECT r.at, r.reading FROM metering_registerreading r
    WHERE r.installation_id = i.id AND r.kind = s.kind AND r.at > s.at ORDER BY r.at, r.id DESC LIMIT 1
) after ON TRUE
"""

_REMEDIES: Final = {
    "usage_point_unknown": "Open the usage point first, or correct the number.",
    "meter_unknown": "Install the meter first, or correct its number.",
    "no_meter_then": "Record the installation or exchange first, or correct the time.",
    "register_missing": "Name one of the meter's registers.",
    "duplicate_reading": "Keep the right one.",
    FindingKind.BACKWARD.value: "Read again; if the meter was exchanged, record the exchange first.",
    FindingKind.OFF_THE_DIAL.value: "Write what the register shows, before the multiplier.",
}


def _turned_away(row: SnapshotRow, code: str, reason: str) -> Rejected:
    field_of = {
        "usage_point_unknown": ("usage_point", row.usage_point),
        "meter_unknown": ("meter", row.meter),
        "no_meter_then": ("at", row.at.isoformat()),
        "register_missing": ("register", row.kind.value),
    }
    name, value = field_of.get(code, ("reading", str(row.reading)))
    return Rejected(
        row.line, name, shown(value), str(code), reason, _REMEDIES.get(str(code), "Read again."), row.original
    )


def _sentence(finding: Finding) -> str:
    return f"{finding.message[:1].upper()}{finding.message[1:]}."


def _table(rows: Sequence[_Placed], source: int, available_at: datetime) -> pa.Table:
    count = len(rows)
    stamp: Any = pa.timestamp("us", tz="UTC")
    return pa.table(
        {
            "installation_id": pa.array([each.installation for each in rows], pa.int64()),
            "kind": [each.row.kind.value for each in rows],
            "at": pa.array([each.row.at for each in rows], stamp),
            "reading": pa.array([each.row.reading for each in rows], pa.decimal128(13, 4)),
            "estimated": pa.array([False] * count),
            "reason": ["frozen"] * count,
            "available_at": pa.array([available_at] * count, stamp),
            "source_id": pa.array([source] * count, pa.int64()),
        }
    )
