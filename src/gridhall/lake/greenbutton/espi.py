"""The numbers and names of ESPI that gridhall speaks, and the clock-change rule of its LocalTimeParameters."""

from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from gridhall.lake.curves import Quality
from gridhall.lake.needs import Channel

ATOM: Final = "http://www.w3.org/2005/Atom"
ESPI: Final = "http://naesb.org/espi"

#: UnitSymbolKind.
WATT_HOURS: Final = 72
VAR_HOURS: Final = 73

#: AccumulationKind: energy of the interval itself, as against a running count.
DELTA: Final = 4

#: CommodityKind of electricity: unstated, secondary metered, primary metered.
ELECTRICITY: Final = frozenset({0, 1, 2})

#: FlowDirectionKind by unit and channel; the first of each channel is the one written.
FLOWS: Final = {
    Channel.IMPORT: (WATT_HOURS, (1, 0)),
    Channel.EXPORT: (WATT_HOURS, (19,)),
    Channel.REACTIVE: (VAR_HOURS, (1, 0, 2)),
    Channel.REACTIVE_EXPORT: (VAR_HOURS, (19, 3)),
}

#: QualityOfReading as read. A projection (12) is no reading and stands here on purpose as absent.
QUALITY_READ: Final = {
    0: Quality.MEASURED,  # valid
    7: Quality.EDITED,  # manually edited
    8: Quality.LIKE_DAY,  # estimated using reference day
    9: Quality.INTERPOLATED,  # estimated using linear interpolation
    10: Quality.SUSPECT,  # questionable
    11: Quality.MEASURED,  # derived: calculated from measured values
    13: Quality.SUSPECT,  # mixed
    14: Quality.MEASURED,  # raw
    15: Quality.SUSPECT,  # normalised for weather
    16: Quality.SUSPECT,  # other
    17: Quality.MEASURED,  # validated
    18: Quality.MEASURED,  # verified
    19: Quality.MEASURED,  # revenue quality
}

#: QualityOfReading as written; measured values carry the default of their ReadingType.
QUALITY_WRITTEN: Final = {Quality.EDITED: 7, Quality.LIKE_DAY: 8, Quality.INTERPOLATED: 9, Quality.SUSPECT: 10}

#: QualityOfReading "validated", the default of what gridhall writes.
VALIDATED: Final = 17

_NO_RULE: Final = "FFFFFFFF"
_LAST: Final = 7  # the operator "last occurrence of the weekday in the month"


def channel_of(uom: int, flow: int) -> Channel | None:
    """The channel of a unit and a flow direction; None where gridhall has none (power, net flow, single quadrants)."""
    return next((channel for channel, (unit, flows) in FLOWS.items() if uom == unit and flow in flows), None)


def local_time(zone: str, year: int) -> dict[str, str]:
    """A zone's LocalTimeParameters in a year, in the order of the schema.

    The rules are those of DstRuleType: month, which weekday of the month, hour and second on the clock that ends.

    >>> local_time("America/New_York", 2012)
    {'dstEndRule': 'B40E2000', 'dstOffset': '3600', 'dstStartRule': '360E2000', 'tzOffset': '-18000'}
    >>> local_time("Asia/Shanghai", 2026)
    {'dstEndRule': 'FFFFFFFF', 'dstOffset': '0', 'dstStartRule': 'FFFFFFFF', 'tzOffset': '28800'}
    """
    local = ZoneInfo(zone)
    changes = _changes(local, year)
    forward = [(wall, step) for wall, step in changes if step > timedelta()]
    backward = [(wall, step) for wall, step in changes if step < timedelta()]
    offsets = [_offset(local, datetime(year, month, 1, tzinfo=UTC)) for month in range(1, 13)]
    start, end, shift = _NO_RULE, _NO_RULE, timedelta()
    if len(forward) == len(backward) == 1:
        start, end, shift = _rule(forward[0][0]), _rule(backward[0][0]), forward[0][1]
    return {
        "dstEndRule": end,
        "dstOffset": str(int(shift.total_seconds())),
        "dstStartRule": start,
        "tzOffset": str(int(min(offsets).total_seconds())),
    }


def _offset(local: ZoneInfo, moment: datetime) -> timedelta:
    return moment.astimezone(local).utcoffset() or timedelta()


def _changes(local: ZoneInfo, year: int) -> list[tuple[datetime, timedelta]]:
    """The clock changes of a year: what the old clock would show, and by how much it is put forward."""
    found = []
    moment = datetime(year, 1, 1, tzinfo=UTC)
    while moment.year == year:
        following = moment + timedelta(hours=1)
        before, after = _offset(local, moment), _offset(local, following)
        if before != after:
            edge = moment
            while _offset(local, edge) == before:
                edge += timedelta(minutes=15)
            found.append(((edge + before).replace(tzinfo=None), after - before))
        moment = following
    return found


def _rule(wall: datetime) -> str:
    occurrence = (wall.day - 1) // 7
    last = (wall + timedelta(days=7)).month != wall.month
    operator = _LAST if last else 2 + occurrence
    seconds = wall.minute * 60 + wall.second
    bits = wall.month << 28 | operator << 25 | wall.isoweekday() << 17 | wall.hour << 12 | seconds
    return f"{bits:08X}"
