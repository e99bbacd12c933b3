"""The guide to ways to pay, written by staff: articles in two languages, their order, their pictures and films."""

import hashlib
import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final
from uuid import uuid4

from django.db import IntegrityError, transaction
from PIL import Image, ImageOps, UnidentifiedImageError

from gridhall.contexts.payments.models import GuideArticle
from gridhall.contexts.payments.queries.guide import article_mark, guide_file, own_guide_files
from gridhall.kernel.errors import NotFound, Refused
from gridhall.runtime.audit import Act, record

#: Bytes.
LARGEST_PICTURE: Final = 5 * 1024 * 1024
LARGEST_FILM: Final = 200 * 1024 * 1024
LANGUAGES: Final = ("zh-hans", "en")
_SLUG: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,38}")
_ICON: Final = re.compile(r"[a-z0-9-]{1,40}")
_LONGEST: Final = {"title": 80, "summary": 200, "body": 50_000, "video": 80}
#: Pixels: of a side as it is shown, and of a picture that is looked at.
WIDEST: Final = 1600
_MOST_PIXELS: Final = 50_000_000
_FORMATS: Final = {"png": "PNG", "jpg": "JPEG", "webp": "WEBP"}
#: How much of a file tells what it is.
_HEAD: Final = 64


class ArticleRefused(Refused):
    """An article cannot be so; the path names the field."""

    code = "guide_article_refused"


class ArticleChanged(Refused):
    """Somebody else saved the article meanwhile."""

    code = "guide_article_changed"


class GuideFileRefused(Refused):
    """An uploaded file is no picture or film of the kinds that are shown, or too large."""

    code = "guide_file_refused"


@dataclass(frozen=True)
class ArticleText:
    """What somebody wrote; see `models.GuideArticle`."""

    title: str
    summary: str
    icon: str
    body: str
    video: str
    published: bool


def create_article(slug: str, language: str, text: ArticleText, *, act: Act) -> int:
    """This will add an article, at the end of the guide or where the other language of it stands, and give its id.

    Raises:
        ArticleRefused: a field cannot be so, or there is one of this slug in this language.
    """
    if not _SLUG.fullmatch(slug):
        raise ArticleRefused("The short name has other characters.", path="slug", remedy="Write a-z, 0-9 and -.")
    if language not in LANGUAGES:
        raise ArticleRefused("There is no such language.", path="language")
    _checked(text)
    last = GuideArticle.objects.order_by("-position").first()
    other = GuideArticle.objects.filter(slug=slug).first()
    position = other.position if other else last.position + 1 if last else 1
    try:
        with transaction.atomic():
            row = GuideArticle.objects.create(
                slug=slug, language=language, position=position, **asdict(text), changed_at=act.at,
                changed_by=act.actor,
            )  # fmt: skip
            record(act, "payments.guide.added", _subject(row), {"after": asdict(text)})
    except IntegrityError as error:
        raise ArticleRefused("There is such an article already.", path="slug", remedy="Change that one.") from error
    return row.pk


def change_article(id: int, text: ArticleText, *, mark: str, act: Act) -> None:
    """This will change an article, or publish it or take it back; what stood there before stays in the trail.

    Args:
        mark: of the article as the writer began with it; see `queries.guide.article_mark`.

    Raises:
        NotFound: there is no such article.
        ArticleRefused: a field cannot be so.
        ArticleChanged: somebody else saved it meanwhile; nothing is written.
    """
    _checked(text)
    with transaction.atomic():
        row = GuideArticle.objects.select_for_update().filter(pk=id).first()
        if row is None:
            raise NotFound("There is no such article.", path="article")
        if mark != article_mark(row):
            raise ArticleChanged("Somebody else saved this article meanwhile.", remedy="Compare, then save again.")
        after = {name: value for name, value in asdict(text).items() if getattr(row, name) != value}
        if not after:
            return
        before = {name: getattr(row, name) for name in after}
        GuideArticle.objects.filter(pk=id).update(**after, changed_at=act.at, changed_by=act.actor)
        record(act, "payments.guide.changed", _subject(row), {"before": before, "after": after})


def move_article(slug: str, *, up: bool, act: Act) -> None:
    """This will move an article, in all its languages, one place up or down; the first cannot go up, nor the last down.

    Raises:
        NotFound: there is no such article.
    """
    with transaction.atomic():
        rows = list(GuideArticle.objects.select_for_update().order_by("position", "slug", "pk"))
        order = list(dict.fromkeys(row.slug for row in rows))
        if slug not in order:
            raise NotFound("There is no such article.", path="article")
        at = order.index(slug)
        to = min(max(at + (-1 if up else 1), 0), len(order) - 1)
        if to == at:
            return
        order[at], order[to] = order[to], order[at]
        for position, each in enumerate(order, 1):
            GuideArticle.objects.filter(slug=each).exclude(position=position).update(position=position)
        record(act, "payments.guide.moved", f"guide_article:{slug}", {"from": at + 1, "to": to + 1})


