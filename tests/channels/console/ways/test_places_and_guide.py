"""Guards: staff keep places and the guide: files are looked at first, changes told, nobody is overwritten."""

import io
import re
import struct
import zlib
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from PIL import Image
from tests.world import World

from gridhall.contexts.payments.models import GuideArticle, PaymentPoint, PointFile
from gridhall.runtime.audit import trail

HEAD = "code,kind,name,address,longitude,latitude"
ROWS = (HEAD, "N-1,hall,新街营业厅,新街1号,121.473701,31.230416", "N-2,palace,,新街2号,x,31.2")


def drawn(kind: str, size: tuple[int, int] = (40, 30), **more: Any) -> bytes:
    """A picture."""
    file = io.BytesIO()
    Image.new("RGB", size, "teal").save(file, kind, **more)
    return file.getvalue()


PNG = drawn("PNG")


@pytest.fixture
def office(world: World) -> Client:
    """The manager's browser, in Chinese."""
    return world.client("manager")


def uploaded(office: Client, content: bytes, **more: str) -> Any:
    file = SimpleUploadedFile("网点.csv", content)
    return office.post(reverse("console.places-import"), {"file": file, **more})


def mark_in(answer: Any) -> str:
    found = re.search(r'name="mark"[^>]*value="([0-9a-f]+)"', answer.content.decode())
    assert found
    return found[1]


def test_a_file_is_looked_at_then_taken_in(office: Client):
    answer = uploaded(office, "\n".join(ROWS).encode(), coordinates="gcj-02")
    assert answer.status_code == 302
    page = office.get(answer.url)
    text = page.content.decode()
    assert "目前还没有任何改动" in text
    assert "N-1" in text
    assert "没有这种网点类型" in text
    assert "不是数字" in text
    assert not PaymentPoint.objects.filter(code="N-1").exists()
    done = office.post(answer.url, {"mark": mark_in(page)}, follow=True).content.decode()
    assert "新增 1 个网点" in done
    point = PaymentPoint.objects.get(code="N-1")
    assert (point.longitude, point.latitude) == pytest.approx((121.46916, 31.23235), abs=1e-5)
    assert trail("payment_point:N-1")[0].actor.startswith("staff:")
    mend = office.get(reverse("console.places-file-bad", args=[PointFile.objects.latest("pk").pk]))
    assert "attachment" in mend["Content-Disposition"]
    assert "没有这种网点类型" in mend.content.decode("utf-8-sig")
    assert office.post(answer.url, {"mark": ""}).status_code == 409


def test_nobody_guesses_the_coordinates(office: Client):
    answer = uploaded(office, "\n".join(ROWS).encode())
    assert answer.status_code == 422
    assert "checked" not in answer.content.decode().partition('name="coordinates"')[2].partition("</form>")[0]
    assert uploaded(office, b"nonsense", coordinates="wgs-84").status_code == 422
    assert "表头缺少列" in uploaded(office, b"nonsense", coordinates="wgs-84").content.decode()
    assert uploaded(office, b"PK\x03\x04", coordinates="mars").status_code == 422


def test_a_plan_that_changed_is_shown_again(office: Client):
    answer = uploaded(office, "\n".join(ROWS[:2]).replace("N-1", "N-7").encode(), coordinates="wgs-84")
    mark = mark_in(office.get(answer.url))
    PaymentPoint.objects.create(
        code="N-7", kind="hall", name="x", address="y", longitude=1, latitude=1, changed_at="2026-03-05T00:00Z"
    )
    refused = office.post(answer.url, {"mark": mark})
    assert refused.status_code == 409
    assert PaymentPoint.objects.get(code="N-7").name == "x"


def test_one_place_is_changed_by_hand(office: Client):
    point = PaymentPoint.objects.get(code="YX-01")
    where = reverse("console.place", args=[point.pk])
    form = office.get(where).context["form"]
    given = {name: form[name].value() or "" for name in form.fields if name != "active"}
    assert office.post(where, given | {"hours": "周一至周五 9:00-17:00", "active": "on"}).status_code == 302
    point.refresh_from_db()
    assert point.active
    assert point.hours["1"] == [["09:00", "17:00"]]
    clash = office.post(where, given | {"phone": "7"})
    assert clash.status_code == 409
    text = clash.content.decode()
    assert "他人修改了这个网点" in text
    assert 'value="7"' in text
    assert "周一至周五 09:00-17:00" in text
    mended = office.post(where, given | {"phone": "7", "mark": mark_in(clash)})
    assert mended.status_code == 302
    point.refresh_from_db()
    assert (point.phone, point.active) == ("7", False)
    assert "营业时间无法识别" in office.post(where, given | {"hours": "whenever"}).content.decode()


