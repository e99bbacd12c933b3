"""Addresses that hall and console share."""

from django.urls import path

from gridhall.channels.web import views

urlpatterns = [
    path("brand/colours.css", views.colours, name="web.colours"),
    path("brand/logo", views.logo, name="web.logo"),
    path("manifest.webmanifest", views.manifest, name="web.manifest"),
    path("worker.js", views.worker, name="web.worker"),
    path("offline/", views.offline, name="web.offline"),
    path("language/", views.language, name="web.language"),
    path("theme/", views.theme, name="web.theme"),
]
