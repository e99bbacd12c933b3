"""A draft tariff on real bills: a few usage points' bills of a month under the draft and under what is in force."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from gridhall.contexts.accounts import queries as accounts
from gridhall.contexts.billing import sources
from gridhall.contexts.billing.positions import with_positions
from gridhall.contexts.billing.rating import Document, Sources, rate_batch
from gridhall.contexts.billing.settings import rules as current_rules
from gridhall.contexts.tariffs.operations import explain_lines
from gridhall.contexts.tariffs.types import ExplainedLine, Tariff
from gridhall.kernel.errors import GridhallError
from gridhall.kernel.spans import DateSpan


@dataclass(frozen=True)
class PricedSide:
    """One bill under one tariff; ``refusal`` is a stable code where it could not be priced, and nothing else then."""

    tariff: Tariff | None
    total_fen: int | None
    lines: Sequence[ExplainedLine] = ()
    refusal: str = ""


@dataclass(frozen=True)
class PricedLine:
    """A line on either side; None where it is only on the other."""

    key: str
    before: ExplainedLine | None
    after: ExplainedLine | None


@dataclass(frozen=True)
class PreviewedBill:
    """A period of a usage point, priced twice."""

    number: str
    span: DateSpan
    energy_wh: int | None
    tariff_code: str
    before: PricedSide
    after: PricedSide

    @property
    def change_fen(self) -> int | None:
        """What the draft adds; None where one side could not be priced."""
        if self.before.total_fen is None or self.after.total_fen is None:
            return None
        return self.after.total_fen - self.before.total_fen

    def lines(self) -> list[PricedLine]:
        """The lines of both sides beside each other, matched by code and, within it, by version."""
        before, after = _by_key(self.before.lines), _by_key(self.after.lines)
        return [PricedLine(key, before.get(key), after.get(key)) for key in [*before, *(after.keys() - before.keys())]]


def preview(draft: str, span: DateSpan, numbers: Sequence[str], *, units: Collection[int]) -> list[PreviewedBill]:
    """The bills of a month of a few usage points under a draft and under their tariffs in force; writes nothing.

    Usage points that are not there, or belong to no unit of ``units``, are left out.

    Args:
        draft: the text of a document.
        numbers: of usage points, for few of them.
        units: ids of the units whose customers may be seen.

    Raises:
        InvalidDocument, UnreadableDocument: the draft is wrong.
        NothingToBillFrom: no readings have been imported.
    """
    wanted = [each for each in accounts.usage_point_ids(list(dict.fromkeys(numbers))).to_pylist() if each is not None]
    allowed = [unit for unit in accounts.organisations(None) if unit.id in units]
    document, rules, version = sources.draft(draft, span), current_rules(), sources.newest_version()
    found: list[PreviewedBill] = []
    agreements = sources.with_since(accounts.billable_of(wanted, [unit.id for unit in allowed], span))
    names = dict(zip(wanted, accounts.usage_point_numbers(wanted).to_pylist(), strict=True))
    with sources.lake_session() as lake:
        pinned = sources.as_of(lake, version, sources.calendar_of(span))
        for code in sorted(pc.unique(agreements["tariff_code"]).to_pylist()):
            group = agreements.filter(pc.equal(agreements["tariff_code"], code))
            group = group.sort_by([(key, "ascending") for key in ("usage_point", "agreement", "start")])
            try:
                in_force: Document | None = sources.current(code)
            except GridhallError:
                in_force = None
            sides = [_priced(each, group, span, pinned, rules) for each in (in_force, document)]
            for row in group.select(["usage_point", "agreement", "start", "end"]).to_pylist():
                key = row["agreement"], row["start"]
                before, after = (side.get(key, (PricedSide(None, None, (), "no_version"), None)) for side in sides)
                found.append(
                    PreviewedBill(
                        names[row["usage_point"]], DateSpan(row["start"], row["end"]), after[1] or before[1], code,
                        before[0], after[0],
                    )
                )  # fmt: skip
    return sorted(found, key=lambda bill: (bill.number, bill.span.start))


def _priced(
    document: Document | None, agreements: pa.Table, span: DateSpan, pinned: Sources, rules: Any
) -> dict[tuple[int, Any], tuple[PricedSide, int | None]]:
    if document is None:
        return {}
    placed, _ = with_positions(agreements, document.tariff, rules)
    outcome = rate_batch(document, placed, span, pinned, rules)
    found: dict[tuple[int, Any], tuple[PricedSide, int | None]] = {}
    for refusal in outcome.refusals:
        for row in outcome.agreements.take(pa.array(refusal.rows)).select(["agreement", "start"]).to_pylist():
            found[row["agreement"], row["start"]] = PricedSide(document.tariff, None, (), refusal.error.code), None
    for row in outcome.rated.to_pylist():
        key = row["agreement"], row["start"]
        if row["refusal"] is not None:
            found[key] = PricedSide(document.tariff, None, (), row["refusal"]), row["energy_wh"]
            continue
        columns = (row[name] for name in ("versions", "line_no", "quantity", "price", "amount"))
        lines = tuple(explain_lines(document.tariff, *columns))
        found[key] = PricedSide(document.tariff, row["total"], lines), row["energy_wh"]
    return found


def _by_key(lines: Sequence[ExplainedLine]) -> dict[str, ExplainedLine]:
    found: dict[str, ExplainedLine] = {}
    for line in lines:
        key, more = line.code, 2
        while key in found:
            key, more = f"{line.code}#{more}", more + 1
        found[key] = line
    return found
