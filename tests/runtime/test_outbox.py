"""Guards: what happened is told to every subscriber once it is committed, again after a failure, never when it was
rolled back; and a failing subscriber holds up nobody."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection, transaction

from gridhall.runtime import outbox
from gridhall.runtime.models import OutboxMessage

AT = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.fixture(autouse=True)
def heard() -> Iterator[list[tuple[str, int, int]]]:
    known = {topic: dict(names) for topic, names in outbox._SUBSCRIBERS.items()}
    found: list[tuple[str, int, int]] = []

    @outbox.subscriber("test.paid", "one")
    def one(message: outbox.Message) -> None:
        found.append(("one", message.payload["receipt"], message.attempt))

    @outbox.subscriber("test.paid", "two")
    def two(message: outbox.Message) -> None:
        with connection.cursor() as cursor:
            cursor.execute("INSERT INTO runtime_schedule (kind, due_at) VALUES ('two', now())")
        if message.attempt < 3:
            raise RuntimeError("not yet")
        found.append(("two", message.payload["receipt"], message.attempt))

    yield found
    outbox._SUBSCRIBERS.clear()
    outbox._SUBSCRIBERS.update(known)


@pytest.mark.django_db(transaction=True)
def test_each_subscriber_hears_what_was_committed_and_a_failure_is_told_again_later(heard, caplog):
    with transaction.atomic():
        outbox.publish("test.paid", {"receipt": 7}, now=AT)
    with transaction.atomic():
        outbox.publish("test.paid", {"receipt": 8}, now=AT)
        transaction.set_rollback(True)
    assert outbox.deliver(lambda: AT) == 1
    assert heard == [("one", 7, 1)]
    # What the failing subscriber wrote is undone; it is asked again when its pause is over, not before.
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM runtime_schedule WHERE kind = 'two'")
        assert cursor.fetchone() == (0,)
    assert outbox.deliver(lambda: AT + timedelta(seconds=4)) == 0
    assert outbox.deliver(lambda: AT + timedelta(seconds=6)) == 0
    assert outbox.deliver(lambda: AT + timedelta(seconds=20)) == 1
    assert heard == [("one", 7, 1), ("two", 7, 3)]
    assert OutboxMessage.objects.count() == 0
    assert "could not be told" in caplog.text


@pytest.mark.django_db(transaction=True)
def test_what_nobody_hears_is_not_written_and_what_nobody_hears_any_more_is_dropped(heard, caplog):
    outbox.publish("test.unheard", {}, now=AT)
    assert OutboxMessage.objects.count() == 0
    OutboxMessage.objects.create(topic="test.paid", subscriber="gone", payload={}, at=AT, due_at=AT)
    assert outbox.deliver(lambda: AT) == 1
    assert OutboxMessage.objects.count() == 0
    assert "Nobody hears" in caplog.text


@pytest.mark.django_db(transaction=True)
def test_a_subscriber_of_many_hears_together_what_waits_and_one_by_one_what_failed(heard, caplog):
    told: list[list[int]] = []

    @outbox.subscriber_of_many("test.many", "three", most=3)
    def three(messages: Sequence[outbox.Message]) -> None:
        receipts = [message.payload["receipt"] for message in messages]
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO runtime_schedule (kind, due_at) SELECT unnest(%s::text[]), now()",
                [list(map(str, receipts))],
            )
        if 5 in receipts:
            raise RuntimeError("not five")
        told.append(receipts)

    outbox.publish_many("test.many", ({"receipt": receipt} for receipt in range(1, 6)), now=AT)
    outbox.publish("test.many", {"receipt": 6}, now=AT)
    assert outbox.deliver(lambda: AT) == 5
    # Together as long as all goes well; then the innocent are told at once, and who failed waits.
    assert told == [[1, 2, 3], [4], [6]]
    with connection.cursor() as cursor:
        cursor.execute("SELECT kind FROM runtime_schedule WHERE kind <= '9' ORDER BY kind")
        assert [kind for (kind,) in cursor.fetchall()] == ["1", "2", "3", "4", "6"]
    (left,) = OutboxMessage.objects.all()
    assert left.payload == {"receipt": 5}
    assert left.due_at > AT
    assert "could not be told" in caplog.text
