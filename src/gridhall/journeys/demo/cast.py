"""The invented utility, whole: grid, customers, agreements with their settlements, and what makes their curves."""

from decimal import Decimal
from typing import Final

import numpy as np

from gridhall.contexts.accounts.types import UsageClass
from gridhall.journeys.demo import contracts, grid, people, roles
from gridhall.journeys.demo.curves import Kind, Loads
from gridhall.journeys.demo.draws import below, draw, keys
from gridhall.journeys.demo.pack import Pack
from gridhall.journeys.demo.utility import Area, Period, Point, Utility

_OWN_HOMES: Final = ("H0-A", "H0-B", "H0-C", "H0-G", "H0-L")
_WORKS_SHAPES: Final = ("G0-M", "G3-H", "G3-M", "BL-H", "WB-H", "G4-M")
_FARM_SHAPES: Final = ("L0-A", "L1-A", "L2-A")
#: Ratings of distribution transformers, VA (GB/T 6451 series).
_RATINGS: Final = tuple(kva * 1000 for kva in (315, 400, 500, 630, 800, 1000, 1250, 1600, 2000))
_CLASS: Final = {
    Kind.HOME: UsageClass.RESIDENTIAL,
    Kind.SHOP: UsageClass.COMMERCIAL,
    Kind.WORKS: UsageClass.INDUSTRIAL,
    Kind.FARM: UsageClass.AGRICULTURAL,
    Kind.CHARGER: UsageClass.EV_CHARGING,
    Kind.HEATING: UsageClass.RESIDENTIAL,
}


def build(pack: Pack, *, seed: int, period: Period) -> Utility:
    """Invent the utility; the same seed, size and period give the same utility."""
    return _Founding(pack, seed, period).utility


