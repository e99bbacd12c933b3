"""Price structures and schedules of a URDB rate, checked: periods of tiers, twelve months of 24 hours."""

from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from gridhall.contexts.tariffs.document.parts import PRICE_PLACES
from gridhall.contexts.tariffs.urdb.refusals import Reason, UrdbRefused
from gridhall.contexts.tariffs.urdb.source import Fields, kind

#: A last limit at or above this is the sentinel for "no limit" that exports write (1e14, 1e38): no single supply
#: uses a terawatt-hour a month.
OPEN_END: Final = Decimal(1_000_000_000)
_LARGEST_PRICE: Final = Decimal(1_000_000)
_ENERGY_UNITS: Final = {"kwh": "month", "kwh daily": "day"}
_KNOWN_UNPRICED: Final = {
    "kwh/kw": "its limits depend on the demand of the month",
    "kwh/kw daily": "its limits depend on the demand of the month",
    "kw daily": "it charges demand by the day",
    "kva": "it charges apparent power",
    "kva daily": "it charges apparent power by the day",
    "kvar": "it charges reactive power",
    "hp": "it charges horsepower",
    "hp daily": "it charges horsepower by the day",
}


@dataclass(frozen=True)
class Tier:
    """One tier: price per kWh or kW, from the tier before up to ``limit`` (None: without end)."""

    price: Decimal
    limit: Decimal | None


@dataclass(frozen=True)
class Period:
    """The tiers of one period; ``basis`` is ``month`` or, for limits per day of the billing month, ``day``."""

    tiers: tuple[Tier, ...]
    basis: str = "month"

    @property
    def limits(self) -> tuple[tuple[Decimal | None, ...], str]:
        """What must agree among the periods of one month."""
        return tuple(tier.limit for tier in self.tiers), self.basis if len(self.tiers) > 1 else "month"

    @property
    def free(self) -> bool:
        """Whether nothing in this period costs anything."""
        return all(tier.price == 0 for tier in self.tiers)


#: For each month the period of each hour.
Schedule = tuple[tuple[int, ...], ...]


@dataclass(frozen=True)
class Charges:
    """Periods with the hours they hold; for flat demand, a weekday schedule of one hour."""

    periods: tuple[Period, ...]
    weekday: Schedule
    weekend: Schedule

    def used(self, month: int) -> tuple[int, ...]:
        """The periods that occur in a month (0 to 11), ascending."""
        return tuple(sorted(set(self.weekday[month]) | set(self.weekend[month])))

    @property
    def free(self) -> bool:
        """Whether no period that occurs costs anything."""
        return all(self.periods[period].free for month in range(12) for period in self.used(month))


def number(value: Any, path: str) -> Decimal:
    """An exact finite number.

    Raises:
        UrdbRefused: ``urdb_wrong_type``, or ``urdb_number`` for NaN and infinities.
    """
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise UrdbRefused(Reason.WRONG_TYPE, f"a number is expected here, not {kind(value)}.", path=path)
    exact = Decimal(value)
    if not exact.is_finite():
        raise UrdbRefused(Reason.NUMBER, f"{value} is not a number that a price can have.", path=path)
    return exact


def price(value: Any, path: str) -> Decimal:
    """An exact price; the sum of two prices stays exact as well.

    Raises:
        UrdbRefused: as `number`, and ``urdb_number`` beyond a million or nine decimal places.
    """
    exact = number(value, path)
    if exact.copy_abs() > _LARGEST_PRICE or not _has_places(exact, PRICE_PLACES):
        raise UrdbRefused(
            Reason.NUMBER,
            f"{value} is no price: at most {PRICE_PLACES} decimal places and a million are priced exactly.",
            path=path,
        )
    return exact


def _has_places(exact: Decimal, places: int) -> bool:
    """Whether so many decimal places hold the number; comparing is exact where normalising would round."""
    try:
        return exact == exact.quantize(Decimal(1).scaleb(-places))
    except InvalidOperation:
        return False


def listed(value: Any, path: str) -> list[Any]:
    """A JSON list.

    Raises:
        UrdbRefused: ``urdb_wrong_type``.
    """
    if not isinstance(value, list):
        raise UrdbRefused(Reason.WRONG_TYPE, f"a list is expected here, not {kind(value)}.", path=path)
    return value


