"""A subscriber that writes down each receipt it hears of, once."""

from collections.abc import Sequence

from django.db import connection

from gridhall.runtime.outbox import Message, subscriber_of_many


@subscriber_of_many("payments.received", "counted")
def counted(messages: Sequence[Message]) -> None:
    """Keep the receipts; hearing of one twice would be an error of the database."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO benchmark_heard (receipt) SELECT unnest(%s::bigint[])",
            [[message.payload["receipt"] for message in messages]],
        )
