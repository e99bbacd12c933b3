"""What can be done to bills: run a month, correct, release what waits, simulate, print, take over."""

from gridhall.contexts.billing.operations.correcting import correct, correct_month
from gridhall.contexts.billing.operations.opening import load_openings
from gridhall.contexts.billing.operations.printing import write_pdf
from gridhall.contexts.billing.operations.releasing import release
from gridhall.contexts.billing.operations.run import run_month
from gridhall.contexts.billing.operations.simulating import what_if

__all__ = ["correct", "correct_month", "load_openings", "release", "run_month", "what_if", "write_pdf"]
