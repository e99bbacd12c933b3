"""Addresses of this part of the hall for everybody, signed in or not."""

from django.urls import path

from gridhall.channels.hall.bills import verifying

urlpatterns = [
    path("", verifying.verify, name="hall.verify"),
]
