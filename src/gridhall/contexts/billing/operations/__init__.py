"""What can be done to bills: run or estimate a month, correct, release what waits, simulate, print, take over."""

from gridhall.contexts.billing.operations.correcting import correct, correct_month
from gridhall.contexts.billing.operations.opening import load_openings
from gridhall.contexts.billing.operations.printing import chinese_font, square_code, write_pdf
from gridhall.contexts.billing.operations.releasing import release
from gridhall.contexts.billing.operations.requesting import (
    approve_correction,
    preview_correction,
    reject_correction,
    request_correction,
    withdraw_correction,
)
from gridhall.contexts.billing.operations.run import run_month
from gridhall.contexts.billing.operations.running import estimate_running
from gridhall.contexts.billing.operations.simulating import what_if
from gridhall.contexts.billing.operations.unbilled import UNBILLED, charges_so_far

__all__ = [
    "UNBILLED",
    "approve_correction",
    "charges_so_far",
    "chinese_font",
    "correct",
    "correct_month",
    "estimate_running",
    "load_openings",
    "preview_correction",
    "reject_correction",
    "release",
    "request_correction",
    "run_month",
    "square_code",
    "what_if",
    "withdraw_correction",
    "write_pdf",
]
