"""Addresses of direct debit."""

from django.urls import path

from gridhall.channels.console.payments import debit

urlpatterns = [
    path("", debit.batches, name="console.debit"),
    path("announce/", debit.announced, name="console.debit-announce"),
    path("make/", debit.made, name="console.debit-make"),
    path("answers/", debit.imported, name="console.debit-import"),
    path("answers/<int:answer>/", debit.answer, name="console.debit-answer"),
    path("<int:batch>/", debit.batch, name="console.debit-batch"),
    path("<int:batch>/file/", debit.file, name="console.debit-file"),
]
