"""What can be done to bills: run a month, correct, release what waits, simulate."""
