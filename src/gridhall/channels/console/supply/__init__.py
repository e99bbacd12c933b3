"""Smart fee control in the console."""
