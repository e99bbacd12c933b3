"""The readings in force: of every usage point and day the newest version, as of any version one asks for."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo

import ibis
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from gridhall.kernel.spans import DateSpan
from gridhall.lake.curves import SCHEMA
from gridhall.lake.engine import Session
from gridhall.lake.needs import Needs
from gridhall.lake.parts import LakeFile

#: Up to so many usage points are named in the query itself; more are joined.
_NAMED = 200


@dataclass(frozen=True)
class Readings:
    """Lake rows that an engine can measure: a table in the form of `curves.SCHEMA` and the session it belongs to."""

    session: Session
    table: ibis.Table

    @classmethod
    def of(cls, session: Session, rows: pa.Table) -> "Readings":
        """Rows in memory, in the form of `curves.SCHEMA`, each usage point and day once."""
        return cls(session, session.table(rows.select(SCHEMA.names).cast(SCHEMA)))

    def at_hand(self, segments: Sequence[Needs], zone: str | ZoneInfo, members: pa.Table) -> pa.Table | None:
        """What `gridhall.lake.measure.measure` returns for segments and members, where no engine is needed to know it.

        Readings that come from files or from an engine know nothing: None.
        """
        return None


def as_of(files: Iterable[LakeFile], version: int) -> list[LakeFile]:
    """The files that were visible when that version was the newest."""
    return [file for file in files if file.version <= version]


def effective(
    session: Session,
    root: Path,
    files: Iterable[LakeFile],
    span: DateSpan,
    usage_points: npt.NDArray[np.int64] | None = None,
) -> Readings:
    """The newest row of each usage point and day among the files.

    Files without a row in the span or near the usage points are not opened. Where no revision is among them, this is a
    plain scan. Give the files of one channel; `as_of` leaves out those of later versions.

    Args:
        root: of the lake.
        files: of one channel, as the catalogue names them.
        span: the days wanted, with an end.
        usage_points: those wanted, unique; None: all.
    """
    wanted = None if usage_points is None else np.asarray(usage_points, dtype=np.int64)
    chosen = [file for file in files if _overlaps(file, span, wanted)]
    revisions = [file for file in chosen if file.revision]
    touched = [file for file in chosen if not file.revision and any(_share(file, each) for each in revisions)]
    plain = [file for file in chosen if not file.revision and file not in touched]

    def opened(group: Sequence[LakeFile]) -> ibis.Table:
        return _only(session, session.parquet([root / file.path for file in group]), span, wanted)

    parts = [opened(plain)] if plain or not chosen else []
    if revisions:
        newest = _newest(session, root, revisions, span, wanted)
        parts.append(newest)
        if touched:
            keys = newest.select("usage_point", "day")
            parts.append(opened(touched).anti_join(keys, ["usage_point", "day"]))
    return Readings(session, ibis.union(*parts) if len(parts) > 1 else parts[0])


def _newest(
    session: Session,
    root: Path,
    revisions: Sequence[LakeFile],
    span: DateSpan,
    wanted: npt.NDArray[np.int64] | None,
) -> ibis.Table:
    versions = sorted({file.version for file in revisions})
    layers = [
        _only(
            session, session.parquet([root / file.path for file in revisions if file.version == version]), span, wanted
        )
        for version in versions
    ]
    if len(layers) == 1:
        return layers[0]
    stacked = ibis.union(
        *[layer.mutate(version=ibis.literal(version, "int64")) for layer, version in zip(layers, versions, strict=True)]
    )
    latest = ibis.row_number().over(group_by=[stacked.usage_point, stacked.day], order_by=stacked.version.desc())
    ranked = stacked.mutate(age=latest)
    return ranked.filter(ranked.age == 0).drop("age", "version")


def _only(session: Session, table: ibis.Table, span: DateSpan, wanted: npt.NDArray[np.int64] | None) -> ibis.Table:
    table = table.filter(table.day >= span.start, table.day < span.end)
    if wanted is None or not len(wanted):
        return table if wanted is None else table.filter(ibis.literal(False))
    if len(wanted) <= _NAMED:
        return table.filter(table.usage_point.isin([int(each) for each in wanted]))
    low, high = int(wanted.min()), int(wanted.max())
    # Lake files are sorted by usage point, so the bounds let the engine pass over most row groups.
    table = table.filter(table.usage_point >= low, table.usage_point <= high)
    if high - low + 1 == len(wanted):
        return table
    return table.semi_join(session.table(pa.table({"usage_point": wanted})), "usage_point")


def _overlaps(file: LakeFile, span: DateSpan, wanted: npt.NDArray[np.int64] | None) -> bool:
    if span.end is None:
        raise ValueError(f"readings are read over a span with an end, not {span}")
    if file.last_day < span.start or file.first_day >= span.end:
        return False
    if wanted is None:
        return True
    return bool(((wanted >= file.usage_point_min) & (wanted <= file.usage_point_max)).any())


def _share(file: LakeFile, other: LakeFile) -> bool:
    return (
        file.month == other.month
        and file.first_day <= other.last_day
        and other.first_day <= file.last_day
        and file.usage_point_min <= other.usage_point_max
        and other.usage_point_min <= file.usage_point_max
    )
