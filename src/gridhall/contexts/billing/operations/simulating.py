"""What if: a draft tariff on real readings, beside the tariff in force. Nothing is posted."""

from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from django.db import transaction

from gridhall.contexts.billing import sources
from gridhall.contexts.billing.errors import NothingToCompare
from gridhall.contexts.billing.models import BillRun, RunKind, RunStatus
from gridhall.contexts.billing.positions import with_positions
from gridhall.contexts.billing.rating import Document, Outcome, Sources, rate_batch
from gridhall.contexts.billing.rules.parking import BillingRules
from gridhall.contexts.billing.settings import rules as current_rules
from gridhall.contexts.billing.types import WhatIfReport
from gridhall.kernel.spans import DateSpan
from gridhall.runtime.audit import Act, record

#: Edges in percent between which changes are counted.
_EDGES: Final = (-50, -20, -10, -5, -1, 0, 1, 5, 10, 20, 50)
_SHARES: Final = (1, 5, 25, 50, 75, 95, 99)


#: Told after each batch: agreements done, agreements in all.
Progress = Callable[[int, int], None]


def what_if(
    tariff: Path | str,
    span: DateSpan,
    *,
    organisation: str | None = None,
    instead_of: str | None = None,
    act: Act,
    about: Mapping[str, Any] | None = None,
    progress: Progress | None = None,
) -> WhatIfReport:
    """This will rate the agreements of a tariff under a draft and under the tariff in force, and compare the bills.

    Both are rated from the newest readings and the same agreements; positions in the tiers come from the live bills.
    Kept is the summary alone, as a run of its own kind.

    Args:
        tariff: the draft document, as a file or as its text.
        instead_of: the code of the tariff whose agreements are compared; None: the draft's own code.
        about: kept with the summary, so that whoever asked finds it again.

    Raises:
        InvalidDocument: the draft is wrong; with the places.
        NotFound: there is no such organisation, or no such tariff is published.
        NothingToCompare: nobody is on that tariff in the span.
    """
    draft = sources.draft(tariff, span)
    code = instead_of or draft.tariff.code
    agreements = sources.agreements(organisation, span)
    agreements = agreements.filter(pc.equal(agreements["tariff_code"], code))
    if not agreements.num_rows:
        raise NothingToCompare(
            f"Nobody is on tariff {code} in {span}.", path="--instead-of", remedy="Name the tariff to compare with."
        )
    agreements = agreements.sort_by([("usage_point", "ascending"), ("agreement", "ascending"), ("start", "ascending")])
    rules, version = current_rules(), sources.newest_version()
    in_force = sources.pin(code)
    calendar = sources.calendar_of(span)
    pairs: list[npt.NDArray[np.int64]] = []
    refused: Counter[str] = Counter()
    with sources.lake_session() as lake:
        pinned = sources.as_of(lake, version, calendar)
        for begin in range(0, agreements.num_rows, rules.batch):
            part = agreements.slice(begin, rules.batch)
            pairs.append(_compare(part, span, (in_force, draft), pinned, rules, refused))
            if progress is not None:
                progress(begin + part.num_rows, agreements.num_rows)
    compared = np.concatenate(pairs)
    held = draft.tariff.plan_on(span.start)
    found = _found(compared)
    summary = {
        **(about or {}),
        "version": held.version if held else "",
        "draft": draft.tariff.code,
        "instead_of": code,
        "not_rated": dict(sorted(refused.items())),
        "asked_by": act.actor,
        **found,
    }
    with transaction.atomic():
        row = BillRun.objects.create(
            organisation_id=sources.organisation_id(organisation),
            start_date=span.start,
            end_date=span.end or span.start,
            kind=RunKind.WHAT_IF,
            status=RunStatus.FINISHED,
            readings_version=version,
            rules=rules.model_dump(),
            calendar=calendar,
            tariffs={draft.tariff.code: draft.digest, code: in_force.digest},
            summary=summary,
            started_at=act.at,
            finished_at=act.at,
        )
        details = {name: summary[name] for name in ("draft", "instead_of", "bills")}
        record(act, "billing.run.simulated", f"bill_run:{row.pk}", details)
    return WhatIfReport(
        run=row.pk,
        span=span,
        tariff_code=summary["draft"],
        instead_of=code,
        readings_version=version,
        not_rated=summary["not_rated"],
        **found,
    )


def _compare(
    agreements: pa.Table,
    span: DateSpan,
    documents: tuple[Document, Document],
    pinned: Sources,
    rules: BillingRules,
    refused: Counter[str],
) -> npt.NDArray[np.int64]:
    """Totals in fen of the bills that both can price, ``[bills, 2]``."""
    totals = []
    for document in documents:
        placed, _ = with_positions(agreements, document.tariff, rules)
        totals.append(_totals(rate_batch(document, placed, span, pinned, rules), refused))
    before, after = totals
    both = sorted(before.keys() & after.keys())
    return np.array([(before[key], after[key]) for key in both], np.int64).reshape(-1, 2)


def _totals(outcome: Outcome, refused: Counter[str]) -> dict[tuple[int, Any], int]:
    for refusal in outcome.refusals:
        refused[refusal.error.code] += len(refusal.rows)
    if not outcome.rated.num_rows:
        return {}
    found = {}
    columns = (outcome.rated[name].to_pylist() for name in ("agreement", "start", "total", "refusal"))
    for agreement, start, total, why in zip(*columns, strict=True):
        if why is None:
            found[agreement, start] = total
        else:
            refused[why] += 1
    return found


def _found(compared: npt.NDArray[np.int64]) -> dict[str, Any]:
    """What both totals of each bill come to; the names are those of `WhatIfReport` and of the summary kept."""
    before, after = compared[:, 0], compared[:, 1]
    change = np.sort(after - before)
    percentiles = tuple(
        (share, int(change[min(len(change) - 1, len(change) * share // 100)])) for share in _SHARES if len(change)
    )
    bands = []
    for low, high in zip((None, *_EDGES), (*_EDGES, None), strict=True):
        # change / before in percent, compared without division; a bill of nothing before counts as above every edge
        inside = np.ones(len(before), bool)
        if low is not None:
            inside &= (after - before) * 100 >= low * before
        if high is not None:
            inside &= (after - before) * 100 < high * before
        bands.append((low, high, int(inside.sum())))
    return {
        "bills": len(before),
        "before_fen": int(before.sum()),
        "after_fen": int(after.sum()),
        "higher": int((after > before).sum()),
        "lower": int((after < before).sum()),
        "same": int((after == before).sum()),
        "percentiles": percentiles,
        "bands": tuple(bands),
    }
