"""Addresses of this part of the console."""

from django.urls import path

from gridhall.channels.console.readings import views

urlpatterns = [
    path("imports/", views.imports, name="console.imports"),
    path("freshness/", views.freshness, name="console.freshness"),
]
