"""Addresses of this part of the hall."""

from django.urls import path

from gridhall.channels.hall.me import views

urlpatterns = [path("", views.overview, name="hall.me")]
