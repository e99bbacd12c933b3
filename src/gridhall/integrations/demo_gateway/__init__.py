"""A gateway for demos and tests: it signs, calls back, delays and fails as real ones do; no money moves."""
