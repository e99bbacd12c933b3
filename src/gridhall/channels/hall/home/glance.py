"""What the home page says: what is owed, what is being used, whether the supply is all right, what is new."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final, Literal

from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from gridhall.channels.hall.home.scale import Bar, Part, Scale, bars, split, tier_scale
from gridhall.channels.web import formats
from gridhall.contexts.billing.queries import Owing, OwnBill, Running
from gridhall.contexts.identity.types import Home, Right

#: Names of periods of the day that the page has a colour and a word for.
_PERIODS: Final = ("critical", "peak", "flat", "valley")
#: A change of less than this, in per cent, is called the same.
_SAME: Final = 3


@dataclass(frozen=True)
class Owe:
    """The first card.

    Attributes:
        kind: ``owed``, ``nothing``, ``elsewhere`` (another customer's account settles), ``unbilled`` (no bill yet).
        amount_fen: owed for this home; with ``nothing`` a credit where it is negative.
        newest: the newest live bill.
        days_left: until it is due; negative when that has passed.
        older_fen: what is owed from bills before.
        homes, account_fen: the account settles so many, and owes so much in all; 0 where it settles this one only.
    """

    kind: Literal["owed", "nothing", "elsewhere", "unbilled"]
    amount_fen: int
    newest: OwnBill | None
    days_left: int
    older_fen: int
    homes: int
    account_fen: int

    @property
    def credit_fen(self) -> int:
        """What stands in the customer's favour."""
        return max(-self.amount_fen, 0)

    @property
    def when(self) -> str:
        """The due date as people say it."""
        if self.days_left > 0:
            return ngettext("%(days)s day left", "%(days)s days left", self.days_left) % {"days": self.days_left}
        if self.days_left == 0:
            return _("due today")
        late = -self.days_left
        return ngettext("%(days)s day overdue", "%(days)s days overdue", late) % {"days": late}

    @property
    def tone(self) -> str:
        """How urgent that is, as a badge says it."""
        return "bad" if self.days_left < 0 else "warn" if self.days_left <= 3 else "good"


def owe(home: Home, bills: Sequence[OwnBill], accounts: Sequence[Owing], today: date) -> Owe:
    """What is owed for a home, from the ledger; for a shared reader from the bills that they may see."""
    live = [bill for bill in bills if bill.live]
    newest = live[0] if live else None
    settling = accounts[0] if accounts else None
    elsewhere = settling is not None and settling.now and not settling.own
    amount = sum(each.balance_fen if each.alone and home.owner else each.here_fen for each in accounts if each.own)
    shared = settling is not None and settling.own and settling.usage_points > 1 and home.owner
    kind: Literal["owed", "nothing", "elsewhere", "unbilled"]
    if elsewhere:
        kind, amount = "elsewhere", newest.total_fen if newest else 0
    elif newest is None and amount == 0:
        kind = "unbilled"
    else:
        kind = "owed" if amount > 0 else "nothing"
    return Owe(
        kind=kind,
        amount_fen=amount,
        newest=newest,
        days_left=(newest.due - today).days if newest else 0,
        older_fen=max(amount - newest.total_fen, 0) if newest else 0,
        homes=settling.usage_points if shared and settling else 0,
        account_fen=settling.balance_fen if shared and settling else 0,
    )


@dataclass(frozen=True)
class Use:
    """The second card: one running month in figures, a drawing and a sentence or two of plain words.

    Attributes:
        charges_fen: None for somebody who may not see amounts.
        fresh: up to when readings are known; ``late_days`` how many whole days are missing up to today.
        scale: None where the price has no tiers; then ``told``, ``counted`` and ``tier`` are empty. ``told`` is the
            scale in words, ``counted`` what counts against it and over what.
        fed: what was fed into the grid, and earned by it; empty for most.
        compared: this month and the same days of the last, where there are no tiers to show.
    """

    running: Running
    charges_fen: int | None
    fresh: str
    late_days: int
    scale: Scale | None
    tier: str
    told: str
    counted: str
    fed: str
    sentences: tuple[str, ...]
    compared: tuple[Bar, ...]
    periods: tuple[Part, ...]


def use(home: Home, running: Running | None, today: date) -> Use | None:
    """The running month as this person may see it; None where there is none, or part of it is not theirs to see."""
    if running is None or not home.may(Right.USAGE) or not home.sees(running.span.start):
        return None
    money = home.may(Right.BILLS)
    tiers = running.tiers if running.tiers is not None and home.sees(running.tiers.since) else None
    scale = None
    if tiers is not None and tiers.limits_wh:
        names = [tier_name(tier) for tier in range(1, len(tiers.limits_wh) + 2)]
        figures = [formats.energy(limit, 0) for limit in tiers.limits_wh]
        figures[-1] += " kWh"
        scale = tier_scale(tiers.limits_wh, figures, names, tiers.used_wh, tiers.forecast_wh)
    before = (running.span.start - timedelta(days=1)).replace(day=1)
    same = running.same_days_wh if home.sees(before) else None
    now = tier_name(tiers.now) if scale and tiers else ""
    end = tier_name(tiers.at_end) if scale and tiers and tiers.at_end else ""
    return Use(
        running=running,
        charges_fen=running.charges_fen if money else None,
        fresh=as_of(running.as_of, today),
        late_days=0 if running.as_of is None else (today - running.as_of).days - 1,
        scale=scale,
        tier=now,
        told=_told(running, now, end) if scale else "",
        counted=_over_what(running) if scale else "",
        fed=_fed(running, money=money),
        sentences=tuple(_sentences(running, scale is not None, money, same, today)),
        compared=bars([running.energy_wh, same]) if scale is None and same is not None else (),
        periods=_periods(running),
    )


def tier_name(tier: int) -> str:
    """The name of a tier, counted from 1."""
    names = {
        1: pgettext("tier of the price", "first tier"),
        2: pgettext("tier of the price", "second tier"),
        3: pgettext("tier of the price", "third tier"),
    }
    return names.get(tier) or pgettext("tier of the price", "tier %s") % tier


def as_of(day: date | None, today: date) -> str:
    """Up to when readings are known, as people say it."""
    if day is None:
        return _("no readings in the last two months")
    if day == today - timedelta(days=1):
        return _("as of yesterday 24:00")
    return _("as of %(day)s 24:00") % {"day": formats.short_day(day)}


def _sentences(running: Running, tiered: bool, money: bool, same: int | None, today: date) -> list[str]:
    """What the figures mean: the end of the month, the next tier, or how it compares."""
    found = []
    whole = running.span.end is not None and running.span.end > today
    if running.forecast_wh is not None and whole:
        values = {"kwh": formats.energy(running.forecast_wh, 0)}
        if money and running.forecast_fen is not None:
            values["money"] = _about(running.forecast_fen)
            text = _("At this pace about %(money)s (%(kwh)s kWh) by the end of the month.")
            if tiered and running.tiers is not None and running.tiers.at_end:
                values["tier"] = tier_name(running.tiers.at_end)
                text = _("At this pace about %(money)s (%(kwh)s kWh) by the end of the month, in the %(tier)s.")
        else:
            text = _("At this pace about %(kwh)s kWh by the end of the month.")
        found.append(text % values)
    tiers = running.tiers
    if tiered and tiers is not None:
        if tiers.left_wh is None:
            found.append(_("You are in the highest tier: every further kWh costs the most."))
        elif tiers.at_end is not None and tiers.at_end > tiers.now:
            values = {"kwh": formats.energy(tiers.left_wh, 0), "tier": tier_name(tiers.now + 1)}
            found.append(_("Another %(kwh)s kWh, and the dearer %(tier)s begins this month.") % values)
        else:
            values = {"kwh": formats.energy(tiers.left_wh, 0), "tier": tier_name(tiers.now + 1)}
            found.append(_("%(kwh)s kWh are left before the %(tier)s begins.") % values)
    elif same is not None and same > 0:
        found.append(_change(running.energy_wh, same))
    return found


def _about(fen: int) -> str:
    """An amount without its fen: a forecast is not known to the fen."""
    sign = "-" if fen < 0 else ""
    return f"{sign}¥{formats.number(round(abs(fen) / 100), 0)}"


def _change(now: int, then: int) -> str:
    percent = round((now - then) * 100 / then)
    if abs(percent) < _SAME:
        return _("About as much as on the same days of last month.")
    if percent > 0:
        return _("%(percent)s %% more than on the same days of last month.") % {"percent": formats.number(percent, 0)}
    return _("%(percent)s %% less than on the same days of last month.") % {"percent": formats.number(-percent, 0)}


def _told(running: Running, now: str, end: str) -> str:
    """The scale in words, for those who cannot see it."""
    tiers = running.tiers
    assert tiers is not None
    values = {"kwh": formats.energy(tiers.used_wh, 0), "now": now, "end": end}
    text = _("%(kwh)s kWh counted so far: %(now)s.")
    if end:
        text = _("%(kwh)s kWh counted so far: %(now)s. Expected at the end of the month: %(end)s.")
    limits = ", ".join(f"{formats.energy(limit, 0)} kWh" for limit in tiers.limits_wh)
    return f"{text % values} {_('Tiers end at %(limits)s.') % {'limits': limits}}"


def _over_what(running: Running) -> str:
    """What the tiers count, and over what."""
    tiers = running.tiers
    assert tiers is not None
    values = {"kwh": formats.energy(tiers.used_wh, 0), "day": formats.short_day(tiers.since)}
    if tiers.basis == "year":
        return _("%(kwh)s kWh since %(day)s; tiers count over a year") % values
    if tiers.basis == "season":
        return _("%(kwh)s kWh since %(day)s; tiers count over a season") % values
    return _("tiers count over a month")


def _fed(running: Running, *, money: bool) -> str:
    if not running.export_wh:
        return ""
    values = {"kwh": formats.energy(running.export_wh)}
    earned = -(running.separate_fen or 0)
    if not money or earned <= 0:
        return _("%(kwh)s kWh of your own power went into the grid.") % values
    values["amount"] = _about(earned)
    return _("%(kwh)s kWh of your own power went into the grid; about %(amount)s are paid to you for it.") % values


def _periods(running: Running) -> tuple[Part, ...]:
    known = dict(running.periods)
    if len(known) < 2 or not set(known) <= set(_PERIODS):
        return ()
    names = {
        "critical": pgettext("period of the day", "critical peak"),
        "peak": pgettext("period of the day", "peak"),
        "flat": pgettext("period of the day", "flat"),
        "valley": pgettext("period of the day", "valley"),
    }
    return split([(role, names[role], known[role]) for role in _PERIODS if role in known])
