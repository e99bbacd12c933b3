"""Units of the organisation and the grid, in the admin."""

from django.contrib import admin

from gridhall.contexts.accounts.models import Feeder, Organisation, Substation, TransformerArea
from gridhall.runtime.reference import Reference


@admin.register(Organisation)
class Organisations(Reference):
    """供电单位."""

    list_display = ("name", "code", "level", "parent", "path")
    list_filter = ("level",)
    list_select_related = ("parent",)
    search_fields = ("name", "code")
    readonly_fields = ("path",)
    ordering = ("path",)


@admin.register(Substation)
class Substations(Reference):
    """变电站."""

    list_display = ("name", "code", "organisation")
    list_select_related = ("organisation",)
    search_fields = ("name", "code")
    ordering = ("code",)


@admin.register(Feeder)
class Feeders(Reference):
    """线路."""

    list_display = ("name", "code", "substation")
    list_select_related = ("substation",)
    search_fields = ("name", "code")
    raw_id_fields = ("substation",)
    ordering = ("code",)


@admin.register(TransformerArea)
class TransformerAreas(Reference):
    """台区."""

    list_display = ("name", "code", "feeder", "dedicated", "capacity_va")
    list_filter = ("dedicated",)
    list_select_related = ("feeder",)
    search_fields = ("name", "code")
    raw_id_fields = ("feeder",)
    ordering = ("code",)
