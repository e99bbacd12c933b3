"""Why a URDB rate is refused: a stable code for programs, a path into the JSON, a sentence for people."""

from enum import StrEnum

from gridhall.kernel.errors import Refused


class Reason(StrEnum):
    """What keeps a rate from being priced exactly. The values are published as error codes and never change."""

    NOT_JSON = "urdb_not_json"  # the text cannot be read as JSON
    EMPTY = "urdb_empty"  # no rate in the file
    SEVERAL_RATES = "urdb_several_rates"  # more than one rate and none chosen
    WRONG_TYPE = "urdb_wrong_type"  # text where a number belongs, a number where a list belongs, …
    NUMBER = "urdb_number"  # NaN, infinite, or beyond what a price or a limit can be
    MISSING_STRUCTURE = "urdb_missing_structure"  # schedules or months that name prices which are not there
    MISSING_SCHEDULE = "urdb_missing_schedule"  # prices without the schedule that says when they apply
    SCHEDULE_SHAPE = "urdb_schedule_shape"  # not 12 months of 24 hours
    SCHEDULE_INDEX = "urdb_schedule_index"  # a period that does not exist
    MISSING_RATE = "urdb_missing_rate"  # a tier without its price
    NEGATIVE_RATE = "urdb_negative_rate"  # a price below zero
    UNKNOWN_UNIT = "urdb_unknown_unit"  # a unit nobody defined
    UNIT = "urdb_unit"  # a unit that is known and cannot be priced here: kWh/kW, kVA, hp, per day
    TIER_LIMIT = "urdb_tier_limit"  # limits that do not ascend, are zero, or end before the last kWh
    TIER_LIMITS_DIFFER = "urdb_tier_limits_differ"  # periods of one month that disagree about the limits
    COINCIDENT_DEMAND = "urdb_coincident_demand"  # demand at the moment of the utility's own peak
    RATCHET = "urdb_ratchet"  # demand that looks back on earlier months
    REACTIVE_CHARGE = "urdb_reactive_charge"  # a reactive price without the rule it is applied by
    FIXED_CHARGE = "urdb_fixed_charge"  # a fixed charge in a unit that cannot be mapped
    MINIMUM_CHARGE = "urdb_minimum_charge"  # likewise a minimum
    ANNUAL_MINIMUM = "urdb_annual_minimum"  # a minimum that is only known when the year is over
    CONFLICT = "urdb_conflict"  # two fields that say different things about the same charge
    UNKNOWN_FIELD = "urdb_unknown_field"  # a field that could carry money and that nobody here understands


class UrdbRefused(Refused):
    """This rate is not imported, because its bill could not be exact.

    ``reason`` tells programs why; ``code`` is its value, ``path`` the place in the JSON, such as
    ``energyratestructure[1][0].max``.
    """

    def __init__(self, reason: Reason, message: str, *, path: str = "", remedy: str = "") -> None:
        super().__init__(message, path=path, remedy=remedy)
        self.reason = reason
        self.code = reason.value
