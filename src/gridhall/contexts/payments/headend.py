"""What switching needs from the outside world: the head-end that speaks to meters."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import cache
from typing import Protocol, cast

from gridhall.kernel.errors import GridhallError


class Relay(StrEnum):
    """The switch in a meter. ``ALLOWED``: open, and the customer may close it by the meter's button."""

    ON = "on"
    OFF = "off"
    ALLOWED = "allowed"


class Progress(StrEnum):
    """What a head-end knows of a command. ``UNKNOWN``: it never came there."""

    UNKNOWN = "unknown"
    PENDING = "pending"
    DONE = "done"
    REFUSED = "refused"


@dataclass(frozen=True)
class SwitchOrder:
    """A command to a meter.

    Attributes:
        key: names it; the same key again is the same command and is carried out once.
        meter: the number on its plate. ``relay``: what it shall be afterwards.
    """

    key: str
    meter: str
    relay: Relay


@dataclass(frozen=True)
class HeadEndAnswer:
    """What a head-end says of a command; ``reason`` is its own code where it refuses."""

    progress: Progress
    reason: str = ""


@dataclass(frozen=True)
class MeterReading:
    """What a meter says of itself."""

    relay: Relay
    at: datetime


class HeadEndUnavailable(GridhallError):
    """A head-end, or the meter behind it, did not answer; whether a command arrived is not known."""

    code = "head_end_unavailable"


class HeadEnd(Protocol):
    """The system that speaks to meters.

    States: a command is *pending* until the meter has carried it out (*done*) or it was *refused*. *Done* is the
    head-end's word; only a reading says what the relay is.

    Retries: `send` with the same key is the same command. Commands to one meter may be carried out in any order: who
    reverses one waits until the head-end is done with it. No method asks the clock: the moment is handed in.

    Audit: commands with their tries and answers stand in `SwitchCommand` and on the usage point's timeline.
    """

    def send(self, order: SwitchOrder, *, now: datetime) -> HeadEndAnswer:
        """This will hand a command over.

        Raises:
            HeadEndUnavailable: nothing was heard; it may have arrived nevertheless.
        """
        ...

    def ask(self, key: str, *, now: datetime) -> HeadEndAnswer:
        """What became of a command.

        Raises:
            HeadEndUnavailable: as it says.
        """
        ...

    def cancel(self, key: str, *, now: datetime) -> HeadEndAnswer:
        """This will take a command back that was not carried out yet: then it is *refused* for ``cancelled``.

        Raises:
            HeadEndUnavailable: as it says.
        """
        ...

    def read(self, meter: str, *, now: datetime) -> MeterReading:
        """What a meter's relay is, read from the meter now.

        Raises:
            HeadEndUnavailable: as it says.
        """
        ...


@cache
def head_end() -> HeadEnd:
    """The head-end of this utility; made once for each process."""
    from django.conf import settings
    from django.utils.module_loading import import_string

    return cast(HeadEnd, import_string(settings.HEAD_END)())
