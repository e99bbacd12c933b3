"""Everything of a URDB rate besides energy and demand prices: fixed and minimum charges, and what must not be there.

A field is either priced, known to carry no money, or a reason to refuse: a rate with a charge that nobody here
understands has no exact bill.
"""

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final, Literal

from gridhall.contexts.tariffs.urdb.refusals import Reason, UrdbRefused
from gridhall.contexts.tariffs.urdb.source import Fields, kind
from gridhall.contexts.tariffs.urdb.structures import number, price

Per = Literal["month", "day", "year"]


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


#: Read elsewhere in this package.
_PRICED: Final = _words(
    "energyratestructure energyweekdayschedule energyweekendschedule "
    "demandratestructure demandweekdayschedule demandweekendschedule demandrateunit demandrateunits demandunits "
    "flatdemandstructure flatdemandmonths flatdemandunit flatdemandunits demandwindow "
    "fixedchargefirstmeter fixedchargeunits fixedmonthlycharge "
    "mincharge minchargeunits minmonthlycharge annualmincharge country"
)
#: Refused below unless empty or zero.
_REFUSED: Final[dict[str, tuple[Reason, str]]] = {
    "coincidentratestructure": (Reason.COINCIDENT_DEMAND, "demand at the utility's own peak is not in the readings"),
    "lookbackpercent": (Reason.RATCHET, "billed demand looks back on the demand of earlier months"),
    "lookbackrange": (Reason.RATCHET, "billed demand looks back on the demand of earlier months"),
    "lookbackmonths": (Reason.RATCHET, "billed demand looks back on the demand of earlier months"),
    "demandratchetpercentage": (Reason.RATCHET, "billed demand looks back on the demand of earlier months"),
    "demandreactivepowercharge": (
        Reason.REACTIVE_CHARGE,
        "the rate does not say what the reactive price applies to",
    ),
    "energyattrs": (Reason.UNKNOWN_FIELD, "attributes state further charges in words"),
    "demandattrs": (Reason.UNKNOWN_FIELD, "attributes state further charges in words"),
    "fixedattrs": (Reason.UNKNOWN_FIELD, "attributes state further charges in words"),
}
#: Known to carry no charge of one metered supply: names, dates, comments, who may take the rate, what is paid for
#: export (a supply without export has none of it), and the charge for each *additional* meter.
_INFORMATION: Final = _words(
    "_id id label uri url name utility utilityname eiaid sector servicetype description source sourceparent "
    "sourcereference startdate enddate effectivedate supersedes supercedes revisions approved is_default isdefault "
    "phasewiring voltagecategory voltageminimum voltagemaximum servicemin servicemax "
    "peakkwcapacitymin peakkwcapacitymax peakkwcapacityhistory peakkwhusagemin peakkwhusagemax peakkwhusagehistory "
    "mindemand maxdemand minmonthlykwh maxmonthlykwh "
    "energycomments demandcomments basicinformationcomments fixedchargecomments energytoulabels demandtoulabels "
    "usenetmetering dgrules fixedchargeeaaddl coincidentschedule coincidentrateunit applicability"
)
_SOUNDS_LIKE_MONEY: Final = re.compile(
    r"charge|rate|fee|cost|price|credit|demand|tier|adj|discount|tax|percent|lookback|ratchet|reactive|structure"
    r"|strux|sched|sell|buy|penalt|rider|fund|min|max|attrs|keyvals|usd|\$|amount|block|capacity"
)
_FIXED_UNITS: Final[dict[str, Per]] = {"$/month": "month", "$/day": "day", "$/year": "year"}
_COUNTRIES: Final = frozenset(("", "usa", "us", "united states", "united states of america"))


@dataclass(frozen=True)
class Amount:
    """An amount in currency per month, day or year."""

    value: Decimal
    per: Per


def check_fields(rate: Fields) -> None:
    """Refuse a rate with a charge that is not priced here, or with a field that could be one.

    Raises:
        UrdbRefused: with the path of the field.
    """
    for name, (reason, why) in _REFUSED.items():
        if _says_something(rate.get(name)):
            raise UrdbRefused(reason, f"{rate.names[name]} cannot be priced: {why}.", path=rate.path(name))
    for name, value in rate.values.items():
        known = name in _REFUSED or name in _PRICED or name in _INFORMATION
        if not known and _could_be_money(name, value):
            raise UrdbRefused(
                Reason.UNKNOWN_FIELD,
                f"{rate.names[name]!r} could be a charge, and is not known here.",
                path=rate.path(name),
            )
    country = rate.get("country")
    if country is not None and (not isinstance(country, str) or country.strip().lower() not in _COUNTRIES):
        raise UrdbRefused(
            Reason.UNIT, f"the currency of a rate in {country!r} is not stated.", path=rate.path("country")
        )


