"""The guide to ways to pay: the articles that come with the software, until staff change them."""

from datetime import datetime
from pathlib import Path
from typing import Final

from gridhall.contexts.payments.models import GuideArticle
from gridhall.kernel.errors import Refused
from gridhall.runtime.content import content

_FENCE: Final = "---\n"
_ACTOR: Final = "content"


class ArticleInvalid(Refused):
    """A file of the guide is not written as it should be; the path names it."""

    code = "guide_article_invalid"


def seed_guide(now: datetime) -> int:
    """This will add the articles of ``content/guide`` that are not there yet, and give how many.

    Files are named ``<slug>.<language>.md`` and begin with their title, order and icon between lines of ``---``. What
    staff changed stays as it is.

    Raises:
        ArticleInvalid: a file without its head, or with an unknown line in it.
    """
    present = set(GuideArticle.objects.values_list("slug", "language"))
    articles = [_read(file, now) for file in sorted(content("guide").glob("*.*.md"))]
    rows = [row for row in articles if (row.slug, row.language) not in present]
    GuideArticle.objects.bulk_create(rows, ignore_conflicts=True)
    return len(rows)


def _read(file: Path, now: datetime) -> GuideArticle:
    slug, language, _ = file.name.split(".")
    text = file.read_text(encoding="utf-8")
    head, fence, body = text.removeprefix(_FENCE).partition(_FENCE)
    if not text.startswith(_FENCE) or not fence:
        raise ArticleInvalid("An article begins with its title between lines of ---.", path=file.name)
    said: dict[str, str] = {}
    for line in head.splitlines():
        key, colon, value = line.partition(":")
        if not colon or key.strip() not in {"title", "summary", "icon", "position", "video"}:
            raise ArticleInvalid(f"There is no {key.strip()!r} in the head of an article.", path=file.name)
        said[key.strip()] = value.strip()
    position = said.get("position", "0")
    if not said.get("title") or not position.isdigit():
        raise ArticleInvalid("An article has a title, and a whole number as its position.", path=file.name)
    return GuideArticle(
        slug=slug, language=language, position=int(position), title=said["title"], summary=said.get("summary", ""),
        icon=said.get("icon", "book"), body=body.strip(), video=said.get("video", ""), changed_at=now,
        changed_by=_ACTOR,
    )  # fmt: skip
