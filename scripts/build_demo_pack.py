"""Make ``content/demo``: the grids and load shapes of the demo utility, from the SimBench package on PyPI.

Run it only to change the pack; the pack is committed, so that a start needs neither SimBench nor pandapower::

    uv run --group pack scripts/build_demo_pack.py

Rules of the selection:

* a *usage point* is a load on low voltage (SimBench ``voltLvl`` 7). The urban grid lists 14,589 loads; six stand
  for customers on 10 kV and are left out, which leaves the 14,583 of ``city``;
* ``town`` is whole feeders of the semi-urban grid, ``block`` a whole low-voltage grid;
* a *feeder* is the medium-voltage subnet that a transformer hangs on; loop lines are open and feed nobody;
* positions are metres east and north of the substation, so that the grid can stand anywhere;
* shapes are the year 2016 at 15 minutes, UTC+1 without summer time, in ten-thousandths of the rated power.
"""

import argparse
import json
import math
import warnings
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import simbench

#: size of the demo → SimBench grid, and the feeders to take (None: all).
SIZES = {
    "block": ("1-LV-urban6--2-sw", None),
    "town": ("1-MVLV-semiurb-all-2-sw", ("MV2.101_Feeder5", "MV2.101_Feeder9")),
    "city": ("1-MVLV-urban-all-2-sw", None),
}
#: Further grids whose shapes are packed too: farms and big customers for utilities whose own grid has none.
SHAPES_FROM = ("1-MVLV-rural-all-2-sw",)
LOW_VOLTAGE = "7"
MEDIUM_VOLTAGE = "5"
SHAPE_SCALE = 10_000
METRES_PER_DEGREE = 111_320