class _Founding:
    """The steps of `build`, which share the rows of the pack and the records made so far."""

    def __init__(self, pack: Pack, seed: int, period: Period) -> None:
        self.pack, self.period = pack, period
        self.rows = pack.usage_points.to_pylist()
        self.keys = keys(seed, len(self.rows))
        self.chance = [int(value) for value in draw(self.keys, 200)]
        self.cast = roles.assign(pack, self.keys)
        self.utility = Utility()
        self.territories = grid.lay(pack, self.utility)
        self.kinds = self.cast.kinds(len(self.rows))
        self.ratings: dict[int, int] = {}  # works: VA of their own transformer
        self.peaks = [int(row["peak_w"]) for row in self.rows]
        self._lay_points()
        self.utility.loads = self._loads()
        self._sign_contracts(self.utility.loads)

    # -- places -------------------------------------------------------------------------------------------------------

    def _lay_points(self) -> None:
        buildings: dict[int, int] = {}
        occupants: dict[int, int] = {}
        for row, entry in enumerate(self.rows):
            territory = self.territories[entry["area"]]
            building = buildings.setdefault(entry["building"], len(buildings))
            flat = occupants[entry["building"]] = occupants.get(entry["building"], 0) + 1
            longitude, latitude = grid.position(entry["east_m"], entry["north_m"])
            area = territory.area
            if row in self.cast.works:
                area = self._own_transformer(row, territory, longitude, latitude)
            self.utility.points.append(
                Point(
                    number=self.number(row),
                    organisation=territory.station,
                    area=area,
                    address=self._address(row, territory.county_name, building, flat),
                    usage_class=_CLASS[Kind(self.kinds[row])],
                    longitude=longitude,
                    latitude=latitude,
                    multiplier=Decimal(self.multiplier(row)),
                )
            )

    def _own_transformer(self, row: int, territory: grid.Territory, longitude: float, latitude: float) -> str:
        """A works hangs on a dedicated transformer, large enough for its peak."""
        self.peaks[row] = 180_000 + self.chance[row] % 1_000 * 620
        rating = next(rating for rating in _RATINGS if rating * 100 >= self.peaks[row] * 125)
        self.ratings[row] = rating
        code = f"{territory.feeder}-Z{row + 1:05}"
        name = f"{people.works(self.chance[row])}专变"
        self.utility.areas.append(Area(code, name, territory.feeder, True, rating, longitude, latitude))
        return code

    def _address(self, row: int, county: str, building: int, flat: int) -> str:
        street, house = divmod(building, 60)
        match Kind(self.kinds[row]):
            case Kind.HOME | Kind.HEATING:
                compound = people.COMPOUNDS[building // 12 % len(people.COMPOUNDS)]
                floor = 1 + self.chance[row] % 17
                rest = f"{compound}{building % 12 + 1}幢{floor}{flat:02}室"
            case Kind.CHARGER:
                rest = f"地下车库{self.chance[row] % 300 + 1:03}号车位"
            case Kind.SHOP:
                rest = f"底商{flat}号"
            case _:
                rest = ""
        return people.street_address(county, street, house * 2 + 1 + self.chance[row] % 2, rest)

    def number(self, row: int) -> str:
        """户号: ten digits."""
        return f"31{row + 1:08}"

    def multiplier(self, row: int) -> int:
        """CT × PT: works are measured on 10 kV through current and voltage transformers."""
        return 1 if row not in self.ratings else 100 * (10 + self.ratings[row] // 100_000)

    # -- curves -------------------------------------------------------------------------------------------------------

    def _loads(self) -> Loads:
        shapes, reactive, solar = self.pack.load.row, self.pack.reactive.row, self.pack.solar.row
        first = np.array([shapes[row["profile"]] for row in self.rows])
        count = len(self.rows)
        second = first.copy()

        def choose(rows: list[int], names: tuple[str, ...], salt: int) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
            known = np.array([shapes[name] for name in names])
            return known[below(self.keys[rows], salt, len(known))]

        cast = self.cast
        second[cast.homes] = choose(cast.homes, _OWN_HOMES, 1)
        retail = tuple(name for name in ("G1-A", "G4-A", "G4-B", "G5-A", "G6-A") if name in shapes)
        for shop in cast.shops + cast.chain:
            if self.rows[shop]["profile"].startswith("H0"):
                first[[shop]] = choose([shop], retail, 2)
                self.peaks[shop] *= 2
        second[cast.shops + cast.chain] = choose(cast.shops + cast.chain, retail, 3)
        first[cast.works] = choose(cast.works, _WORKS_SHAPES, 4)
        second[cast.works] = choose(cast.works, _WORKS_SHAPES, 5)
        first[cast.farms] = choose(cast.farms, _FARM_SHAPES, 6)
        second[cast.farms] = choose(cast.farms, _FARM_SHAPES, 7)

        loads = Loads.plain(self.keys, self.kinds, first, second, np.array(self.peaks))
        names = list(shapes)
        for row in cast.works:
            # tan φ from 0.33 to 0.95: power factors about 0.95 down to 0.73
            loads.reactive_shape[row] = reactive[names[first[row]]]
            loads.reactive_var[row] = self.peaks[row] * (33 + self.chance[row] // 1_000 % 63) // 100
        units = self.pack.generation.to_pylist()
        for row, unit in cast.solar.items():
            loads.solar_shape[row] = solar[units[unit]["profile"]]
            loads.solar_w[row] = units[unit]["peak_w"]
            loads.battery_w[row] = units[unit]["battery_w"]
            loads.battery_wh[row] = units[unit]["battery_wh"]
        assert count == len(loads.key)
        return loads

    # -- people -------------------------------------------------------------------------------------------------------

    def _sign_contracts(self, loads: Loads) -> None:
        stations = [self.territories[entry["area"]].station_index for entry in self.rows]
        vacant = contracts.sign(self.utility, self.cast, stations, self.chance, self.period, self.ratings, self.peaks)
        for row, (left, until) in vacant.items():
            loads.empty_from[row], loads.empty_until[row] = left.toordinal(), until.toordinal()
