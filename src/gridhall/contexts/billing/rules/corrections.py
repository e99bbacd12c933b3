"""Whether a bill computed anew says something else, and what."""

from collections.abc import Mapping, Sequence
from typing import Any

from gridhall.contexts.tariffs.types import LINES_PER_VERSION, Tariff


def differs(old: Mapping[str, Any], new: Mapping[str, Any], old_tariff: Tariff, new_tariff: Tariff) -> bool:
    """Whether a bill must be replaced: another payer, other days, or any line with another quantity, price or amount.

    Other shares of estimated slots alone are no reason, since the customer owes the same; nor is another number for the
    same line, as when a version was added to the tariff document.

    Args:
        old: a stored bill, ``account, start, end, line_no, quantity, price, amount``.
        new: the same of the rated bill, with its agreement's account, and ``versions``.
    """
    if any(old[name] != new[name] for name in ("account", "agreement", "start", "end")):
        return True
    if any(old[name] != new[name] for name in ("quantity", "amount")):
        return True
    if old_tariff.digest == new_tariff.digest:
        return bool(old["line_no"] != new["line_no"] or old["price"] != new["price"])
    return _codes(old_tariff, old) != _codes(new_tariff, new)


def changes(old: Mapping[str, Any], new: Mapping[str, Any]) -> tuple[str, ...]:
    """What is different, in words."""
    found = []
    if old["account"] != new["account"]:
        found.append("the account that settles")
    if (old["start"], old["end"]) != (new["start"], new["end"]):
        found.append("the period")
    if old["energy_wh"] != new["energy_wh"]:
        found.append("the readings")
    if old["tier_used_wh"] != new["tier_used_wh"]:
        found.append("the position in the tiers")
    if not found:
        found.append("the price")
    return tuple(found)


def _codes(tariff: Tariff, bill: Mapping[str, Any]) -> Sequence[tuple[str, Any]]:
    days = {plan.version: plan for plan in tariff.plans}
    versions = bill.get("versions") or [plan.version for plan in tariff.plans if bill["start"] in plan.span]
    listed = []
    for number in bill["line_no"]:
        index = number // LINES_PER_VERSION
        plan = days.get(versions[index]) if index < len(versions) else None
        line = None if plan is None else plan.lines[number % LINES_PER_VERSION]
        listed.append(("", number) if line is None else (line.code, line.price))
    return listed
