"""Tariffs: documents, drafts, approval."""
