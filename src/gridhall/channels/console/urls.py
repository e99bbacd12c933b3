"""Addresses of the console."""

from django.urls import include, path

from gridhall.channels.console.work import views as work

urlpatterns = [
    path("", work.start, name="console.work"),
    path("", include("gridhall.channels.console.work.urls")),
    path("customers/", include("gridhall.channels.console.customers.urls")),
    path("readings/", include("gridhall.channels.console.readings.urls")),
    path("billing/", include("gridhall.channels.console.billing.urls")),
    path("payments/", include("gridhall.channels.console.payments.urls")),
    path("supply/", include("gridhall.channels.console.supply.urls")),
    path("collection/", include("gridhall.channels.console.collection.urls")),
    path("places/", include("gridhall.channels.console.ways.places_urls")),
    path("guide/", include("gridhall.channels.console.ways.guide_urls")),
    path("tariffs/", include("gridhall.channels.console.tariffs.urls")),
]
