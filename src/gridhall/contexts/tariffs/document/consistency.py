"""The sense of a document, beyond its form: every price there and sourced, every name known, every hour met once."""

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from gridhall.contexts.tariffs.document import models
from gridhall.contexts.tariffs.document.parts import DAY_TYPES, Price, Schedule, Season, TimeOfUse
from gridhall.contexts.tariffs.document.reading import Place


@dataclass(frozen=True)
class Finding:
    """A problem at a place of the document."""

    code: str
    message: str
    place: Place
    remedy: str = ""


def of_document(document: models.TariffDocument) -> list[Finding]:
    """Everything that makes no sense in a document of the right form."""
    findings: list[Finding] = []
    for index, version in enumerate(document.versions):
        findings += of_version(
            ("versions", index),
            source=version.source,
            seasons=version.seasons,
            time_of_use=version.time_of_use,
            components=version.components,
        )
    names = [version.version for version in document.versions]
    for index, name in enumerate(names):
        if name in names[:index]:
            findings.append(
                Finding("duplicate_version", f"The version {name!r} occurs twice.", ("versions", index, "version"))
            )
    order = sorted(range(len(names)), key=lambda i: document.versions[i].start)
    for earlier, later in itertools.pairwise(order):
        first, second = document.versions[earlier], document.versions[later]
        if first.start == second.start or (first.end is not None and first.end > second.start):
            findings.append(
                Finding(
                    "versions_overlap",
                    f"The versions {first.version!r} and {second.version!r} overlap from {second.start}.",
                    ("versions", later, "start"),
                    "End one on the day the other starts.",
                )
            )
    return findings


def of_version(
    place: Place,
    *,
    source: str | None,
    seasons: Mapping[str, Season | None],
    time_of_use: Mapping[str, TimeOfUse | None],
    components: Sequence[Any],
) -> list[Finding]:
    """Everything that makes no sense in one version; parts of the wrong form are None and are passed over."""
    findings: list[Finding] = []
    for name, division in time_of_use.items():
        if division is not None:
            findings += _of_division((*place, "time_of_use", name), division, seasons)
    codes: list[str] = []
    amounts: set[str] = {part.code for part in components if part is not None}
    complete = all(part is not None for part in components)
    bases: set[tuple[str, str]] = set()
    for index, part in enumerate(components):
        if part is None:
            continue
        at: Place = (*place, "components", index)
        if part.code in codes:
            findings.append(Finding("duplicate_code", f"The code {part.code!r} occurs twice.", (*at, "code")))
        codes.append(part.code)
        if part.months is not None and part.season is not None:
            findings.append(Finding("contradiction", "A component has either months or a season.", (*at, "season")))
        findings += _unknown_seasons(part.season, seasons, (*at, "season"))
        findings += _of_component(at, part, time_of_use)
        for where, price in _prices(part):
            if price.source is None and part.source is None and source is None:
                findings.append(
                    Finding(
                        "price_without_source",
                        "This price names no source.",
                        (*at, *where),
                        "Add source to the price, its component or the version.",
                    )
                )
        if part.type == "rounding":
            findings += _of_rounding(at, part, components)
        if part.type == "tax" and part.source is None and source is None:
            findings.append(Finding("price_without_source", "This tax names no source.", (*at, "rate")))
        for position, code in enumerate(getattr(part, "applies_to", None) or []):
            if complete and (code not in amounts or code == part.code):
                findings.append(
                    Finding("unknown_component_code", f"There is no component {code!r}.", (*at, "applies_to", position))
                )
        if part.type == "energy" and part.tiers is not None and part.tiers.basis in ("year", "season"):
            bases.add((part.tiers.basis, part.tiers.year_starts if part.tiers.basis == "year" else ""))
            if len(bases) > 1:
                findings.append(
                    Finding(
                        "mixed_tier_bases", "All cumulative tiers of a version need one basis.", (*at, "tiers", "basis")
                    )
                )
    return findings


