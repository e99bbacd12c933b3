"""The small utility of the console's other tests, with what a run parks."""

from datetime import date

import pytest
from tests.channels.console.customers.conftest import Desk, desk

__all__ = ["desk"]


@pytest.fixture
def parked(desk: Desk) -> Desk:
    """January run: one home billed, one without any readings, one with too few."""
    desk.utility.read(date(2013, 1, 1), 31, {"U1001": 100})
    desk.utility.read(date(2013, 1, 1), 3, {"U1002": 100})
    desk.utility.run("2013-01")
    return desk
