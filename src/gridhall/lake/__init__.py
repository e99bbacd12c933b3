"""Interval data as Parquet, one row per usage point and day; the only package that speaks to an engine."""
