"""Jobs: work that outlives a request, enqueued in the transaction that wants it and done by `gridhall worker`.

A kind of job is a function registered with `handler` in a module of the packages that ``settings.JOB_HANDLERS`` names
(``journeys/jobs/<kind>.py``: dropping a module there is enough, nothing else lists it). Those modules are imported when
the first job is started or worked on, so the runtime knows no context.

    @handler("import")
    def take_in(job: Running, *, file: str) -> dict[str, Any]:
        for done, size in …:
            job.progress(done, size, "reading")
        return {"accepted": 12}

    start("import", {"file": "…"}, act=act)

A handler may be called again with the same arguments after a power cut, a `kill -9` or a stop of the worker: it goes on
where it stood, or does nothing twice. `Running.progress` ends the handler when the worker is asked to stop, so that it
is called often in long work and never where half of something would stay.
"""

from gridhall.runtime.jobs.queue import newest, show, start, worker_seen
from gridhall.runtime.jobs.registry import handler
from gridhall.runtime.jobs.running import Running, run_now
from gridhall.runtime.jobs.types import Job, JobKindUnknown, JobNotFound, JobStatus

__all__ = [
    "Job", "JobKindUnknown", "JobNotFound", "JobStatus", "Running", "handler", "newest", "run_now", "show", "start",
    "worker_seen",
]  # fmt: skip
