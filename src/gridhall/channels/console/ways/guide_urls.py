"""Addresses of the guide to ways to pay in the console."""

from django.urls import path

from gridhall.channels.console.ways import guide, guide_files

urlpatterns = [
    path("", guide.articles, name="console.guide"),
    path("new/", guide.new, name="console.guide-new"),
    path("preview/", guide.preview, name="console.guide-preview"),
    path("files/", guide_files.files, name="console.guide-files"),
    path("move/<slug:slug>/", guide.move, name="console.guide-move"),
    path("<int:id>/", guide.article, name="console.guide-article"),
]
