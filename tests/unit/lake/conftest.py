"""One engine for all tests of the lake: opening it costs more than most of them."""

from collections.abc import Iterator

import pytest

from gridhall.lake import engine


@pytest.fixture(scope="session")
def session() -> Iterator[engine.Session]:
    with engine.session(threads=1, memory_limit="1GB") as opened:
        yield opened
