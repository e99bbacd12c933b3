"""What a correction does, line by line: worked out while it is done, written into a request, read from it again."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from gridhall.contexts.billing import sources
from gridhall.contexts.billing.models import Bill
from gridhall.contexts.billing.rules import numbering
from gridhall.contexts.billing.types import (
    BillChange,
    CorrectedBill,
    CorrectionOutcome,
    CorrectionReport,
    LineChange,
    NotCorrected,
)
from gridhall.contexts.tariffs.operations import explain_lines
from gridhall.contexts.tariffs.types import ExplainedLine
from gridhall.kernel.spans import DateSpan


def outcome_of(report: CorrectionReport) -> CorrectionOutcome:
    """The outcome of a correction that was just made, in whose transaction the new bills can be read."""
    numbers = [numbering.read(n) for each in report.bills for n in (each.old, each.new) if n is not None]
    rows = {numbering.show(row.number): row for row in Bill.objects.filter(number__in=numbers)}
    return CorrectionOutcome(
        readings_version=report.readings_version,
        difference_fen=report.difference_fen,
        bills=tuple(_change(each, rows) for each in report.bills),
        not_corrected=report.not_corrected,
    )


def written(outcome: CorrectionOutcome) -> dict[str, Any]:
    """An outcome as JSON; equal exactly when the correction would do the same."""
    return {
        "bills": [
            {
                "old": each.bill.old,
                "new": each.bill.new,
                "usage_point": each.bill.usage_point,
                "start": each.bill.span.start.isoformat(),
                "end": each.bill.span.end.isoformat() if each.bill.span.end else None,
                "old_total_fen": each.bill.old_total_fen,
                "new_total_fen": each.bill.new_total_fen,
                "changes": list(each.bill.changes),
                "old_energy_wh": each.old_energy_wh,
                "new_energy_wh": each.new_energy_wh,
                "lines": [
                    [
                        line.code,
                        dict(line.label),
                        line.unit,
                        _text(line.old_quantity),
                        _text(line.old_price),
                        line.old_fen,
                        _text(line.new_quantity),
                        _text(line.new_price),
                        line.new_fen,
                    ]
                    for line in each.lines
                ],
            }
            for each in outcome.bills
        ],
        "not_corrected": [[each.number, each.code, each.reason] for each in outcome.not_corrected],
    }


def read(stored: Mapping[str, Any], readings_version: int, difference_fen: int) -> CorrectionOutcome:
    """The outcome that `written` gave."""
    return CorrectionOutcome(
        readings_version=readings_version,
        difference_fen=difference_fen,
        bills=tuple(
            BillChange(
                bill=CorrectedBill(
                    old=each["old"],
                    new=each["new"],
                    usage_point=each["usage_point"],
                    span=DateSpan(
                        date.fromisoformat(each["start"]), date.fromisoformat(each["end"]) if each["end"] else None
                    ),
                    old_total_fen=each["old_total_fen"],
                    new_total_fen=each["new_total_fen"],
                    changes=tuple(each["changes"]),
                ),
                old_energy_wh=each["old_energy_wh"],
                new_energy_wh=each["new_energy_wh"],
                lines=tuple(_read_line(*line) for line in each["lines"]),
            )
            for each in stored["bills"]
        ),
        not_corrected=tuple(NotCorrected(*each) for each in stored["not_corrected"]),
    )


def _change(bill: CorrectedBill, rows: Mapping[str, Bill]) -> BillChange:
    old = None if bill.old is None else rows[bill.old]
    new = None if bill.new is None else rows[bill.new]
    before, after = _lines(old), _lines(new)
    codes = [*before, *(code for code in after if code not in before)]
    return BillChange(
        bill=bill,
        old_energy_wh=None if old is None else old.energy_wh,
        new_energy_wh=None if new is None else new.energy_wh,
        lines=tuple(_line(code, before.get(code), after.get(code)) for code in codes),
    )


def _lines(row: Bill | None) -> dict[str, ExplainedLine]:
    if row is None:
        return {}
    tariff = sources.pinned_tariff(row.tariff_digest).tariff
    lines = explain_lines(tariff, row.tariff_versions, row.line_no, row.quantity, row.price, row.amount_fen)
    # A month with two versions of a tariff has the same line once for each.
    return {f"{line.code} {line.version}": line for line in lines}


def _line(code: str, old: ExplainedLine | None, new: ExplainedLine | None) -> LineChange:
    either = new or old
    assert either is not None
    return LineChange(
        code=code,
        label={"zh_hans": either.label.zh_hans, "en": either.label.en},
        unit=either.unit,
        old_quantity=None if old is None else old.quantity,
        old_price=None if old is None else old.price,
        old_fen=None if old is None else _fen(old.amount),
        new_quantity=None if new is None else new.quantity,
        new_price=None if new is None else new.price,
        new_fen=None if new is None else _fen(new.amount),
    )


def _read_line(
    code: str, label: Mapping[str, str], unit: str,
    old_quantity: str | None, old_price: str | None, old_fen: int | None,
    new_quantity: str | None, new_price: str | None, new_fen: int | None,
) -> LineChange:  # fmt: skip
    return LineChange(
        code, label, unit, _decimal(old_quantity), _decimal(old_price), old_fen,
        _decimal(new_quantity), _decimal(new_price), new_fen,
    )  # fmt: skip


def _text(value: Decimal | None) -> str | None:
    return None if value is None else f"{value:f}"


def _decimal(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)


def _fen(amount: Decimal) -> int:
    return int(amount * 100)
