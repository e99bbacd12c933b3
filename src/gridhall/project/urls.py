"""Every address of the house; what lies behind each is in the door's own `urls`."""

from django.conf import settings
from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView

urlpatterns = [
    path("", include("gridhall.channels.web.urls")),
    path("", include("gridhall.channels.hall.urls")),
    path("account/", include("gridhall.channels.web.signin.urls")),
    path("console/", include("gridhall.channels.console.urls")),
    path("admin/login/", RedirectView.as_view(pattern_name="account_login", query_string=True)),
    path("admin/", admin.site.urls),
]
if "demo" in settings.PAYMENT_GATEWAYS:
    urlpatterns.append(path("demo-gateway/", include("gridhall.integrations.demo_gateway.urls")))
handler400 = "gridhall.channels.web.errors.bad_request"
handler403 = "gridhall.channels.web.errors.forbidden"
handler404 = "gridhall.channels.web.errors.not_found"
handler500 = "gridhall.channels.web.errors.server_error"
