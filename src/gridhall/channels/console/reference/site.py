"""The site of the Django admin: who may come in, and who acts."""

from typing import Any

from django.conf import settings
from django.contrib.admin import AdminSite
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import resolve_url
from django.urls import reverse

from gridhall.channels.web.brand import brand
from gridhall.channels.web.formats import today
from gridhall.contexts.identity import queries as identity
from gridhall.contexts.identity.types import Permission
from gridhall.kernel import clock
from gridhall.runtime.audit import Act


class ReferenceSite(AdminSite):
    """Open to staff with the permission to edit reference data; changes are recorded by whoever made them."""

    index_title = "基础数据"

    def has_permission(self, request: HttpRequest) -> bool:
        """Whether somebody may come in. One query a request."""
        known: bool | None = getattr(request, "may_edit_reference", None)
        if known is None:
            known = False
            if request.user.is_active and request.user.pk is not None:
                staff = identity.staff(request.user.pk, today())
                known = staff is not None and staff.may(Permission.REFERENCE_EDIT)
            request.may_edit_reference = known  # type: ignore[attr-defined]
        return known

    def admin_view(self, view: Any, cacheable: bool = False) -> Any:
        """Guards a view, tells it who acts, and shows others the house's own page instead of Django's log-in."""

        def acting(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
            request.act = Act(f"staff:{request.user.get_username()}", clock.now())  # type: ignore[attr-defined]
            return view(request, *args, **kwargs)

        guarded = super().admin_view(acting, cacheable)

        def inner(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
            if request.user.is_authenticated and not self.has_permission(request):
                raise PermissionDenied
            return guarded(request, *args, **kwargs)

        return inner

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Signing in is the house's own, with its second factor."""
        from django.contrib.auth.views import redirect_to_login

        return redirect_to_login(request.get_full_path(), resolve_url(settings.LOGIN_URL))

    def logout(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        """Signing out is the house's own, which leaves nothing behind; the form is handed on."""
        return HttpResponseRedirect(reverse("account_logout"), preserve_request=True)

    def password_change(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        """Passwords are changed on the house's own page."""
        return HttpResponseRedirect(reverse("account_change_password"))

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        """What every page shows."""
        name = brand().words()["short_name"]
        # The labels of the models are Chinese alone, and so is their frame.
        title = f"{name} · 基础数据"
        return super().each_context(request) | {
            "site_header": title,
            "site_title": title,
            "site_url": "/console/",
        }
