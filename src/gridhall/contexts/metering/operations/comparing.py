"""What an import says, held against the registers of the same meters."""

from datetime import date, timedelta
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow.compute as pc

from gridhall.contexts.metering.models import MeterInstallation, RegisterReading
from gridhall.contexts.metering.queries.register_checks import register_checks
from gridhall.contexts.metering.rules.validation import Finding
from gridhall.kernel.spans import DateSpan
from gridhall.lake.needs import Channel

#: Files of more metered usage points are compared on request only (`queries.register_checks`), not at every import.
MOST: Final = 5_000


def compared(
    usage_points: npt.NDArray[np.int64], first: date | None, last: date | None, channel: Channel, zone: str
) -> list[Finding]:
    """The days on which intervals and registers disagree, as one finding; of everything the transaction can see.

    Args:
        usage_points: that were told of; those without register readings are passed over.
    """
    if first is None or last is None or not len(usage_points) or not RegisterReading.objects.exists():
        return []
    metered = MeterInstallation.objects.order_by().values_list("usage_point_id", flat=True).distinct()
    if len(usage_points) <= MOST:
        metered = metered.filter(usage_point_id__in=usage_points.tolist())
    some = np.intersect1d(np.fromiter(metered.iterator(), dtype=np.int64), usage_points)
    if not 0 < len(some) <= MOST:
        return []
    span = DateSpan(first, last + timedelta(days=1))
    checks = register_checks(span, usage_points=some.tolist(), channel=channel, zone=zone)
    wrong = checks.filter(pc.invert(checks["agrees"]))
    if not wrong.num_rows:
        return []
    return [
        Finding(
            "metering.readings.register",
            f"On {wrong.num_rows} of {checks.num_rows} stretches between register readings the intervals do not add "
            "up to the register's advance.",
            {
                "stretches": wrong.num_rows,
                "compared": checks.num_rows,
                "examples": [
                    {
                        "usage_point_id": row["usage_point"], "start": str(row["start"]), "end": str(row["end"]),
                        "interval_wh": row["interval_wh"], "register_wh": row["register_wh"],
                    }
                    for row in wrong.slice(0, 20).to_pylist()
                ],
            },
        )
    ]  # fmt: skip
