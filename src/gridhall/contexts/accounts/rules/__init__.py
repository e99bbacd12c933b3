"""Pure decisions of the accounts context: no database, no clock, no files."""
