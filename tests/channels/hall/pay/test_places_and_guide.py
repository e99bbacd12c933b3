"""Guards: where one can pay and how is there for everybody, says what is open now, and renders nothing but text."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from django.test import Client, override_settings
from tests.channels.hall.pay.conftest import main
from tests.world import World

from gridhall.channels.web.articles import text_of
from gridhall.contexts.payments.models import GuideArticle, PaymentPoint
from gridhall.contexts.payments.queries.payment_points import metres, payment_points

MONDAY_NOON = datetime(2026, 3, 2, 12, 30, tzinfo=ZoneInfo("Asia/Shanghai"))


def open_page(**asked: str) -> str:
    client = Client()
    client.cookies["language"] = "en"
    answer = client.get("/payment-points/", asked)
    assert answer.status_code == 200
    return main(answer)


def test_places_say_how_they_stand(world: World) -> None:
    found = {each.code: each for each in payment_points(MONDAY_NOON)}
    assert found["YX-11"].opening.open
    assert not found["YX-01"].opening.open
    assert found["YX-01"].opening.opens == MONDAY_NOON.replace(hour=13)
    holiday = payment_points(datetime(2026, 10, 1, 10, 0, tzinfo=MONDAY_NOON.tzinfo), kind="hall")
    assert {each.exceptional and not each.opening.open for each in holiday} == {True}
    assert holiday[0].opening.opens is not None
    assert holiday[0].opening.opens.date() == date(2026, 10, 5)


def test_places_are_found_and_filtered(world: World) -> None:
    assert "Yunxi hall" in open_page(q="95598-1")
    assert "95598-1" not in open_page(kind="machine")
    assert "Bank of Lanchuan" not in open_page(service="invoice")
    assert "No place found" in open_page(q="nowhere")
    assert open_page(kind="'; drop table", service="x")
    PaymentPoint.objects.filter(code="YX-01").update(active=False)
    assert "95598-1" not in open_page()


def test_the_nearest_comes_first(world: World) -> None:
    place = PaymentPoint.objects.get(code="YX-13")
    found = payment_points(MONDAY_NOON, near=(place.longitude, place.latitude))
    assert found[0].code == "YX-13"
    assert found[0].metres == 0
    assert [each.metres for each in found] == sorted(each.metres or 0 for each in found)
    answer = Client().post("/payment-points/", {"longitude": str(place.longitude), "latitude": "x"})
    assert answer.status_code == 200


@pytest.mark.parametrize(
    ("here", "there", "known"),
    [((0, 0), (0, 1), 111_195), ((121.47, 31.23), (116.40, 39.90), 1_067_000), ((179.9, 0), (-179.9, 0), 22_239)],
)
def test_distances(here, there, known) -> None:
    assert metres(here, there) == pytest.approx(known, rel=0.002)


def test_the_map_opens_the_page_to_its_host_only(world: World) -> None:
    closed = Client().get("/payment-points/")["Content-Security-Policy"]
    assert "https://" not in closed
    with override_settings(MAP_STYLE="https://map.example/style.json", MAP_HOSTS=["https://tiles.example"]):
        opened = Client().get("/payment-points/")["Content-Security-Policy"]
        elsewhere = Client().get("/ways-to-pay/")["Content-Security-Policy"]
    assert "connect-src 'self' https://map.example https://tiles.example" in opened
    assert "script-src 'self'" in [part.strip() for part in opened.split(";")]
    assert elsewhere == Client().get("/ways-to-pay/")["Content-Security-Policy"]
    assert "map.example" not in elsewhere


def test_the_guide_is_in_both_languages(world: World) -> None:
    client = Client()
    for language, said in (("en", "Pay in this hall"), ("zh-hans", "在本厅交费")):
        client.cookies["language"] = language
        assert said in main(client.get("/ways-to-pay/"))
        assert said in main(client.get("/ways-to-pay/online/"))
    GuideArticle.objects.filter(slug="online").update(published=False)
    assert client.get("/ways-to-pay/online/").status_code == 404
    assert client.get("/ways-to-pay/files/pictures/scan.svg").status_code == 200
    for name in ("../pictures/scan.svg", "scan.exe", "..%2fonline.en.md", "none.svg"):
        assert client.get(f"/ways-to-pay/files/pictures/{name}").status_code == 404


@pytest.mark.parametrize(
    "text",
    ["<script>alert(1)</script>", "[x](javascript:alert(1))", "![x](data:text/html,y)", "<img src=x onerror=y>",
     "[x](//evil.example)", "![x](https://evil.example/x.png \"\" onload=y)"],
)  # fmt: skip
def test_articles_are_text(text: str) -> None:
    made = text_of(text)
    assert "<script" not in made
    assert "javascript:" not in made.replace("[x](javascript:", "")
    assert 'src="data:' not in made
    assert 'href="//' not in made
    assert "<img src=x" not in made


def test_articles_that_come_with_the_software_are_added_once(world: World) -> None:
    from gridhall.contexts.payments.operations.guide import seed_guide

    now = datetime(2026, 3, 5, tzinfo=UTC)
    assert seed_guide(now) == 0
    GuideArticle.objects.filter(slug="scan", language="en").delete()
    assert seed_guide(now) == 1
