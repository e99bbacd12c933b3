"""Steps, stages and reasons of fee control in the reader's language; hall and console say the same."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from gridhall.channels.web.formats import money
from gridhall.contexts.payments.queries.fee_control import Step

#: Icon, tone and what happened, by the kind of a step.
_STEPS = {
    "agreed": ("file-check", "", gettext_lazy("Fee control begins")),
    "warning_changed": ("bell", "", gettext_lazy("The first warning was changed")),
    "ended": ("file-off", "", gettext_lazy("Fee control ends")),
    "warning": ("bell", "warn", gettext_lazy("The balance is low")),
    "second_warning": ("bell-ringing", "warn", gettext_lazy("The balance is nearly used up")),
    "notice": ("mail-exclamation", "bad", gettext_lazy("Notice: supply will be cut off")),
    "approved": ("user-check", "", gettext_lazy("The cut-off was approved")),
    "rejected": ("user-x", "good", gettext_lazy("The cut-off was stopped by our staff")),
    "lapsed": ("clock-off", "", gettext_lazy("The notice has lapsed")),
    "stopped_paid": ("circle-check", "good", gettext_lazy("Paid: no cut-off")),
    "stopped_protected": ("shield-check", "good", gettext_lazy("Protected: no cut-off")),
    "final_notice": ("alarm", "bad", gettext_lazy("Final notice: cut-off in half an hour")),
    "cut_off_ordered": ("send", "bad", gettext_lazy("The meter is told to switch off")),
    "cut_off": ("plug-off", "bad", gettext_lazy("Supply is off")),
    "withdrawn": ("arrow-back-up", "", gettext_lazy("The cut-off was called off")),
    "paid": ("cash", "good", gettext_lazy("Payment received")),
    "gone_back": ("arrow-back-up", "warn", gettext_lazy("A payment went back")),
    "reconnect_ordered": ("send", "good", gettext_lazy("The meter is told to switch on")),
    "allowed": ("hand-click", "good", gettext_lazy("The meter may be switched on by its button")),
    "reconnected": ("plug", "good", gettext_lazy("Supply is on again")),
    "refused": ("alert-triangle", "warn", gettext_lazy("The meter system refused; we try again")),
    "reading_disagrees": ("alert-triangle", "warn", gettext_lazy("The meter says otherwise; we try again")),
    "work_order": ("tool", "warn", gettext_lazy("Our staff take care of the meter")),
}
#: Words of `queries.fee_control.STATES`, with their tone.
STATES = {
    "fine": ("good", gettext_lazy("In order")),
    "low": ("warn", gettext_lazy("Low balance")),
    "very_low": ("warn", gettext_lazy("Nearly used up")),
    "spent": ("bad", gettext_lazy("Used up")),
    "unknown": ("", gettext_lazy("Not known")),
    "noticed": ("warn", gettext_lazy("Notice given")),
    "approved": ("warn", gettext_lazy("Cut-off approved")),
    "announced": ("bad", gettext_lazy("Final notice given")),
    "cutting": ("bad", gettext_lazy("Being cut off")),
    "off": ("bad", gettext_lazy("Cut off")),
    "restoring": ("info", gettext_lazy("Being switched on")),
}
_WAITS = {
    "no_cause": gettext_lazy("There is no cause"),
    "protected": gettext_lazy("The home is protected"),
    "reading_old": gettext_lazy("There is no fresh reading"),
    "rejected": gettext_lazy("A person has stopped it"),
    "notice_days": gettext_lazy("The days of notice are running"),
    "approval": gettext_lazy("A person has to approve it"),
    "weekday": gettext_lazy("Not on this day of the week"),
    "hours": gettext_lazy("Not at this hour"),
    "day_off": gettext_lazy("Not on a day off"),
    "eve": gettext_lazy("Not before a day off"),
    "red_alert": gettext_lazy("Red weather alert"),
    "final_minutes": gettext_lazy("The half hour of the final notice is running"),
}


@dataclass(frozen=True)
class Said:
    """A step in words.

    Attributes:
        tone: ``good``, ``warn``, ``bad`` or nothing. ``more``: figures and reasons; ``told``: the customer was told.
    """

    at: datetime
    icon: str
    tone: str
    what: str
    more: str
    told: bool
    actor: str


def said(steps: Sequence[Step], *, staff: bool = False) -> list[Said]:
    """A timeline in words.

    Args:
        staff: with the reasons that staff gave.
    """
    return [_said(step, staff) for step in steps]


def waits(codes: Sequence[str]) -> list[str]:
    """Why nothing is done now."""
    return [str(_WAITS.get(code, code)) for code in codes]


def _said(step: Step, staff: bool) -> Said:
    icon, tone, what = _STEPS.get(step.kind, ("point", "", step.kind))
    more = []
    if isinstance(amount := step.details.get("amount_fen"), int):
        more.append(money(amount))
    if step.balance is not None:
        more.append(_("Balance %(amount)s") % {"amount": money(step.balance)})
    if staff and step.details.get("reason"):
        more.append(str(step.details["reason"]))
    return Said(step.at, icon, tone, str(what), " · ".join(more), step.message, step.actor)
