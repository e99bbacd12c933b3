"""Customers: the page of one, the bill with its correction, unmasking."""
