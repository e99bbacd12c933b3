"""Addresses of smart fee control in the console."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
