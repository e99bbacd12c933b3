"""Addresses of the counter."""

from django.urls import path

from gridhall.channels.console.payments import counter, drawers

urlpatterns = [
    path("", counter.desk, name="console.counter"),
    path("open/", counter.opened, name="console.counter-open"),
    path("take/", counter.taken, name="console.counter-take"),
    path("close/", drawers.closed, name="console.counter-close"),
    path("payments/<int:payment>/", counter.receipt, name="console.counter-receipt"),
    path("payments/<int:payment>/void/", counter.voided, name="console.counter-void"),
    path("drawers/", drawers.drawers, name="console.counter-drawers"),
    path("drawers/<int:drawer>/", drawers.drawer, name="console.counter-drawer"),
]
