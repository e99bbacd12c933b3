"""From a checked document to a tariff with plans: every line that a bill can have, with its price and source."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Literal

from gridhall.contexts.tariffs.document import models
from gridhall.contexts.tariffs.document.models import TariffDocument, VersionText
from gridhall.contexts.tariffs.document.parts import PRICE_PLACES, Label, Price
from gridhall.contexts.tariffs.rules.power_factor import RATE_SCALE
from gridhall.contexts.tariffs.types import Calendar, Line, Plan, Tariff
from gridhall.kernel.spans import DateSpan

_TIERS_ZH = "一二三四五六七八九十"
_OF_LINES = "本账单各项金额 · the bill's own lines"
_RULES_OF_1983 = "功率因数调整电费办法（1983） · 1983 rules on adjustment by power factor"


def compile_tariff(
    document: TariffDocument, *, text: str = "", origin: str = "", notes: tuple[str, ...] = ()
) -> Tariff:
    """Turn a checked document into a tariff.

    Args:
        document: checked.
        text: what was read; its SHA-256 becomes the digest.
        origin: the file it came from; series files are found relative to it.
        notes: what the reader of a price should know (an importer's remarks).
    """
    versions = sorted(document.versions, key=lambda version: version.start)
    plans = []
    for index, version in enumerate(versions):
        following = versions[index + 1].start if index + 1 < len(versions) else None
        span = DateSpan(version.start, version.end or following)
        plans.append(Plan(version.version, span, version, tuple(_lines(document, version))))
    return Tariff(
        code=document.tariff,
        name=document.name,
        currency=document.currency,
        zone=document.zone,
        calendar=Calendar(frozenset(document.holidays), frozenset(document.makeup_workdays)),
        plans=tuple(plans),
        digest=hashlib.sha256(text.encode()).hexdigest() if text else "",
        origin=origin,
        notes=notes,
    )


def places(price: Decimal) -> int:
    """The decimal places a price needs as an integer; at least two."""
    exponent = price.normalize().as_tuple().exponent
    return max(2, -exponent if isinstance(exponent, int) else 2)


@dataclass(frozen=True)
class _Draft:
    """A line before it has a position."""

    code: str
    label: Label
    unit: str
    price: Decimal | None
    source: str
    scale: int = 3
    price_scale: int | None = None
    tier: int | None = None
    period: str | None = None
    settlement: Literal["bill", "separate"] = "bill"


def _lines(document: TariffDocument, version: VersionText) -> Iterator[Line]:
    position = 0
    for part in version.components:
        for draft in _drafts(part, document, version):
            yield Line(
                position=position,
                code=draft.code,
                component=part.code,
                label=draft.label,
                unit=draft.unit,
                scale=draft.scale,
                price=draft.price,
                price_scale=draft.price_scale if draft.price is None else places(draft.price),  # type: ignore[arg-type]
                source=draft.source,
                version=version.version,
                tier=draft.tier,
                period=draft.period,
                settlement=draft.settlement,
            )
            position += 1


def _drafts(part: models.AnyComponent, document: TariffDocument, version: VersionText) -> Iterator[_Draft]:
    def source(*prices: Price | None) -> str:
        named = [price.source for price in prices if price is not None and price.source]
        return "; ".join(dict.fromkeys(named)) or part.source or version.source or ""

    currency = document.currency
    label = part.label or _DEFAULT_LABELS[part.type]
    match part:
        case models.Energy():
            sign = -1 if part.channel == "export" else 1
            for draft in _matrix(part, version, part.tiers.blocks if part.tiers else None, label, "kWh"):
                price = None if draft.price is None else sign * draft.price
                yield replace(draft, price=price, settlement=part.settle)
        case models.Surcharge():
            yield _Draft(part.code, label, "kWh", part.price.value, source(part.price))
        case models.Dynamic():
            yield _Draft(
                part.code,
                label,
                "kWh",
                None,
                source(part.adder) or "分时段价格序列 · price series",
                price_scale=9,
                settlement=part.settle,
            )
        case models.Capacity():
            yield _Draft(part.code, label, "kVA", part.price.value, source(part.price), scale=6)
        case models.Demand():
            if part.basis == "contracted":
                assert part.price is not None
                price = part.price.value
                yield _Draft(part.code, label, "kW", price, source(part.price), scale=6)
                over = Label.of(f"{label.zh_hans} 超合同部分", f"{label.en}, above contract")
                yield _Draft(f"{part.code}-excess", over, "kW", price * part.excess_factor, source(part.price), scale=6)
            else:
                for draft in _matrix(part, version, part.blocks, label, "kW"):
                    yield replace(draft, scale=6)
        case models.PowerFactor():
            yield _Draft(
                part.code, label, currency, None, part.source or _RULES_OF_1983, scale=2, price_scale=RATE_SCALE
            )
        case models.Fixed():
            yield _Draft(part.code, label, part.per, part.price.value, source(part.price), scale=6)
        case models.Credit():
            unit, scale = ("kWh", 3) if part.per == "kwh" else (part.per, 6)
            # A credit that may be cut down has a price of its own on each bill.
            yield _Draft(
                part.code,
                label,
                unit,
                -part.price.value if part.refundable else None,
                source(part.price),
                scale=scale,
                price_scale=PRICE_PLACES,
            )
        case models.FreeQuota():
            yield _Draft(part.code, label, "kWh", -part.price.value, source(part.price))
        case models.Rounding():
            yield _Draft(part.code, label, currency, None, part.source or _OF_LINES, scale=0, price_scale=2)
        case models.Minimum():
            yield _Draft(part.code, label, part.per, None, source(part.price), scale=0, price_scale=2)
        case models.Tax():
            if part.mode == "added":
                yield _Draft(part.code, label, currency, part.rate, source(), scale=2)


def _matrix(
    part: models.Energy | models.Demand,
    version: VersionText,
    blocks: "list[models.Block] | list[models.DemandBlock] | None",
    label: Label,
    unit: str,
) -> Iterator[_Draft]:
    """The lines of tiers × periods, tier by tier."""
    periods: dict[str | None, Label | None] = {None: None}
    if part.time_of_use is not None:
        periods = {name: text for name, text in version.time_of_use[part.time_of_use].periods.items()}  # noqa: C416
    offsets = (part.offsets if isinstance(part, models.Energy) else None) or {}
    for tier, block in enumerate(blocks or [None], start=1):
        for period, period_label in periods.items():
            if block is None:
                base = part.price if part.price is not None else (part.prices or {})[str(period)]
            else:
                base = block.price if block.price is not None else (block.prices or {})[str(period)]
            assert base is not None
            offset = offsets.get(str(period))
            named = [price.source for price in (base, offset) if price is not None and price.source]
            code, zh, en = part.code, label.zh_hans, label.en
            if block is not None:
                code += f"-{tier}"
                zh += f" 第{_TIERS_ZH[tier - 1] if tier <= 10 else tier}档"
                en += f", tier {tier}"
            if period is not None:
                code += f"-{period}"
                zh += f" {period_label.zh_hans if period_label else period}"
                en += f", {period_label.en if period_label else period}"
            yield _Draft(
                code,
                Label.of(zh, en),
                unit,
                base.value + (offset.value if offset else 0),
                "; ".join(dict.fromkeys(named)) or part.source or version.source or "",
                tier=tier if block is not None else None,
                period=period,
            )


_DEFAULT_LABELS = {
    "energy": Label.of("电量电费", "energy"),
    "surcharge": Label.of("基金及附加", "funds and surcharges"),
    "dynamic": Label.of("动态电价电费", "energy at dynamic prices"),
    "capacity": Label.of("容量电费", "capacity"),
    "demand": Label.of("需量电费", "demand"),
    "power_factor": Label.of("力调电费", "power-factor adjustment"),
    "fixed": Label.of("固定费用", "fixed charge"),
    "credit": Label.of("减免", "credit"),
    "free_quota": Label.of("免费电量", "free quota"),
    "rounding": Label.of("尾差调整", "rounding to the exact total"),
    "minimum": Label.of("最低电费补足", "top-up to the minimum charge"),
    "tax": Label.of("税", "tax"),
}
