"""Addresses of smart fee control in the hall."""

from django.urls import path

from gridhall.channels.hall.prepay import views

urlpatterns = [
    path("", views.balance, name="hall.prepay"),
    path("off/", views.off, name="hall.prepay-off"),
    path("state/", views.state, name="hall.prepay-state"),
    path("pressed/", views.pressed, name="hall.prepay-pressed"),
    path("agreement/", views.agree, name="hall.prepay-agree"),
    path("end/", views.end, name="hall.prepay-end"),
]