def keep_guide_file(name: str, chunks: Iterable[bytes], *, act: Act) -> tuple[str, str]:
    """This will keep a picture or film for articles, and give its folder (``pictures``, ``videos``) and its name there.

    What it is, its first bytes say and not its name. PNG, JPEG and WebP are pictures, MP4 and WebM films. Drawings as
    SVG are not taken: they can carry scripts. Pictures are drawn anew: upright, no larger than pages show them, without
    the place, time and device that cameras write into them.

    Args:
        name: as it was called, of which a harmless part is kept. ``chunks``: its content.

    Raises:
        GuideFileRefused: something else, or too large.
    """
    place = own_guide_files()
    place.mkdir(parents=True, exist_ok=True)
    partial = place / f".{uuid4().hex}"
    size, head = 0, b""
    try:
        with partial.open("wb") as stream:
            for chunk in chunks:
                size += len(chunk)
                head = head if len(head) >= _HEAD else head + chunk[:_HEAD]
                stream.write(chunk)
                if size > LARGEST_FILM:
                    break
        folder, ending = _kind(head)
        most = LARGEST_PICTURE if folder == "pictures" else LARGEST_FILM
        if size > most:
            raise GuideFileRefused(f"It has more than {most >> 20} MB.", path=folder, remedy="Make it smaller.")
        if folder == "pictures":
            _redraw(partial, _FORMATS[ending])
        with partial.open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256")
        plain = re.sub(r"[^a-z0-9]+", "-", Path(name.replace("\\", "/")).stem.lower()).strip("-")[:30].strip("-")
        kept = f"{plain or 'file'}-{digest.hexdigest()[:10]}.{ending}"
        if guide_file(folder, kept) is None:
            (place / folder).mkdir(exist_ok=True)
            partial.replace(place / folder / kept)
            with transaction.atomic():
                record(act, "payments.guide.file_added", f"guide_file:{folder}/{kept}", {"bytes": size})
    finally:
        partial.unlink(missing_ok=True)
    return folder, kept


def _redraw(path: Path, kind: str) -> None:
    try:
        with Image.open(path, formats=[kind]) as found:
            if found.width * found.height > _MOST_PIXELS:
                raise GuideFileRefused("It has too many pixels.", path="pictures", remedy="Make it smaller.")
            upright = ImageOps.exif_transpose(found)
            upright.thumbnail((WIDEST, WIDEST))
            upright.save(path, kind, optimize=True)
    except (UnidentifiedImageError, Image.DecompressionBombError, OSError, SyntaxError, ValueError) as error:
        raise GuideFileRefused("It cannot be read.", path="file", remedy="Save it anew as PNG or JPEG.") from error


def _kind(head: bytes) -> tuple[str, str]:
    if head.startswith(b"\x89PNG\r\n\x1a\n") and head[12:16] == b"IHDR":
        return "pictures", "png"
    if head.startswith(b"\xff\xd8\xff"):
        return "pictures", "jpg"
    if head.startswith(b"RIFF") and head[8:12] == b"WEBP":
        return "pictures", "webp"
    if head[4:8] == b"ftyp" and head[8:12] not in {b"heic", b"heix", b"avif", b"mif1"}:
        return "videos", "mp4"
    if head.startswith(b"\x1a\x45\xdf\xa3") and b"webm" in head:
        return "videos", "webm"
    raise GuideFileRefused(
        "It is none of the kinds that are shown.", path="file", remedy="PNG, JPEG or WebP; MP4 or WebM."
    )


def _checked(text: ArticleText) -> None:
    for field, most in _LONGEST.items():
        value = getattr(text, field)
        if len(value) > most or "\x00" in value:
            raise ArticleRefused(f"It has more than {most:,} characters.", path=field, remedy="Shorten it.")
    for field in ("title", "body"):
        if not getattr(text, field).strip():
            raise ArticleRefused("It is empty.", path=field, remedy="Write something.")
    if not _ICON.fullmatch(text.icon):
        raise ArticleRefused("There is no such icon.", path="icon")
    if text.video and guide_file("videos", text.video) is None:
        raise ArticleRefused("There is no such film.", path="video", remedy="Upload it first.")


def _subject(row: GuideArticle) -> str:
    return f"guide_article:{row.slug}"
