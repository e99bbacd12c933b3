"""The guide to ways to pay: a list, an article with pictures and, where there is one, a film."""

import re
from pathlib import Path
from typing import Final

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.safestring import SafeString
from django.views.decorators.http import require_GET
from whitenoise.middleware import WhiteNoiseMiddleware
from whitenoise.responders import StaticFile

from gridhall.channels.hall.access import HallRequest
from gridhall.channels.hall.pay.open_page import open_page
from gridhall.channels.web.articles import text_of
from gridhall.channels.web.assets import icon
from gridhall.channels.web.formats import in_english
from gridhall.channels.web.rendering import rendered
from gridhall.contexts.payments.queries import guide as queries
from gridhall.kernel.errors import NotFound

_TYPES: Final = {
    "svg": "image/svg+xml", "png": "image/png", "jpg": "image/jpeg", "webp": "image/webp", "mp4": "video/mp4",
    "webm": "video/webm",
}  # fmt: skip


@require_GET
@open_page
def articles(request: HallRequest) -> HttpResponse:
    """The articles in the language of the page."""
    listed = [(each, _drawn(each.icon)) for each in queries.guide(_language())]
    return rendered(request, "hall/pay/guide.html", articles=listed)


@require_GET
@open_page
def article(request: HallRequest, slug: str) -> HttpResponse:
    """One article."""
    found = queries.article(slug, _language())
    film = found.video if queries.guide_file("videos", found.video) else ""
    response = rendered(request, "hall/pay/article.html", article=found, body=text_of(found.body), film=film)
    if film:
        response._csp_update = {"media-src": ["'self'"]}  # type: ignore[attr-defined]
    return response


@require_GET
def file(request: HttpRequest, folder: str, name: str) -> HttpResponseBase:
    """A picture or film of the guide."""
    path = queries.guide_file(folder, name)
    if path is None:
        raise NotFound("There is no such file.", path="name")
    kind = _TYPES[path.suffix[1:]]
    response = _film(path, kind, request) if folder == "videos" else HttpResponse(path.read_bytes(), content_type=kind)
    response["Cache-Control"] = "public, max-age=3600"
    # A drawing opened by itself may run nothing.
    response._csp_replace = {"default-src": ["'none'"], "style-src": ["'unsafe-inline'"]}  # type: ignore[attr-defined]
    return response


def _film(path: Path, kind: str, request: HttpRequest) -> HttpResponseBase:
    """A film, whole or in pieces: phones play none that they cannot ask for in pieces."""
    found = StaticFile(str(path), [("Content-Type", kind), ("Accept-Ranges", "bytes")])
    served: HttpResponseBase = WhiteNoiseMiddleware.serve(found, request)
    return served


def _language() -> str:
    return "en" if in_english() else "zh-hans"


def _drawn(name: str) -> SafeString:
    """The icon that staff named; a plain one where there is none of that name."""
    try:
        return icon(name if re.fullmatch(r"[a-z0-9-]+", name) else "book")
    except FileNotFoundError:
        return icon("book")
