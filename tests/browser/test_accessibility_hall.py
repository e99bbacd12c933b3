"""Guards: Every page of the hall and of signing in can be read and used by everybody.

axe-core finds nothing (WCAG 2.2 AA) in either language, theme and screen size; nothing is wider than the window or cut
at 320 px or 200 %; fingers find what they touch; nothing is fetched from elsewhere, and no script or style is inline.
"""

from typing import Any

import pytest
from tests.browser import looking
from tests.world import named

pytestmark = [pytest.mark.needs_browser, pytest.mark.takes(190)]


@pytest.fixture(scope="module")
def looker(site: Any, browser: Any) -> looking.Looker:
    return looking.Looker(site, browser)


@pytest.mark.parametrize("name", looking.names("hall.", "web.", "account_", "mfa_", "usersessions_"))
def test_everybody_can_read_and_use_it(looker: looking.Looker, name: str) -> None:
    page = looking.shown(looker.site.world, named(name))
    if page is not None:
        found = looker.faults(page, fingers=True)
        assert not found, "\n".join(found)
