"""Paying; pages of a home, and those that belong to a person or anybody."""
