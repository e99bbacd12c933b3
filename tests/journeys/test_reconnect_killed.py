"""Guards the promise that no reconnection is forgotten: homes in the dark pay, the worker is killed again and again at
any moment, the head-end refuses and loses answers; every one of them has light in the end, and nobody twice."""

import random
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest
from django.db import transaction
from tests.conftest import Installation
from tests.contexts.payments.conftest import till_of
from tests.world import connected_to

HOMES, KILLS = 20, 6


@pytest.fixture
def street(installation: Installation, django_db_blocker: Any) -> Iterator[Any]:
    """Homes whose supply is off, behind a simulated head-end that is not to be relied on."""
    installation.env |= {
        "GRIDHALL_HEADEND_DELAY": "0.7", "GRIDHALL_HEADEND_REFUSALS": "0.3", "GRIDHALL_HEADEND_LOST": "0.3",
        "GRIDHALL_HEADEND_PRESS": "1",
    }  # fmt: skip
    with django_db_blocker.unblock(), connected_to(installation.database, installation.home):
        with transaction.atomic():
            till = till_of(HOMES)
        _switch_off(till, installation)
        yield till


def _switch_off(till: Any, installation: Installation) -> None:
    from gridhall.contexts.metering.models import Meter, MeterInstallation
    from gridhall.contexts.payments.models import FeeCase, FeeState, SwitchCommand
    from gridhall.contexts.payments.operations.fee_control import agree
    from gridhall.contexts.payments.ports import Relay, SwitchOrder
    from gridhall.contexts.payments.types import Mode
    from gridhall.integrations.simulated_headend.headend import SimulatedHeadEnd
    from gridhall.runtime.audit import Act

    then = datetime.now(UTC) - timedelta(hours=1)
    head_end = SimulatedHeadEnd(installation.home / "simulated_headend", delay=0, refusals=0, lost=0, press=0)
    for at, agreement in enumerate(till.agreements):
        point = agreement.usage_point_id
        meter = Meter.objects.create(serial=f"M{at}")
        MeterInstallation.objects.create(meter=meter, usage_point_id=point, span=(then - timedelta(days=9), None))
        control = agree(point, agreement.customer_id, Mode.PREPAID, act=Act("test", then))
        FeeState.objects.create(
            usage_point_id=point, control_id=control, organisation=till.organisation, account=till.accounts[at],
            prepaid=True, money_fen=0, overdue_fen=0, unbilled_fen=500, balance_fen=-500, energy_wh=0, level=3,
            as_of_date=then.date(), computed_at=then,
        )  # fmt: skip
        case = FeeCase.objects.create(
            usage_point_id=point, control_id=control, organisation=till.organisation, stage="off", noticed_at=then,
            approved_at=then, final_at=then, off_at=then,
        )  # fmt: skip
        SwitchCommand.objects.create(
            key=f"off-{at}", usage_point_id=point, case=case, organisation=till.organisation, meter=f"M{at}",
            action="off", state="done", asked_at=then, ended_at=then,
        )  # fmt: skip
        head_end.send(SwitchOrder(f"off-{at}", f"M{at}", Relay.OFF), now=then)
        assert head_end.read(f"M{at}", now=then + timedelta(seconds=1)).relay is Relay.OFF


def test_everybody_who_paid_has_light_however_often_the_worker_dies(installation: Installation, street: Any) -> None:
    from gridhall.contexts.payments.operations import receiving
    from gridhall.contexts.payments.types import Part

    chance, now = random.Random(7), datetime.now(UTC)
    for at, account in enumerate(street.accounts):
        with transaction.atomic():
            receiving.take(
                [Part(account.pk, 600)], gateway="demo", method="demo.link", reference=f"R{at}",
                organisation=street.organisation.pk, paid_at=now, now=now, actor="gateway:demo",
            )  # fmt: skip
    worker = installation.start("worker")
    with psycopg.connect(installation.url, autocommit=True) as line:
        for _ in range(KILLS):
            _until(line, "SELECT count(*) > 0 FROM procrastinate_workers")
            time.sleep(chance.uniform(0.2, 2.5))
            installation.kill(worker)
            worker = installation.start("worker")
        try:
            _until(line, "SELECT count(*) = 0 FROM payments_feecase WHERE closed_at IS NULL", 150)
        finally:
            installation.kill(worker)
        closed = line.execute("SELECT DISTINCT stage, closed_because FROM payments_feecase").fetchall()
        assert closed == [("closed", "reconnected")]
        for kind in ("paid", "reconnect_ordered", "reconnected"):
            row = line.execute(
                "SELECT count(*), count(DISTINCT usage_point_id) FROM payments_feestep WHERE kind = %s", [kind]
            ).fetchone()
            assert row == (HOMES, HOMES), kind
        assert line.execute("SELECT count(*) FROM payments_switchcommand WHERE ended_at IS NULL").fetchone() == (0,)
        off = line.execute("SELECT count(*) FROM accounts_usagepoint WHERE status = 'disconnected'").fetchone()
        assert off == (0,)


def _until(line: Any, question: str, seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        row = line.execute(question).fetchone()
        if row and row[0]:
            return
        time.sleep(0.1)
    raise AssertionError(
        line.execute("SELECT action, state, trouble, count(*) FROM payments_switchcommand GROUP BY 1, 2, 3").fetchall()
    )
