"""Addresses of this part of the hall."""

from django.urls import path

from gridhall.channels.hall.bills import views

urlpatterns = [
    path("", views.bills, name="hall.bills"),
]
