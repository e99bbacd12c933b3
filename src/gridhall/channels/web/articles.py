"""Texts that staff write in Markdown, as elements of a page."""

from typing import Final

from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt

from gridhall.contexts.payments.queries.guide import FILE

#: A picture in an article is named so.
PICTURES: Final = "pictures/"


def text_of(markdown: str) -> SafeString:
    """An article as elements of a page: HTML in it is text, links lead to http, https or this house only.

    >>> text_of("<script>x</script> [a](javascript:b)")
    '<p>&lt;script&gt;x&lt;/script&gt; [a](javascript:b)</p>\\n'
    """
    return mark_safe(str(_MARKDOWN.render(markdown)))


def _rendering() -> MarkdownIt:
    made = MarkdownIt("commonmark", {"html": False}).enable("table")
    made.validateLink = _allowed  # type: ignore[method-assign]
    made.normalizeLink = _addressed  # type: ignore[method-assign]
    return made


def _allowed(url: str) -> bool:
    return url.startswith(("https://", "http://", "tel:", PICTURES)) or (url.startswith("/") and url[1:2] != "/")


def _addressed(url: str) -> str:
    name = url.removeprefix(PICTURES)
    if url.startswith(PICTURES) and FILE.fullmatch(name):
        return reverse("hall.guide-file", kwargs={"folder": "pictures", "name": name})
    return url


_MARKDOWN: Final = _rendering()
