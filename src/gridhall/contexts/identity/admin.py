"""Staff and their positions in the admin; customers and what belongs to them are not there."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from gridhall.contexts.accounts import queries as accounts
from gridhall.contexts.identity.models import StaffPosition, User
from gridhall.runtime.reference import Reference


class Positions(admin.TabularInline):  # type: ignore[type-arg]
    """The positions of somebody."""

    model = StaffPosition
    extra = 0
    min_num = 1
    can_delete = False
    verbose_name_plural = "任职"

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """As the page's."""
        return self.admin_site.has_permission(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """As the page's."""
        return self.admin_site.has_permission(request)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """As the page's."""
        return self.admin_site.has_permission(request)


@admin.register(User)
class StaffMembers(Reference):
    """Members of staff: their number, name, whether they may sign in, and their positions; phones stay masked."""

    list_display = ("username", "display_name", "masked_phone", "is_active", "last_login")
    list_filter = ("is_active",)
    search_fields = ("username", "display_name")
    inlines = (Positions,)
    ordering = ("username",)

    def get_queryset(self, request: HttpRequest) -> "QuerySet[User]":
        """Only those who hold or held a position."""
        return super().get_queryset(request).filter(positions__isnull=False).distinct()

    def get_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """A phone can be given to somebody new; afterwards it is theirs to change."""
        return ("username", "display_name", "is_active", "phone" if obj is None else "masked_phone")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """The staff number stays: the audit trail knows people by it."""
        return ("masked_phone",) if obj is None else ("username", "masked_phone")

    @admin.display(description="手机号")
    def masked_phone(self, obj: User) -> str:
        """The phone with its middle hidden."""
        return accounts.masked_phone(obj.phone) if obj.phone else "—"

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        """Somebody new has no password; they set one after the code to their phone."""
        if not change:
            obj.phone = obj.phone or None
            obj.set_unusable_password()
        super().save_model(request, obj, form, change)


@admin.register(StaffPosition)
class AllPositions(Reference):
    """任职."""

    list_display = ("user", "role", "organisation", "start_date", "end_date", "accepts_elsewhere")
    list_filter = ("role",)
    list_select_related = ("user", "organisation")
    search_fields = ("user__username", "organisation__name")
    raw_id_fields = ("user",)
    ordering = ("user__username", "start_date")

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """The last day is said as people count it."""
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if field is not None and db_field.name == "end_date":
            field.help_text = "自这一天起不再任职；留空为长期"
        return field
