"""The demo utility with its people, for tests of the doors within one process."""

from collections.abc import Iterator
from typing import Any

import pytest
from tests.world import World, inhabited


@pytest.fixture(scope="module")
def world(block: Any, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A copy of the demo utility for one module, whose tests see each other's changes unless they undo them."""
    home = tmp_path_factory.mktemp("world") / "home"
    with block.copy(home) as installation, django_db_blocker.unblock(), inhabited(installation) as found:
        yield found
