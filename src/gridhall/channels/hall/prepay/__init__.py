"""Smart fee control in the hall."""
