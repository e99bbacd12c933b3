"""What each reason for not billing a period says on a page, by its stable code."""

from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

_Said = str | Promise

#: Code → what is wrong, what to do next.
PARKED: Final[dict[str, tuple[_Said, _Said]]] = {
    "no_readings": (_("No readings at all"), _("Import the readings of these days, then run the month again.")),
    "missing_readings": (
        _("Too many readings are missing"),
        _("Import what is missing and run the month again, or release it as it is."),
    ),
    "too_much_estimated": (
        _("Too many readings are estimated"),
        _("Have the meter read, import the readings and run the month again, or release it."),
    ),
    "implausible_high": (
        _("Far more than usual"),
        _("Compare with the meter. Correct the readings and run the month again, or release it."),
    ),
    "implausible_zero": (
        _("No use, unlike before"),
        _("Check the meter and whether the home stands empty. Correct the readings, or release it."),
    ),
    "overlaps_bill": (
        _("Another bill covers some of these days"),
        _("Correct the bill that covers these days, then run the month again."),
    ),
    "no_agreement": (
        _("Power was used without a contract"),
        _("Find out who uses the power and sign them up, then run the month again; or release it to close the matter."),
    ),
    "no_tariff": (_("No price for these days"), _("Publish a version of the tariff for these days, then run again.")),
    "tariff_refused": (
        _("The tariff cannot price this exactly"),
        _("Mend the tariff or the terms of the contract, then run the month again."),
    ),
}
#: The same with figures, tried in order until all of a sentence's figures are there.
WITH_FIGURES: Final[dict[str, tuple[_Said, ...]]] = {
    "missing_readings": (_("%(missing)s of %(slots)s readings are missing"),),
    "too_much_estimated": (_("%(estimated)s of %(slots)s readings are estimated"),),
    "implausible_high": (_("%(energy_wh)s kWh in the period; usual are %(usual_wh_per_day)s kWh a day"),),
    "implausible_zero": (_("No use in the period; usual are %(usual_wh_per_day)s kWh a day"),),
    "overlaps_bill": (_("Bill %(bill)s covers some of these days already"),),
    "no_agreement": (_("%(energy_wh)s kWh were used without a contract"),),
    "no_tariff": (_("No version of tariff %(tariff)s covers the whole period"),),
    "tariff_refused": (
        _("Tariff %(tariff)s cannot price this: %(refusal)s"),
        _("The tariff cannot price this: %(refusal)s"),
    ),
}
#: Why a tariff could not price something.
REFUSALS: Final[dict[str, _Said]] = {
    "no_readings": _("there are no readings"),
    "no_version": _("no version is in force"),
    "missing_capacity": _("the contract names no capacity"),
    "missing_contract_demand": _("the contract names no demand"),
    "reactive_readings_missing": _("readings of reactive energy are missing"),
    "export_readings_missing": _("readings of feed-in are missing"),
    "price_missing": _("a price is missing"),
    "price_series_missing": _("the file of prices is missing"),
    "annual_minimum_needs_year": _("the yearly minimum needs the year before"),
    "unknown_power_factor_standard": _("the power-factor standard of the contract is unknown"),
    "interval_too_coarse": _("a price changes inside an interval of the readings"),
}
