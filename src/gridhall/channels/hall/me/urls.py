"""Addresses of this part of the hall."""

from django.urls import path

from gridhall.channels.hall.me import identifying, linking, sharing, views

urlpatterns = [
    path("", views.overview, name="hall.me"),
    path("homes/", views.homes, name="hall.me-homes"),
    path("homes/link/", linking.start, name="hall.me-link"),
    path("homes/link/code/", linking.by_code, name="hall.me-link-code"),
    path("homes/link/bill/", linking.by_bill, name="hall.me-link-bill"),
    path("homes/<str:home>/", views.one, name="hall.me-home"),
    path("homes/<str:home>/unlink/", views.unlink, name="hall.me-unlink"),
    path("homes/<str:home>/share/", sharing.share, name="hall.me-share"),
    path("shares/", sharing.shares, name="hall.me-shares"),
    path("shares/<str:share>/revoke/", sharing.revoke, name="hall.me-revoke"),
    path("identifiers/", identifying.identifiers, name="hall.me-identifiers"),
    path("identifiers/change/", identifying.change, name="hall.me-identifier"),
    path("identifiers/email/", identifying.confirm_email, name="hall.me-email"),
    path("security/", views.security, name="hall.me-security"),
    path("privacy/", views.privacy, name="hall.me-privacy"),
]
