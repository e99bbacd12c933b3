"""Addresses of places to pay in the console."""

from django.urls import path

from gridhall.channels.console.ways import places, places_import

urlpatterns = [
    path("", places.places, name="console.places"),
    path("new/", places.new, name="console.place-new"),
    path("export/", places.export, name="console.places-export"),
    path("import/", places_import.upload, name="console.places-import"),
    path("import/<int:id>/", places_import.file, name="console.places-file"),
    path("import/<int:id>/bad/", places_import.bad_rows, name="console.places-file-bad"),
    path("<int:id>/", places.place, name="console.place"),
]
