"""Addresses of signing in: allauth's, without the pages that this house does not have."""

from django.urls import include, path, re_path
from django.views.generic import RedirectView, TemplateView

from gridhall.channels.web.signin.views import AddPasskey, end_session

_LOGIN = RedirectView.as_view(pattern_name="account_login", query_string=True)

urlpatterns = [
    path("second-factor/", TemplateView.as_view(template_name="account/second_factor.html"), name="web.second-factor"),
    # Signing in by code makes an account where there is none.
    path("signup/", _LOGIN),
    re_path(r"^password/reset/.*$", TemplateView.as_view(template_name="account/password_reset.html")),
    re_path(r"^(?:email|confirm-email)/.*$", RedirectView.as_view(pattern_name="hall.me")),
    path("2fa/webauthn/add/", AddPasskey.as_view()),
    path("sessions/<int:session>/end/", end_session, name="web.session-end"),
    path("", include("allauth.urls")),
]
