"""What is wrong with a quarantined row and what to do, by its stable code; findings of validation likewise."""

from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

_Said = str | Promise

_NUMBER: Final = _("Enter the value as a figure, such as 1.25.")
_VALUE: Final = _("Check the value and the unit of the file.")
_TIME: Final = _("Correct the time; it must be the start of an interval.")
_DAY: Final = _("Correct the day.")
_POINT: Final = _("Correct the account number, or open the account first, then check again.")
_TWICE: Final = _("Keep the right one of the two rows and clear the other.")
_METER: Final = _("Correct the number, or enter the meter first, then check again.")
_ANEW: Final = _("Ask whoever made the file to write it anew.")

#: Code → what is wrong, what to do.
ROWS: Final[dict[str, tuple[_Said, _Said]]] = {
    "": (_("The row could not be taken in."), _("Compare it with the rows around it.")),
    # the row as such
    "column_count": (
        _("The row has more or fewer cells than the head of the file."),
        _("Put each value in its place."),
    ),
    "row_malformed": (_("The row cannot be told into cells."), _("Put each value in its place.")),
    "nul_byte": (_("The row holds a character that is no text."), _("Enter the row anew.")),
    "quotes_unmatched": (_("A quotation mark of the row is not closed."), _("Remove the stray quotation mark.")),
    # whose
    "unknown_usage_point": (_("There is no account of this number."), _POINT),
    "usage_point_unknown": (_("There is no account of this number."), _POINT),
    "usage_point_missing": (_("The row names no account."), _POINT),
    "whose_unclear": (_("The row names neither account nor meter."), _POINT),
    "meter_unknown": (_("There is no meter of this number."), _METER),
    "no_meter_then": (_("This meter was not installed there at that time."), _METER),
    "register_missing": (_("The meter has no such register."), _METER),
    "register_unclear": (_("There is no register of this name."), _("Name the register as the how-to shows.")),
    # when
    "time_unclear": (_("The time cannot be understood."), _("Write it as 2026-03-01 00:15.")),
    "day_unclear": (_("The day cannot be understood."), _("Write it as 2026-03-01.")),
    "time_missing": (_("The time is missing."), _TIME),
    "off_grid": (_("No interval starts at this time."), _TIME),
    "off_the_grid": (_("No interval starts at this time."), _TIME),
    "interval_length": (_("The length of the interval is not accepted."), _TIME),
    "time_does_not_exist": (_("The clock skips this time on that day."), _TIME),
    "future": (_("The reading lies in the future."), _DAY),
    "in_the_future": (_("The reading lies in the future."), _DAY),
    "too_old": (_("The reading is too far in the past to be believed."), _DAY),
    "day_unbelievable": (_("The day lies in the future or long ago."), _DAY),
    "duplicate": (_("An earlier row tells another value for the same time."), _TWICE),
    "duplicate_day": (_("The file tells this day twice."), _TWICE),
    "duplicate_interval": (_("An earlier row tells another value for the same time."), _TWICE),
    "duplicate_reading": (_("Another row tells another reading for the same moment."), _TWICE),
    # how much
    "value_missing": (_("The value is missing."), _NUMBER),
    "not_a_number": (_("This is not a number."), _NUMBER),
    "not_finite": (_("This is not a number."), _NUMBER),
    "negative": (_("Energy in this direction cannot be negative."), _VALUE),
    "absurd": (_("The value is larger than can be believed."), _VALUE),
    "too_large": (_("The value is larger than can be believed."), _VALUE),
    "value_out_of_range": (_("The value is larger than can be believed."), _VALUE),
    "slot_count": (
        _("The number of values does not fit the day."),
        _("A day has 96, 48 or 24 values; fill in the rest."),
    ),
    "unit_unknown": (_("The unit is not accepted."), _ANEW),
    "not_a_reading": (_("This is a forecast, not a reading."), _ANEW),
    "not_interval_data": (_("These are counter values, not energies of intervals."), _ANEW),
    "commodity_not_electricity": (_("This is not electricity."), _ANEW),
    "meter_reading_missing": (_("The feed does not say whose values these are."), _ANEW),
    "reading_type_missing": (_("The feed does not say what its values measure."), _ANEW),
    # registers
    "register_backward": (_("The reading does not lie between the one before and the one after."), _VALUE),
    "register_too_fast": (_("Since the last reading more energy would have flowed than is possible."), _VALUE),
    "register_off_the_dial": (_("The meter cannot display this reading."), _VALUE),
}

#: Code of a finding → its sentence; worded so that it holds for one as for many.
FINDINGS: Final[dict[str, _Said]] = {
    "metering.readings.spike": _("Far above what is usual there: %(readings)s readings. They were kept and marked."),
    "metering.readings.gap": _(
        "Without a reading: %(slots)s intervals. Estimated and marked: %(estimated)s; left empty: %(missing)s."
    ),
    "metering.readings.stuck": _("The same value in every interval: %(days)s days. A meter may be stuck."),
    "metering.readings.zero": _("No energy at all over many days: %(usage_points)s accounts."),
    "metering.readings.duplicate": _("Repeated in the file: %(rows)s rows. They count once."),
    "metering.readings.register": _(
        "The intervals do not add up to the meter's display in %(stretches)s of %(compared)s comparisons."
    ),
}
