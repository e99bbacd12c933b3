"""The small utility of the console's other tests, with a tariff officer and a month of readings."""

from datetime import date

import pytest
from tests.channels.console.customers.conftest import Desk, desk

from gridhall.contexts.identity.types import Role

__all__ = ["desk"]


@pytest.fixture
def office(desk: Desk) -> Desk:
    """Somebody who writes tariffs, and readings of January."""
    desk.staff("officer", Role.TARIFF_OFFICER, "SH")
    desk.utility.read(date(2013, 1, 1), 31, {"U1001": 100, "U1002": 50, "U1003": 200})
    return desk
