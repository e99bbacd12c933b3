"""What a worker does beside its jobs: again and again, on a thread and a database connection of its own."""

import logging
import threading
from collections.abc import Callable
from datetime import datetime
from typing import Final

from django.db import connection

from gridhall.runtime import outbox
from gridhall.runtime.jobs import schedule

#: Messages of the outbox wait at most so long before they are told, in seconds. No NOTIFY: it would make the commits of
#: all who publish wait for each other.
DELIVERED_WITHIN: Final = 0.5
#: How often the schedule is looked at, in seconds.
LOOKED_AT: Final = 1.0
#: After a failure, such as a database that went away: the first pause and the longest, in seconds.
_PAUSES: Final = (1.0, 30.0)
#: How long a thread that is asked to stop may take to end what it does, in seconds.
_PATIENCE: Final = 5.0

_log = logging.getLogger("gridhall.jobs")


class Tending:
    """A function that is called again and again until it is stopped; at once while it says that more waits."""

    def __init__(self, name: str, function: Callable[[], bool], pause: float) -> None:
        self._name, self._function, self._pause = name, function, pause
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._tend, name=name, daemon=True)
        self._thread.start()

    def ask_to_stop(self) -> None:
        """This will let it end after what it does now."""
        self._stopping.set()

    def stop(self) -> None:
        """This will end it, and wait for what it does now."""
        self.ask_to_stop()
        self._thread.join(_PATIENCE)

    def _tend(self) -> None:
        failed = 0
        while not self._stopping.is_set():
            try:
                more = self._function()
                failed = 0
            except Exception:
                if self._stopping.is_set():
                    break
                _log.exception("The %s stumbles; it goes on in a moment.", self._name)
                connection.close()
                failed, more = failed + 1, False
            pause = min(_PAUSES[0] * 2**failed, _PAUSES[1]) if failed else self._pause
            if not more and self._stopping.wait(pause):
                break
        connection.close()


def begin(now: Callable[[], datetime]) -> list[Tending]:
    """This will begin to deliver the outbox and to start what is scheduled."""
    return [
        Tending("outbox", lambda: _deliver(now), DELIVERED_WITHIN),
        Tending("schedule", lambda: bool(schedule.start_due(now())), LOOKED_AT),
    ]


def deliver_all(now: Callable[[], datetime]) -> int:
    """This will deliver until no message is due, and give how many were heard."""
    heard = 0
    while found := outbox.deliver(now):
        heard += found
    return heard


def _deliver(now: Callable[[], datetime]) -> bool:
    # What a crash of the server takes back, it takes back together with the note that it was heard: it is told again.
    with connection.cursor() as cursor:
        cursor.execute("SET synchronous_commit = off")
    return outbox.deliver(now, limit=50) > 0
