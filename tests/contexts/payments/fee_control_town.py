"""A street under fee control: customers with a balance each, meters behind a head-end that fails as it is told."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from django.db import transaction
from tests.contexts.payments.conftest import Till, till_of

from gridhall.contexts.metering.models import Meter, MeterInstallation
from gridhall.contexts.payments import ports
from gridhall.contexts.payments.models import FeeCase, FeeState, FeeStep, SwitchCommand
from gridhall.contexts.payments.operations import fee_control, fee_control_cases, fee_control_switching, receiving
from gridhall.contexts.payments.ports import HeadEndAnswer, MeterReading, Relay, SwitchOrder
from gridhall.contexts.payments.rules.fee_control import Level, Mode
from gridhall.contexts.payments.types import Part
from gridhall.integrations.simulated_headend.headend import SimulatedHeadEnd
from gridhall.runtime import outbox
from gridhall.runtime.audit import Act

ZONE = ZoneInfo("Asia/Shanghai")
#: A Wednesday morning; the Monday after it is the first on which a notice of today has waited long enough.
WEDNESDAY = datetime(2026, 3, 4, 9, 30, tzinfo=ZONE)
MONDAY = datetime(2026, 3, 9, 10, 0, tzinfo=ZONE)


class FaultyHeadEnd:
    """The simulated one; functions put into ``faults`` are called before, or instead of, what they are named for."""

    def __init__(self, folder: Path, delay: float = 2) -> None:
        self.true = SimulatedHeadEnd(folder, delay=delay, refusals=0, lost=0, press=0)
        self.faults: dict[str, list[Callable[..., Any]]] = {}
        self.sent: list[SwitchOrder] = []

    def next(self, what: str, *faults: Callable[..., Any]) -> None:
        """The next calls of a method are answered by these, one each; they get what it got."""
        self.faults.setdefault(what, []).extend(faults)

    def send(self, order: SwitchOrder, *, now: datetime) -> HeadEndAnswer:
        self.sent.append(order)
        return self._called("send", order, now)

    def ask(self, key: str, *, now: datetime) -> HeadEndAnswer:
        return self._called("ask", key, now)

    def cancel(self, key: str, *, now: datetime) -> HeadEndAnswer:
        return self._called("cancel", key, now)

    def read(self, meter: str, *, now: datetime) -> MeterReading:
        return self._called("read", meter, now)

    def _called(self, what: str, about: Any, now: datetime) -> Any:
        if waiting := self.faults.get(what):
            return waiting.pop(0)(about, now)
        return getattr(self.true, what)(about, now=now)


@dataclass
class Street:
    """The street at a moment; ``point(n)`` is its n-th usage point's id."""

    till: Till
    head_end: FaultyHeadEnd
    now: datetime = WEDNESDAY
    controls: list[int] = field(default_factory=list)

    @property
    def act(self) -> Act:
        return Act("staff:test", self.now)

    def point(self, at: int) -> int:
        return self.till.agreements[at].usage_point_id

    def stock(self, at: int, balance: int, *, newest: date | None = None, prepaid: bool = True) -> None:
        """What stock-taking finds: the balance is what was not billed yet, so the ledger stays as it is."""
        FeeState.objects.filter(usage_point_id=self.point(at)).delete()
        paid = -sum(
            entry.amount_fen for entry in self.till_entries(at) if entry.kind in ("receipt", "refund", "chargeback")
        )
        FeeState.objects.create(
            usage_point_id=self.point(at), control_id=self.controls[at], organisation=self.till.organisation,
            account=self.till.accounts[at], prepaid=prepaid, money_fen=paid, paid_fen=paid, overdue_fen=0,
            unbilled_fen=paid - balance, balance_fen=balance, energy_wh=0, warned=0, computed_at=self.now,
            as_of_date=newest or self.now.date() - timedelta(days=1),
            level=Level.SPENT if balance < 0 else Level.FINE,
        )  # fmt: skip

    def till_entries(self, at: int) -> Any:
        from gridhall.contexts.billing.models import LedgerEntry

        return LedgerEntry.objects.filter(account=self.till.accounts[at])

    def pay(self, at: int, fen: int, reference: str = "R1") -> None:
        """Money comes in; who hears of it is told when the outbox is delivered."""
        with transaction.atomic():
            receiving.take(
                [Part(self.till.accounts[at].pk, fen)], gateway="demo", method="demo.link", reference=reference,
                organisation=self.till.organisation.pk, paid_at=self.now, now=self.now, actor="gateway:demo",
            )  # fmt: skip

    def go(self, to: datetime) -> None:
        """Days pass: stock is fresh each day, and every step that is due is taken."""
        self.now = to
        FeeState.objects.update(as_of_date=to.date() - timedelta(days=1))
        fee_control_cases.advance(act=self.act)

    def wait(self, seconds: float, step: float = 0.5) -> None:
        """Seconds pass, the worker delivers."""
        end = self.now + timedelta(seconds=seconds)
        while self.now < end:
            self.now += timedelta(seconds=step)
            while outbox.deliver(lambda: self.now):
                pass

    def case(self, at: int = 0) -> FeeCase | None:
        return FeeCase.objects.filter(usage_point_id=self.point(at)).order_by("-id").first()

    def stage(self, at: int = 0) -> str:
        found = self.case(at)
        return found.stage if found else ""

    def relay(self, at: int = 0) -> Relay:
        return self.head_end.true.read(f"M{at}", now=self.now).relay

    def steps(self, at: int = 0) -> list[str]:
        return list(FeeStep.objects.filter(usage_point_id=self.point(at)).order_by("id").values_list("kind", flat=True))

    def commands(self, at: int = 0) -> list[tuple[str, str]]:
        found = SwitchCommand.objects.filter(usage_point_id=self.point(at)).order_by("id")
        return list(found.values_list("action", "state"))

    def ordered(self, at: int = 0) -> None:
        """All the way to the command that cuts supply off, which is not sent yet."""
        self.stock(at, -500)
        self.go(WEDNESDAY)
        case = self.case(at)
        assert case is not None
        assert case.stage == "noticed"
        fee_control_cases.approve(case.pk, "三次提醒未缴费", act=self.act)
        self.go(MONDAY)
        assert self.stage(at) == "announced"
        self.go(MONDAY + timedelta(minutes=31))
        assert self.stage(at) == "cutting"

    def cut(self, at: int = 0) -> None:
        """All the way to a home in the dark."""
        self.ordered(at)
        self.wait(10)
        assert (self.stage(at), self.relay(at)) == ("off", Relay.OFF)


def street_of(folder: Path, monkeypatch: Any, count: int = 2) -> Street:
    """A street whose customers pay before they use, each with a meter."""
    till = till_of(count)
    head_end = FaultyHeadEnd(folder)
    monkeypatch.setattr(fee_control_switching, "head_end", lambda: head_end)
    street = Street(till, head_end)
    for at, agreement in enumerate(till.agreements):
        meter = Meter.objects.create(serial=f"M{at}")
        MeterInstallation.objects.create(
            meter=meter, usage_point_id=agreement.usage_point_id, span=(datetime(2026, 1, 1, tzinfo=ZONE), None)
        )
        street.controls.append(
            fee_control.agree(agreement.usage_point_id, agreement.customer_id, Mode.PREPAID, act=street.act)
        )
    assert ports.head_end is not None
    return street
