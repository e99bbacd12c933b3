"""Addresses of paying; pages of a home, and those that belong to a person or anybody."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
