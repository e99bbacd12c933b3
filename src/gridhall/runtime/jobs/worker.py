"""The worker: takes tickets from the queue, one at a time, until it is told to stop.

Beside them, on threads of their own, it delivers the outbox and starts what is scheduled (`tending`).
"""

import asyncio
import logging
import os
import signal
import threading
from collections.abc import Callable
from datetime import datetime
from typing import Any, Final

from gridhall.runtime.jobs import tending
from gridhall.runtime.jobs.queue import QUEUE, TASK
from gridhall.runtime.jobs.running import perform, take_up_interrupted

#: How long a job may take to come to a place where it can stop, in seconds; then the process ends anyway.
GRACE: Final = 20.0
#: How often jobs of dead workers are looked for, in seconds.
_LOOK: Final = 2.0
_HEARTBEAT: Final = 4.0

_log = logging.getLogger("gridhall.jobs")


def work(*, now: Callable[[], datetime], at_once: int = 1, until_idle: bool = False, beside: int | None = None) -> None:
    """This will do jobs until SIGINT or SIGTERM: the running job goes back into the queue at its next sign of progress.

    Args:
        now: the clock.
        at_once: how many jobs run at the same time.
        until_idle: end as soon as no job and no message of the outbox waits; nothing is started by the schedule.
        beside: the process number of the parent that this worker belongs to; without that parent it stops.

    Raises:
        OSError, psycopg.Error: when the database cannot be reached, or goes away while working.
    """
    asyncio.run(_work(now, at_once, until_idle, beside))


async def _work(now: Callable[[], datetime], at_once: int, until_idle: bool, beside: int | None) -> None:
    from procrastinate.contrib.django import app

    stopping = threading.Event()
    if TASK not in app.tasks:

        @app.task(name=TASK, queue=QUEUE)
        def do(job: int) -> None:
            perform(job, now=now, stopping=stopping.is_set)

    loop = asyncio.get_running_loop()
    connector: Any = app.connector
    with app.replace_connector(connector.get_worker_connector()) as ready:
        async with ready.open_async():
            await _in_thread(take_up_interrupted)

            async def take_tickets() -> None:
                while True:
                    if until_idle:
                        await _in_thread(lambda: tending.deliver_all(now))
                    await ready.run_worker_async(
                        queues=[QUEUE],
                        concurrency=at_once,
                        wait=not until_idle,
                        delete_jobs="always",
                        install_signal_handlers=False,
                        update_heartbeat_interval=_HEARTBEAT,
                    )
                    if not until_idle or not await _in_thread(lambda: tending.deliver_all(now)):
                        return

            worker = asyncio.create_task(take_tickets())
            beside_it = [] if until_idle else tending.begin(now)

            def stop() -> None:
                if stopping.is_set():
                    _leave()
                stopping.set()
                for each in beside_it:
                    each.ask_to_stop()
                worker.cancel()
                loop.call_later(GRACE, _leave)

            for number in (signal.SIGINT, signal.SIGTERM):
                loop.add_signal_handler(number, stop)
            look = asyncio.create_task(_look_around(stop, beside))
            try:
                await worker
            except asyncio.CancelledError:
                if not stopping.is_set():
                    raise
            finally:
                look.cancel()
                for each in beside_it:
                    each.stop()


async def _look_around(stop: Callable[[], None], beside: int | None) -> None:
    while True:
        await asyncio.sleep(_LOOK)
        if beside is not None and os.getppid() != beside:
            stop()
            return
        try:
            await _in_thread(take_up_interrupted)
        except Exception:
            _log.exception("Interrupted jobs could not be looked for.")


async def _in_thread(function: Callable[[], Any]) -> Any:
    from asgiref.sync import sync_to_async

    return await sync_to_async(function, thread_sensitive=True)()


def _leave() -> None:
    # The job is in the middle of something that does not look up; the database undoes what it has not committed, and
    # the next worker takes it up.
    os._exit(1)