def fixed(rate: Fields) -> Amount | None:
    """The fixed charge, or None where there is none.

    A charge per day is priced by the real days of the bill.

    Raises:
        UrdbRefused: ``urdb_fixed_charge`` for a unit that is missing or unknown, ``urdb_conflict`` for two charges.
    """
    return _one_of(
        _amount(rate, "fixedchargefirstmeter", "fixedchargeunits", Reason.FIXED_CHARGE),
        _amount(rate, "fixedmonthlycharge", "", Reason.FIXED_CHARGE),
        rate.path("fixedmonthlycharge"),
    )


def minimum(rate: Fields) -> Amount | None:
    """The least amount of a bill, or None where there is none.

    Raises:
        UrdbRefused: ``urdb_minimum_charge``, ``urdb_annual_minimum``, ``urdb_conflict``.
    """
    annual = _amount(rate, "annualmincharge", "", Reason.MINIMUM_CHARGE)
    found = _one_of(
        _amount(rate, "mincharge", "minchargeunits", Reason.MINIMUM_CHARGE),
        _amount(rate, "minmonthlycharge", "", Reason.MINIMUM_CHARGE),
        rate.path("minmonthlycharge"),
    )
    if annual is not None or (found is not None and found.per == "year"):
        raise UrdbRefused(
            Reason.ANNUAL_MINIMUM,
            "what a yearly minimum adds is known only when the year is over, not on a month's bill.",
            path=rate.path("annualmincharge" if annual is not None else "mincharge"),
        )
    return found


def demand_window(rate: Fields) -> int:
    """The demand interval in minutes; 15 where the rate names none (coarser readings use their own interval).

    Raises:
        UrdbRefused: ``urdb_unit`` for an interval that no readings give.
    """
    value = rate.get("demandwindow")
    if value is None:
        return 15
    path = rate.path("demandwindow")
    minutes = number(value, path)
    if minutes not in (5, 10, 15, 30, 60):
        raise UrdbRefused(Reason.UNIT, f"a demand interval of {value} minutes is not measured.", path=path)
    return int(minutes)


def _amount(rate: Fields, name: str, units: str, reason: Reason) -> Amount | None:
    value = rate.get(name)
    if value is None:
        return None
    path = rate.path(name)
    amount = price(value, path)
    if amount == 0:
        return None
    if amount < 0:
        raise UrdbRefused(Reason.NEGATIVE_RATE, f"{name} is {amount}, below zero.", path=path)
    if not units:
        return Amount(amount, "year" if name.startswith("annual") else "month")
    unit = rate.get(units)
    if not isinstance(unit, str) or unit.strip().lower() not in _FIXED_UNITS:
        shown = "no unit" if unit is None else f"the unit {unit!r}" if isinstance(unit, str) else kind(unit)
        raise UrdbRefused(reason, f"{name} has {shown}; $/month, $/day and $/year are known.", path=rate.path(units))
    return Amount(amount, _FIXED_UNITS[unit.strip().lower()])


def _one_of(first: Amount | None, second: Amount | None, path: str) -> Amount | None:
    if first is not None and second is not None and first != second:
        raise UrdbRefused(
            Reason.CONFLICT, f"{first.value} per {first.per} and {second.value} per month are both given.", path=path
        )
    return first or second


def _says_something(value: Any) -> bool:
    """Whether a refused field says anything: not null, empty, false, zero, or a structure whose every price is zero."""
    if isinstance(value, dict):
        return any(_says_something(each) for key, each in value.items() if key not in ("unit", "max"))
    if isinstance(value, list):
        return any(_says_something(each) for each in value)
    return value not in (None, "", 0, False)


def _could_be_money(name: str, value: Any) -> bool:
    if value is None or value is False or value == "" or value == [] or value == {}:
        return False
    return not isinstance(value, str | bool) or _SOUNDS_LIKE_MONEY.search(name) is not None
