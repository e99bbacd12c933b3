"""The outbox: what happened is written in the transaction that made it happen, and told to others after it.

    publish("payments.received", {"receipt": 7}, now=now)         # in the transaction of the deed

    @subscriber("supply.switch", "head_end")                      # in journeys/events/<name>.py
    def switch(message: Message) -> None: …

    @subscriber_of_many("payments.received", "points")            # what comes by the hundred a second
    def earn(messages: Sequence[Message]) -> None: …

Each subscriber hears each message of its topic at least once, in the order of writing as far as nothing fails, each in
a transaction of its own: what it writes itself and that it has heard are one decision. A subscriber that fails is asked
again, later and later; others are not held up. Rolled back, a message was never there. A subscriber of many hears in
one transaction whatever waits for it then; where that fails, it hears them one by one.
"""

import importlib
import json
import logging
import pkgutil
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection, transaction

from gridhall.runtime import prepared

#: How long until a failed delivery is tried again: doubling from the first, up to the last.
_PAUSES: Final = (timedelta(seconds=5), timedelta(hours=1))
_log = logging.getLogger("gridhall.outbox")


@dataclass(frozen=True)
class Message:
    """Something that happened.

    Attributes:
        id: ascending. ``at``: when it was written.
        now: when it is heard.
        attempt: 1 at first, more after failures.
    """

    id: int
    topic: str
    payload: Mapping[str, Any]
    at: datetime
    now: datetime
    attempt: int


Subscriber = Callable[[Message], None]
SubscriberOfMany = Callable[[Sequence[Message]], None]


@dataclass(frozen=True)
class _Listener:
    function: Callable[[Any], None]
    #: How many messages it hears together; None: one by one.
    most: int | None = None

    def hear(self, messages: Sequence[Message]) -> None:
        if self.most is None:
            for message in messages:
                self.function(message)
        else:
            self.function(messages)


_SUBSCRIBERS: Final[dict[str, dict[str, _Listener]]] = {}
_loaded: set[str] = set()


def subscriber(topic: str, name: str) -> Callable[[Subscriber], Subscriber]:
    """Decorator: this function will hear every message of a topic under a stable name."""

    def register(function: Subscriber) -> Subscriber:
        _register(topic, name, _Listener(function))
        return function

    return register


def subscriber_of_many(topic: str, name: str, *, most: int = 100) -> Callable[[SubscriberOfMany], SubscriberOfMany]:
    """Decorator: this function will hear the messages of a topic under a stable name, up to so many at once."""

    def register(function: SubscriberOfMany) -> SubscriberOfMany:
        _register(topic, name, _Listener(function, most))
        return function

    return register


def _register(topic: str, name: str, listener: _Listener) -> None:
    function, known = listener.function, _SUBSCRIBERS.setdefault(topic, {}).setdefault(name, listener).function
    if (known.__module__, known.__qualname__) != (function.__module__, function.__qualname__):
        raise ValueError(f"Two functions hear {topic!r} as {name!r}: {known} and {function}.")


def heard(topic: str) -> bool:
    """Whether anybody hears a topic."""
    return bool(_subscribers(topic))


def publish(topic: str, payload: Mapping[str, Any], *, now: datetime, due: datetime | None = None) -> None:
    """This will write a message in the caller's transaction, for everybody who hears its topic. One statement.

    Args:
        due: not to be told before; None: at once.
    """
    publish_many(topic, [payload], now=now, due=due)


def publish_many(
    topic: str, payloads: Iterable[Mapping[str, Any]], *, now: datetime, due: datetime | None = None
) -> None:
    """`publish` for many messages of a topic, in their order, at once: one statement, none where nobody hears it."""
    names = sorted(_subscribers(topic))
    told = [json.dumps(dict(payload), cls=DjangoJSONEncoder) for payload in payloads] if names else []
    if not told:
        return
    with prepared.cursor() as cursor:
        cursor.execute(
            "INSERT INTO runtime_outboxmessage (topic, subscriber, payload, at, due_at, attempts)"
            " SELECT %s::text, name, payload::jsonb, %s::timestamptz, %s::timestamptz, 0"
            " FROM unnest(%s::text[]) WITH ORDINALITY AS said (payload, place), unnest(%s::text[]) AS name"
            " ORDER BY place, name",
            [topic, now, due or now, told, names],
        )


