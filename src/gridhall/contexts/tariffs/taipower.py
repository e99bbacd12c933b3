"""Plans of Taiwan Power (台灣電力) from their JSON collection: imported exactly, or refused with every reason why not.

The collection lists prices, hours and rules of twenty plans. What a plan charges beyond what our documents can say,
such as a penalty in two steps for demand above the contract, refuses the plan. Some rules depend on the supply (which
meter, which contract, how often billed) and are settled by `Choice`; nothing is assumed.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

from gridhall.contexts.tariffs.document import check
from gridhall.contexts.tariffs.plan import compile_tariff
from gridhall.contexts.tariffs.types import Tariff
from gridhall.kernel.errors import Refused

Content = dict[str, Any]

_SEASONS: Final = ("summer", "non_summer")
_NAMES: Final = {
    "summer": ("夏月", "summer"),
    "non_summer": ("非夏月", "non-summer"),
    "peak": ("尖峰", "peak"),
    "semi_peak": ("半尖峰", "semi-peak"),
    "off_peak": ("離峰", "off-peak"),
    "flat": ("流動電費", "flat"),
}
_DAYS: Final = {"weekday": ["weekday"], "saturday": ["saturday"], "sunday_holiday": ["sunday", "holiday"]}
_PLAN_KEYS: Final = frozenset(
    [
        *("id", "name", "type", "category", "season_strategy", "tiers", "rates", "schedules"),
        *("basic_fee", "basic_fees", "over_2000_kwh_surcharge", "billing_rules"),
    ]
)
_RULE_KEYS: Final = frozenset(
    [
        *("min_monthly_fee", "minimum_usage_rules_ref", "billing_cycle_months", "over_2000_kwh_surcharge"),
        *("over_contract_penalty", "power_factor_adjustment", "zero_usage_basic_fee_ratio", "basic_fee_formula"),
    ]
)
#: A contract by installed equipment: its demand is not measured, so nothing can exceed it.
INSTALLED: Final = "裝置契約"
_NEVER: Final = Decimal(1_000_000_000)


class Reason(StrEnum):
    """What keeps a plan from being priced exactly. The values are published as error codes and never change."""

    MALFORMED = "taipower_malformed"
    UNKNOWN_PLAN = "taipower_unknown_plan"
    UNKNOWN_RULE = "taipower_unknown_rule"
    BILLING_CYCLE = "taipower_billing_cycle"
    METER_NEEDED = "taipower_meter_needed"
    MINIMUM_USAGE = "taipower_minimum_usage"
    CONTRACT_NEEDED = "taipower_contract_needed"
    SEVERAL_CONTRACTS = "taipower_several_contracts"
    OVER_CONTRACT = "taipower_over_contract"
    POWER_FACTOR = "taipower_power_factor"
    ZERO_USAGE = "taipower_zero_usage"


@dataclass(frozen=True)
class Because:
    """One reason of a refusal, with its place in the JSON."""

    reason: Reason
    message: str
    path: str
    remedy: str = ""


class TaipowerRefused(Refused):
    """This plan is not imported, because its bill could not be exact; ``because`` lists all reasons."""

    def __init__(self, because: list[Because]) -> None:
        first = because[0]
        super().__init__(first.message, path=first.path, remedy=first.remedy)
        self.code = first.reason.value
        self.because = tuple(because)

    def as_json(self) -> dict[str, Any]:
        """The first reason, and all of them under ``reasons``."""
        listed = [{"code": each.reason.value, "message": each.message, "path": each.path} for each in self.because]
        return super().as_json() | {"reasons": listed}


@dataclass(frozen=True)
class Meter:
    """The meter of a supply: ``single`` or ``three`` phase, volts, amperes."""

    phase: str
    volts: int
    amperes: int


@dataclass(frozen=True)
class Choice:
    """What the collection leaves to the supply.

    ``monthly``: bill by the month a plan that is billed every two months otherwise, with its monthly limits.
    ``meter``: which meter, where it sets a minimum use. ``contract``: label of the contract under ``basic_fees``.
    """

    monthly: bool = False
    meter: Meter | None = None
    contract: str | None = None


def plans(source: Path | str) -> dict[str, str]:
    """The plans of a collection: id → Chinese name.

    Raises:
        TaipowerRefused: when the file is no collection of plans.
    """
    return {plan["id"]: str(plan.get("name", "")) for plan in _collection(source)["plans"]}


def load(source: Path | str, plan: str, choice: Choice = Choice()) -> Tariff:
    """The tariff of a plan, ready to price; arguments and errors as `content`."""
    document = check(content(source, plan, choice), name=plan)
    note = document.versions[0].note
    return compile_tariff(
        document, origin=str(source) if isinstance(source, Path) else plan, notes=(note,) if note else ()
    )


def content(source: Path | str, plan: str, choice: Choice = Choice()) -> Content:
    """The plain content of our tariff document for one plan.

    Args:
        source: a file, or the JSON text.
        plan: its id, such as ``residential_simple_2_tier``.
        choice: what depends on the supply.

    Raises:
        TaipowerRefused: with every reason that keeps its bill from being exact.
    """
    collection = _collection(source)
    index = next((i for i, each in enumerate(collection["plans"]) if each["id"] == plan), None)
    if index is None:
        known = ", ".join(each["id"] for each in collection["plans"][:40])
        raise TaipowerRefused(
            [Because(Reason.UNKNOWN_PLAN, f"there is no plan {plan!r}.", "plans", f"Plans: {known}.")]
        )
    try:
        return _Plan(collection, index, choice).content()
    except (KeyError, TypeError, ValueError, ArithmeticError, AttributeError, IndexError) as error:
        raise TaipowerRefused(
            [Because(Reason.MALFORMED, f"the plan cannot be read: {error!r}.", f"plans[{index}]")]
        ) from error


def _collection(source: Path | str) -> Content:
    try:
        text = source.read_text("utf-8-sig") if isinstance(source, Path) else source
        found = json.loads(text, parse_float=Decimal)
    except (OSError, ValueError, RecursionError) as error:
        raise TaipowerRefused([Because(Reason.MALFORMED, f"the file is not readable JSON: {error}.", "")]) from error
    listed = found.get("plans") if isinstance(found, dict) else None
    if (
        not isinstance(found, dict)
        or not isinstance(listed, list)
        or not all(isinstance(each, dict) and "id" in each for each in listed)
    ):
        raise TaipowerRefused([Because(Reason.MALFORMED, "the file holds no list of plans with ids.", "plans")])
    return found


class _Plan:
    """One plan on its way into a document."""

    def __init__(self, collection: Mapping[str, Any], index: int, choice: Choice) -> None:
        self.collection = collection
        self.plan: Mapping[str, Any] = collection["plans"][index]
        self.rules: Mapping[str, Any] = self.plan.get("billing_rules") or {}
        self.path = f"plans[{index}]"
        self.choice = choice
        self.because: list[Because] = []

    def content(self) -> Content:
        """The document's content, once nothing speaks against it."""
        self._refuse_what_cannot_be_said()
        components = [] if self.because else [*self._tiers(), *self._periods(), *self._fees()]
        if self.because:
            raise TaipowerRefused(self.because)
        version = str(self.collection["version"])
        start = date(int(version[:4]), int(version[4:6]), int(version[6:8]))
        text: Content = {
            "version": version,
            "start": start.isoformat(),
            "source": f"Taiwan Power Company, rate plans of {start}, plan {self.plan['id']}",
            "seasons": self._seasons(),
        }
        if self.plan.get("schedules"):
            text["time_of_use"] = {"hours": self._division()}
        name = {"zh-Hans": self.plan["name"], "en": f"Taipower {self.plan['id'].replace('_', ' ')}"}
        return {
            "tariff": f"taipower-{self.plan['id'].replace('_', '-')}",
            "name": name,
            "currency": "TWD",
            "versions": [text | {"components": components}],
        }

    def _refuse(self, reason: Reason, message: str, path: str, remedy: str = "") -> None:
        self.because.append(Because(reason, message, f"{self.path}.{path}", remedy))

    def _refuse_what_cannot_be_said(self) -> None:
        for key in sorted(self.plan.keys() - _PLAN_KEYS):
            self._refuse(Reason.UNKNOWN_RULE, f"{key!r} is not known in a plan.", key)
        for key in sorted(self.rules.keys() - _RULE_KEYS):
            self._refuse(Reason.UNKNOWN_RULE, f"{key!r} is not known among the rules.", f"billing_rules.{key}")
        rules = self.rules
        if rules.get("over_contract_penalty"):
            self._refuse(
                Reason.OVER_CONTRACT,
                "demand above the contract pays twice the fee up to a tenth and three times beyond: "
                "a document has one step.",
                "billing_rules.over_contract_penalty",
            )
        if rules.get("power_factor_adjustment"):
            self._refuse(
                Reason.POWER_FACTOR,
                "the power factor changes the bill by 0.1 % a point, not by the tables of 1983.",
                "billing_rules.power_factor_adjustment",
            )
        if rules.get("zero_usage_basic_fee_ratio"):
            self._refuse(
                Reason.ZERO_USAGE,
                "a month without use pays part of the basic fee.",
                "billing_rules.zero_usage_basic_fee_ratio",
            )
        formula = rules.get("basic_fee_formula") or {}
        if formula.get("type", "regular_only") != "regular_only":
            self._refuse(
                Reason.SEVERAL_CONTRACTS,
                "the basic fee depends on several contracted demands (semi-peak, Saturday, off-peak): "
                "an agreement has one.",
                "billing_rules.basic_fee_formula",
            )
        months = rules.get("billing_cycle_months", 1)
        if months != 1 and not self.choice.monthly:
            self._refuse(
                Reason.BILLING_CYCLE,
                f"the plan is billed every {months} months with that many months' limits; bills here are monthly.",
                "billing_rules.billing_cycle_months",
                "Where supplies are billed monthly, say so (monthly).",
            )

    def _seasons(self) -> Content:
        strategy = str(self.plan["season_strategy"])
        return {
            _code(each["name"]): {
                "first": each["start"],
                "last": each["end"],
                "label": _label(*_NAMES[each["name"]]),
            }
            for each in self.collection["definitions"][strategy]
        }

    # -- energy ----------------------------------------------------------------------------------------------------

    def _tiers(self) -> Iterator[Content]:
        tiers = self.plan.get("tiers")
        if not tiers:
            return
        for before, after in pairwise(tiers):
            if after["min"] != before["max"] + 1:
                self._refuse(Reason.MALFORMED, f"a tier begins at {after['min']}, not after {before['max']}.", "tiers")
        if tiers[0]["min"] != 0 or tiers[-1]["max"] is not None:
            self._refuse(Reason.MALFORMED, "tiers begin at 0 and end open.", "tiers")
        for season in _SEASONS:
            blocks = [
                ({"up_to": each["max"]} if each["max"] is not None else {}) | {"price": each[season]} for each in tiers
            ]
            yield {
                "type": "energy",
                "code": f"energy-{_code(season)}",
                "label": _label(f"流動電費 {_NAMES[season][0]}", f"Energy, {_NAMES[season][1]}"),
                "season": _code(season),
                "tiers": {"basis": "month", "blocks": blocks},
            }

    def _periods(self) -> Iterator[Content]:
        rates = self.plan.get("rates")
        if not rates:
            return
        if self.plan.get("schedules"):
            prices = {period: price for _, _, _, period, price in self._hours()}
            yield {
                "type": "energy",
                "code": "energy",
                "label": _label("流動電費", "Energy"),
                "time_of_use": "hours",
                "prices": prices,
            }
            return
        for season in _SEASONS:
            (price,) = (rate["cost"] for rate in rates if rate["season"] == season and rate["period"] == "flat")
            yield {
                "type": "energy",
                "code": f"energy-{_code(season)}",
                "label": _label(f"流動電費 {_NAMES[season][0]}", f"Energy, {_NAMES[season][1]}"),
                "season": _code(season),
                "price": price,
            }

    def _hours(self) -> Iterator[tuple[str, str, str, str, Decimal]]:
        """Season, day type, clock range, period code and price of each schedule entry."""
        for entry in self.plan["schedules"]:
            season, day_type, period = entry["season"], entry["day_type"], entry["period"]
            matching = {
                rate["cost"]
                for rate in self.plan["rates"]
                if rate["season"] == season and rate["period"] == period and rate.get("day_type", day_type) == day_type
            }
            (price,) = matching
            prices = {
                rate["cost"] for rate in self.plan["rates"] if rate["season"] == season and rate["period"] == period
            }
            code = _code(f"{season}-{period}" if len(prices) == 1 else f"{season}-{period}-{day_type}")
            yield season, day_type, f"{entry['start']}-{entry['end']}", code, price

    def _division(self) -> Content:
        periods: Content = {}
        schedules: dict[tuple[str, str], dict[str, list[str]]] = {}
        for season, day_type, clock, code, _ in self._hours():
            schedules.setdefault((season, day_type), {}).setdefault(code, []).append(clock)
            period = next(name for name in ("semi_peak", "off_peak", "peak") if _code(name) in code)
            saturday = ("週六", "Saturday ") if code.endswith("-saturday") else ("", "")
            zh, en = (f"{_NAMES[season][i]} {saturday[i]}{_NAMES[period][i]}" for i in (0, 1))
            periods[code] = _label(zh, en)
        listed = [
            {"season": _code(season), "days": _DAYS[day_type], "hours": hours}
            for (season, day_type), hours in schedules.items()
        ]
        return {"periods": periods, "schedules": listed}

    # -- everything else -------------------------------------------------------------------------------------------

    def _fees(self) -> Iterator[Content]:
        if self.plan.get("basic_fee"):
            yield _amount("fixed", "basic", _label("基本電費", "Basic fee"), self.plan["basic_fee"])
        yield from self._surcharge()
        yield from self._contract()
        yield from self._minimum()

    def _surcharge(self) -> Iterator[Content]:
        rule = self.rules.get("over_2000_kwh_surcharge")
        named = self.plan.get("over_2000_kwh_surcharge")
        if rule is None and named is None:
            return
        if rule is None or named != rule["cost_per_kwh"]:
            self._refuse(
                Reason.MALFORMED, "the surcharge is stated once, or twice differently.", "over_2000_kwh_surcharge"
            )
            return
        yield {
            "type": "energy",
            "code": "surcharge",
            "label": _label("超過度數加價", "Surcharge on high use"),
            "tiers": {
                "basis": "month",
                "blocks": [{"up_to": rule["threshold_kwh"], "price": 0}, {"price": rule["cost_per_kwh"]}],
            },
        }

    def _contract(self) -> Iterator[Content]:
        fees = self.plan.get("basic_fees")
        if not fees:
            return
        labels = [fee["label"] for fee in fees]
        chosen = next((fee for fee in fees if fee["label"] == self.choice.contract), None)
        if chosen is None:
            self._refuse(
                Reason.CONTRACT_NEEDED,
                "the basic fee depends on the kind of contract.",
                "basic_fees",
                f"Choose one of {', '.join(labels)}.",
            )
        elif chosen["label"] != INSTALLED:
            self._refuse(
                Reason.OVER_CONTRACT,
                f"the plan does not say what demand above the {chosen['label']} pays.",
                f"basic_fees[{labels.index(chosen['label'])}]",
            )
        else:
            yield {
                "type": "demand",
                "code": "contract",
                "label": _label(f"基本電費 {INSTALLED}", "Basic fee, installed capacity"),
                "basis": "contracted",
                "price": chosen["cost"],
                # Installed equipment is not measured: there is no demand that could exceed it.
                "excess_from": _NEVER,
            }

    def _minimum(self) -> Iterator[Content]:
        least = Decimal(self.rules.get("min_monthly_fee") or 0)
        kwh = self._minimum_use()
        if kwh is None:
            return
        for season in _SEASONS:
            price = max(least, _cost(self.plan.get("tiers") or [], kwh, season))
            if price:
                label = _label(f"每月最低電費 {_NAMES[season][0]}", f"Monthly minimum, {_NAMES[season][1]}")
                yield _amount("minimum", f"minimum-{_code(season)}", label, price) | {"season": _code(season)}

    def _minimum_use(self) -> Decimal | None:
        """The least kWh a month is charged for, by meter; None where that cannot be told."""
        ref = self.rules.get("minimum_usage_rules_ref")
        if ref is None:
            return Decimal(0)
        path, meter = "billing_rules.minimum_usage_rules_ref", self.choice.meter
        if meter is None:
            self._refuse(
                Reason.METER_NEEDED,
                "the least use charged depends on the meter.",
                path,
                "Say phase, volts and amperes.",
            )
            return None
        listed = self.collection["definitions"]["minimum_usage_rules"][ref]
        rule = next((r for r in listed if (r["phase"], r["voltage_v"]) == (meter.phase, meter.volts)), None)
        if rule is None:
            self._refuse(Reason.METER_NEEDED, f"no rule is for {meter.phase} phase, {meter.volts} V.", path)
            return None
        if meter.amperes > rule.get("ampere_threshold", meter.amperes):
            self._refuse(
                Reason.MINIMUM_USAGE,
                f"above {rule['ampere_threshold']} A the collection states {rule.get('kwh_per_ampere_over')} kWh for "
                "each ampere without saying from which on.",
                path,
            )
            return None
        return Decimal(meter.amperes * rule["kwh_per_ampere"])


def _cost(tiers: list[Mapping[str, Any]], kwh: Decimal, season: str) -> Decimal:
    cost, below = Decimal(0), Decimal(0)
    for tier in tiers:
        top = kwh if tier["max"] is None else min(kwh, Decimal(tier["max"]))
        if top > below:
            cost, below = cost + (top - below) * tier[season], top
    return cost


def _amount(kind: str, code: str, label: Content, price: Any) -> Content:
    return {"type": kind, "code": code, "label": label, "price": price, "per": "month"}


def _label(zh_hans: str, en: str) -> Content:
    return {"zh-Hans": zh_hans, "en": en}


def _code(name: str) -> str:
    return name.replace("_", "-")
