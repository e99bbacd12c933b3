"""Addresses of paying; pages of a home, and those that belong to a person or anybody."""

from django.urls import path

from gridhall.channels.hall.pay import going, notify, records, views

urlpatterns = [
    path("homes/<str:home>/pay/", views.pay, name="hall.pay"),
    path("homes/<str:home>/pay/records/", records.records, name="hall.pay-records"),
    path("homes/<str:home>/pay/records/<int:receipt>/", records.record, name="hall.pay-record"),
    path("pay/", views.several, name="hall.pay-several"),
    path("pay/for-others/", views.for_others, name="hall.pay-for-others"),
    path("pay/notify/<str:gateway>/", notify.notify, name="hall.pay-notify"),
    path("pay/<str:number>/", going.result, name="hall.pay-order"),
    path("pay/<str:number>/receipt/", records.of_order, name="hall.pay-receipt"),
    path("pay/<str:number>/go/", going.go, name="hall.pay-go"),
    path("pay/<str:number>/state/", going.state, name="hall.pay-state"),
]