def deliver(now: Callable[[], datetime], *, limit: int = 200) -> int:
    """This will hand waiting messages to their subscribers and give how many were heard; any number may run at once."""
    told = 0
    for _ in range(limit):
        outcome = _some(now())
        if outcome is None:
            break
        told += outcome
    return told


#: Taken away in the transaction in which they are heard: undone, they are there again.
_NEXT: Final = """
    DELETE FROM runtime_outboxmessage WHERE id = (
        SELECT id FROM runtime_outboxmessage
        WHERE due_at <= %s::timestamptz ORDER BY due_at, id LIMIT 1 FOR UPDATE SKIP LOCKED
    ) RETURNING id, topic, subscriber, payload, at, attempts
"""
_MORE: Final = """
    DELETE FROM runtime_outboxmessage WHERE id IN (
        SELECT id FROM runtime_outboxmessage
        WHERE due_at <= %s::timestamptz AND topic = %s::text AND subscriber = %s::text AND attempts = 0
        ORDER BY due_at, id LIMIT %s::int FOR UPDATE SKIP LOCKED
    ) RETURNING id, topic, subscriber, payload, at, attempts
"""
_LATER: Final = """
    UPDATE runtime_outboxmessage SET attempts = greatest(attempts, %s), due_at = %s
    WHERE id = ANY(%s::bigint[]) AND attempts < %s
"""


class _Failed(Exception):
    """A subscriber failed: what it wrote is undone, its messages are there again."""

    def __init__(self, ids: Sequence[int], attempts: int) -> None:
        super().__init__(ids)
        self.ids, self.attempts = list(ids), attempts


def _some(now: datetime) -> int | None:
    """Deliver a message, or what waits for its subscriber together with it: how many were heard; None: none waits."""
    try:
        with transaction.atomic():
            return _heard(now)
    except _Failed as failed:
        pause = min(_PAUSES[0] * 2 ** min(failed.attempts, 20), _PAUSES[1])
        if len(failed.ids) > 1:
            # One of them is to blame: they are told one by one, at once.
            pause = timedelta()
        attempt = failed.attempts + 1
        with connection.cursor() as cursor:
            cursor.execute(_LATER, [attempt, now + pause, failed.ids, attempt])
        return 0


def _heard(now: datetime) -> int | None:
    with prepared.cursor() as cursor:
        cursor.execute(_NEXT, [now])
        row = cursor.fetchone()
        if row is None:
            return None
        id, topic, name, _payload, _at, attempts = row
        listener = _subscribers(topic).get(name)
        if listener is None:
            _log.warning("Nobody hears %s as %s any more; message %s is dropped.", topic, name, id)
            return 1
        rows = [row]
        if listener.most is not None and not attempts:
            cursor.execute(_MORE, [now, topic, name, listener.most - 1])
            rows += sorted(cursor.fetchall())
    messages = [
        Message(id, topic, json.loads(payload) if isinstance(payload, str) else payload, at, now, attempts + 1)
        for id, topic, _, payload, at, attempts in rows
    ]
    try:
        listener.hear(messages)
    except Exception as error:
        ids = [message.id for message in messages]
        _log.exception("%s could not be told %s (messages %s, attempt %s).", name, topic, ids, attempts + 1)
        raise _Failed(ids, attempts) from error
    return len(messages)


def _subscribers(topic: str) -> dict[str, _Listener]:
    from django.conf import settings

    for package in settings.SUBSCRIBERS:
        if package not in _loaded:
            module = importlib.import_module(package)
            for found in pkgutil.iter_modules(getattr(module, "__path__", ())):
                importlib.import_module(f"{package}.{found.name}")
            _loaded.add(package)
    return _SUBSCRIBERS.get(topic, {})
