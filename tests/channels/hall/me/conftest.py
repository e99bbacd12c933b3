"""The county of the identity tests, its people signed in."""

from typing import Any

import pytest
from django.test import Client
from tests.contexts.identity.conftest import Outbox, county, person  # noqa: F401

from gridhall.contexts.accounts.models import Customer, UsagePoint
from gridhall.contexts.identity import operations as identity
from gridhall.contexts.identity.ports import Message
from gridhall.contexts.identity.types import Proof
from gridhall.kernel import clock
from gridhall.runtime.audit import Act


def act() -> Act:
    return Act("test", clock.now())


def signed_in(user: Any) -> Client:
    client = Client()
    client.force_login(user, backend="gridhall.channels.web.signin.backend.IdentifierBackend")
    return client


def link(user: Any, customer: str, number: str) -> str:
    return identity.link(
        user.pk,
        usage_point=UsagePoint.objects.get(number=number).pk,
        customer=Customer.objects.get(number=customer).pk,
        proof=Proof.DEMO,
        act=act(),
    )


@pytest.fixture
def owner(county: None) -> Any:  # noqa: F811
    return person(1)


@pytest.fixture
def home(owner: Any) -> str:
    return link(owner, "L", "1002")


@pytest.fixture
def outbox(settings) -> list[Message]:
    settings.CODE_SENDER = "tests.contexts.identity.conftest.Outbox"
    Outbox.messages.clear()
    return Outbox.messages
