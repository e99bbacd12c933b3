"""What the worker does: one module for each kind of job, found by `gridhall.runtime.jobs` without a list."""
