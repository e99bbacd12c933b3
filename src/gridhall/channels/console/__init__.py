"""The console: where clerks, managers, tariff officers and auditors work. One package for each part of it."""
