"""From a checked URDB rate to the content of a tariff document of this house."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, Final, Literal

from gridhall.contexts.tariffs.urdb import charges, structures
from gridhall.contexts.tariffs.urdb.refusals import Reason, UrdbRefused
from gridhall.contexts.tariffs.urdb.source import Fields
from gridhall.contexts.tariffs.urdb.structures import Charges, Period

Within = Literal["chronological", "proportional"]
Content = dict[str, Any]

#: The start of a version that no day comes before: a URDB rate is priced for whatever days are asked for.
ALWAYS: Final = date(1900, 1, 1)


@dataclass(frozen=True)
class _Group:
    """Months (1 to 12) that one component prices: they share the periods that occur and the tier limits."""

    months: tuple[int, ...]
    periods: tuple[int, ...]


def content(rate: Fields, *, within: Within, start: date) -> Content:
    """The document of a rate.

    Args:
        rate: its fields.
        within: how tiers spread over time-of-use periods of a month.
        start: first day of the one version.

    Raises:
        UrdbRefused: whatever cannot be priced exactly.
    """
    charges.check_fields(rate)
    energy = structures.energy(rate)
    by_hour = structures.time_of_use_demand(rate)
    by_month = structures.flat_demand(rate)
    divisions: Content = {}
    components = [*_energy(energy, _labels(rate, "energytoulabels"), within, divisions)]
    window = charges.demand_window(rate)
    if by_month is not None:
        components += _demand(by_month, "demand", ("月最大需量", "Demand"), [], window, divisions)
    if by_hour is not None:
        labels = _labels(rate, "demandtoulabels")
        components += _demand(by_hour, "demand-tou", ("分时需量", "Demand by period"), labels, window, divisions)
    components += _amounts(rate)
    version: Content = {"version": f"urdb-{rate.digest[:12]}", "start": start.isoformat(), "source": _source(rate)}
    if (note := _note(rate)) is not None:
        version["note"] = note
    if divisions:
        version["time_of_use"] = divisions
    version["components"] = components
    return {"tariff": _code(rate), "name": _name(rate), "currency": "USD", "versions": [version]}


def _energy(energy: Charges, labels: list[str], within: Within, divisions: Content) -> Iterator[Content]:
    tiered = any(len(energy.periods[each].tiers) > 1 for month in range(12) for each in energy.used(month))
    for index, group in enumerate(groups := _groups(energy, apart=tiered)):
        code = "energy" if len(groups) == 1 else f"energy-{index + 1}"
        component = _component("energy", code, ("电度电费", "Energy"), group)
        division = _division(energy, group, code, labels, divisions)
        if division is not None:
            component["time_of_use"] = division
        first = energy.periods[group.periods[0]]
        if len(first.tiers) == 1:
            yield component | _prices(energy, group, 0, division)
        else:
            blocks = [
                _up_to(tier.limit) | _prices(energy, group, position, division)
                for position, tier in enumerate(first.tiers)
            ]
            yield component | {"tiers": {"basis": first.basis, "within": within, "blocks": blocks}}


def _demand(
    demand: Charges, code: str, label: tuple[str, str], labels: list[str], window: int, divisions: Content
) -> Iterator[Content]:
    tiered = any(len(demand.periods[each].tiers) > 1 for month in range(12) for each in demand.used(month))
    groups = _groups(demand, apart=tiered or len(demand.weekday[0]) == 1)
    for index, group in enumerate(groups):
        if all(demand.periods[period].free for period in group.periods):
            continue
        own = code if len(groups) == 1 else f"{code}-{index + 1}"
        component = _component("demand", own, label, group) | {"window": window}
        division = _division(demand, group, own, labels, divisions)
        if division is not None:
            component["time_of_use"] = division
        first = demand.periods[group.periods[0]]
        if len(first.tiers) == 1:
            yield component | _prices(demand, group, 0, division)
        else:
            blocks = [
                _up_to(tier.limit) | _prices(demand, group, position, division)
                for position, tier in enumerate(first.tiers)
            ]
            yield component | {"blocks": blocks}


def _groups(priced: Charges, *, apart: bool) -> list[_Group]:
    """The months by the periods that occur in them; all together where no tier tells them ``apart``."""
    if not apart:
        everything = sorted({period for month in range(12) for period in priced.used(month)})
        return [_Group(tuple(range(1, 13)), tuple(everything))]
    found: dict[tuple[int, ...] | Period, tuple[tuple[int, ...], list[int]]] = {}
    for month in range(12):
        used = priced.used(month)
        # Months of one period each belong together when their prices are the same, whatever their numbers.
        key: tuple[int, ...] | Period = priced.periods[used[0]] if len(used) == 1 else used
        found.setdefault(key, (used, []))[1].append(month + 1)
    return [_Group(tuple(months), used) for used, months in found.values()]


def _component(kind: str, code: str, label: tuple[str, str], group: _Group) -> Content:
    component: Content = {"type": kind, "code": code, "label": {"zh-Hans": label[0], "en": label[1]}}
    if len(group.months) < 12:
        component["months"] = list(group.months)
    return component


def _prices(priced: Charges, group: _Group, tier: int, division: str | None) -> Content:
    prices = {_period_code(each): priced.periods[each].tiers[tier].price for each in group.periods}
    return {"prices": prices} if division is not None else {"price": prices[_period_code(group.periods[0])]}


def _up_to(limit: Decimal | None) -> Content:
    return {} if limit is None else {"up_to": limit}


def _division(priced: Charges, group: _Group, code: str, labels: list[str], divisions: Content) -> str | None:
    """Write down when each period of a group holds; None where there is but one."""
    if len(group.periods) == 1:
        return None
    schedules: list[Content] = []
    patterns: dict[tuple[tuple[int, ...], tuple[int, ...]], list[int]] = {}
    for month in group.months:
        patterns.setdefault((priced.weekday[month - 1], priced.weekend[month - 1]), []).append(month)
    for (weekday, weekend), months in patterns.items():
        when: Content = {"months": months} if len(months) < 12 else {}
        if weekday == weekend:
            schedules.append(when | {"hours": _hours(weekday)})
        else:
            schedules.append(when | {"days": ["weekday"], "hours": _hours(weekday)})
            schedules.append(when | {"days": ["weekend"], "hours": _hours(weekend)})
    others = [month for month in range(1, 13) if month not in group.months]
    if others:
        # A division covers the year; the component that uses this one prices nothing in these months.
        schedules.append({"months": others, "hours": {_period_code(group.periods[0]): "00:00-24:00"}})
    divisions[code] = {
        "periods": {
            _period_code(each): labels[each] if each < len(labels) else _period_label(each) for each in group.periods
        },
        "schedules": schedules,
    }
    return code


def _hours(periods: tuple[int, ...]) -> Content:
    found: dict[str, list[str]] = {}
    start = 0
    for hour in range(1, 25):
        if hour == 24 or periods[hour] != periods[start]:
            found.setdefault(_period_code(periods[start]), []).append(f"{start:02}:00-{hour:02}:00")
            start = hour
    return {code: ranges[0] if len(ranges) == 1 else ranges for code, ranges in found.items()}


def _period_code(period: int) -> str:
    return f"p{period}"


def _period_label(period: int) -> Content:
    return {"zh-Hans": f"时段{period}", "en": f"period {period}"}


def _labels(rate: Fields, name: str) -> list[str]:
    found = rate.get(name)
    named = isinstance(found, list) and all(isinstance(each, str) and each.strip() for each in found)
    return [each.strip()[:200] for each in found] if named else []


def _amounts(rate: Fields) -> Iterator[Content]:
    if (amount := charges.fixed(rate)) is not None:
        yield _amount("fixed", ("固定电费", "Fixed charge"), amount)
    # What a US utility bills is the exact sum, rounded once.
    yield {"type": "rounding", "code": "rounding"}
    if (amount := charges.minimum(rate)) is not None:
        yield _amount("minimum", ("最低电费", "Minimum charge"), amount)


def _amount(kind: str, label: tuple[str, str], amount: charges.Amount) -> Content:
    return {
        "type": kind,
        "code": kind,
        "label": {"zh-Hans": label[0], "en": label[1]},
        "price": amount.value,
        "per": amount.per,
    }


def _text(rate: Fields, *names: str) -> str:
    for name in names:
        value = rate.get(name)
        if isinstance(value, str) and value.strip():
            return " ".join("".join(each if each.isprintable() else " " for each in value).split())
    return ""


def _code(rate: Fields) -> str:
    plain = re.sub(r"[^a-z0-9]+", "-", _text(rate, "label").lower()).strip("-")[:50]
    return f"urdb-{plain or rate.digest[:12]}"


def _name(rate: Fields) -> str:
    parts = [part for part in (_text(rate, "utility", "utilityname"), _text(rate, "name")) if part]
    return " – ".join(parts)[:480] or f"URDB rate {rate.digest[:12]}"


def _source(rate: Fields) -> str:
    parts = ["OpenEI Utility Rate Database", _text(rate, "uri", "label"), _text(rate, "source", "sourcereference")]
    return "; ".join(part for part in parts if part)[:500]


def _note(rate: Fields) -> str | None:
    parts = []
    if (start := _day(rate, "startdate")) is not None:
        end = _day(rate, "enddate")
        parts.append(f"URDB: in effect from {start}" + (f", ended {end}" if end else "") + ".")
    if rate.get("approved") is False:
        parts.append("Not approved by URDB's reviewers.")
    parts += [_text(rate, name) for name in ("energycomments", "demandcomments", "basicinformationcomments")]
    return " | ".join(part for part in parts if part)[:500] or None


def _day(rate: Fields, name: str) -> date | None:
    """A URDB date: seconds since 1970 of midnight in the utility's zone, which in the Americas is the same UTC day.

    Raises:
        UrdbRefused: when the field is neither absent nor a date.
    """
    value = rate.get(name)
    if isinstance(value, dict):
        value = value.get("$date")
    if value is None or value == "":
        return None
    path = rate.path(name)
    try:
        if isinstance(value, str):
            return datetime.fromisoformat(value).date()
        return datetime.fromtimestamp(int(structures.number(value, path)), UTC).date()
    except (ValueError, OverflowError, OSError) as error:
        raise UrdbRefused(Reason.NUMBER, f"{str(value)[:40]} is not a date.", path=path) from error