def energy(rate: Fields) -> Charges:
    """The energy prices and when they apply.

    Raises:
        UrdbRefused: when anything is missing, malformed, or not priceable exactly.
    """
    if rate.get("energyratestructure") in (None, []):
        raise UrdbRefused(
            Reason.MISSING_STRUCTURE, "the rate has no energy prices.", path=rate.path("energyratestructure")
        )
    periods = _periods(rate, "energyratestructure", allowed=_ENERGY_UNITS, default="kWh")
    weekday, weekend = (_schedule(rate, f"energy{days}schedule", len(periods)) for days in ("weekday", "weekend"))
    found = Charges(periods, weekday, weekend)
    _agreeing_limits(found, rate.path("energyratestructure"))
    return found


def time_of_use_demand(rate: Fields) -> Charges | None:
    """The demand prices by hour, or None where the rate has none or all are zero.

    Raises:
        UrdbRefused: when anything is missing, malformed, or not priceable exactly.
    """
    schedules = ("demandweekdayschedule", "demandweekendschedule")
    if rate.get("demandratestructure") in (None, []):
        for name in schedules:
            _nothing_named(rate, name, "demandratestructure")
        return None
    periods = _periods(rate, "demandratestructure", allowed={"kw": "month"}, default="kW")
    if all(period.free for period in periods):
        return None
    weekday, weekend = (_schedule(rate, name, len(periods)) for name in schedules)
    found = Charges(periods, weekday, weekend)
    if found.free:
        return None
    _demand_unit(rate, "demandrateunit", "demandrateunits", "demandunits")
    _agreeing_limits(found, rate.path("demandratestructure"))
    return found


def flat_demand(rate: Fields) -> Charges | None:
    """The demand prices by month, or None where the rate has none or all are zero.

    Raises:
        UrdbRefused: when anything is missing, malformed, or not priceable exactly.
    """
    if rate.get("flatdemandstructure") in (None, []):
        _nothing_named(rate, "flatdemandmonths", "flatdemandstructure")
        return None
    periods = _periods(rate, "flatdemandstructure", allowed={"kw": "month"}, default="kW")
    if all(period.free for period in periods):
        return None
    path = rate.path("flatdemandmonths")
    if rate.get("flatdemandmonths") is None:
        raise UrdbRefused(Reason.MISSING_SCHEDULE, "the flat demand prices lack their months.", path=path)
    months = listed(rate.get("flatdemandmonths"), path)
    if len(months) != 12:
        raise UrdbRefused(Reason.SCHEDULE_SHAPE, f"12 months are expected, found {len(months)}.", path=path)
    chosen = tuple((_index(value, len(periods), f"{path}[{month}]"),) for month, value in enumerate(months))
    found = Charges(periods, chosen, chosen)
    if found.free:
        return None
    _demand_unit(rate, "flatdemandunit", "flatdemandunits", "demandunits")
    return found


def _periods(rate: Fields, name: str, *, allowed: dict[str, str], default: str) -> tuple[Period, ...]:
    path = rate.path(name)
    return tuple(
        _period(listed(tiers, f"{path}[{index}]"), f"{path}[{index}]", allowed, default)
        for index, tiers in enumerate(listed(rate.get(name), path))
    )


def _period(tiers: list[Any], path: str, allowed: dict[str, str], default: str) -> Period:
    if not tiers:
        raise UrdbRefused(Reason.MISSING_RATE, "the period has no tier.", path=path)
    found: list[Tier] = []
    bases: set[str] = set()
    reached = Decimal(0)
    for index, tier in enumerate(tiers):
        here, last = f"{path}[{index}]", index == len(tiers) - 1
        if not isinstance(tier, dict):
            raise UrdbRefused(Reason.WRONG_TYPE, f"a tier is a JSON object, not {kind(tier)}.", path=here)
        _known_keys(tier, here)
        bases.add(_unit(tier.get("unit"), f"{here}.unit", allowed, default))
        limit = _limit(tier.get("max"), f"{here}.max", reached, last=last)
        reached = limit if limit is not None else reached
        found.append(Tier(_tier_price(tier, here), limit))
    if len(bases) > 1:
        raise UrdbRefused(Reason.CONFLICT, "the tiers of one period have different units.", path=path)
    return Period(tuple(found), bases.pop())


def _known_keys(tier: dict[str, Any], path: str) -> None:
    for key, value in tier.items():
        if key not in ("max", "rate", "adj", "unit", "sell") and value is not None:
            raise UrdbRefused(Reason.UNKNOWN_FIELD, f"{key!r} is not known in a tier.", path=f"{path}.{key}")


