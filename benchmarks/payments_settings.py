"""The settings of the house, and one more subscriber: what `benchmarks.payments` serves."""

from gridhall.project.settings import *  # noqa: F403
from gridhall.project.settings import SUBSCRIBERS as OF_THE_HOUSE

SUBSCRIBERS = [*OF_THE_HOUSE, "benchmarks.payments_events"]
