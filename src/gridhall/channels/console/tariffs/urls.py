"""Addresses of this part of the console."""

from django.urls import path

from gridhall.channels.console.tariffs import drafts, views, what_if

urlpatterns = [
    path("", views.tariffs, name="console.tariffs"),
    path("published/<slug:code>/", views.tariff, name="console.tariff"),
    path("drafts/new/", drafts.new, name="console.tariff-new"),
    path("drafts/check/", drafts.check, name="console.tariff-check"),
    path("drafts/schema.json", drafts.schema, name="console.tariff-schema"),
    path("drafts/<int:draft>/", drafts.draft, name="console.tariff-draft"),
    path("drafts/<int:draft>/decision/", drafts.decide, name="console.tariff-decision"),
    path("drafts/<int:draft>/withdraw/", drafts.withdraw, name="console.tariff-withdraw"),
    path("what-if/", what_if.what_if, name="console.what-if"),
    path("what-if/preview/", what_if.preview, name="console.what-if-preview"),
    path("what-if/jobs/<int:job>/", what_if.job, name="console.what-if-job"),
    path("what-if/<int:run>/", what_if.result, name="console.what-if-result"),
]
