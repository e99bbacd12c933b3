"""The short code on a printed bill that proves it genuine; how codes are made stands in `kernel.checkcodes`."""

from datetime import datetime

from gridhall.kernel import checkcodes
from gridhall.kernel.checkcodes import LENGTH, same

__all__ = ["LENGTH", "make", "same"]


def make(key: bytes, number: int, total_fen: int, issued_at: datetime, status: str) -> str:
    """The code of a bill as it stands, in three groups of four.

    Args:
        key: the installation's secret.
        issued_at: aware; counted to the microsecond, whatever the zone.
        status: as printed: a bill and its cancellation have different codes.
    """
    moment = int(issued_at.timestamp() * 1_000_000)
    return checkcodes.make(key, f"gridhall bill 1\n{number}\n{total_fen}\n{moment}\n{status}")
