"""Addresses of this part of the console."""

from django.urls import path

from gridhall.channels.console.billing import approvals, parked, views

urlpatterns = [
    path("runs/", views.runs, name="console.runs"),
    path("runs/start/", views.start, name="console.run-start"),
    path("runs/jobs/<int:job>/", views.job, name="console.run-job"),
    path("runs/<int:run>/", views.run, name="console.run"),
    path("runs/<int:run>/bills/", views.run_bills, name="console.run-bills"),
    path("parked/", parked.parked, name="console.parked"),
    path("parked/release/", parked.release, name="console.parked-release"),
    path("parked/<int:item>/", parked.item, name="console.parked-item"),
    path("approvals/", approvals.approvals, name="console.approvals"),
    path("approvals/<int:number>/", approvals.approval, name="console.approval"),
]
