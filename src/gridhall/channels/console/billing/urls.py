"""Addresses of this part of the console."""

from django.urls import path

from gridhall.channels.console.billing import approvals, views

urlpatterns = [
    path("runs/", views.runs, name="console.runs"),
    path("parked/", views.parked, name="console.parked"),
    path("approvals/", approvals.approvals, name="console.approvals"),
]
