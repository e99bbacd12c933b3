"""What the admin's pages of all contexts have in common: who may, what is recorded, that nothing is deleted."""

from typing import Any

from django.contrib import messages
from django.contrib.admin import AdminSite, ModelAdmin
from django.db import IntegrityError, models, transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from gridhall.runtime.audit import record
from gridhall.runtime.privacy import PERSONAL


class Reference(ModelAdmin):  # type: ignore[type-arg]
    """A page of reference data: the site decides who comes in; every change is on the audit trail; nothing is deleted.

    The site sets ``request.act``.
    """

    def __init__(self, model: type[models.Model], site: AdminSite) -> None:
        # Chinese has no plural, and Django would append an s.
        model._meta.verbose_name_plural = model._meta.verbose_name
        for field in model._meta.fields:
            # What points to something is called by what it points to, where its own name is the English of the code.
            if isinstance(field, models.ForeignKey) and field.verbose_name.isascii():
                above = "上级" if field.related_model is model else ""
                field.verbose_name = f"{above}{field.related_model._meta.verbose_name}"
        super().__init__(model, site)

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Whether the application is listed."""
        return self.admin_site.has_permission(request)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Whether it is shown."""
        return self.admin_site.has_permission(request)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Whether something can be added."""
        return self.admin_site.has_permission(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Whether it can be changed."""
        return self.admin_site.has_permission(request)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Reference data that something was billed by stays."""
        return False

    def construct_change_message(self, request: HttpRequest, form: Any, formsets: Any, add: bool = False) -> Any:
        """Note what was changed, without personal data, for the entry that follows."""
        label = self.model._meta.label
        request.changes = {  # type: ignore[attr-defined]
            name: ["…", "…"]
            if f"{label}.{name}" in PERSONAL
            else [_plain(form.initial.get(name)), _plain(form.cleaned_data.get(name))]
            for name in form.changed_data
        }
        for inline in formsets or ():
            for row in (*inline.new_objects, *(each for each, _fields in inline.changed_objects)):
                request.changes[f"{row._meta.model_name}:{row.pk}"] = ["", str(row)]  # type: ignore[attr-defined]
        return super().construct_change_message(request, form, formsets, add)

    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        """Record what was added."""
        self._record(request, obj, "added")
        return super().log_addition(request, obj, message)

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        """Record what was changed."""
        self._record(request, obj, "changed")
        return super().log_change(request, obj, message)

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """The page of one row; what the database refuses becomes a message."""
        try:
            with transaction.atomic():
                return super().changeform_view(request, object_id, form_url, extra_context)
        except IntegrityError as error:
            said = getattr(getattr(error.__cause__, "diag", None), "message_primary", None) or str(error)
            self.message_user(request, f"未保存：{said}", messages.ERROR)
            return HttpResponseRedirect(request.get_full_path())

    def _record(self, request: HttpRequest, obj: models.Model, what: str) -> None:
        action = f"{obj._meta.app_label}.{obj._meta.model_name}.{what}"
        changes = getattr(request, "changes", {})
        record(request.act, action, f"{obj._meta.model_name}:{obj.pk}", {"fields": changes})  # type: ignore[attr-defined]


class ReadOnly(Reference):
    """A page that only shows."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nothing is added."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nothing is changed."""
        return False


def _plain(value: Any) -> Any:
    return value if value is None or isinstance(value, bool | int | float) else str(value)
