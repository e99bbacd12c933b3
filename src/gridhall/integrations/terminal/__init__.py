"""The terminal of whoever started the house stands in for what would be sent to people."""
