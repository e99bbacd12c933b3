"""Addresses of the hall. Pages of a home lie below ``homes/<key>/``; the key means something to one person only."""

from django.urls import include, path

from gridhall.channels.hall.home import views as home

urlpatterns = [
    path("", home.start, name="hall.home"),
    path("homes/<str:home>/", home.show, name="hall.home-of"),
    path("homes/<str:home>/bills/", include("gridhall.channels.hall.bills.urls")),
    path("homes/<str:home>/usage/", include("gridhall.channels.hall.usage.urls")),
    path("homes/<str:home>/prepay/", include("gridhall.channels.hall.prepay.urls")),
    path("", include("gridhall.channels.hall.pay.urls")),
    path("me/", include("gridhall.channels.hall.me.urls")),
    path("verify/", include("gridhall.channels.hall.bills.public_urls")),
]
