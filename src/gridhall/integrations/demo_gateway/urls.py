"""Addresses of the demo gateway's page."""

from django.urls import path

from gridhall.integrations.demo_gateway import views

urlpatterns = [path("pay/<str:token>/", views.checkout, name="demo-gateway.pay")]
