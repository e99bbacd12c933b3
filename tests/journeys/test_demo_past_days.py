"""Guards the past of the demo: what its people paid stands in the demo gateway's own book, so that a day of the past
reconciles clean and closes; and one of its logins has a home that prepays and runs low."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection, transaction
from tests.world import NOW, World, inhabited

from gridhall.channels.cli import logins as printed
from gridhall.contexts.identity import queries as identity
from gridhall.contexts.payments.operations.closing import close_day
from gridhall.contexts.payments.operations.past import PastPayment
from gridhall.contexts.payments.operations.reconciling import take_statement
from gridhall.contexts.payments.ports import gateway
from gridhall.contexts.payments.queries.fee_control import watched
from gridhall.journeys.demo import paying
from gridhall.runtime.audit import Act
from gridhall.runtime.localtime import local_day

ACT = Act("staff:A1001", NOW)
DAYS = """
    SELECT value_date, count(*), sum(amount_fen) FROM payments_receipt
    WHERE gateway = 'demo' AND value_date < %s GROUP BY 1 HAVING bool_and(reference ~ '^D[0-9]+$') ORDER BY 1
"""


@pytest.fixture(scope="module")
def world(block: Any, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    home = tmp_path_factory.mktemp("past") / "home"
    with block.copy(home) as installation, django_db_blocker.unblock(), inhabited(installation) as found:
        yield found


@pytest.fixture(autouse=True)
def undone(world: World) -> Iterator[None]:
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def test_a_past_day_reconciles_clean_and_closes(world: World) -> None:
    with connection.cursor() as cursor:
        cursor.execute(DAYS, [local_day(NOW)])
        days = cursor.fetchall()
    assert len(days) > 100
    for day, count, fen in (days[0], days[len(days) // 2], days[-1]):
        content = gateway("demo").statement(day)
        found = take_statement("demo", day, content, act=ACT)
        assert (found.lines, found.matched, found.opened, found.posted) == (count, count, 0, 0)
        assert sum(line.amount_fen for line in gateway("demo").read_statement(content, day)) == fen
        close_day("demo", day, act=ACT)


def test_what_was_told_again_changes_nothing(world: World) -> None:
    demo = paying.gateway_of_the_past()
    assert demo is not None
    with connection.cursor() as cursor:
        cursor.execute(DAYS, [local_day(NOW)])
        day = cursor.fetchall()[0][0]
    before = gateway("demo").statement(day)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT reference, amount_fen, paid_at FROM payments_receipt WHERE gateway = 'demo' AND value_date = %s",
            [day],
        )
        rows = cursor.fetchall()
    again = [PastPayment("demo", "demo.link", name, 0, 0, None, fen + 1, at) for name, fen, at in rows]
    assert demo.keep_past(again) == 0
    assert demo.keep_past([]) == 0
    assert gateway("demo").statement(day) == before


def test_a_login_has_a_home_that_prepays_and_runs_low(world: World) -> None:
    with transaction.atomic():
        people = printed.ensure()
        owner = next(each for each in people if "余额不足" in each.detail)
        user = identity.recognised(owner.sign_in)
        assert user is not None
        homes = identity.homes_of(user, local_day(NOW))
        states = [found for home in homes if (found := watched(home.usage_point, home.customer, local_day(NOW)))]
        assert len(states) == 1
        assert 0 < (states[0].balance or 0) < 1_500
        assert printed.ensure() == people
        transaction.set_rollback(True)
