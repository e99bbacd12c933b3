"""The guide to ways to pay, as readers and those who write it see it."""

import hashlib
import json
import re
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from django.conf import settings

from gridhall.contexts.payments.models import GuideArticle
from gridhall.kernel.errors import NotFound
from gridhall.runtime.content import content

#: Names of pictures and films; those that come with the software may be drawings.
FILE: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,60}\.(svg|png|jpg|webp|mp4|webm)")
FOLDERS: Final = ("pictures", "videos")


@dataclass(frozen=True)
class Article:
    """An article; ``body`` is Markdown without HTML, empty in lists."""

    slug: str
    title: str
    summary: str
    icon: str
    body: str
    video: str


@dataclass(frozen=True)
class StaffArticle:
    """An article as those who write it see it; ``mark`` changes with it."""

    id: int
    slug: str
    language: str
    title: str
    summary: str
    icon: str
    body: str
    video: str
    published: bool
    changed_at: datetime
    changed_by: str
    mark: str


@dataclass(frozen=True)
class GuideFile:
    """A picture or film of the guide: its folder and name; when it was put there; whether staff did."""

    folder: str
    name: str
    at: float
    own: bool


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


def articles_of_staff() -> list[tuple[str, dict[str, StaffArticle]]]:
    """Every article by its slug, in their order, with its languages, published or not. One query."""
    found: dict[str, dict[str, StaffArticle]] = {}
    for row in GuideArticle.objects.order_by("position", "slug"):
        found.setdefault(row.slug, {})[row.language] = _staff_article(row)
    return list(found.items())


def article_of_staff(id: int) -> StaffArticle:
    """An article, published or not.

    Raises:
        NotFound: when there is none.
    """
    row = GuideArticle.objects.filter(pk=id).first()
    if row is None:
        raise NotFound("There is no such article.", path="article")
    return _staff_article(row)


def article_mark(row: GuideArticle) -> str:
    """The same as long as nobody changes what the article says."""
    said = [row.title, row.summary, row.icon, row.body, row.video, row.published]
    return hashlib.sha256(json.dumps(said).encode()).hexdigest()[:32]


def own_guide_files() -> Path:
    """Where pictures and films lie that staff uploaded, in folders ``pictures`` and ``videos``."""
    return Path(settings.HOME) / "guide"


def guide_file(folder: str, name: str) -> Path | None:
    """A picture or film of the guide, that staff uploaded or that comes with the content; None where there is none."""
    if folder not in FOLDERS or not FILE.fullmatch(name):
        return None
    own = own_guide_files() / folder / name
    if own.is_file():
        return own
    try:
        return content("guide", folder, name)
    except NotFound:
        return None


def guide_files() -> list[GuideFile]:
    """Every picture and film of the guide, the newest first, those that come with the content last."""
    found: dict[tuple[str, str], GuideFile] = {}
    for folder in FOLDERS:
        for own, place in ((False, _shipped(folder)), (True, own_guide_files() / folder)):
            for file in place.iterdir() if place is not None and place.is_dir() else ():
                if FILE.fullmatch(file.name):
                    found[folder, file.name] = GuideFile(folder, file.name, file.stat().st_mtime, own)
    return sorted(found.values(), key=lambda each: (not each.own, -each.at if each.own else 0, each.name))


def _shipped(folder: str) -> Path | None:
    try:
        return content("guide", folder)
    except NotFound:
        return None


def _staff_article(row: GuideArticle) -> StaffArticle:
    return StaffArticle(
        row.pk, row.slug, row.language, row.title, row.summary, row.icon, row.body, row.video, row.published,
        row.changed_at, row.changed_by, article_mark(row),
    )  # fmt: skip
