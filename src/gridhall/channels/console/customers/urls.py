"""Addresses of this part of the console."""

from django.urls import path

from gridhall.channels.console.customers import views

urlpatterns = [
    path("", views.search, name="console.search"),
]
