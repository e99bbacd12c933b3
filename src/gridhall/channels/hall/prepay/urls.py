"""Addresses of smart fee control in the hall."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
