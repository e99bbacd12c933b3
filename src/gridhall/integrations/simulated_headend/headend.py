"""The simulated head-end: meters and commands in SQLite below the home, shared by all processes.

Settings, all optional:

- ``GRIDHALL_HEADEND_DELAY``: seconds until a meter has carried a command out (3).
- ``GRIDHALL_HEADEND_REFUSALS``: share of commands that are refused at their first try, 0 to 1 (0).
- ``GRIDHALL_HEADEND_LOST``: share of first answers that get lost although the command arrived, 0 to 1 (0).
- ``GRIDHALL_HEADEND_PRESS``: seconds until the customer presses the button of a meter that allows it; 0: never (20).

Which commands fail follows from their keys, so that the same run fails in the same places.
"""

import hashlib
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path
from typing import Final

from gridhall.contexts.payments.ports import (
    HeadEndAnswer,
    HeadEndUnavailable,
    MeterReading,
    Progress,
    Relay,
    SwitchOrder,
)
from gridhall.integrations import SettingInvalid

_TABLES: Final = """
    CREATE TABLE IF NOT EXISTS meters (
        meter TEXT PRIMARY KEY, relay TEXT NOT NULL CHECK (relay IN ('on', 'off', 'allowed')), since REAL NOT NULL
    ) STRICT;
    CREATE TABLE IF NOT EXISTS commands (
        key TEXT PRIMARY KEY, meter TEXT NOT NULL, relay TEXT NOT NULL, due REAL NOT NULL, sent INTEGER NOT NULL,
        progress TEXT NOT NULL CHECK (progress IN ('pending', 'done', 'refused')), reason TEXT NOT NULL DEFAULT ''
    ) STRICT;
    CREATE INDEX IF NOT EXISTS commands_pending ON commands (due) WHERE progress = 'pending';
"""
#: How long a process waits for another's write, in seconds.
_PATIENCE: Final = 10.0


