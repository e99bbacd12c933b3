"""The small utility of the console's other tests."""

from tests.channels.console.customers.conftest import desk

__all__ = ["desk"]
