"""The pack's grid as the invented utility's organisation, lines, transformer areas and places.

Metres of the pack are laid around an anchor on tidal flats of the Yellow Sea coast, where no city stands.
"""

import math
from dataclasses import dataclass
from typing import Final

from gridhall.contexts.accounts.types import OrganisationLevel
from gridhall.journeys.demo import people
from gridhall.journeys.demo.pack import Pack
from gridhall.journeys.demo.utility import Area, Line, Place, Unit, Utility

#: Where the substation is drawn on a map: longitude, latitude in degrees (WGS-84).
ANCHOR: Final = (120.9300, 32.8000)
_METRES_PER_DEGREE: Final = 111_320
#: Areas beside one another under one station, at most.
_AREAS_PER_STATION: Final = 12

PROVINCE: Final = "LC"
CITY: Final = "LC-YZ"


@dataclass(frozen=True)
class Territory:
    """Where a transformer area belongs: its feeder, station and county."""

    area: str
    feeder: str
    station: str
    station_index: int
    county_name: str


def position(east_m: int, north_m: int) -> tuple[float, float]:
    """Longitude and latitude of a place so many metres from the substation, to six decimals (0.1 m)."""
    across = _METRES_PER_DEGREE * math.cos(math.radians(ANCHOR[1]))
    return round(ANCHOR[0] + east_m / across, 6), round(ANCHOR[1] + north_m / _METRES_PER_DEGREE, 6)


def lay(pack: Pack, utility: Utility) -> dict[str, Territory]:
    """Add the organisation tree, the substation, feeders and public transformer areas; give each area's territory.

    Feeders follow one another round the substation; neighbours form a county, and a feeder's areas one station or more.
    """
    rows = pack.areas.to_pylist()
    around: dict[str, list[dict[str, object]]] = {}
    for row in rows:
        around.setdefault(row["feeder"], []).append(row)
    feeders = sorted(around, key=lambda name: _bearing(around[name]))
    counties = min(len(people.COUNTIES), max(1, len(feeders) // 2 if len(feeders) > 2 else len(feeders)))

    utility.units += [
        Unit(PROVINCE, f"{people.PROVINCE}电力公司", OrganisationLevel.PROVINCE, None),
        Unit(CITY, "云泽供电公司", OrganisationLevel.CITY, PROVINCE),
    ]
    county_codes = [f"{CITY}-{index + 1:02}" for index in range(counties)]
    utility.units += [
        Unit(code, f"{name}供电公司", OrganisationLevel.COUNTY, CITY)
        for code, name in zip(county_codes, people.COUNTIES, strict=False)
    ]
    utility.substation = Place("LC-YZ-S1", "110千伏云泽变电站", CITY, *ANCHOR)

    territories: dict[str, Territory] = {}
    station_index = 0
    for index, feeder in enumerate(feeders):
        county = index * counties // len(feeders)
        code = f"LC-YZ-F{index + 1:02}"
        utility.feeders.append(Line(code, f"10千伏{people.STREETS[index % len(people.STREETS)][:2]}线", "LC-YZ-S1"))
        areas = sorted(around[feeder], key=lambda row: str(row["area"]))
        per_station = max(1, math.ceil(len(areas) / math.ceil(len(areas) / _AREAS_PER_STATION)))
        for first in range(0, len(areas), per_station):
            station = f"{county_codes[county]}-{station_index + 1:02}"
            name = people.STATIONS[station_index % len(people.STATIONS)]
            utility.units.append(Unit(station, f"{name}供电所", OrganisationLevel.STATION, county_codes[county]))
            for number, row in enumerate(areas[first : first + per_station], start=1):
                area = str(row["area"])
                place = position(int(str(row["east_m"])), int(str(row["north_m"])))
                territory = Territory(
                    f"{code}-T{first + number:02}", code, station, station_index, people.COUNTIES[county]
                )
                territories[area] = territory
                utility.areas.append(
                    Area(territory.area, f"{name}{number}号公变", code, False, int(str(row["rated_va"])), *place)
                )
            station_index += 1
    return territories


def _bearing(areas: list[dict[str, object]]) -> float:
    east = sum(int(str(area["east_m"])) for area in areas)
    north = sum(int(str(area["north_m"])) for area in areas)
    return math.atan2(east, north)
