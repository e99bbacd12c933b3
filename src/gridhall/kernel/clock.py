"""The only place that reads the clock. Everything below the channels takes ``now`` as a parameter."""

from datetime import UTC, datetime


def now() -> datetime:
    """The present moment, aware, in UTC."""
    return datetime.now(UTC)
