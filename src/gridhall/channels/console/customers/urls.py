"""Addresses of this part of the console."""

from django.urls import path

from gridhall.channels.console.customers import bills, views

urlpatterns = [
    path("", views.search, name="console.search"),
    path("bills/<str:number>/", bills.bill, name="console.bill"),
    path("bills/<str:number>/sources/", bills.sources, name="console.bill-sources"),
    path("bills/<str:number>/correct/", bills.correct, name="console.bill-correct"),
    path("<str:number>/", views.customer, name="console.customer"),
    path("<str:number>/readings/", views.readings, name="console.customer-readings"),
    path("<str:number>/past/", views.past, name="console.customer-past"),
    path("<str:number>/trail/", views.trail, name="console.customer-trail"),
    path("<str:number>/unmask/", views.unmask, name="console.customer-unmask"),
]
