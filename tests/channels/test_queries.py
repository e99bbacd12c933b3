"""Guards: pages that people open all day need few queries, whoever asks and however much there is to show."""

from urllib.parse import urlencode

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from tests.world import OWN, World, named, path

MOST = 12


@pytest.mark.parametrize(
    ("who", "name", "query"),
    [
        ("owner", "hall.home-of", {}),
        ("reader", "hall.home-of", {}),
        ("owner", "hall.bills", {}),
        ("owner", "hall.bill", {}),
        ("owner", "hall.pay", {}),
        ("reader", "hall.pay", {}),
        ("owner", "hall.pay-records", {}),
        ("owner", "hall.pay-record", {}),
        ("owner", "hall.pay-order", {}),
        ("owner", "hall.pay-receipt", {}),
        ("owner", "hall.pay-several", {}),
        ("owner", "hall.pay-autopay", {}),
        ("owner", "hall.payment-points", {}),
        ("owner", "hall.ways-to-pay", {}),
        ("owner", "hall.usage", {}),
        ("owner", "hall.usage-year", {}),
        ("owner", "hall.usage-month", {}),
        ("owner", "hall.usage-day", {}),
        ("clerk", "console.work", {}),
        ("clerk", "console.search", {"q": OWN[:6]}),
        ("clerk", "console.search", {"q": "路"}),
        ("clerk", "console.customer", {}),
        ("manager", "console.customer", {}),
        ("clerk", "console.bill", {}),
    ],
    ids=lambda value: urlencode(value) if isinstance(value, dict) else None,
)
def test_a_page_needs_few_queries(world: World, who: str, name: str, query: dict[str, str]) -> None:
    where = path(world, who, named(name))
    client = world.client(who)
    assert client.get(where, query).status_code == 200  # warm: what a process keeps is there
    with CaptureQueriesContext(connection) as captured:
        assert client.get(where, query).status_code == 200
    assert len(captured) <= MOST, "\n".join(each["sql"][:160] for each in captured)


def test_a_page_needs_no_more_queries_for_more_to_show(world: World) -> None:
    """The search that finds one and the one that finds many ask the database equally often."""
    client = world.client("clerk")
    where = reverse("console.search")
    counts = set()
    for words in (OWN, OWN, "路", "幢"):
        with CaptureQueriesContext(connection) as captured:
            client.get(where, {"q": words})
        counts.add(len(captured))
    assert max(counts) <= MOST
