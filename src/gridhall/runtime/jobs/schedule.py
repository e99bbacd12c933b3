"""Jobs that nobody asks for: every few minutes, or once a day.

    @schedule.daily("late_charges", at="01:40")
    @jobs.handler("late_charges")
    def assess(job: Running, *, day: str) -> …            # the utility's day that it is due on, YYYY-MM-DD

    @schedule.every("payments_open_orders", minutes=1)
    @jobs.handler("payments_open_orders")
    def ask(job: Running) -> …

Each `gridhall worker` looks at the schedule once a second. A due time is taken by the one worker that moves the row of
its kind forward, in the transaction that starts the job: at most once, however many workers there are. After a stop the
newest due time that was missed is made up for, once; what a handler has to do for the days between it finds itself. A
kind that is seen for the first time waits for its next due time, so that a fresh house does not begin with the work of
yesterday. A job of an every-minutes kind is not started while one of its kind is not over.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.db import connection, transaction

from gridhall.runtime.jobs import registry
from gridhall.runtime.jobs.queue import enqueue
from gridhall.runtime.jobs.types import JobStatus
from gridhall.runtime.models import JobRecord

#: Who asks for these jobs.
ACTOR: Final = "schedule"
#: Jobs of every-minutes kinds that ended well are forgotten after so long.
KEPT: Final = timedelta(days=2)
_ACTIVE: Final = (JobStatus.WAITING, JobStatus.RUNNING)


@dataclass(frozen=True)
class Due:
    """When jobs of a kind are due.

    Attributes:
        at: local time of day of a daily kind; None for others.
        minutes: between two due times; of the day for daily ones.
    """

    kind: str
    at: time | None
    minutes: int

    def newest(self, now: datetime, zone: ZoneInfo) -> datetime:
        """The last due time up to now."""
        if self.at is None:
            length = self.minutes * 60
            return datetime.fromtimestamp(int(now.timestamp()) // length * length, tz=now.tzinfo)
        local = now.astimezone(zone)
        today = datetime.combine(local.date(), self.at, tzinfo=zone)
        return today if today <= local else datetime.combine(local.date() - timedelta(days=1), self.at, tzinfo=zone)

    def arguments(self, due: datetime, zone: ZoneInfo) -> dict[str, Any]:
        """What the handler is called with."""
        return {} if self.at is None else {"day": due.astimezone(zone).date().isoformat()}


_PLAN: Final[dict[str, Due]] = {}


def daily(kind: str, *, at: str) -> Callable[[registry.Handler], registry.Handler]:
    """Decorator: jobs of this kind are due each day at a local time, ``HH:MM``; the handler takes ``day``."""
    return _planned(Due(kind, time.fromisoformat(at), 24 * 60))


def every(kind: str, *, minutes: int) -> Callable[[registry.Handler], registry.Handler]:
    """Decorator: jobs of this kind are due every so many minutes; the handler takes nothing."""
    if minutes < 1:
        raise ValueError("A schedule counts whole minutes.")
    return _planned(Due(kind, None, minutes))


def plan() -> dict[str, Due]:
    """All that is scheduled, by kind."""
    registry.load()
    return dict(_PLAN)


def start_due(now: datetime) -> list[int]:
    """This will start what is due and give the numbers of the jobs; any number of workers may call it at once."""
    from django.conf import settings

    zone = ZoneInfo(settings.TIME_ZONE)
    wanted = {due.kind: (due, due.newest(now, zone)) for due in plan().values()}
    if not wanted:
        return []
    with connection.cursor() as cursor:
        cursor.execute("SELECT kind, due_at FROM runtime_schedule")
        known = dict(cursor.fetchall())
    started = []
    for kind, (due, newest) in wanted.items():
        if kind not in known:
            _seen(kind, newest)
        elif known[kind] < newest and (job := _start(due, newest, now, zone)) is not None:
            started.append(job)
    return started


def _start(due: Due, newest: datetime, now: datetime, zone: ZoneInfo) -> int | None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "UPDATE runtime_schedule SET due_at = %s WHERE kind = %s AND due_at < %s", [newest, due.kind, newest]
        )
        if not cursor.rowcount:
            return None
        if due.at is None:
            mine = JobRecord.objects.filter(kind=due.kind, requested_by=ACTOR)
            if mine.filter(status__in=_ACTIVE).exists():
                return None
            mine.filter(status=JobStatus.DONE, finished_at__lt=now - KEPT).delete()
        return enqueue(due.kind, due.arguments(newest, zone), by=ACTOR, at=newest, subject=f"schedule:{due.kind}")


def _seen(kind: str, newest: datetime) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO runtime_schedule (kind, due_at) VALUES (%s, %s) ON CONFLICT DO NOTHING", [kind, newest]
        )


def _planned(due: Due) -> Callable[[registry.Handler], registry.Handler]:
    def register(function: registry.Handler) -> registry.Handler:
        known = _PLAN.setdefault(due.kind, due)
        if known != due:
            raise ValueError(f"Jobs of kind {due.kind!r} are due twice: {known} and {due}.")
        return function

    return register
