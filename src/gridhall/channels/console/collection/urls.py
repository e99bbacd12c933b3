"""Addresses of collection in the console."""

from django.urls import path

from gridhall.channels.console.collection import views

urlpatterns = [
    path("", views.arrears, name="console.arrears"),
    path("<int:id>/", views.arrear, name="console.arrear"),
]
