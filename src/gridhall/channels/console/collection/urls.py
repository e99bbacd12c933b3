"""Addresses of collection: arrears, strategies, promises, plans."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
