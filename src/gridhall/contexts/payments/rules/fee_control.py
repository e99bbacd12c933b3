"""Smart fee control: how far a balance has fallen, and what may be done about it now. Pure.

The house decides in steps that each need the one before: a written notice some days ahead, a person's approval, a final
notice half an hour ahead, then the cut-off; and at every step the cause must still be there, nobody protected may be
behind the meter, and the reading that says so must be fresh. Source: the supply regulations' rules on cut-offs for
arrears (overdue for over 30 days; notice 3 to 7 days before, and again 30 minutes before), with the utility's figures.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import IntEnum, StrEnum
from typing import Annotated, Final

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, Field

Ints = npt.NDArray[np.int64]


class Part(BaseModel):
    """A part of the rules: closed, so that a mistyped key is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Warnings(Part):
    """At which balance a customer is warned, in fen; an agreement may name its own for the first."""

    first_fen: int
    second_fen: int


class CutOff(Part):
    """When supply may be cut off.

    Attributes:
        below_fen: prepaid supply has a cause when its balance is below this.
        overdue_days: supply on credit has a cause when something has been overdue for so long.
        restored_fen: the cause is gone from this balance on.
        fresh_days: the newest complete day of readings is at most so many days old.
        least_days, most_days: between the written notice and the cut-off; a notice that is older has lapsed.
        final_minutes: at least, between the final notice and the cut-off; ``final_lasts_minutes`` at most.
        weekdays: 1 Monday to 7 Sunday. ``first_hour``, ``last_hour``: clock times of the utility.
        on_days_off, before_days_off: whether on, and on the eve of, a day that is not worked.
        approval: whether a person has to approve each one.
        rejected_days: so long nothing is begun again after a person has rejected it.
    """

    below_fen: int
    overdue_days: int = Field(ge=0)
    restored_fen: int
    fresh_days: int = Field(ge=1)
    least_days: int = Field(ge=1)
    most_days: int = Field(ge=1)
    final_minutes: int = Field(ge=0)
    final_lasts_minutes: int = Field(ge=1)
    weekdays: frozenset[Annotated[int, Field(ge=1, le=7)]]
    first_hour: time
    last_hour: time
    on_days_off: bool
    before_days_off: bool
    approval: bool
    rejected_days: int = Field(ge=0)


class Reconnection(Part):
    """Whether the customer has to press the meter's button, and for how long that is possible."""

    button: bool
    button_hours: int = Field(ge=1)


class Switching(Part):
    """How often a command is sent, with which pauses, and after how many seconds silence counts as no answer."""

    tries: int = Field(ge=1)
    pauses_seconds: tuple[Annotated[int, Field(ge=1)], ...] = Field(min_length=1)
    answer_seconds: int = Field(ge=1)


class FeeControlRules(Part):
    """``rules/fee_control.yaml``."""

    warnings: Warnings
    cut_off: CutOff
    reconnection: Reconnection
    switching: Switching


class Level(IntEnum):
    """How far a balance has fallen; ``UNKNOWN`` where it cannot be said, and then nothing follows from it."""

    UNKNOWN = -1
    FINE = 0
    LOW = 1
    VERY_LOW = 2
    SPENT = 3


class Mode(StrEnum):
    """How supply is paid: before or after it is used."""

    PREPAID = "prepaid"
    CREDIT = "credit"


def levels(balance: Ints, known: Ints, prepaid: Ints, overdue: Ints, first: Ints, rules: FeeControlRules) -> Ints:
    """The level of each balance; arrays of equal length, for any number at once.

    Args:
        balance: in fen, with the unbilled charges taken off; on credit, too.
        known: whether the unbilled charges could be computed.
        prepaid: whether supply is paid before it is used.
        overdue: what has been overdue for `CutOff.overdue_days`, in fen; counts on credit only.
        first: the balance at which the customer is warned first, in fen.

    >>> from gridhall.contexts.payments.rules.fee_control import _EXAMPLE as rules
    >>> def at(*fen): return np.array(fen)
    >>> yes, no = at(1, 1, 1, 1), at(0, 0, 0, 0)
    >>> levels(at(9000, 2000, 500, -1), yes, yes, no, at(3000, 3000, 3000, 3000), rules)
    array([0, 1, 2, 3])
    """
    spent = np.where(prepaid != 0, balance < rules.cut_off.below_fen, overdue > 0)
    # Who pays after use is below nothing most of the month: only what is overdue is low.
    warned = (prepaid != 0) & (balance < first)
    again = (prepaid != 0) & (balance < rules.warnings.second_fen)
    found = np.where(spent, Level.SPENT, np.where(again, Level.VERY_LOW, np.where(warned, Level.LOW, Level.FINE)))
    return np.where(known != 0, found, Level.UNKNOWN).astype(np.int64)


class Stage(StrEnum):
    """How far a cut-off is; the words are stored."""

    NOTICED = "noticed"
    APPROVED = "approved"
    ANNOUNCED = "announced"
    CUTTING = "cutting"
    OFF = "off"
    RESTORING = "restoring"
    CLOSED = "closed"


class Move(StrEnum):
    """What is done next."""

    NOTHING = "nothing"
    NOTICE = "notice"
    LAPSE = "lapse"
    FINAL_NOTICE = "final_notice"
    CUT_OFF = "cut_off"
    CLOSE = "close"


