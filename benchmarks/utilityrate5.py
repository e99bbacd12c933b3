"""NREL's `Utilityrate5` (PySAM) as the public oracle for URDB rates: fed directly, so that its converter loses nothing.

What to know of it, each found by running it:

- Its year of 8,760 hours begins on Monday, 1 January 2018. Prices are the sum of ``rate`` and ``adj``.
- With ``ur_metering_option`` 2 (net billing) tiers fill hour by hour within the month, with 0 (net metering) in
  proportion to each period's energy. Without export both bill the same energy.
- All periods of a month must have the same tier limits, for energy and for demand; it refuses others. A finite limit on
  the last tier makes negative energy; we refuse those before it sees them.
- A monthly minimum is compared with the whole bill, fixed charge and demand included. A charge per day is a charge of
  365/12 days a month to NREL's converter; here it is left out and added by real days (`daily_fixed`).
- NREL's converter (`URDBv8_to_ElectricityRates`) adds one to the schedules of its input in place and passes over
  ``fixedmonthlycharge``, ``minmonthlycharge`` and ``annualmincharge``; hence the mapping below.
- Results belong to the model: they must be copied before the model is let go.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

HOURS = 8760
DAYS_IN_MONTH = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_WITHOUT_END = 1e38
_UNITS = {"kwh": 0, "kwh daily": 2}


@dataclass(frozen=True)
class MonthlyBills:
    """Unrounded dollars per month, twelve each."""

    total: tuple[float, ...]
    energy: tuple[float, ...]
    demand: tuple[float, ...]
    fixed: tuple[float, ...]
    minimum: tuple[float, ...]


def rates_of(rate: Mapping[str, Any], *, chronological: bool = True) -> dict[str, Any]:
    """The model's inputs for a URDB rate given as JSON (numbers may be float or Decimal)."""
    inputs: dict[str, Any] = {
        "en_electricity_rates": 1,
        "ur_metering_option": 2 if chronological else 0,
        "ur_monthly_fixed_charge": _fixed(rate),
        "ur_monthly_min_charge": _monthly_minimum(rate),
        "ur_annual_min_charge": 0.0,
        "ur_ec_sched_weekday": _from_one(rate["energyweekdayschedule"]),
        "ur_ec_sched_weekend": _from_one(rate["energyweekendschedule"]),
        "ur_ec_tou_mat": [
            [period + 1, number + 1, _limit(tier), _UNITS[str(tier.get("unit", "kWh")).lower()], _price(tier), 0.0]
            for period, tiers in enumerate(rate["energyratestructure"])
            for number, tier in enumerate(tiers)
        ],
        "ur_dc_enable": 0,
    }
    if rate.get("demandratestructure") or rate.get("flatdemandstructure"):
        by_hour = rate.get("demandratestructure") or [[{"rate": 0}]]
        none = [[0] * 24] * 12
        by_month = rate.get("flatdemandstructure") or [[{"rate": 0}]]
        months = rate["flatdemandmonths"] if rate.get("flatdemandstructure") else [0] * 12
        inputs |= {
            "ur_dc_enable": 1,
            "ur_dc_sched_weekday": _from_one(rate.get("demandweekdayschedule", none)),
            "ur_dc_sched_weekend": _from_one(rate.get("demandweekendschedule", none)),
            "ur_dc_tou_mat": [
                [period + 1, number + 1, _limit(tier), _price(tier)]
                for period, tiers in enumerate(by_hour)
                for number, tier in enumerate(tiers)
            ],
            "ur_dc_flat_mat": [
                [month, number + 1, _limit(tier), _price(tier)]
                for month, period in enumerate(months)
                for number, tier in enumerate(by_month[int(period)])
            ],
        }
    return inputs


def bills(inputs: Mapping[str, Any], load_kwh: Sequence[float], *, years: int = 1) -> MonthlyBills:
    """Run the model on 8,760 hourly loads in kWh, as one account under one rate.

    Args:
        inputs: from `rates_of`.
        load_kwh: hour by hour from Monday, 1 January 2018.
        years: how many the model analyses, all with this load; the bills are those of the first.
    """
    import PySAM.Utilityrate5 as utilityrate5

    model = utilityrate5.new()
    model.Lifetime.analysis_period = years
    model.Lifetime.inflation_rate = 0
    model.Lifetime.system_use_lifetime_output = 0
    model.SystemOutput.degradation = [0]
    model.SystemOutput.gen = [0] * HOURS
    model.Load.load = load_kwh
    model.ElectricityRates.assign(inputs)
    model.execute(0)
    out = model.Outputs
    demand = (0.0,) * 12
    if inputs["ur_dc_enable"]:
        pairs = zip(out.year1_monthly_dc_fixed_without_system, out.year1_monthly_dc_tou_without_system, strict=True)
        demand = tuple(flat + timed for flat, timed in pairs)
    return MonthlyBills(
        total=tuple(out.year1_monthly_utility_bill_wo_sys),
        energy=tuple(out.year1_monthly_ec_charge_without_system),
        demand=demand,
        fixed=tuple(out.year1_monthly_fixed_without_system),
        minimum=tuple(out.year1_monthly_minimum_without_system),
    )


def daily_fixed(rate: Mapping[str, Any]) -> float:
    """The fixed charge per day that the model is not given, to be added by real days; 0 where there is none."""
    return float(rate["fixedchargefirstmeter"]) if rate.get("fixedchargeunits") == "$/day" else 0.0


def _fixed(rate: Mapping[str, Any]) -> float:
    per_month = {"$/month": 1.0, "$/year": 1 / 12, "$/day": 0.0}
    first = float(rate.get("fixedchargefirstmeter") or 0)
    return float(rate.get("fixedmonthlycharge") or 0) + (first * per_month[rate["fixedchargeunits"]] if first else 0.0)


def _monthly_minimum(rate: Mapping[str, Any]) -> float:
    charge = float(rate.get("mincharge") or 0)
    if charge and rate["minchargeunits"] != "$/month":
        raise ValueError("the model knows only monthly minimum charges by month")
    return charge or float(rate.get("minmonthlycharge") or 0)


def _price(tier: Mapping[str, Any]) -> float:
    return float(tier["rate"]) + float(tier.get("adj") or 0)


def _limit(tier: Mapping[str, Any]) -> float:
    return float(tier["max"]) if tier.get("max") is not None else _WITHOUT_END


def _from_one(schedule: Sequence[Sequence[Any]]) -> list[list[int]]:
    return [[int(period) + 1 for period in hours] for hours in schedule]
