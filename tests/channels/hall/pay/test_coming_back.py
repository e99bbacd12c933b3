"""Guards: payers come back from every gateway, also by a form that brings no session; what they bring changes nothing.
Inside WeChat who pays is asked of WeChat, for one order, by a state that counts once."""

import html
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit
from urllib.request import HTTPErrorProcessor, Request, build_opener

import pytest
from django.test import Client
from tests.channels.hall.pay.conftest import main
from tests.channels.hall.pay.test_paying import paid, sent
from tests.integrations.contract import environment
from tests.standins.serving import StandIn
from tests.standins.unionpay import UnionPayStandIn
from tests.standins.wechat import WeChatStandIn

from gridhall.contexts.payments.models import PaymentOrder, Receipt
from gridhall.contexts.payments.ports import gateways
from gridhall.kernel import clock

PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148"
INSIDE = f"{PHONE} MicroMessenger/8.0.50 Language/zh_CN"
DESK = "Mozilla/5.0 (X11; Linux x86_64) Chrome/140.0 Safari/537.36"


@contextmanager
def taking(settings: Any, standin: StandIn, adapter: str) -> Iterator[Any]:
    """The hall takes money by a stand-in, too."""
    with standin, environment(standin.env):
        settings.PAYMENT_GATEWAYS = {**settings.PAYMENT_GATEWAYS, standin.code: f"gridhall.integrations.{adapter}"}
        gateways.cache_clear()
        yield standin
    gateways.cache_clear()


@pytest.fixture
def unionpay(settings: Any, tmp_path: Path) -> Iterator[UnionPayStandIn]:
    with taking(settings, UnionPayStandIn(tmp_path, clock=lambda: clock.now()), "unionpay.gateway.UnionPay") as found:
        yield found


@pytest.fixture
def wechat(settings: Any, tmp_path: Path) -> Iterator[WeChatStandIn]:
    with taking(settings, WeChatStandIn(tmp_path), "wechatpay.gateway.WeChatPay") as found:
        yield found


class _Stay(HTTPErrorProcessor):
    def http_response(self, request: Any, response: Any) -> Any:
        return response


def asked(url: str, form: dict[str, str] | None = None) -> Any:
    """What a browser gets that follows nothing."""
    data = None if form is None else urlencode(form).encode()
    with build_opener(_Stay).open(Request(url, data=data), timeout=10) as answer:
        return answer.read().decode(), answer.headers


def form_of(page: str) -> tuple[str, dict[str, str]]:
    """The address and the fields of the first form of a page that sends some."""
    action = re.search(r"action=\"?([^\"> ]+)", page)
    assert action
    fields = re.findall(r'type="?hidden"? name="([^"]+)" value="([^"]*)"', page)
    return html.unescape(action[1]), {name: html.unescape(value) for name, value in fields}


@pytest.mark.parametrize("number", ["20260305100000123456", "nothing"])
@pytest.mark.parametrize("method", ["get", "post"])
def test_whoever_comes_back_is_led_on_and_nothing_changes(world: Any, number: str, method: str) -> None:
    stranger = Client(enforce_csrf_checks=True)
    answer = getattr(stranger, method)(f"/pay/{number}/back/", {"orderId": number, "respCode": "00", "next": "//x.y"})
    assert (answer.status_code, answer["Location"]) == (303, f"/pay/{number}/")
    assert not answer.cookies
    assert answer.content == b""


def test_the_door_does_nothing_else(world: Any) -> None:
    assert Client(enforce_csrf_checks=True).put("/pay/1/back/").status_code == 405
    assert Client(enforce_csrf_checks=True).post("/pay/1/", {"x": "y"}).status_code in (403, 405)


def test_coming_back_pays_nothing(owner: Client, home: str) -> None:
    number = sent(owner, f"{home}pay/")["Location"].split("/")[2]
    answer = Client(enforce_csrf_checks=True).post(f"/pay/{number}/back/", {"orderId": number, "respCode": "00"})
    assert answer.status_code == 303
    assert PaymentOrder.objects.get(number=number).status == "open"


def test_the_demo_gateway_leads_back_by_the_same_door(owner: Client, home: str) -> None:
    answer = sent(owner, f"{home}pay/")
    there = owner.get(answer["Location"])["Location"].removeprefix("http://testserver")
    back = owner.post(there, {"outcome": "never"})["Location"]
    assert back.endswith("/back/")
    assert owner.get(back.removeprefix("http://testserver")).status_code == 303


def test_unionpay_leads_back_by_a_form_without_the_session(owner: Client, home: str, unionpay: UnionPayStandIn) -> None:
    answer = sent(owner, f"{home}pay/", method=next(m.code for m in gateways()["unionpay"].methods))
    number = answer["Location"].split("/")[2]
    action, fields = form_of(main(owner.get(answer["Location"])))
    fields.pop("csrfmiddlewaretoken", None)
    asked(action, fields)
    page, _ = asked(f"{unionpay.url}/payer/{number}/pay", {})
    back, brought = form_of(page)
    assert brought["orderId"] == number
    # Another site's form comes without the cookie of the session.
    answer = Client(enforce_csrf_checks=True).post(urlsplit(back).path, brought)
    assert answer.status_code == 303
    assert Receipt.objects.filter(order__number=number).count() == 0
    assert "Nothing is owed" in main(owner.get(answer["Location"]))
    assert Receipt.objects.get(order__number=number).gateway == "unionpay"


