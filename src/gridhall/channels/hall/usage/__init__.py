"""Usage: from the year to the quarter-hour, and its download."""
