"""Addresses of this part of the console."""

from django.urls import path

from gridhall.channels.console.readings import freshness, imports, quarantine

urlpatterns = [
    path("imports/", imports.imports, name="console.imports"),
    path("imports/jobs/", imports.jobs_under_way, name="console.imports-jobs"),
    path("imports/jobs/<int:id>/", imports.job, name="console.imports-job"),
    path("imports/<int:number>/", imports.import_, name="console.import"),
    path("imports/<int:number>/quarantine/", quarantine.quarantine, name="console.quarantine"),
    path("imports/<int:number>/quarantine/replace/", quarantine.replace, name="console.quarantine-replace"),
    path("imports/<int:number>/quarantine/again/", quarantine.again, name="console.quarantine-again"),
    path("imports/<int:number>/quarantine/download/", quarantine.download, name="console.quarantine-download"),
    path("imports/<int:number>/quarantine/upload/", quarantine.upload, name="console.quarantine-upload"),
    path("freshness/", freshness.freshness, name="console.freshness"),
    path("freshness/areas/", freshness.areas, name="console.freshness-areas"),
    path("freshness/areas/<str:code>/", freshness.area, name="console.freshness-area"),
]
