"""The words of codes in the reader's language: errors of the house, reasons of parked bills, faults of rows."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from gridhall.channels.web.error_words import WORDS
from gridhall.channels.web.formats import energy, in_english, number
from gridhall.channels.web.parked_words import PARKED, REFUSALS, WITH_FIGURES
from gridhall.channels.web.quarantine_words import FINDINGS, ROWS
from gridhall.kernel.errors import GridhallError
from gridhall.runtime.jobs import Job


@dataclass(frozen=True)
class Words:
    """What happened, and what to do next."""

    what: str
    remedy: str


def of_error(error: GridhallError) -> Words:
    """An error in the reader's language: its own English sentence, or the words of its code with the place."""
    if in_english():
        return Words(error.message, error.remedy)
    known = next((WORDS[code] for code in _codes(type(error)) if code in WORDS), WORDS["error"])
    where = _(" (at: %s)") % error.path if error.path else ""
    return Words(f"{known[0]}{where}", str(known[1]))


def _codes(kind: type) -> Iterator[str]:
    """The codes of an error's class and of those it stems from."""
    return (base.code for base in kind.__mro__ if issubclass(base, GridhallError))


def of_job(job: Job) -> Words | None:
    """Why a job failed, in the reader's language; None for one that did not."""
    if job.error is None:
        return None
    if in_english():
        return Words(job.error.get("message", ""), job.error.get("remedy", ""))
    known = WORDS.get(job.error.get("code", ""), WORDS["error"])
    return Words(str(known[0]), str(known[1]))


def of_parked(code: str, details: Mapping[str, Any]) -> Words:
    """Why a period was not billed, with its figures, and what to do; a code without words is said as it is.

    Args:
        code: of the parked item.
        details: its figures; those that are missing are left unsaid.
    """
    if code not in PARKED:
        return Words(code, "")
    what, remedy = (str(text) for text in PARKED[code])
    figures = {name: number(details[name]) for name in ("slots", "missing", "estimated") if name in details}
    for name in ("energy_wh", "usual_wh_per_day"):
        if isinstance(details.get(name), int):
            figures[name] = energy(details[name])
    figures |= {name: str(details[name]) for name in ("bill", "tariff") if details.get(name)}
    refusal = details.get("refusal") or (details.get("code") if code == "tariff_refused" else None)
    if refusal:
        figures["refusal"] = str(REFUSALS.get(refusal, refusal))
    for text in WITH_FIGURES.get(code, ()):
        try:
            return Words(str(text) % figures, remedy)
        except KeyError:
            continue
    return Words(what, remedy)


def of_quarantine(code: str) -> Words:
    """What is wrong with a quarantined row, and what to do, by its code; a code without words gets neutral ones."""
    what, remedy = ROWS.get(code, ROWS[""])
    return Words(str(what), str(remedy))


def of_finding(finding: Mapping[str, Any]) -> str:
    """What validation found in an import, with its figures; a finding without words is said as it was recorded."""
    data = finding.get("data") or {}
    figures = {name: value for name, value in data.items() if isinstance(value, int)}
    figures["slots"] = figures.get("estimated", 0) + figures.get("missing", 0)
    try:
        return str(FINDINGS[str(finding.get("code", ""))]) % {name: number(value) for name, value in figures.items()}
    except KeyError:
        return str(finding.get("message", ""))
