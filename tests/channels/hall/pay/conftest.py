"""A home of the demo utility that owes something, its owner signed in."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import Client
from tests.world import World


@pytest.fixture(autouse=True)
def undone(world: World) -> Iterator[None]:
    """What a test writes is gone after it."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


@pytest.fixture
def owner(world: World) -> Client:
    client = world.client("owner")
    client.cookies["language"] = "en"
    return client


@pytest.fixture
def home(world: World) -> str:
    return f"/homes/{world.homes['owner']}/"


def main(response: Any) -> str:
    """What stands in the middle of a page."""
    text: str = response.content.decode()
    return text[text.index("<main") : text.index("</main>")] if "<main" in text else text


def owed(account: int) -> int:
    """What the ledger says that an account owes."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT coalesce(sum(amount_fen), 0) FROM billing_ledgerentry WHERE account_id = %s", [account])
        return int(cursor.fetchone()[0])
