"""Decisions on money: pure."""