class SimulatedHeadEnd:
    """Answers `payments.ports.HeadEnd`; a meter that was never spoken to is on.

    Args:
        folder: where it remembers; None: below the home of the installation.
        delay, refusals, lost, press: instead of the settings.

    Raises:
        SettingInvalid: when a setting is no number of its kind.
    """

    def __init__(
        self,
        folder: Path | None = None,
        *,
        delay: float | None = None,
        refusals: float | None = None,
        lost: float | None = None,
        press: float | None = None,
    ) -> None:
        self._folder = folder
        self.delay = _figure("GRIDHALL_HEADEND_DELAY", 3, 86_400) if delay is None else delay
        self.refusals = _figure("GRIDHALL_HEADEND_REFUSALS", 0, 1) if refusals is None else refusals
        self.lost = _figure("GRIDHALL_HEADEND_LOST", 0, 1) if lost is None else lost
        self.press_after = _figure("GRIDHALL_HEADEND_PRESS", 20, 86_400) if press is None else press

    def send(self, order: SwitchOrder, *, now: datetime) -> HeadEndAnswer:
        """Take a command; see `payments.ports.HeadEnd.send`."""
        with self._open(now) as state:
            row = state.execute("SELECT sent FROM commands WHERE key = ?", [order.key]).fetchone()
            if row is None:
                refused = _chance(order.key, "refused") < self.refusals
                state.execute(
                    "INSERT INTO commands (key, meter, relay, due, sent, progress, reason)"
                    " VALUES (?, ?, ?, ?, 1, ?, ?)",
                    [
                        order.key, order.meter, order.relay.value, now.timestamp() + self.delay,
                        "refused" if refused else "pending", "meter_busy" if refused else "",
                    ],
                )  # fmt: skip
            else:
                state.execute("UPDATE commands SET sent = sent + 1 WHERE key = ?", [order.key])
                # What was refused for a passing reason is tried again.
                state.execute(
                    "UPDATE commands SET progress = 'pending', reason = '', due = ?"
                    " WHERE key = ? AND progress = 'refused' AND reason = 'meter_busy'",
                    [now.timestamp() + self.delay, order.key],
                )
            answer = _answer(state, order.key)
        if row is None and _chance(order.key, "lost") < self.lost:
            raise HeadEndUnavailable("The simulated head-end lost its answer.", path=order.meter)
        return answer

    def ask(self, key: str, *, now: datetime) -> HeadEndAnswer:
        """What became of a command."""
        with self._open(now) as state:
            return _answer(state, key)

    def cancel(self, key: str, *, now: datetime) -> HeadEndAnswer:
        """Take a command back that was not carried out yet."""
        with self._open(now) as state:
            state.execute(
                "UPDATE commands SET progress = 'refused', reason = 'cancelled' WHERE key = ? AND progress = 'pending'",
                [key],
            )
            return _answer(state, key)

    def read(self, meter: str, *, now: datetime) -> MeterReading:
        """What a meter's relay is."""
        with self._open(now) as state:
            row = state.execute("SELECT relay FROM meters WHERE meter = ?", [meter]).fetchone()
        return MeterReading(Relay(row[0]) if row else Relay.ON, now)

    def press(self, meter: str, *, now: datetime) -> bool:
        """The customer presses the meter's button: whether that closed the relay."""
        with self._open(now) as state:
            pressed = state.execute(
                "UPDATE meters SET relay = 'on', since = ? WHERE meter = ? AND relay = 'allowed'",
                [now.timestamp(), meter],
            )
            return pressed.rowcount > 0

    @contextmanager
    def _open(self, now: datetime) -> Iterator[sqlite3.Connection]:
        """The state as of now, in one transaction: what has come due by then has happened."""
        folder = self._folder or _home()
        folder.mkdir(parents=True, exist_ok=True)
        with closing(sqlite3.connect(folder / "state.sqlite", timeout=_PATIENCE, isolation_level=None)) as state:
            state.execute("PRAGMA journal_mode = WAL")
            state.executescript(_TABLES)
            state.execute("BEGIN IMMEDIATE")
            try:
                self._happen(state, now.timestamp())
                yield state
                state.execute("COMMIT")
            except BaseException:
                state.execute("ROLLBACK")
                raise

    def _happen(self, state: sqlite3.Connection, now: float) -> None:
        due = state.execute(
            "SELECT key, meter, relay, due FROM commands WHERE progress = 'pending' AND due <= ? ORDER BY due, key",
            [now],
        ).fetchall()
        for key, meter, relay, at in due:
            known = state.execute("SELECT relay FROM meters WHERE meter = ?", [meter]).fetchone()
            # A relay that is closed stays closed when the button is allowed.
            found = "on" if relay == "allowed" and (known is None or known[0] == "on") else relay
            state.execute("INSERT OR REPLACE INTO meters (meter, relay, since) VALUES (?, ?, ?)", [meter, found, at])
            state.execute("UPDATE commands SET progress = 'done' WHERE key = ?", [key])
        if self.press_after:
            state.execute(
                "UPDATE meters SET relay = 'on', since = since + ? WHERE relay = 'allowed' AND since + ? <= ?",
                [self.press_after, self.press_after, now],
            )


def _answer(state: sqlite3.Connection, key: str) -> HeadEndAnswer:
    row = state.execute("SELECT progress, reason FROM commands WHERE key = ?", [key]).fetchone()
    return HeadEndAnswer(Progress(row[0]), row[1]) if row else HeadEndAnswer(Progress.UNKNOWN)


def _chance(key: str, of: str) -> float:
    """A number from 0 up to 1 that follows from a key."""
    return int.from_bytes(hashlib.sha256(f"{of}:{key}".encode()).digest()[:6], "big") / 2**48


def _figure(name: str, otherwise: float, most: float) -> float:
    text = os.environ.get(name, "").strip()
    try:
        value = float(text) if text else otherwise
    except ValueError:
        value = -1
    if not 0 <= value <= most:
        raise SettingInvalid(f"The setting {name} is out of bounds.", path=name, remedy=f"It is from 0 to {most:g}.")
    return value


def _home() -> Path:
    from django.conf import settings

    return Path(settings.HOME) / "simulated_headend"