def _unknown_seasons(names: list[str] | None, seasons: Mapping[str, Any], place: Place) -> Iterator[Finding]:
    for name in names or []:
        if name not in seasons:
            yield Finding("unknown_season", f"There is no season {name!r} in this version.", place)


def _of_division(place: Place, division: TimeOfUse, seasons: Mapping[str, Season | None]) -> Iterator[Finding]:
    known = True
    for index, schedule in enumerate(division.schedules):
        at: Place = (*place, "schedules", index)
        if schedule.months is not None and schedule.season is not None:
            yield Finding("contradiction", "A schedule has either months or a season.", (*at, "season"))
        for finding in _unknown_seasons(schedule.season, seasons, (*at, "season")):
            known = False
            yield finding
        for period in schedule.hours:
            if period not in division.periods:
                yield Finding("unknown_period", f"The period {period!r} is not among periods.", (*at, "hours", period))
    used = {period for schedule in division.schedules for period in schedule.hours}
    for period in division.periods:
        if period not in used:
            yield Finding("unused_period", f"The period {period!r} has no hours.", (*place, "periods", period))
    if known and not any(season is None for season in seasons.values()):
        yield from _meets_each_day_once(place, division, {name: s for name, s in seasons.items() if s is not None})


def day_types_told_apart(division: TimeOfUse) -> frozenset[str]:
    """The day types that a division distinguishes; holiday and makeup only when it mentions them."""
    named = {day for schedule in division.schedules for day in schedule.days or []}
    return frozenset(day for day in DAY_TYPES if day not in ("holiday", "makeup") or day in named)


def applies_on(schedule: Schedule, day: date, day_type: str, seasons: Mapping[str, Season]) -> bool:
    """Whether a schedule holds on a day of that type."""
    if schedule.months is not None and day.month not in schedule.months:
        return False
    if schedule.season is not None and not any(seasons[name].contains(day.month, day.day) for name in schedule.season):
        return False
    if schedule.days is None:
        return True
    return day_type in schedule.days or (day_type in ("saturday", "sunday") and "weekend" in schedule.days)


def _meets_each_day_once(place: Place, division: TimeOfUse, seasons: Mapping[str, Season]) -> Iterator[Finding]:
    """Each day of a leap year and each day type is met by one schedule; the first miss and double are told."""
    missed = doubled = False
    for offset in range(366):
        day = date(2024, 1, 1) + timedelta(days=offset)
        for day_type in sorted(day_types_told_apart(division)):
            met = [i for i, s in enumerate(division.schedules) if applies_on(s, day, day_type, seasons)]
            if not met and not missed:
                missed = True
                yield Finding("gap_in_year", f"No schedule covers a {day_type} on {day:%m-%d}.", (*place, "schedules"))
            if len(met) > 1 and not doubled:
                doubled = True
                yield Finding(
                    "overlapping_schedules",
                    f"Schedules {met[0] + 1} and {met[1] + 1} both cover a {day_type} on {day:%m-%d}.",
                    (*place, "schedules", met[1]),
                )


