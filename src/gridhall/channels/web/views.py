"""Small public answers: brand colours and logo, language, theme, the installable app's manifest and worker."""

import json
from pathlib import Path

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.templatetags.static import static
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_GET, require_POST

from gridhall.channels.web.brand import brand
from gridhall.runtime.content import content

_DAY = "public, max-age=86400"


@require_GET
def colours(request: HttpRequest) -> HttpResponse:
    """The brand's colours as a style sheet."""
    found = brand()
    text = f':root{{--accent:{found.accent}}}\n:root[data-bs-theme="dark"]{{--accent:{found.accent_dark}}}\n'
    return HttpResponse(text, content_type="text/css; charset=utf-8", headers={"Cache-Control": _DAY})


@require_GET
def logo(request: HttpRequest) -> HttpResponse:
    """The utility's logo."""
    file = content("brand", brand().logo)
    kind = {".svg": "image/svg+xml", ".png": "image/png", ".webp": "image/webp"}[file.suffix]
    return HttpResponse(file.read_bytes(), content_type=kind, headers={"Cache-Control": _DAY})


@require_GET
def manifest(request: HttpRequest) -> HttpResponse:
    """What a phone needs to install the hall as an app."""
    found = brand()
    words = found.words()
    return JsonResponse(
        {
            "name": words["name"],
            "short_name": words["short_name"],
            "start_url": "/",
            "scope": "/",
            "display": "standalone",
            "background_color": "#f6f8f8",
            "theme_color": found.accent,
            "icons": [
                {"src": static("web/icon-192.png"), "sizes": "192x192", "type": "image/png", "purpose": "any maskable"},
                {"src": static("web/icon-512.png"), "sizes": "512x512", "type": "image/png", "purpose": "any maskable"},
            ],
        },
        content_type="application/manifest+json",
        headers={"Cache-Control": _DAY},
    )


@require_GET
def worker(request: HttpRequest) -> HttpResponse:
    """The service worker, at the root so that it serves the whole hall; the shell's files are named by their hashes."""
    shell = [
        static(name) for name in ("npm/tabler.css", "web/gridhall.css", "npm/htmx.js", "npm/alpine.js", "web/app.js")
    ]
    text = Path(__file__).with_name("worker.js").read_text(encoding="utf-8")
    text = text.replace("/*SHELL*/[]", json.dumps([*shell, "/offline/"]))
    return HttpResponse(text, content_type="text/javascript; charset=utf-8", headers={"Cache-Control": "no-cache"})


@require_GET
def offline(request: HttpRequest) -> HttpResponse:
    """What is shown without a connection when a page was never stored."""
    response = render(request, "web/offline.html")
    response["Cache-Control"] = "no-cache"
    return response


@require_POST
def language(request: HttpRequest) -> HttpResponse:
    """Choose the language of pages."""
    chosen = request.POST.get("language", "")
    if chosen not in dict(settings.LANGUAGES):
        raise Http404
    return _remembered(request, settings.LANGUAGE_COOKIE_NAME, chosen)


@require_POST
def theme(request: HttpRequest) -> HttpResponse:
    """Choose light, dark, or what the device says."""
    chosen = request.POST.get("theme", "")
    if chosen not in {"light", "dark", "auto"}:
        raise Http404
    return _remembered(request, "theme", chosen)


def _remembered(request: HttpRequest, cookie: str, value: str) -> HttpResponse:
    wanted = request.POST.get("next", "/")
    safe = url_has_allowed_host_and_scheme(wanted, {request.get_host()}, require_https=request.is_secure())
    response = HttpResponseRedirect(wanted if safe else "/")
    response.set_cookie(cookie, value, max_age=settings.LANGUAGE_COOKIE_AGE, samesite="Lax", secure=settings.HTTPS)
    return response
