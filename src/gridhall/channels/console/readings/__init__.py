"""Readings: imports, quarantine, freshness."""
