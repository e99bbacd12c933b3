"""The guide to ways to pay, as readers see it."""

from dataclasses import dataclass

from gridhall.contexts.payments.models import GuideArticle
from gridhall.kernel.errors import NotFound


@dataclass(frozen=True)
class Article:
    """An article; ``body`` is Markdown without HTML, empty in lists."""

    slug: str
    title: str
    summary: str
    icon: str
    body: str
    video: str


def guide(language: str) -> list[Article]:
    """The published articles in a language, in their order. One query."""
    rows = GuideArticle.objects.filter(language=language, published=True).order_by("position", "slug")
    return [Article(row.slug, row.title, row.summary, row.icon, "", row.video) for row in rows.defer("body")]


def article(slug: str, language: str) -> Article:
    """A published article.

    Raises:
        NotFound: when there is none, or it is not published.
    """
    row = GuideArticle.objects.filter(slug=slug, language=language, published=True).first()
    if row is None:
        raise NotFound("There is no such article.", path="slug")
    return Article(row.slug, row.title, row.summary, row.icon, row.body, row.video)
