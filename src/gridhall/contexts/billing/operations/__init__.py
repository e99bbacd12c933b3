"""What can be done to bills: run a month, correct, release what waits, simulate, print."""

from gridhall.contexts.billing.operations.correcting import correct, correct_month
from gridhall.contexts.billing.operations.printing import write_pdf
from gridhall.contexts.billing.operations.releasing import release
from gridhall.contexts.billing.operations.run import run_month
from gridhall.contexts.billing.operations.simulating import what_if

__all__ = ["correct", "correct_month", "release", "run_month", "what_if", "write_pdf"]