def methods(client: Client, home: str, agent: str) -> list[str]:
    page = main(client.get(f"{home}pay/", headers={"User-Agent": agent}))
    return re.findall(r'name="method" value="(wechat\.\w+)"', page)


def test_each_browser_is_offered_what_works_there(owner: Client, home: str, wechat: WeChatStandIn) -> None:
    assert methods(owner, home, INSIDE) == ["wechat.jsapi", "wechat.native"]
    assert methods(owner, home, PHONE) == ["wechat.h5", "wechat.native"]
    assert methods(owner, home, DESK) == ["wechat.native", "wechat.h5"]
    for agent, method in ((INSIDE, "wechat.h5"), (PHONE, "wechat.jsapi"), (DESK, "wechat.jsapi")):
        refused = owner.post(f"{home}pay/", {"method": method, "choice": "all"}, headers={"User-Agent": agent})
        assert refused.status_code == 422


def begun(owner: Client, home: str) -> str:
    """An order inside WeChat; its number."""
    form = {"key": "k" * 20, "choice": "all", "method": "wechat.jsapi"}
    return str(owner.post(f"{home}pay/", form, headers={"User-Agent": INSIDE})["Location"].split("/")[2])


def led(owner: Client, number: str) -> str:
    """Where the page of an order leads on to, to say who pays."""
    found = re.search(r'class="btn btn-primary btn-wide" href="([^"]+)"', main(owner.get(f"/pay/{number}/go/")))
    assert found
    return html.unescape(found[1])


def returned(owner: Client, number: str) -> str:
    """The address that WeChat leads back to, without the site."""
    _, headers = asked(led(owner, number).partition("#")[0])
    return str(headers["Location"]).removeprefix("http://testserver")


def test_inside_wechat_who_pays_is_asked_and_the_payment_goes_on(
    owner: Client, home: str, wechat: WeChatStandIn
) -> None:
    number = begun(owner, home)
    back = returned(owner, number)
    assert back.startswith(f"/pay/{number}/payer/?code=")
    assert owner.get(back)["Location"] == f"/pay/{number}/go/"
    page = main(owner.get(f"/pay/{number}/go/"))
    assert f"prepay_id=wx{number}" in page
    assert wechat.secret not in page
    assert wechat.openid not in page
    assert wechat.trades[number].method == "jsapi"
    wechat.pay(number)
    assert "Nothing is owed" in main(owner.get(f"/pay/{number}/"))
    assert wechat.openid not in str(dict(owner.session))


def test_a_code_counts_once(owner: Client, home: str, wechat: WeChatStandIn) -> None:
    number = begun(owner, home)
    back = returned(owner, number)
    owner.get(back)
    assert owner.get(back)["Location"] == f"/pay/{number}/"
    assert list(wechat.codes.values()) == [True]
    assert not wechat.refused
    # A used code under a state of now is refused by WeChat itself; nobody is taken for the payer.
    code = back.partition("code=")[2].partition("&")[0]
    number = str(sent_again(owner, home))
    state = re.search(r"state=(\w+)", led(owner, number))
    assert state
    assert owner.get(f"/pay/{number}/payer/?code={code}&state={state[1]}")["Location"] == f"/pay/{number}/"
    assert wechat.refused == ["40163"]
    assert "openid" not in str(dict(owner.session))


def sent_again(owner: Client, home: str) -> str:
    form = {"key": "j" * 20, "choice": "other", "amount": "1.00", "method": "wechat.jsapi"}
    return str(owner.post(f"{home}pay/", form, headers={"User-Agent": INSIDE})["Location"].split("/")[2])


@pytest.mark.parametrize("query", ["", "code={code}", "state={state}", "code={code}&state=0", "code={code}&state=²"])
def test_a_state_that_is_not_this_browsers_is_left_alone(
    owner: Client, home: str, wechat: WeChatStandIn, query: str
) -> None:
    number = begun(owner, home)
    back = returned(owner, number)
    code, state = re.findall(r"=(\w+)", back)
    said = query.format(code=code, state=state)
    assert owner.get(f"/pay/{number}/payer/?{said}")["Location"] == f"/pay/{number}/"
    # And then the true one is used up, too.
    assert owner.get(back)["Location"] == f"/pay/{number}/"
    assert list(wechat.codes.values()) == [False]


def test_another_orders_state_is_left_alone(owner: Client, home: str, wechat: WeChatStandIn) -> None:
    first, second = begun(owner, home), sent_again(owner, home)
    back = returned(owner, first)
    assert owner.get(back.replace(first, second))["Location"] == f"/pay/{second}/"
    assert list(wechat.codes.values()) == [False]


def test_who_paid_one_order_is_asked_again_for_the_next(owner: Client, home: str, wechat: WeChatStandIn) -> None:
    first = begun(owner, home)
    owner.get(returned(owner, first))
    second = sent_again(owner, home)
    assert "/connect/oauth2/authorize" in led(owner, second)


def test_wechat_that_does_not_say_who_pays(owner: Client, home: str, wechat: WeChatStandIn) -> None:
    number = begun(owner, home)
    back = returned(owner, number)
    wechat.weather = "down"
    answer = owner.get(back)
    assert answer.status_code == 503
    assert "Nothing was paid" in main(answer)


def test_paying_at_the_demo_gateway_needs_to_know_nobody(owner: Client, home: str) -> None:
    number = paid(owner, sent(owner, f"{home}pay/"))
    assert owner.get(f"/pay/{number}/payer/?code=1&state=2")["Location"] == f"/pay/{number}/"
