"""Who plays what: which loads of the grid become homes, shops, factories, farms and chargers of the demo utility.

A German grid has no chain of forty shops and, in town, no farm: some plain homes of the grid become shops, and shops
become works or farms, until every situation of `Role` occurs. Everything follows from the seed.
"""

from dataclasses import dataclass, field
from typing import Final

import numpy as np

from gridhall.journeys.demo.curves import Kind
from gridhall.journeys.demo.draws import UInts, draw
from gridhall.journeys.demo.pack import Pack

CHAIN_SHOPS: Final = 40
#: Faults planted in the newest whole month, one usage point each.
PLAIN_FAULTS: Final = 4
#: How many homes a landlord lets.
LET_HOMES: Final = 2


@dataclass
class Cast:
    """Row numbers of the pack's usage points by what they play; each row is in exactly one of the first eight lists.

    ``solar`` maps a row to a row of the pack's generation; ``owner_of`` a charger or heat pump to the row in the same
    building whose customer it belongs to (-1: nobody lives there).
    """

    homes: list[int] = field(default_factory=list)
    shops: list[int] = field(default_factory=list)
    chain: list[int] = field(default_factory=list)
    works: list[int] = field(default_factory=list)
    farms: list[int] = field(default_factory=list)
    home_chargers: list[int] = field(default_factory=list)
    public_chargers: list[int] = field(default_factory=list)
    heat_pumps: list[int] = field(default_factory=list)
    solar: dict[int, int] = field(default_factory=dict)
    owner_of: dict[int, int] = field(default_factory=dict)
    plain: list[int] = field(default_factory=list)  # homes with neither charger, heat pump nor solar, in drawn order

    def kinds(self, count: int) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
        """The kind of each row."""
        kinds = np.full(count, Kind.HOME, np.int64)
        for rows, kind in (
            (self.shops + self.chain, Kind.SHOP),
            (self.works, Kind.WORKS),
            (self.farms, Kind.FARM),
            (self.home_chargers + self.public_chargers, Kind.CHARGER),
            (self.heat_pumps, Kind.HEATING),
        ):
            kinds[rows] = kind
        return kinds


def assign(pack: Pack, keys: UInts) -> Cast:
    """Give every usage point of the pack its part."""
    profiles: list[str] = pack.usage_points["profile"].to_pylist()
    buildings: list[int] = pack.usage_points["building"].to_pylist()
    order = [int(row) for row in np.argsort(draw(keys, 100), kind="stable")]
    cast = Cast()
    business: list[int] = []
    for row in order:
        match profiles[row].split("_")[0].split("-")[0]:
            case "H0":
                cast.homes.append(row)
            case "HLS":
                cast.home_chargers.append(row)
            case "APLS":
                cast.public_chargers.append(row)
            case "Air" | "Soil":
                cast.heat_pumps.append(row)
            case "L0" | "L1" | "L2":
                cast.farms.append(row)
            case _:
                business.append(row)

    living: dict[int, list[int]] = {}
    for row in cast.homes:
        living.setdefault(buildings[row], []).append(row)
    for row in business + cast.farms:
        living.setdefault(buildings[row], []).append(row)
    for row in cast.home_chargers + cast.heat_pumps + cast.public_chargers:
        neighbours = living.get(buildings[row], [])
        taken = sum(1 for other in cast.owner_of.values() if other in neighbours) if row in cast.home_chargers else 0
        cast.owner_of[row] = neighbours[taken % len(neighbours)] if neighbours else -1
    for unit, building in enumerate(pack.generation["building"].to_pylist()):
        if building in living:
            cast.solar.setdefault(living[building][0], unit)

    engaged = set(cast.owner_of.values()) | set(cast.solar)
    cast.plain = [row for row in cast.homes if row not in engaged]
    business = [row for row in business if row not in cast.solar] + [row for row in business if row in cast.solar]
    _found_businesses(cast, business, len(profiles))
    return cast


def _found_businesses(cast: Cast, business: list[int], count: int) -> None:
    """Part the business loads into works, the chain, farms and shops; plain homes step in where they are too few."""
    works = max(3, count // 200)
    farms = max(0, max(3, count // 500) - len(cast.farms))
    short = max(0, works + farms + CHAIN_SHOPS - len(business))
    moved = set(cast.plain[len(cast.plain) - short :]) if short else set()
    cast.plain = [row for row in cast.plain if row not in moved]
    cast.homes = [row for row in cast.homes if row not in moved]
    business = business + sorted(moved)
    cast.works, business = business[:works], business[works:]
    cast.farms, business = cast.farms + business[:farms], business[farms:]
    cast.chain, cast.shops = business[:CHAIN_SHOPS], business[CHAIN_SHOPS:]
