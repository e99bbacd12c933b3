"""Addresses of payments in the console: receipts, counter, reconciliation, day closing."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
