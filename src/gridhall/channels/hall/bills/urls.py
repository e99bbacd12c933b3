"""Addresses of this part of the hall; the page where anybody checks a bill is in `public_urls`."""

from django.urls import path

from gridhall.channels.hall.bills import views

urlpatterns = [
    path("", views.bills, name="hall.bills"),
    path("<str:number>/", views.bill, name="hall.bill"),
    path("<str:number>/pdf/", views.pdf, name="hall.bill-pdf"),
    path("<str:number>/compare/", views.compare, name="hall.bill-compare"),
    path("<str:number>/recompute/", views.recompute, name="hall.bill-recompute"),
]
