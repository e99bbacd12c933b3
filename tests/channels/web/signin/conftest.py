"""A hand that reads the codes that would have been sent."""

import pytest
from django.core.cache import cache
from django.test import Client

from gridhall.contexts.identity.ports import Message


class Outbox:
    """What was sent."""

    messages: list[Message] = []

    def send(self, message: Message) -> None:
        self.messages.append(message)


@pytest.fixture
def outbox(settings) -> list[Message]:
    settings.CODE_SENDER = f"{__name__}.Outbox"
    Outbox.messages.clear()
    return Outbox.messages


@pytest.fixture(autouse=True)
def quick_passwords(settings) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture(autouse=True)
def no_attempts_yet(db: None) -> None:
    cache.clear()


@pytest.fixture
def browser(db: None) -> Client:
    return Client()
