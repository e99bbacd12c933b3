"""Bills as JSON documents: amounts, quantities and prices as decimal strings, numbers as people write them."""

from typing import TYPE_CHECKING, Any

from gridhall.kernel.energy import kwh
from gridhall.kernel.money import yuan
from gridhall.kernel.spans import DateSpan

if TYPE_CHECKING:
    from gridhall.contexts.billing.types import (
        BillSummary,
        BillView,
        CorrectionReport,
        Explanation,
        ParkedItem,
        RunReport,
        RunSummary,
        WhatIfReport,
    )


def span_form(span: DateSpan) -> dict[str, Any]:
    """``{"start", "end"}``, the end exclusive."""
    return {"start": span.start, "end": span.end}


def run_form(report: "RunReport", seconds: float) -> dict[str, Any]:
    """A run's outcome."""
    return {
        "run": report.run,
        "organisation": report.organisation,
        "period": span_form(report.span),
        "bills": report.bills,
        "total": str(yuan(report.total_fen)),
        "parked": report.parked,
        "parked_total": sum(report.parked.values()),
        "readings_version": report.readings_version,
        "seconds": round(seconds, 3),
    }


def run_summary_form(run: "RunSummary") -> dict[str, Any]:
    """A run in a list."""
    return {
        "run": run.run,
        "organisation": run.organisation,
        "period": span_form(run.span),
        "kind": run.kind,
        "status": run.status,
        "bills": run.bills,
        "parked": run.parked,
        "total": str(yuan(run.total_fen)),
        "started_at": run.started_at,
    }


def summary_form(bill: "BillSummary") -> dict[str, Any]:
    """A bill in a list."""
    return {
        "number": bill.number,
        "usage_point": bill.usage_point,
        "account": bill.account,
        "period": span_form(bill.span),
        "tariff": bill.tariff_code,
        "kwh": str(kwh(bill.energy_wh)),
        "total": str(yuan(bill.total_fen)),
        "status": bill.status,
        "estimated_slots": bill.estimated,
    }


def bill_form(bill: "BillView") -> dict[str, Any]:
    """A whole bill."""
    return {
        "number": bill.number,
        "status": bill.status,
        "usage_point": bill.usage_point,
        "account": bill.account,
        "organisation": bill.organisation,
        "period": span_form(bill.span),
        "tariff": {
            "code": bill.tariff.code,
            "name": bill.tariff.name.en,
            "name_zh": bill.tariff.name.zh_hans,
            "versions": list(bill.versions),
            "digest": bill.tariff.digest,
            "currency": bill.tariff.currency,
        },
        "readings_version": bill.readings_version,
        "issued_at": bill.issued_at,
        "run": bill.run,
        "lines": [
            {
                "code": line.code,
                "label": line.label.en,
                "label_zh": line.label.zh_hans,
                "quantity": str(line.quantity),
                "unit": line.unit,
                "price": str(line.price),
                "amount": str(line.amount),
                "arithmetic": line.formula,
                "tier": line.tier,
                "period": line.period,
                "version": line.version,
                "source": line.source,
                "settlement": line.settlement,
            }
            for line in bill.lines
        ],
        "total": str(yuan(bill.total_fen)),
        "separate_total": str(yuan(bill.separate_fen)),
        "tax_included": str(yuan(bill.tax_fen)),
        "energy_kwh": str(kwh(bill.energy_wh)),
        "replaces": bill.replaces,
        "reason": bill.reason,
        "cancelled_at": bill.cancelled_at,
        "cancelled_reason": bill.cancelled_reason,
        "replaced_by": bill.replaced_by,
    }


def explanation_form(explanation: "Explanation") -> dict[str, Any]:
    """A bill with where everything comes from."""
    bill, tiers = explanation.bill, explanation.tiers
    again = explanation.recomputed_total_fen
    return bill_form(bill) | {
        "tiers": None
        if tiers is None
        else {
            "since": tiers.since,
            "used_before_kwh": str(kwh(tiers.used_before_wh)),
            "used_after_kwh": str(kwh(tiers.used_after_wh)),
            "limits_kwh": [str(kwh(limit)) for limit in tiers.limits_wh],
            "source": tiers.source.value,
            "bills_before": list(tiers.bills_before),
        },
        "readings": {
            "version": bill.readings_version,
            "days": bill.span.days,
            "days_read": bill.days_read,
            "slots": explanation.slots,
            "missing_slots": bill.missing,
            "estimated_slots": bill.estimated,
            "by_day": [
                {
                    "day": day.day,
                    "kwh": None if day.energy_wh is None else str(kwh(day.energy_wh)),
                    "missing": day.missing,
                    "estimated": day.estimated,
                }
                for day in explanation.days
            ],
        },
        "ledger": [
            {"kind": kind, "amount": str(yuan(fen)), "value_date": value_date, "posted_at": posted_at}
            for kind, fen, value_date, posted_at in explanation.entries
        ],
        "recomputed_total": None if again is None else str(yuan(again)),
        "equal": explanation.equal,
        "problem": explanation.problem,
    }


def parked_form(item: "ParkedItem") -> dict[str, Any]:
    """A line of the work list."""
    return {
        "item": item.id,
        "usage_point": item.usage_point,
        "account": item.account,
        "period": span_form(item.span),
        "code": item.code,
        "reason": item.reason,
        "next_step": item.next_step,
        "details": dict(item.details),
        "run": item.run,
        "parked_at": item.parked_at,
        "released": item.released,
    }


def correction_form(report: "CorrectionReport") -> dict[str, Any]:
    """What a correction did or would do."""
    return {
        "posted": report.posted,
        "readings_version": report.readings_version,
        "bills": [
            {
                "cancelled": bill.old,
                "issued": bill.new,
                "usage_point": bill.usage_point,
                "period": span_form(bill.span),
                "before": str(yuan(bill.old_total_fen)),
                "after": str(yuan(bill.new_total_fen)),
                "changes": list(bill.changes),
            }
            for bill in report.bills
        ],
        "not_corrected": [
            {"number": each.number, "code": each.code, "reason": each.reason} for each in report.not_corrected
        ],
        "difference": str(yuan(report.difference_fen)),
    }


def what_if_form(report: "WhatIfReport") -> dict[str, Any]:
    """What a draft tariff would change."""
    return {
        "run": report.run,
        "period": span_form(report.span),
        "tariff": report.tariff_code,
        "readings_version": report.readings_version,
        "bills": report.bills,
        "not_rated": dict(report.not_rated),
        "before": str(yuan(report.before_fen)),
        "after": str(yuan(report.after_fen)),
        "difference": str(yuan(report.after_fen - report.before_fen)),
        "higher": report.higher,
        "lower": report.lower,
        "same": report.same,
        "change_percentiles": {f"p{share}": str(yuan(fen)) for share, fen in report.percentiles},
        "change_bands": [
            {"from_percent": low, "to_percent": high, "bills": count} for low, high, count in report.bands
        ],
    }
