"""Where a meter is or was, by the number on its plate."""

from collections.abc import Sequence
from typing import Final

from gridhall.contexts.metering.models import MeterInstallation

#: More than these say too little.
_MOST: Final = 200
_SHORTEST: Final = 4


def usage_points_of_meters(serial: str) -> dict[int, str]:
    """Usage point (id) → number of the meter there, for meters whose number begins with this. One query.

    Where a meter has stood in several places all of them are given. Fewer than four characters find nothing.
    """
    wanted = serial.strip().upper()
    if len(wanted) < _SHORTEST or not wanted.isascii():
        return {}
    found = MeterInstallation.objects.filter(meter__serial__startswith=wanted).order_by("meter__serial", "-span")
    return dict(found.values_list("usage_point_id", "meter__serial")[:_MOST])


def current_meters(usage_points: Sequence[int]) -> dict[int, tuple[str, ...]]:
    """Usage point (id) → numbers of the meters that are there now; those without a meter are left out. One query."""
    found = MeterInstallation.objects.filter(usage_point_id__in=list(usage_points), span__upper_inf=True)
    meters: dict[int, tuple[str, ...]] = {}
    for point, serial in found.order_by("meter__serial").values_list("usage_point_id", "meter__serial"):
        meters[point] = (*meters.get(point, ()), serial)
    return meters
