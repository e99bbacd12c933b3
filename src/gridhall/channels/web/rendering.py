"""A page from its template."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


def rendered(request: HttpRequest, template: str, **context: object) -> HttpResponse:
    """The page of a template."""
    return render(request, template, context)
