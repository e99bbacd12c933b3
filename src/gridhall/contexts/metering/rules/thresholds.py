"""What validation and estimation go by, as dated data of the utility (``content/rules/validation.yaml``)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from gridhall.kernel.errors import GridhallError


class ThresholdsInvalid(GridhallError):
    """The document of thresholds cannot be used; the place says where."""

    code = "thresholds_invalid"


@dataclass(frozen=True)
class Thresholds:
    """Limits in W and days; see the document for what each means."""

    most_w: int
    first_day: date
    days_ahead: int
    most_bad_rows: int
    spike_times_usual_peak: int
    spike_above_w: int
    spike_least_days: int
    spike_times_own_median: int
    spike_above_w_alone: int
    stuck_above_w: int
    zero_days: int
    interpolate_minutes: int
    like_days_most: int
    like_days_least: int
    whole_days: int
    reach_days: int


def in_force(document: Sequence[Mapping[str, Any]], today: date) -> Thresholds:
    """The thresholds of the newest entry that begins on or before a day.

    Raises:
        ThresholdsInvalid: when no entry is in force, or one lacks something or has the wrong type.
    """
    started = [entry for entry in document if isinstance(entry.get("from"), date) and entry["from"] <= today]
    if not started:
        raise ThresholdsInvalid(f"No entry is in force on {today}.", path="content/rules/validation.yaml")
    entry = max(started, key=lambda each: each["from"])
    return Thresholds(
        most_w=_watts(entry, "limits", "most_kw"),
        first_day=_day(entry, "limits", "first_day"),
        days_ahead=_whole(entry, "limits", "days_ahead"),
        most_bad_rows=_whole(entry, "limits", "most_bad_rows"),
        spike_times_usual_peak=_whole(entry, "spike", "times_usual_peak"),
        spike_above_w=_watts(entry, "spike", "above_kw"),
        spike_least_days=_whole(entry, "spike", "least_days"),
        spike_times_own_median=_whole(entry, "spike", "times_own_median"),
        spike_above_w_alone=_watts(entry, "spike", "above_kw_alone"),
        stuck_above_w=_watts(entry, "stuck", "above_kw"),
        zero_days=_whole(entry, "stuck", "zero_days"),
        interpolate_minutes=_whole(entry, "estimation", "interpolate_minutes"),
        like_days_most=_whole(entry, "estimation", "like_days_most"),
        like_days_least=_whole(entry, "estimation", "like_days_least"),
        whole_days=_whole(entry, "estimation", "whole_days"),
        reach_days=_whole(entry, "estimation", "reach_days"),
    )


def _found(entry: Mapping[str, Any], group: str, name: str) -> Any:
    try:
        return entry[group][name]
    except (KeyError, TypeError) as error:
        raise ThresholdsInvalid(
            f"The entry from {entry['from']} lacks {group}.{name}.",
            path=f"content/rules/validation.yaml:{group}.{name}",
        ) from error


def _whole(entry: Mapping[str, Any], group: str, name: str) -> int:
    value = _found(entry, group, name)
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise _wrong(entry, group, name, "a whole number, 0 or more")
    return value


def _watts(entry: Mapping[str, Any], group: str, name: str) -> int:
    value = _found(entry, group, name)
    if not isinstance(value, int | float) or isinstance(value, bool) or not value > 0:
        raise _wrong(entry, group, name, "kilowatts above 0")
    return int(Decimal(str(value)) * 1000)


def _day(entry: Mapping[str, Any], group: str, name: str) -> date:
    value = _found(entry, group, name)
    if not isinstance(value, date):
        raise _wrong(entry, group, name, "a day, YYYY-MM-DD")
    return value


def _wrong(entry: Mapping[str, Any], group: str, name: str, wanted: str) -> ThresholdsInvalid:
    value = _found(entry, group, name)
    return ThresholdsInvalid(
        f"{group}.{name} is {value!r}, but must be {wanted}.", path=f"content/rules/validation.yaml:{group}.{name}"
    )
