"""The job that rates a month under a draft tariff and under the one in force; nothing is billed."""

from typing import Any, Final

from gridhall.contexts.billing.operations import what_if
from gridhall.contexts.billing.queries import overview
from gridhall.contexts.tariffs import queries as tariffs
from gridhall.kernel.spans import DateSpan
from gridhall.runtime import jobs
from gridhall.runtime.audit import Act

KIND: Final = "what_if"


@jobs.handler(KIND)
def run(job: jobs.Running, *, draft: int, month: str, organisation: str | None, instead_of: str) -> dict[str, Any]:
    """Compare the bills of a month; a result that was kept already is not made again.

    Returns:
        The number of the simulation.
    """
    kept = overview.simulation(job.id)
    if kept is not None:
        return {"run": kept}
    written = tariffs.draft(draft)

    def told(done: int, everything: int) -> None:
        job.progress(done, everything, "rating")

    job.progress(0, 0, "preparing")
    report = what_if(
        written.text, DateSpan.parse_month(month), organisation=organisation, instead_of=instead_of, act=job.act,
        about={"job": job.id, "draft_id": draft, "title": written.title, "revision": written.revision}, progress=told,
    )  # fmt: skip
    return {"run": report.run}


def ask(draft: int, month: DateSpan, organisation: str | None, unit: int | None, instead_of: str, act: Act) -> int:
    """This will start the job.

    Args:
        draft: number of the draft.
        organisation, unit: code and id of the unit; None for the whole utility.
        instead_of: code of the tariff whose contracts are compared.

    Raises:
        NotFound: there is no such draft.
    """
    tariffs.draft(draft)
    arguments = {
        "draft": draft, "month": f"{month.start:%Y-%m}", "organisation": organisation, "instead_of": instead_of,
    }  # fmt: skip
    return jobs.start(KIND, arguments, act=act, organisation=unit, subject=f"tariff_draft:{draft}")