def _tier_price(tier: dict[str, Any], path: str) -> Decimal:
    if tier.get("rate") is None:
        raise UrdbRefused(Reason.MISSING_RATE, "the tier has no rate.", path=f"{path}.rate")
    total = price(tier["rate"], f"{path}.rate")
    if tier.get("adj") is not None:
        total += price(tier["adj"], f"{path}.adj")
    if total < 0:
        raise UrdbRefused(
            Reason.NEGATIVE_RATE, f"rate and adjustment come to {total}, below zero.", path=f"{path}.rate"
        )
    return total


def _unit(value: Any, path: str, allowed: dict[str, str], default: str) -> str:
    if value is None or value == "":
        return "month"
    if not isinstance(value, str):
        raise UrdbRefused(Reason.WRONG_TYPE, f"a unit is text, not {kind(value)}.", path=path)
    unit = " ".join(value.lower().split())
    if unit in allowed:
        return allowed[unit]
    if unit in _KNOWN_UNPRICED:
        raise UrdbRefused(Reason.UNIT, f"{value} is not priced here: {_KNOWN_UNPRICED[unit]}.", path=path)
    raise UrdbRefused(Reason.UNKNOWN_UNIT, f"the unit {value!r} is unknown; {default} was expected.", path=path)


def _limit(value: Any, path: str, reached: Decimal, *, last: bool) -> Decimal | None:
    if value is None:
        if last:
            return None
        raise UrdbRefused(Reason.TIER_LIMIT, "a tier before the last has no limit.", path=path)
    limit = number(value, path)
    if last and limit >= OPEN_END:
        return None
    if limit <= reached:
        raise UrdbRefused(Reason.TIER_LIMIT, f"the limit {limit} is not above {reached}.", path=path)
    if last:
        raise UrdbRefused(
            Reason.TIER_LIMIT, f"the last tier ends at {limit}: what is used beyond has no price.", path=path
        )
    if limit >= OPEN_END or not _has_places(limit, 3):
        raise UrdbRefused(Reason.TIER_LIMIT, f"the limit {value} is not in whole Wh, or beyond any supply.", path=path)
    return limit


def _schedule(rate: Fields, name: str, periods: int) -> Schedule:
    path = rate.path(name)
    if rate.get(name) is None:
        raise UrdbRefused(Reason.MISSING_SCHEDULE, "the schedule is missing.", path=path)
    months = listed(rate.get(name), path)
    if len(months) != 12:
        raise UrdbRefused(Reason.SCHEDULE_SHAPE, f"12 months are expected, found {len(months)}.", path=path)
    return tuple(_hours(hours, periods, f"{path}[{month}]") for month, hours in enumerate(months))


def _hours(value: Any, periods: int, path: str) -> tuple[int, ...]:
    hours = listed(value, path)
    if len(hours) != 24:
        raise UrdbRefused(Reason.SCHEDULE_SHAPE, f"24 hours are expected, found {len(hours)}.", path=path)
    return tuple(_index(each, periods, f"{path}[{hour}]") for hour, each in enumerate(hours))


def _index(value: Any, periods: int, path: str) -> int:
    exact = number(value, path)
    if not 0 <= exact < periods or exact != exact.to_integral_value():
        raise UrdbRefused(
            Reason.SCHEDULE_INDEX,
            f"period {value} does not exist: the rate has {periods}, counted from 0.",
            path=path,
        )
    return int(exact)


def _nothing_named(rate: Fields, name: str, structure: str) -> None:
    """A schedule of zeros without prices is how exports write "none"; one that names periods has lost its prices."""
    if _any_nonzero(rate.get(name)):
        raise UrdbRefused(
            Reason.MISSING_STRUCTURE, f"the schedule names periods, but {structure} is missing.", path=rate.path(name)
        )


def _any_nonzero(value: Any) -> bool:
    if isinstance(value, list):
        return any(_any_nonzero(each) for each in value)
    return value is not None and value != 0


def _demand_unit(rate: Fields, *names: str) -> None:
    for name in names:
        _unit(rate.get(name), rate.path(name), {"kw": "month"}, "kW")


def _agreeing_limits(charges: Charges, path: str) -> None:
    for month in range(12):
        used = charges.used(month)
        first = charges.periods[used[0]]
        for period in used[1:]:
            if charges.periods[period].limits != first.limits:
                raise UrdbRefused(
                    Reason.TIER_LIMITS_DIFFER,
                    f"in month {month + 1} periods {used[0]} and {period} have different tier limits, "
                    "and the rate does not say whose use counts towards which.",
                    path=f"{path}[{period}]",
                )
