"""Sets the clock of a server under test: on the path of its processes, and nowhere else.

``GRIDHALL_TEST_NOW`` names a moment and ``GRIDHALL_TEST_SINCE`` when it was that (seconds since 1970); time goes on.
"""

import os
from datetime import UTC, datetime

from gridhall.kernel import clock

_SHIFT = datetime.fromisoformat(os.environ["GRIDHALL_TEST_NOW"]) - datetime.fromtimestamp(
    float(os.environ["GRIDHALL_TEST_SINCE"]), UTC
)
clock.now = lambda: datetime.now(UTC) + _SHIFT
