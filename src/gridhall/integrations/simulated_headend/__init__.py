"""A head-end for demos and tests: it delays, refuses and loses answers as real ones do; no meter moves."""