def _of_component(at: Place, part: Any, time_of_use: Mapping[str, TimeOfUse | None]) -> Iterator[Finding]:
    if part.type not in ("energy", "demand"):
        return
    periods: list[str] | None = None
    if part.time_of_use is not None:
        if part.time_of_use not in time_of_use:
            yield Finding("unknown_time_of_use", f"There is no time_of_use {part.time_of_use!r}.", (*at, "time_of_use"))
            return
        division = time_of_use[part.time_of_use]
        if division is None:
            return
        periods = list(division.periods)
    blocks = (part.tiers.blocks if part.tiers else None) if part.type == "energy" else part.blocks
    key = "tiers" if part.type == "energy" else "blocks"
    forms = [
        name for name, value in (("price", part.price), ("prices", part.prices), (key, blocks)) if value is not None
    ]
    if not forms:
        yield Finding("missing_price", f"There is no price: give price, prices or {key}.", (*at, "price"))
    elif len(forms) > 1:
        yield Finding("contradiction", f"Give one of {', '.join(forms)}, not several.", (*at, forms[1]))
    offsets = part.offsets if part.type == "energy" else None
    if part.prices is not None:
        yield from _by_period((*at, "prices"), part.prices, periods, complete=True)
    if offsets is not None:
        if part.prices is not None:
            yield Finding("contradiction", "Offsets add to a price or tier price, not to prices.", (*at, "offsets"))
        yield from _by_period((*at, "offsets"), offsets, periods, complete=False)
    where: Place = (*at, "tiers", "blocks") if part.type == "energy" else (*at, "blocks")
    for index, block in enumerate(blocks or []):
        if (block.price is None) == (block.prices is None):
            code = "missing_price" if block.price is None else "contradiction"
            yield Finding(code, "A tier has one of price and prices.", (*where, index))
        if block.prices is not None:
            yield from _by_period((*where, index, "prices"), block.prices, periods, complete=True)
            if offsets is not None:
                yield Finding("contradiction", "Offsets add to a price, not to prices.", (*where, index, "prices"))
    if part.type == "energy":
        yield from _of_energy(at, part)
    elif part.basis == "contracted" and part.price is None:
        yield Finding("contradiction", "Contracted demand has a single price.", (*at, "basis"))


def _of_rounding(at: Place, part: models.Rounding, components: Sequence[Any]) -> Iterator[Finding]:
    others = [each for each in components if each is not None and each is not part]
    if any(each.type == "rounding" for each in others):
        yield Finding("contradiction", "A version has one rounding: a sum is rounded once.", (*at, "type"))
    if any(each.type == "credit" and not each.refundable for each in others):
        yield Finding(
            "contradiction", "Beside a credit that is cut (refundable: false) no exact sum is known.", (*at, "type")
        )


def _of_energy(at: Place, part: models.Energy) -> Iterator[Finding]:
    if part.channel == "import" and (part.settle == "separate" or part.surplus_only):
        yield Finding("contradiction", "Only an export component has settle or surplus_only.", (*at, "channel"))
    if part.channel == "export" and (part.net_of_export or part.tiers is not None or part.fund):
        yield Finding("contradiction", "An export component has no tiers, fund or net_of_export.", (*at, "channel"))
    tiers = part.tiers
    if tiers is None:
        return
    if tiers.basis == "season" and part.season is None:
        yield Finding("contradiction", "Tiers by season need the component's season.", (*at, "tiers", "basis"))
    if tiers.prorate == "months" and tiers.basis != "year":
        yield Finding(
            "contradiction", "Limits are prorated by months on a yearly basis only.", (*at, "tiers", "prorate")
        )
    if tiers.within == "chronological" and part.net_of_export:
        yield Finding("contradiction", "Netted energy has no order of time.", (*at, "tiers", "within"))


def _by_period(
    at: Place, prices: Mapping[str, Price], periods: list[str] | None, *, complete: bool
) -> Iterator[Finding]:
    if periods is None:
        yield Finding("contradiction", "Prices per period need time_of_use.", at)
        return
    for period in prices:
        if period not in periods:
            yield Finding("unknown_period", f"There is no period {period!r}.", (*at, period))
    for period in periods if complete else []:
        if period not in prices:
            yield Finding("missing_price", f"The period {period!r} has no price.", (*at, period))


def _prices(part: Any) -> Iterator[tuple[Place, Price]]:
    """Every price of a component with its place."""
    if getattr(part, "price", None) is not None:
        yield ("price",), part.price
    for key in ("prices", "offsets"):
        for period, price in (getattr(part, key, None) or {}).items():
            yield (key, period), price
    if getattr(part, "adder", None) is not None:
        yield ("adder",), part.adder
    tiers = getattr(part, "tiers", None)
    blocks = tiers.blocks if tiers is not None else getattr(part, "blocks", None)
    prefix: Place = ("tiers", "blocks") if tiers is not None else ("blocks",)
    for index, block in enumerate(blocks or []):
        if block.price is not None:
            yield (*prefix, index, "price"), block.price
        for period, price in (block.prices or {}).items():
            yield (*prefix, index, "prices", period), price