def test_places_are_listed_and_exported(office: Client, django_assert_max_num_queries):
    with django_assert_max_num_queries(12):
        text = office.get(reverse("console.places"), {"q": "YX-1", "state": "active"}).content.decode()
    assert "YX-11" in text
    assert "没有符合条件的网点" in office.get(reverse("console.places"), {"q": "\x00nowhere"}).content.decode()
    written = office.get(reverse("console.places-export")).content
    assert written.decode("utf-8-sig").startswith("code,kind,name")
    answer = uploaded(office, written, coordinates="wgs-84")
    assert "没有需要导入的内容" in office.get(answer.url).content.decode()


def typed(article: GuideArticle, mark: str, **more: str) -> dict[str, str]:
    said = {
        "title": article.title, "summary": article.summary, "body": article.body, "icon": article.icon,
        "video": article.video, "published": "on", "mark": mark,
    }  # fmt: skip
    return {name: value for name, value in (said | more).items() if value != "—"}


def test_an_article_is_changed_and_taken_back(office: Client):
    article = GuideArticle.objects.get(slug="online", language="zh-hans")
    where = reverse("console.guide-article", args=[article.pk])
    mark = mark_in(office.get(where))
    assert office.post(where, typed(article, mark, title="手机交费", published="—")).status_code == 302
    article.refresh_from_db()
    assert (article.title, article.published) == ("手机交费", False)
    assert Client().get("/ways-to-pay/online/").status_code == 404
    told = trail("guide_article:online")[-1]
    assert told.actor.startswith("staff:")
    assert told.details["after"] == {"title": "手机交费", "published": False}


def test_two_writers_at_once_lose_nothing(office: Client):
    article = GuideArticle.objects.get(slug="online", language="zh-hans")
    where = reverse("console.guide-article", args=[article.pk])
    mark = mark_in(office.get(where))
    office.post(where, typed(article, mark, body="甲写的"))
    clash = office.post(where, typed(article, mark, body="乙写的"))
    text = clash.content.decode()
    assert clash.status_code == 409
    assert "甲写的" in text
    assert "乙写的" in text
    office.post(where, typed(article, mark_in(clash), body="乙写的"))
    article.refresh_from_db()
    assert article.body == "乙写的"
    assert trail("guide_article:online")[-1].details["before"] == {"body": "甲写的"}


def test_an_article_is_added_in_both_languages_and_moved(office: Client):
    new = {"slug": "by-post", "language": "zh-hans", "title": "邮寄", "body": "写信", "icon": "book", "published": "on"}
    assert office.post(reverse("console.guide-new"), new).status_code == 302
    again = office.post(reverse("console.guide-new"), new)
    assert again.status_code == 422
    assert "已有同名文章" in again.content.decode()
    english = reverse("console.guide-new") + "?slug=by-post&language=en"
    assert office.get(english).context["form"]["language"].value() == "en"
    office.post(reverse("console.guide-new"), new | {"language": "en", "title": "By post"})
    positions = set(GuideArticle.objects.filter(slug="by-post").values_list("position", flat=True))
    assert len(positions) == 1
    office.post(reverse("console.guide-move", args=["by-post"]), {"to": "up"})
    order = [each[0] for each in office.get(reverse("console.guide")).context["articles"]]
    assert order[-2] == "by-post"
    assert "邮寄" in Client().get("/ways-to-pay/", headers={"accept-language": "zh-hans"}).content.decode()
    for wrong in ({"slug": "A B"}, {"title": ""}, {"icon": "../x"}, {"video": "none.mp4"}, {"language": "fr"}):
        assert office.post(reverse("console.guide-new"), new | {"slug": "other"} | wrong).status_code == 422


