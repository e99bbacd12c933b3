"""Addresses of this part of the hall: a year, a month and a day are written as people write them."""

from django.urls import path, re_path

from gridhall.channels.hall.usage import views

urlpatterns = [
    path("", views.usage, name="hall.usage"),
    re_path(r"^(?P<when>\d{4})/$", views.year, name="hall.usage-year"),
    re_path(r"^(?P<when>\d{4}-\d{2})/$", views.month, name="hall.usage-month"),
    re_path(r"^(?P<when>\d{4}-\d{2}-\d{2})/$", views.day, name="hall.usage-day"),
    path("supply/", views.supply, name="hall.usage-supply"),
    path("download/", views.download, name="hall.usage-download"),
]
