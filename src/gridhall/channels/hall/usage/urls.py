"""Addresses of this part of the hall."""

from django.urls import path

from gridhall.channels.hall.usage import views

urlpatterns = [
    path("", views.usage, name="hall.usage"),
]
