"""How a month will go on at the present pace.

A day still to come is expected to be like the days of its kind that were. For one usage point, with D the complete days
among the last `DAYS` before today that belong to the same customer, and ``kind`` either worked or off (weekends, public
holidays; weekend days worked in exchange count as worked)::

    like(t)    = {d in D : kind(d) = kind(t)},  or all of D where that has fewer than `LEAST_OF_KIND` days
    curve(t)_s = Σ over d in like(t) of curve(d)_s / |like(t)|,  rounded half up to whole Wh, for every slot s
    forecast   = readings of the month so far + Σ over the days t to come of curve(t)

With fewer than `LEAST` days in D there is no forecast. What comes out are curves, not a sum: the tariff prices them
like readings, so that tiers, periods of the day, demands and export are all in it, and nothing is scaled by a line.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

#: So many days before today tell the pace.
DAYS: Final = 28
#: Complete days without which nothing is said.
LEAST: Final = 3
#: Complete days of a kind without which all days serve.
LEAST_OF_KIND: Final = 2


@dataclass(frozen=True)
class Pace:
    """What is expected of a day, for some usage points.

    Attributes:
        worked, off: Wh ``[usage point, slot]`` of a day that is worked, and of one that is not.
        known: which usage points have enough days to say.
    """

    worked: npt.NDArray[np.int64]
    off: npt.NDArray[np.int64]
    known: npt.NDArray[np.bool_]


def pace(curves: npt.NDArray[np.int64], complete: npt.NDArray[np.bool_], off: npt.NDArray[np.bool_]) -> Pace:
    """The days to come, from those that were.

    Args:
        curves: Wh ``[usage point, day, slot]``, not negative.
        complete: ``[usage point, day]``, which of them count.
        off: ``[day]``, which of them are not worked.

    >>> found = pace(np.array([[[1, 4], [2, 4], [9, 9]]]), np.array([[True] * 3]), np.array([False, False, True]))
    >>> found.worked.tolist(), found.off.tolist()
    ([[2, 4]], [[4, 6]])
    """
    days = complete.sum(axis=1)
    everything = _mean(curves, complete)
    expected = []
    for kind in (~off, off):
        chosen = complete & kind
        enough = chosen.sum(axis=1) >= LEAST_OF_KIND
        expected.append(np.where(enough[:, None], _mean(curves, chosen), everything))
    return Pace(expected[0], expected[1], days >= LEAST)


def _mean(curves: npt.NDArray[np.int64], chosen: npt.NDArray[np.bool_]) -> npt.NDArray[np.int64]:
    count = np.maximum(chosen.sum(axis=1), 1)[:, None]
    total = np.einsum("pds,pd->ps", curves, chosen.astype(np.int64))
    return np.asarray((2 * total + count) // (2 * count))
