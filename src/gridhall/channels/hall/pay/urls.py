"""Addresses of paying; pages of a home, and those that belong to a person or anybody."""

from django.urls import path

from gridhall.channels.hall.pay import autopay, going, guide, notify, places, records, views

urlpatterns = [
    path("homes/<str:home>/pay/", views.pay, name="hall.pay"),
    path("homes/<str:home>/pay/records/", records.records, name="hall.pay-records"),
    path("homes/<str:home>/pay/records/<int:receipt>/", records.record, name="hall.pay-record"),
    path("homes/<str:home>/pay/records/<int:receipt>/pdf/", records.record_pdf, name="hall.pay-record-pdf"),
    path("homes/<str:home>/pay/autopay/", autopay.autopay, name="hall.pay-autopay"),
    path("pay/", views.several, name="hall.pay-several"),
    path("pay/for-others/", views.for_others, name="hall.pay-for-others"),
    path("pay/notify/<str:gateway>/", notify.notify, name="hall.pay-notify"),
    path("pay/<str:number>/", going.result, name="hall.pay-order"),
    path("pay/<str:number>/receipt/", records.of_order, name="hall.pay-receipt"),
    path("pay/<str:number>/receipt/pdf/", records.of_order_pdf, name="hall.pay-receipt-pdf"),
    path("pay/<str:number>/go/", going.go, name="hall.pay-go"),
    path("pay/<str:number>/back/", going.back, name="hall.pay-back"),
    path("pay/<str:number>/payer/", going.asked_who, name="hall.pay-payer"),
    path("pay/<str:number>/state/", going.state, name="hall.pay-state"),
    path("payment-points/", places.places, name="hall.payment-points"),
    path("ways-to-pay/", guide.articles, name="hall.ways-to-pay"),
    path("ways-to-pay/files/<str:folder>/<str:name>", guide.file, name="hall.guide-file"),
    path("ways-to-pay/<str:slug>/", guide.article, name="hall.ways-to-pay-article"),
]
