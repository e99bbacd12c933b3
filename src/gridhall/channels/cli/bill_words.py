"""Explanations and corrections of bills in words and tables, for people."""

from typing import TYPE_CHECKING

from gridhall.channels.cli.output import people, show_table
from gridhall.kernel.energy import kwh
from gridhall.kernel.money import yuan

if TYPE_CHECKING:
    from gridhall.contexts.billing.types import CorrectionReport, Explanation


def show_explanation(explanation: "Explanation") -> None:
    """A bill with its arithmetic, tiers, readings and recomputation."""
    bill, tiers = explanation.bill, explanation.tiers
    people.print(f"[bold]Bill {bill.number}[/], {bill.usage_point}, {bill.span}, {bill.status}", highlight=False)
    show_table(
        f"Tariff {bill.tariff.code}, version {' + '.join(bill.versions)}",
        ("line", "arithmetic", "source of the price"),
        [(line.label.zh_hans, line.formula, line.source) for line in bill.lines],
    )
    _write(f"Total: {yuan(bill.total_fen)} {bill.tariff.currency}")
    if tiers is not None:
        _write(
            f"Tiers: {kwh(tiers.used_before_wh)} kWh used since {tiers.since} before this bill ({tiers.source.value}), "
            f"{kwh(tiers.used_after_wh)} after it; limits {', '.join(f'{kwh(wh)}' for wh in tiers.limits_wh)} kWh."
        )
    _write(
        f"Readings version {bill.readings_version}: {bill.days_read} of {bill.span.days} days, "
        f"{bill.estimated} of {explanation.slots} slots estimated, {bill.missing} missing; {kwh(bill.energy_wh)} kWh."
    )
    if bill.replaces:
        _write(f"It corrects bill {bill.replaces}: {bill.reason}")
    if bill.replaced_by:
        _write(f"It was cancelled and replaced by bill {bill.replaced_by}: {bill.cancelled_reason}")
    again = explanation.recomputed_total_fen
    verdict = "equal to the fen" if explanation.equal else f"NOT equal {explanation.problem}"
    _write(f"Computed again: {'—' if again is None else yuan(again)} ({verdict}).")


def _write(text: str) -> None:
    people.print(text, highlight=False, markup=False)


def show_correction(report: "CorrectionReport") -> None:
    """What a correction did or would do."""
    show_table(
        "Corrected" if report.posted else "Would be corrected",
        ("cancelled", "issued", "usage point", "before", "after", "what changed"),
        [
            (
                b.old or "",
                b.new or "",
                b.usage_point,
                yuan(b.old_total_fen),
                yuan(b.new_total_fen),
                ", ".join(b.changes),
            )
            for b in report.bills
        ],
    )
    for each in report.not_corrected:
        people.print(f"Not corrected: {each.number}: {each.reason}", highlight=False, markup=False)
    people.print(f"Difference: {yuan(report.difference_fen)}")