def main() -> None:
    """Write the pack and say how large it is."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--to", type=Path, default=Path("content/demo"), help="folder of the pack")
    target: Path = parser.parse_args().to
    target.mkdir(parents=True, exist_ok=True)
    warnings.simplefilter("ignore")  # pandapower warns about its own pandas use

    shapes: dict[tuple[str, str], Any] = {}
    tables: dict[str, list[dict[str, Any]]] = {"areas": [], "usage_points": [], "generation": []}
    for size, (code, feeders) in SIZES.items():
        net = simbench.get_simbench_net(code)
        shapes |= dict(_shapes(net))
        areas = list(_areas(net, feeders))
        kept = {area["area"] for area in areas}
        tables["areas"] += [{"size": size, **area} for area in areas]
        tables["usage_points"] += [{"size": size, **point} for point in _usage_points(net, kept)]
        tables["generation"] += [{"size": size, **unit} for unit in _generation(net, kept)]
    for code in SHAPES_FROM:
        shapes = dict(_shapes(simbench.get_simbench_net(code))) | shapes

    for name, rows in tables.items():
        _write(target / f"{name}.parquet", pa.Table.from_pylist(rows))
    keys = sorted(shapes)
    _write(
        target / "shapes.parquet",
        pa.table(
            {
                "kind": [kind for kind, _ in keys],
                "profile": [profile for _, profile in keys],
                "values": pa.array([shapes[key] for key in keys], pa.list_(pa.int16())),
            }
        ),
    )
    for size in SIZES:
        print(size, sum(row["size"] == size for row in tables["usage_points"]), "usage points")
    print(len(keys), "shapes;", sum(file.stat().st_size for file in target.glob("*.parquet")), "bytes in all")


def _write(path: Path, table: pa.Table) -> None:
    pq.write_table(table, path, compression="zstd", compression_level=19, use_dictionary=path.stem != "shapes")


def _shapes(net: Any) -> Iterator[tuple[tuple[str, str], Any]]:
    """Each shape as ``(kind, profile), values``: 35,136 integers; kind is load, reactive or pv."""
    for column in net.profiles["load"].columns:
        profile, _, quantity = column.rpartition("_")
        if quantity == "pload":
            yield ("load", profile), _integers(net.profiles["load"][column])
        elif quantity == "qload" and profile[0] in "BGLW":  # who pays for reactive energy: business, farms, works
            yield ("reactive", profile), _integers(net.profiles["load"][column])
    for column in net.profiles["renewables"].columns:
        if column.startswith("PV"):
            yield ("pv", column), _integers(net.profiles["renewables"][column])


def _integers(series: Any) -> Any:
    values = np.rint(series.to_numpy(dtype=float) * SHAPE_SCALE).clip(0, 32_767).astype(np.int16)
    if len(values) != 366 * 96:
        raise SystemExit(f"{series.name}: {len(values)} values are not the quarter hours of 2016")
    return values


def _areas(net: Any, feeders: Iterable[str] | None) -> Iterator[dict[str, Any]]:
    """The transformers to low voltage, each with the feeder it hangs on."""
    east, north = _projection(net)
    lines = net.line[net.line.voltLvl.astype(str) == MEDIUM_VOLTAGE]
    for _, transformer in net.trafo[net.trafo.vn_lv_kv < 1].sort_values("subnet").iterrows():
        bus = transformer.hv_bus
        ends = lines[(lines.from_bus == bus) | (lines.to_bus == bus)].subnet.unique()
        found = sorted(name for name in ends if "Feeder" in name) or ["Feeder1"]
        if len(found) > 1:
            raise SystemExit(f"{transformer['name']} hangs on {found}")
        if feeders is None or found[0] in feeders:
            yield {
                "area": transformer.subnet,
                "feeder": found[0],
                "rated_va": round(transformer.sn_mva * 1_000_000),
                "east_m": east(bus),
                "north_m": north(bus),
            }


def _usage_points(net: Any, areas: set[str]) -> Iterator[dict[str, Any]]:
    """The loads on low voltage; those on one node share a building."""
    east, north = _projection(net)
    loads = net.load[(net.load.voltLvl.astype(str) == LOW_VOLTAGE) & net.load.subnet.isin(areas)]
    for _, load in loads.iterrows():
        yield {
            "load": load["name"],
            "area": load.subnet,
            "building": int(load.bus),
            "east_m": east(load.bus),
            "north_m": north(load.bus),
            "profile": load.profile,
            "peak_w": round(load.p_mw * 1_000_000),
            "peak_var": round(load.q_mvar * 1_000_000),
        }


def _generation(net: Any, areas: set[str]) -> Iterator[dict[str, Any]]:
    """Photovoltaics, alone (SimBench ``sgen``) or with a battery (``storage``, whose profile names both sides)."""
    for _, unit in net.sgen[net.sgen.subnet.isin(areas)].iterrows():
        if str(unit.profile).startswith("PV"):
            yield {
                "building": int(unit.bus),
                "profile": unit.profile,
                "peak_w": round(unit.p_mw * 1_000_000),
                "battery_w": 0,
                "battery_wh": 0,
            }
    for _, unit in net.storage[net.storage.subnet.isin(areas)].iterrows():
        yield {
            "building": int(unit.bus),
            "profile": unit.profile.split("_")[1],
            "peak_w": round(-unit.p_mw * 1_000_000),
            "battery_w": round(-unit.p_mw * 1_000_000),
            "battery_wh": round(unit.max_e_mwh * 1_000_000),
        }


def _projection(net: Any) -> tuple[Any, Any]:
    """Bus → whole metres east and north of the substation (in a single low-voltage grid: of its transformer)."""
    places = {bus: json.loads(geo)["coordinates"] for bus, geo in net.bus.geo.items()}
    longitude, latitude = places[net.trafo.sort_values("vn_hv_kv", ascending=False).iloc[0].hv_bus]
    across = METRES_PER_DEGREE * math.cos(math.radians(latitude))
    return (
        lambda bus: round((places[bus][0] - longitude) * across),
        lambda bus: round((places[bus][1] - latitude) * METRES_PER_DEGREE),
    )


if __name__ == "__main__":
    main()
