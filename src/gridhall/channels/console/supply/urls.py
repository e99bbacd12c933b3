"""Addresses of smart fee control in the console."""

from django.urls import path

from gridhall.channels.console.supply import protections, views

urlpatterns = [
    path("", views.board, name="console.supply"),
    path("points/<str:number>/", views.point, name="console.supply-point"),
    path("points/<str:number>/decide/", views.decide, name="console.supply-decide"),
    path("approvals/", views.approvals, name="console.supply-approvals"),
    path("commands/", views.commands, name="console.supply-commands"),
    path("alert/", views.alert, name="console.supply-alert"),
    path("protections/", protections.protections, name="console.protections"),
    path("protections/<int:protection>/end/", protections.end, name="console.protection-end"),
]
