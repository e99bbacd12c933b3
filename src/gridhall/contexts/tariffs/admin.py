"""Published tariffs in the admin, to be read: they change by drafts alone."""

from django.contrib import admin

from gridhall.contexts.tariffs.models import TariffDocument, TariffVersion
from gridhall.runtime.reference import ReadOnly


@admin.register(TariffVersion)
class Versions(ReadOnly):
    """电价版本."""

    list_display = ("tariff", "version", "span")
    list_select_related = ("tariff",)
    search_fields = ("tariff__code",)
    ordering = ("tariff__code", "span")


@admin.register(TariffDocument)
class Documents(ReadOnly):
    """电价文件."""

    list_display = ("tariff", "published_at", "digest")
    list_select_related = ("tariff",)
    search_fields = ("tariff__code",)
    ordering = ("tariff__code", "-published_at")
