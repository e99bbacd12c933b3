"""Error pages, and the words of an error in the reader's language; no stack trace or other's data reaches a page."""

from http import HTTPStatus

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from gridhall.channels.web import words
from gridhall.kernel.errors import GridhallError, NotFound, Refused


def answer(request: HttpRequest, error: GridhallError) -> HttpResponse:
    """The page for an error of the house: 404 for what is not there, 409 for what was refused, 422 for the rest."""
    if isinstance(error, NotFound):
        return not_found(request, error)
    status = HTTPStatus.CONFLICT if isinstance(error, Refused) else HTTPStatus.UNPROCESSABLE_ENTITY
    said = words.of_error(error)
    return _page(request, status, _("This cannot be done"), said.what, said.remedy)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """400."""
    return _page(
        request,
        HTTPStatus.BAD_REQUEST,
        _("The request could not be understood"),
        _("Something in the address or the form was not as expected."),
        _("Go back and try again."),
    )


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """403."""
    return _page(
        request,
        HTTPStatus.FORBIDDEN,
        _("You are not allowed to see this"),
        _("Your role does not include this page."),
        _("If you need it for your work, ask your manager."),
    )


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """403 for a form that did not come from a page of ours, or whose page was open for too long."""
    return _page(
        request,
        HTTPStatus.FORBIDDEN,
        _("The form has expired"),
        _("The page was open for a long time, or your browser does not keep cookies."),
        _("Open the page again and repeat the last step. Nothing was changed."),
    )


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """404: the same whether something does not exist or is somebody else's."""
    return _page(
        request,
        HTTPStatus.NOT_FOUND,
        _("This page is not here"),
        _("The address may be wrong, or what it showed is no longer available to you."),
        _("Go to the home page and start from there."),
    )


def server_error(request: HttpRequest) -> HttpResponse:
    """500."""
    return _page(
        request,
        HTTPStatus.INTERNAL_SERVER_ERROR,
        _("Something went wrong on our side"),
        _("Your data is safe; the step you just made was not carried out."),
        _("Try again in a few minutes. If it happens again, call us."),
    )


def _page(request: HttpRequest, status: HTTPStatus, title: str, what: str, remedy: str) -> HttpResponse:
    template = "web/parts/error.html" if getattr(request, "htmx", False) else "web/error.html"
    response = render(
        request, template, {"title": title, "what": what, "remedy": remedy, "status": int(status)}, status=status
    )
    response["Cache-Control"] = "no-store, private"
    return response
