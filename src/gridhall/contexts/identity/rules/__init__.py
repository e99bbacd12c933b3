"""Decisions of the identity context: pure functions and words, without Django, clock or database."""
