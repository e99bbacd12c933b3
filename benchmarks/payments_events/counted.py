"""A subscriber that writes down each receipt it hears of, once."""

from django.db import connection

from gridhall.runtime.outbox import Message, subscriber


@subscriber("payments.received", "counted")
def counted(message: Message) -> None:
    """Keep the receipt; hearing of it twice would be an error of the database."""
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO benchmark_heard (receipt) VALUES (%s)", [message.payload["receipt"]])
