"""Guards: the reasons why a bill differs sum to the difference, and the weather is blamed only where it can be."""

from datetime import date, timedelta

from tests.channels.hall.bills.conftest import NOW, Flats

from gridhall.contexts.metering.operations import record_weather
from gridhall.runtime.audit import Act

MARCH = date(2013, 3, 1)
PIECE = {"HX-Request": "true"}


def weather(flats: Flats) -> None:
    days = [(date(2012, 12, 1) + timedelta(days=at), 500 + 10 * at) for at in range(121)]
    record_weather(days, organisation="SH", source="气象台 · met office", act=Act("test", NOW))


def test_the_reasons_sum_to_the_difference(flats: Flats):
    answer = flats.client("owner").get(flats.address(flats.bill("U1", MARCH), page="compare/"), headers=PIECE)
    context = answer.context
    before, after = flats.bill("U1", date(2013, 2, 1)), flats.bill("U1", MARCH)
    assert sum(reason.fen for reason in context["reasons"]) == context["difference_fen"]
    assert context["difference_fen"] == after.total_fen - before.total_fen
    assert context["reasons"][0].name == "天数"
    assert "多 3 天" in answer.content.decode()
    assert "没有这些天的气温数据" in answer.content.decode()
    assert "<html" not in answer.content.decode()


def test_a_use_that_ignores_the_weather_is_told_so(flats: Flats):
    weather(flats)
    page = flats.client("owner").get(flats.address(flats.bill("U1", MARCH), page="compare/")).content.decode()
    assert "<html" in page
    assert "说不准天气的影响" in page
    assert "气温：气象台。" in page


def test_a_use_that_follows_the_weather_gets_its_share(flats: Flats):
    weather(flats)
    for at in range(121):
        day = date(2012, 12, 1) + timedelta(days=at)
        flats.utility.read(day, 1, {"U2": 40 + max(0, 1800 - 500 - 10 * at) // 20}, revision=True)
    client = flats.client("tenant", "en")
    answer = client.get(flats.address(flats.bill("U2", MARCH), "tenant", "compare/"), headers=PIECE)
    assert answer.context["weather"].sensitivity is not None
    assert answer.context["weather"].more_wh < 0
    assert sum(reason.fen for reason in answer.context["reasons"]) == answer.context["difference_fen"]
    page = answer.content.decode()
    assert "kWh less for heating or cooling" in page
    assert "Temperatures: met office." in page


def test_an_unknown_choice_falls_back_and_the_page_asks_for_the_piece(flats: Flats):
    bill, client = flats.bill("U1", MARCH), flats.client("owner")
    assert client.get(flats.address(bill, page="compare/?with=nothing")).status_code == 200
    assert flats.address(bill, page="compare/") in client.get(flats.address(bill)).content.decode()
