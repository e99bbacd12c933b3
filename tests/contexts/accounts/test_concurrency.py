"""Guards: two who write at the same time cannot leave together what neither could alone."""

import threading
from collections.abc import Callable
from datetime import date

import psycopg
import pytest
from django.db import IntegrityError, connection, transaction

from gridhall.contexts.accounts import operations, queries
from gridhall.kernel.errors import Refused
from gridhall.kernel.spans import DateSpan

from .conftest import ACT, portfolio

pytestmark = pytest.mark.django_db(transaction=True)


def at_once(*deeds: Callable[[], object]) -> list[BaseException | None]:
    """Run each deed in a thread with a connection of its own, beginning together; what each raised."""
    begin = threading.Barrier(len(deeds))
    raised: list[BaseException | None] = [None] * len(deeds)

    def run(place: int, deed: Callable[[], object]) -> None:
        begin.wait()
        try:
            deed()
        except Exception as error:
            raised[place] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(deeds)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return raised


def test_of_two_who_move_in_at_once_one_does() -> None:
    operations.load(portfolio(), act=ACT)
    span = DateSpan(date(2026, 4, 1), None)
    wishes = [operations.MoveIn("1002", who, account, "home", span) for who, account in (("L", "AL"), ("T", "AT"))]
    raised = at_once(*(lambda wish=wish: operations.move_in(wish, act=ACT) for wish in wishes))  # type: ignore[misc]
    assert sorted(type(error).__name__ for error in raised) == ["NoneType", "UnableToMoveIn"]
    assert len(queries.agreements_of("1002")) == 1


def test_lengthening_an_agreement_while_another_shortens_its_settlement() -> None:
    operations.load(portfolio(), act=ACT)
    waiting = threading.Barrier(2)

    def raw(statement: str) -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
            waiting.wait()

    of_1003 = "(SELECT max(id) FROM accounts_customeragreement)"
    # Each alone would be in order: the first shortens both, the second touches the agreement without changing it.
    raised = at_once(
        lambda: raw(f"UPDATE accounts_settlement SET span = '[2024-07-01,2026-12-01)' WHERE agreement_id = {of_1003}"),
        lambda: raw(f"UPDATE accounts_customeragreement SET span = '[2024-07-01,2026-12-01)' WHERE id = {of_1003}"),
    )
    # Whichever is checked first is refused; the other is then alone and refused as well.
    assert all(isinstance(error, IntegrityError) for error in raised)
    assert [str(s.span) for s in queries.agreements_of("1003")[0].settlements] == ["[2024-07-01, 2027-01-01)"]


def test_a_check_at_commit_fails_the_transaction_not_the_statement() -> None:
    operations.load(portfolio(), act=ACT)
    reached = False
    with pytest.raises(IntegrityError) as caught, transaction.atomic(), connection.cursor() as cursor:  # noqa: PT012
        cursor.execute("DELETE FROM accounts_settlement")
        reached = True
    assert reached
    assert isinstance(caught.value.__cause__, psycopg.Error)
    assert caught.value.__cause__.diag.constraint_name == "accounts_settlement_covers_agreement"


def test_many_changes_in_one_transaction_are_checked_at_its_end() -> None:
    operations.load(portfolio(), act=ACT)
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("UPDATE accounts_customeragreement SET span = daterange(lower(span), '2026-06-01')")
            cursor.execute("UPDATE accounts_settlement SET span = daterange(lower(span), '2026-06-01')")
        operations.move_in(operations.MoveIn("1001", "L", "AL", "home", DateSpan(date(2026, 6, 1), None)), act=ACT)
    assert len(queries.agreements_of("1001")) == 2


def test_refusals_leave_the_surrounding_transaction_usable() -> None:
    operations.load(portfolio(), act=ACT)
    with transaction.atomic():
        with pytest.raises(Refused):
            operations.move_out("1002", end=date(2026, 4, 1), act=ACT)
        operations.move_out("1001", end=date(2026, 4, 1), act=ACT)
    assert queries.agreements_of("1001")[0].span.end == date(2026, 4, 1)
