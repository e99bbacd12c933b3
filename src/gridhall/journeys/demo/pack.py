"""The demo pack: grids and load shapes, read from ``content/demo`` into plain arrays.

The pack is derived from SimBench (see ``content/demo/NOTICE.md``); ``scripts/build_demo_pack.py`` makes it.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from gridhall.runtime.content import content

#: Quarter hours of 2016, the year of the shapes.
SHAPE_SLOTS: Final = 366 * 96
#: A shape value that means "rated power"; the pack has ten-thousandths, a power of two multiplies faster.
FULL: Final = 1 << 14


class Size(StrEnum):
    """How large a demo utility to build."""

    BLOCK = "block"  # 135 usage points behind one transformer
    TOWN = "town"  # 1,948: two whole feeders
    CITY = "city"  # 14,583: a whole medium-voltage grid


@dataclass(frozen=True)
class Shapes:
    """The shapes of one kind: ``values[row]`` are 35,136 quarter hours of 2016 as parts of `FULL`."""

    row: dict[str, int]
    values: npt.NDArray[np.int16]


@dataclass(frozen=True)
class Pack:
    """One grid with the shapes.

    ``areas``: area, feeder, rated_va, east_m, north_m. ``usage_points``: load, area, building, east_m, north_m,
    profile, peak_w, peak_var. ``generation``: building, profile, peak_w, battery_w,
    battery_wh. In the order of the pack.
    """

    size: Size
    areas: pa.Table
    usage_points: pa.Table
    generation: pa.Table
    load: Shapes
    reactive: Shapes
    solar: Shapes


def read(size: Size) -> Pack:
    """Read the grid of that size and all shapes (about 5 MB in memory).

    Raises:
        NotFound: when the content folder lacks the pack.
    """
    folder = content("demo")

    def part(name: str) -> pa.Table:
        table = pq.read_table(folder / f"{name}.parquet")
        return table.filter(pc.equal(table["size"], str(size))).drop_columns(["size"])

    shapes = pq.read_table(folder / "shapes.parquet")
    return Pack(
        size=size,
        areas=part("areas"),
        usage_points=part("usage_points"),
        generation=part("generation"),
        load=_shapes(shapes, "load"),
        reactive=_shapes(shapes, "reactive"),
        solar=_shapes(shapes, "pv"),
    )


def _shapes(table: pa.Table, kind: str) -> Shapes:
    rows = table.filter(pc.equal(table["kind"], kind))
    flat = rows["values"].combine_chunks().flatten().to_numpy().reshape(rows.num_rows, SHAPE_SLOTS)
    scaled = (flat.astype(np.int32) * FULL // 10_000).clip(0, FULL).astype(np.int16)
    return Shapes({name: index for index, name in enumerate(rows["profile"].to_pylist())}, scaled)
