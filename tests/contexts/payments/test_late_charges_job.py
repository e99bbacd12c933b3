"""Guards: the nightly job assesses whoever it may concern, and nobody is charged twice by a second run."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import transaction
from tests.contexts.payments.conftest import ACT, NOW

from gridhall.contexts.payments import operations, queries
from gridhall.contexts.payments.models import LateCharge
from gridhall.contexts.payments.types import Part
from gridhall.runtime import jobs
from gridhall.runtime.jobs import registry
from gridhall.runtime.jobs.queue import enqueue

LONG_AGO = NOW - timedelta(days=60)


def run(day: date, at: datetime) -> dict:
    registry.load()
    number = enqueue("late_charges", {"day": day.isoformat()}, by="schedule", at=at)
    jobs.run_now(number, now=lambda: at)
    found = jobs.show(number)
    assert found.error is None
    return dict(found.result)


def receive(till, account: int, fen: int, paid_at: datetime, now: datetime) -> None:
    with transaction.atomic():
        operations.take(
            [Part(till.accounts[account].pk, fen)], gateway="demo", method="m", reference=f"R{account}{fen}",
            organisation=till.organisation.pk, paid_at=paid_at, now=now, actor="cli:test",
        )  # fmt: skip


@pytest.mark.django_db(transaction=True)
def test_each_night_those_are_assessed_whose_charges_may_have_changed(make_till):
    with transaction.atomic():
        till = make_till()
    till.bill(0, 1, 100_000, LONG_AGO)  # overdue
    till.bill(1, 1, 100_000, LONG_AGO)  # paid in time
    till.bill(2, 1, 100_000, NOW)  # not due yet
    receive(till, 1, 100_000, LONG_AGO, LONG_AGO)
    first = datetime(2026, 3, 1, 17, 40, tzinfo=UTC)
    day = date(2026, 3, 2)
    assert run(day, first) == {"accounts": 2, "changed": 1}
    charged = till.balance(0) - 100_000
    assert charged > 0
    assert run(day, first)["changed"] == 0
    # A week later only the one that is overdue, and nothing for the others, which did not move.
    assert queries.to_assess(date(2026, 3, 8), since=first + timedelta(days=5)) == [till.accounts[0].pk]
    assert run(date(2026, 3, 9), first + timedelta(days=7))["changed"] == 1
    # It had been paid in time: the bank was late. All is taken back the next night.
    receive(till, 0, 100_000, LONG_AGO, first + timedelta(days=7, hours=5))
    assert run(date(2026, 3, 10), first + timedelta(days=8))["changed"] == 1
    assert (till.balance(0), sum(LateCharge.objects.values_list("amount_fen", flat=True))) == (0, 0)
    assert operations.assess([account.pk for account in till.accounts], date(2026, 3, 9), act=ACT) == 0
