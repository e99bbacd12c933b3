"""Addresses of this part of the console."""

from django.urls import path

from gridhall.channels.console.tariffs import views

urlpatterns = [
    path("", views.tariffs, name="console.tariffs"),
]
