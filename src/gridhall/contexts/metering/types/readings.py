"""How fresh readings are, and the forms they can be taken away in."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from gridhall.kernel.errors import GridhallError, NotFound


class DownloadFormat(StrEnum):
    """The form of a download."""

    CSV = "csv"  # a line per slot
    CURVE_CSV = "curve-csv"  # a line per day
    PARQUET = "parquet"
    GREEN_BUTTON = "greenbutton"


class NoReadings(NotFound):
    """There are no readings of these usage points in this span, as of this readings version."""

    code = "no_readings"


class SpanEmpty(GridhallError):
    """A span of days that ends before it begins, or has no end."""

    code = "span_empty"


class VersionUnknown(NotFound):
    """There is no such readings version."""

    code = "version_unknown"


@dataclass(frozen=True)
class Gap:
    """Days in a row, ``first`` to ``last``, that are absent or lack the same number of slots."""

    first: date
    last: date
    missing: int | None  # slots a day; None where the whole days are absent


@dataclass(frozen=True)
class Freshness:
    """How far and how well the readings of one usage point reach.

    Attributes:
        as_of: the last complete day; None before the first.
        last_day: the last day with any reading.
        window: the first of the days looked at for gaps; they end with the day before today.
        gaps: what is missing in the window.
        missing: slots missing on days that are there.
        estimated: slots of the window whose value is an estimate.
        days: how many days of the window have readings.
    """

    usage_point: int
    as_of: date | None
    last_day: date | None
    window: date
    gaps: tuple[Gap, ...]
    missing: int
    estimated: int
    days: int

    @property
    def absent_days(self) -> int:
        """Days of the window without any reading."""
        return sum((gap.last - gap.first).days + 1 for gap in self.gaps if gap.missing is None)
