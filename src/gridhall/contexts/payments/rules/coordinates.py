"""Coordinates of maps of mainland China as WGS-84, in which places are kept. Pure.

Maps published in mainland China count in GCJ-02, which shifts WGS-84 by some hundred metres; Baidu's in BD-09, which
shifts GCJ-02 once more. There is no official formula: the shift is the published approximation that converters use, as
in `googollee/eviltransform` (MIT); the way back is found by iteration. The libraries for it on PyPI have had no release
since 2021, or bring a stack of geometry with them.
"""

import math
from enum import StrEnum
from typing import Final

#: Krasovsky's ellipsoid of 1940: half the longer axis in metres, and the square of the eccentricity.
_AXIS: Final = 6_378_245.0
_ECCENTRICITY2: Final = 0.00669342162296594323
#: West, east, south, north of where the shift applies, in degrees. The approximation knows no finer border: places of
#: neighbouring countries inside it are shifted too when a file says GCJ-02.
_CHINA: Final = (72.004, 137.8347, 0.8293, 55.8271)
_BAIDU: Final = math.pi * 3000 / 180
#: About a millimetre.
_ENOUGH: Final = 1e-8
_MOST_ROUNDS: Final = 30

#: Longitude and latitude in degrees.
Place = tuple[float, float]


class CoordinateSystem(StrEnum):
    """How a file counts longitude and latitude."""

    WGS_84 = "wgs-84"
    GCJ_02 = "gcj-02"
    BD_09 = "bd-09"


def to_wgs84(place: Place, system: CoordinateSystem) -> Place:
    """A place of one of the systems in WGS-84, within a metre of where the system's own map shows it.

    >>> to_wgs84((121.473_701, 31.230_416), CoordinateSystem.WGS_84)
    (121.473701, 31.230416)
    >>> [round(each, 5) for each in to_wgs84((121.473_701, 31.230_416), CoordinateSystem.GCJ_02)]
    [121.46916, 31.23235]
    >>> to_wgs84((2.2945, 48.8584), CoordinateSystem.GCJ_02)
    (2.2945, 48.8584)
    """
    if system is CoordinateSystem.BD_09:
        place = _gcj_of_bd(place)
    return place if system is CoordinateSystem.WGS_84 else _wgs_of_gcj(place)


def from_wgs84(place: Place, system: CoordinateSystem) -> Place:
    """A WGS-84 place as one of the systems counts it.

    >>> [round(each, 6) for each in from_wgs84((116.404, 39.915), CoordinateSystem.GCJ_02)]
    [116.410244, 39.916404]
    """
    if system is CoordinateSystem.WGS_84:
        return place
    shifted = _gcj_of_wgs(place)
    return _bd_of_gcj(shifted) if system is CoordinateSystem.BD_09 else shifted


def _in_china(place: Place) -> bool:
    west, east, south, north = _CHINA
    return west <= place[0] <= east and south <= place[1] <= north


def _gcj_of_wgs(place: Place) -> Place:
    if not _in_china(place):
        return place
    longitude, latitude = place
    x, y = longitude - 105.0, latitude - 35.0
    root = math.sqrt(abs(x))
    shared = (20.0 * math.sin(6.0 * x * math.pi) + 20.0 * math.sin(2.0 * x * math.pi)) * 2.0 / 3.0
    north = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * root + shared
    north += (20.0 * math.sin(y * math.pi) + 40.0 * math.sin(y / 3.0 * math.pi)) * 2.0 / 3.0
    north += (160.0 * math.sin(y / 12.0 * math.pi) + 320.0 * math.sin(y / 30.0 * math.pi)) * 2.0 / 3.0
    east = 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * root + shared
    east += (20.0 * math.sin(x * math.pi) + 40.0 * math.sin(x / 3.0 * math.pi)) * 2.0 / 3.0
    east += (150.0 * math.sin(x / 12.0 * math.pi) + 300.0 * math.sin(x / 30.0 * math.pi)) * 2.0 / 3.0
    angle = math.radians(latitude)
    bend = 1 - _ECCENTRICITY2 * math.sin(angle) ** 2
    return (
        longitude + math.degrees(east / (_AXIS / math.sqrt(bend) * math.cos(angle))),
        latitude + math.degrees(north / (_AXIS * (1 - _ECCENTRICITY2) / (bend * math.sqrt(bend)))),
    )


def _wgs_of_gcj(place: Place) -> Place:
    if not _in_china(place):
        return place
    found = place
    for _ in range(_MOST_ROUNDS):
        east, north = (said - reached for said, reached in zip(place, _gcj_of_wgs(found), strict=True))
        found = (found[0] + east, found[1] + north)
        if max(abs(east), abs(north)) < _ENOUGH:
            break
    return found


def _bd_of_gcj(place: Place) -> Place:
    x, y = place
    far = math.hypot(x, y) + 0.00002 * math.sin(y * _BAIDU)
    angle = math.atan2(y, x) + 0.000003 * math.cos(x * _BAIDU)
    return (far * math.cos(angle) + 0.0065, far * math.sin(angle) + 0.006)


def _gcj_of_bd(place: Place) -> Place:
    x, y = place[0] - 0.0065, place[1] - 0.006
    far = math.hypot(x, y) - 0.00002 * math.sin(y * _BAIDU)
    angle = math.atan2(y, x) - 0.000003 * math.cos(x * _BAIDU)
    return (far * math.cos(angle), far * math.sin(angle))