class Wait(StrEnum):
    """Why nothing more is done now; stable codes, shown in words."""

    NO_CAUSE = "no_cause"
    PROTECTED = "protected"
    READING_OLD = "reading_old"
    REJECTED = "rejected"
    NOTICE_DAYS = "notice_days"
    APPROVAL = "approval"
    WEEKDAY = "weekday"
    HOURS = "hours"
    DAY_OFF = "day_off"
    EVE = "eve"
    RED_ALERT = "red_alert"
    FINAL_MINUTES = "final_minutes"


@dataclass(frozen=True)
class Standing:
    """What is known of a usage point whose balance is spent, or was when a cut-off was begun.

    Attributes:
        cause: whether the cause is there now. ``protected``: whether it may never be cut off.
        newest: the newest complete day of readings; None: none is known.
        noticed_at, approved_at, final_at: moments of the case that is open; None: not yet.
        held_until: nothing is begun before this day, because a person has rejected it.
    """

    cause: bool
    protected: bool
    newest: date | None
    noticed_at: datetime | None = None
    approved_at: datetime | None = None
    final_at: datetime | None = None
    held_until: date | None = None


@dataclass(frozen=True)
class Present:
    """The moment of a decision.

    Attributes:
        at: in the utility's zone.
        works: whether a day is worked; a year that the calendar does not know counts as one without working days.
        red_alert: whether a red weather alert is on where the usage point is.
    """

    at: datetime
    works: Callable[[date], bool]
    red_alert: bool = False


@dataclass(frozen=True)
class Decision:
    """What to do, or why nothing."""

    move: Move
    waits: tuple[Wait, ...] = ()


def decide(standing: Standing, present: Present, rules: CutOff) -> Decision:
    """The next step towards a cut-off, or away from it.

    Every call looks at everything again: a protection registered or a reading grown old between notice and cut-off
    stops it.
    """
    begun = standing.noticed_at is not None
    if not standing.cause:
        return Decision(Move.CLOSE if begun else Move.NOTHING, (Wait.NO_CAUSE,))
    if standing.protected:
        return Decision(Move.CLOSE if begun else Move.NOTHING, (Wait.PROTECTED,))
    today = present.at.date()
    if standing.newest is None or (today - standing.newest).days > rules.fresh_days:
        return Decision(Move.NOTHING, (Wait.READING_OLD,))
    if standing.noticed_at is None:
        if standing.held_until is not None and today < standing.held_until:
            return Decision(Move.NOTHING, (Wait.REJECTED,))
        return Decision(Move.NOTICE)
    if present.at > standing.noticed_at + timedelta(days=rules.most_days):
        return Decision(Move.LAPSE)
    waits: list[Wait] = []
    if present.at < standing.noticed_at + timedelta(days=rules.least_days):
        waits.append(Wait.NOTICE_DAYS)
    if rules.approval and standing.approved_at is None:
        waits.append(Wait.APPROVAL)
    if waits:
        return Decision(Move.NOTHING, tuple(waits))
    final = standing.final_at
    if final is not None and present.at > final + timedelta(minutes=rules.final_lasts_minutes):
        final = None
    cut_at = present.at if final is not None else present.at + timedelta(minutes=rules.final_minutes)
    if closed := _closed(present, cut_at, rules):
        return Decision(Move.NOTHING, closed)
    if final is None:
        return Decision(Move.FINAL_NOTICE)
    if present.at < final + timedelta(minutes=rules.final_minutes):
        return Decision(Move.NOTHING, (Wait.FINAL_MINUTES,))
    return Decision(Move.CUT_OFF)


def _closed(present: Present, cut_at: datetime, rules: CutOff) -> tuple[Wait, ...]:
    """Why no supply may be cut off at a moment, which begins with the present."""
    day, waits = cut_at.date(), []
    if cut_at.isoweekday() not in rules.weekdays:
        waits.append(Wait.WEEKDAY)
    if not rules.first_hour <= present.at.time() or not cut_at.time() < rules.last_hour or day != present.at.date():
        waits.append(Wait.HOURS)
    if not rules.on_days_off and not present.works(day):
        waits.append(Wait.DAY_OFF)
    if not rules.before_days_off and not present.works(day + timedelta(days=1)):
        waits.append(Wait.EVE)
    if present.red_alert:
        waits.append(Wait.RED_ALERT)
    return tuple(waits)


#: Figures for the examples of this module.
_EXAMPLE: Final = FeeControlRules(
    warnings=Warnings(first_fen=3000, second_fen=1000),
    cut_off=CutOff(
        below_fen=0, overdue_days=30, restored_fen=0, fresh_days=2, least_days=3, most_days=7, final_minutes=30,
        final_lasts_minutes=240, weekdays=frozenset({1, 2, 3, 4}), first_hour=time(9), last_hour=time(15),
        on_days_off=False, before_days_off=False, approval=True, rejected_days=14,
    ),
    reconnection=Reconnection(button=True, button_hours=48),
    switching=Switching(tries=5, pauses_seconds=(2, 5, 15), answer_seconds=20),
)  # fmt: skip
