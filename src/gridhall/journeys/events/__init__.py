"""What follows from something that happened: one module for each consequence, found by being here."""