def test_the_preview_is_what_customers_see(office: Client):
    shown = office.post(
        reverse("console.guide-preview"),
        {"title": "<b>", "body": "# 标题\n<script>x</script>\n![x](pictures/scan.svg)"},
    ).content.decode()
    assert "<h1>标题</h1>" in shown
    assert "&lt;script&gt;" in shown
    assert 'src="/ways-to-pay/files/pictures/scan.svg"' in shown
    assert "&lt;b&gt;" in shown


def test_pictures_and_films_are_told_by_their_content(office: Client, settings, tmp_path: Path):
    settings.HOME = tmp_path
    where = reverse("console.guide-files")
    for name, content in (
        ("evil.png", b"<script>"),
        ("x.svg", b"<svg xmlns='http://www.w3.org/2000/svg'/>"),
        ("e", b""),
    ):
        refused = office.post(where, {"file": SimpleUploadedFile(name, content)} if content else {})
        assert refused.status_code == 422
        assert "无法展示" in refused.content.decode()
    # A small file that says it has 3.6 billion pixels.
    bomb = b"IHDR" + struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    bomb = PNG[:8] + b"\x00\x00\x00\x0d" + bomb + struct.pack(">I", zlib.crc32(bomb)) + PNG[33:]
    assert office.post(where, {"file": SimpleUploadedFile("bomb.png", bomb)}).status_code == 422
    too_large = SimpleUploadedFile("a.png", PNG + b"x" * (5 * 1024 * 1024))
    assert office.post(where, {"file": too_large}).status_code == 422
    assert list(tmp_path.rglob("*.png")) == []
    kept = office.post(
        where, {"file": SimpleUploadedFile("../../Überweisung 1.EXE", PNG)}, headers={"hx-request": "true"}
    )
    (file,) = (tmp_path / "guide" / "pictures").iterdir()
    assert re.fullmatch(r"berweisung-1-[0-9a-f]{10}\.png", file.name)
    assert f"pictures/{file.name}" in kept.content.decode()
    shown = Client().get(f"/ways-to-pay/files/pictures/{file.name}")
    assert shown["Content-Type"] == "image/png"
    assert shown["X-Content-Type-Options"] == "nosniff"
    photo = Image.Exif()
    photo[0x0112], photo[0x010F] = 6, "Camera of the clerk"
    photo.get_ifd(0x8825)[1] = "N"
    sent = drawn("JPEG", (2400, 1200), exif=photo)
    assert b"Camera of the clerk" in sent
    office.post(where, {"file": SimpleUploadedFile("meter.jpg", sent)})
    (kept_photo,) = (tmp_path / "guide" / "pictures").glob("*.jpg")
    with Image.open(kept_photo) as seen_photo:
        # Upright, small enough for a phone, and without where and by what it was taken.
        assert (seen_photo.size, dict(seen_photo.getexif())) == ((800, 1600), {})
    assert b"Camera of the clerk" not in kept_photo.read_bytes()
    film = b"\x00\x00\x00\x18ftypisom" + b"\x00" * 80
    office.post(where, {"file": SimpleUploadedFile("film.mov", film)})
    (video,) = (tmp_path / "guide" / "videos").iterdir()
    # Phones ask for films in pieces.
    where = f"/ways-to-pay/files/videos/{video.name}"
    piece = Client().get(where, headers={"range": "bytes=4-11"})
    assert (piece.status_code, b"".join(piece), piece["Content-Range"]) == (206, b"ftypisom", "bytes 4-11/92")
    assert Client().get(where, headers={"range": "bytes=900-"}).status_code == 416
    whole = Client().get(where)
    assert (whole.status_code, whole["Accept-Ranges"], b"".join(whole)) == (200, "bytes", film)
    article = GuideArticle.objects.get(slug="online", language="zh-hans")
    edit = reverse("console.guide-article", args=[article.pk])
    office.post(edit, typed(article, mark_in(office.get(edit)), video=video.name))
    seen = Client().get("/ways-to-pay/online/", headers={"accept-language": "zh-hans"})
    assert "<video" in seen.content.decode()
    assert list((tmp_path / "guide").glob(".*")) == []


def test_only_who_may_does(world: World):
    for who in ("clerk", "auditor", "tariffs"):
        client = world.client(who)
        assert client.get(reverse("console.places")).status_code == 403
        assert client.post(reverse("console.guide-preview")).status_code == 403
        assert (
            client.post(reverse("console.guide-files"), {"file": SimpleUploadedFile("a.png", PNG)}).status_code == 403
        )
