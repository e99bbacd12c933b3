"""What every gateway's adapter promises, asserted against its stand-in over real TCP."""

import html
import logging
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import urlencode
from urllib.request import Request, urlopen
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from hypothesis import HealthCheck, given
from hypothesis import settings as effort
from hypothesis import strategies as st
from tests.contexts.payments.conftest import till_of
from tests.standins.serving import StandIn, key, private_pem, public_pem

from gridhall.contexts.payments.operations import take_notice
from gridhall.contexts.payments.operations.ordering import open_order
from gridhall.contexts.payments.ports import (
    Answer,
    Checkout,
    CheckoutKind,
    GatewayUnavailable,
    MoneyState,
    NoticeRefused,
    OrderToPay,
    PaymentGateway,
    PaymentState,
    RawNotice,
    RefundState,
    RefundToMake,
    gateways,
)
from gridhall.contexts.payments.types import Part, Taken
from gridhall.integrations import SettingInvalid

BEIJING = ZoneInfo("Asia/Shanghai")
#: What the settings' files are made of when they are of somebody else.
OTHERS = key()


class Ear:
    """Takes notices over HTTP, as the hall does."""

    def __init__(self) -> None:
        self.heard: list[RawNotice] = []
        heard = self.heard

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                heard.append(RawNotice(body, {name.lower(): value for name, value in self.headers.items()}))
                self.send_response(200)
                self.send_header("Content-Length", "7")
                self.end_headers()
                self.wfile.write(b"success")

            def do_GET(self) -> None:
                self.send_response(200)
                self.send_header("Content-Length", "4")
                self.end_headers()
                self.wfile.write(b"back")

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def stop(self) -> None:
        self.server.shutdown()
        self.server.server_close()


@contextmanager
def environment(env: dict[str, str]) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        for name, value in env.items():
            patch.setenv(name, value)
        yield


def opened(checkout: Checkout) -> str:
    """The page that a payer comes to."""
    if checkout.kind is CheckoutKind.FORM:
        request = Request(checkout.url, data=urlencode(checkout.fields).encode())
    else:
        request = Request(checkout.url or checkout.text)
    with urlopen(request, timeout=10) as answer:
        return answer.read().decode()


class GatewayContract:
    """Subclasses name the stand-in, the adapter, the methods, and what a notice says for its merchant."""

    standin: ClassVar[type[StandIn]]
    make: ClassVar[Callable[[], PaymentGateway]]
    #: What makes a genuine notice one of another merchant: changed fields, one case each.
    other_merchants: ClassVar[list[dict[str, Any]]]
    #: What makes the amount another one, of 9.99 yuan.
    other_amount: ClassVar[dict[str, Any]]
    #: What makes a genuine notice too old, or None where the gateway's notices carry no time.
    expired: ClassVar[list[dict[str, Any]]]
    #: Whether the gateway closes orders when told to.
    closes: ClassVar[bool] = True

    @pytest.fixture(scope="class")
    @classmethod
    def gate(cls, tmp_path_factory: pytest.TempPathFactory) -> Iterator[StandIn]:
        with cls.standin(tmp_path_factory.mktemp(cls.standin.code)) as gate:
            yield gate

    @pytest.fixture(scope="class")
    @classmethod
    def ear(cls) -> Iterator[Ear]:
        ear = Ear()
        yield ear
        ear.stop()

    @pytest.fixture(scope="class")
    @classmethod
    def adapter(cls, gate: StandIn) -> PaymentGateway:
        with environment(gate.env):
            return cls.make()

    @pytest.fixture(autouse=True)
    def fair(self, gate: StandIn) -> None:
        gate.weather = "fair"
        gate.clock = lambda: datetime.now(UTC)

    @pytest.fixture
    def order(self, gate: StandIn, ear: Ear, adapter: PaymentGateway) -> OrderToPay:
        return self.an_order(gate, ear.url, adapter.methods[0].code)

    def an_order(self, gate: StandIn, url: str, method: str, amount: int = 12_345) -> OrderToPay:
        now = gate.clock()
        number = f"{now.astimezone(BEIJING):%Y%m%d%H%M%S}{secrets.randbelow(10**12):012}"
        return OrderToPay(
            number, method, amount, "电费 0012", now + timedelta(minutes=30), f"{url}/back?order={number}&x=1",
            f"{url}/pay/notify/{self.standin.code}/", "203.0.113.7", "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o",
        )  # fmt: skip

    def raw(self, gate: StandIn, number: str, **changed: Any) -> RawNotice:
        headers, body = gate.notice(number, **changed)
        return RawNotice(body, {name.lower(): value for name, value in headers.items()})

    def paid(self, gate: StandIn, adapter: PaymentGateway, order: OrderToPay) -> PaymentState:
        self.announce(adapter, order)
        gate.settle(order.number)
        return adapter.query(order.number)

    def announce(self, adapter: PaymentGateway, order: OrderToPay) -> Checkout:
        checkout = adapter.create(order)
        if checkout.kind is not CheckoutKind.SCRIPT:
            opened(checkout)
        return checkout

    # -- paying

    def test_each_method_is_paid_and_told(self, gate: StandIn, ear: Ear, adapter: PaymentGateway) -> None:
        for method in adapter.methods:
            order = self.an_order(gate, ear.url, method.code)
            checkout = adapter.create(order)
            if checkout.kind is not CheckoutKind.SCRIPT:
                page = opened(checkout)
                assert "123.45" in page
                assert "id=pay" in page
                heard = len(ear.heard)
                with urlopen(Request(f"{gate.url}/payer/{order.number}/pay", data=b""), timeout=10) as answer:
                    # Who scanned a code stays in the gateway's app.
                    if checkout.kind is CheckoutKind.LINK:
                        assert answer.url == order.return_url
                    if checkout.kind is CheckoutKind.FORM:
                        assert html.escape(order.return_url) in answer.read().decode()
                assert len(ear.heard) == heard + 1
            else:
                gate.pay(order.number)
            told = adapter.notice(ear.heard[-1], now=gate.clock())
            assert isinstance(told, PaymentState)
            trade = gate.trades[order.number]
            assert told == PaymentState(MoneyState.DONE, order.number, trade.reference, 12_345, trade.paid_at)
            assert adapter.query(order.number) == told

    def test_names_are_in_both_languages_and_codes_are_the_gateways(self, adapter: PaymentGateway) -> None:
        assert adapter.code == self.standin.code
        for method in adapter.methods:
            assert method.code.startswith(f"{adapter.code}.")
            assert set(method.names) == {"zh-Hans", "en"}

    def test_an_order_announced_twice_is_one_trade(
        self, gate: StandIn, adapter: PaymentGateway, order: OrderToPay
    ) -> None:
        before = len(gate.trades)
        self.announce(adapter, order)
        self.announce(adapter, order)
        assert len(gate.trades) == before + 1

    def test_what_is_asked_before_and_while_and_after(
        self, gate: StandIn, adapter: PaymentGateway, order: OrderToPay
    ) -> None:
        assert adapter.query(order.number) == PaymentState(MoneyState.UNKNOWN, order.number)
        adapter.close(order.number)
        self.announce(adapter, order)
        assert adapter.query(order.number).state is MoneyState.PENDING
        gate.settle(order.number)
        adapter.close(order.number)
        assert adapter.query(order.number).state is MoneyState.DONE

    def test_a_wrong_signature_of_ours_is_refused(self, gate: StandIn, order: OrderToPay, tmp_path: Path) -> None:
        with environment(self.env_of_another_key(gate, tmp_path)):
            adapter = type(self).make()
        refused = len(gate.refused)
        with pytest.raises(GatewayUnavailable):
            adapter.query(order.number)
        assert len(gate.refused) == refused + 1

    def env_of_another_key(self, gate: StandIn, folder: Path) -> dict[str, str]:
        name = next(name for name in gate.env if name.endswith("_PRIVATE_KEY_FILE"))
        (folder / "other.pem").write_bytes(private_pem(OTHERS))
        return gate.env | {name: str(folder / "other.pem")}

    def test_an_answer_by_another_key_is_not_believed(
        self, gate: StandIn, adapter: PaymentGateway, order: OrderToPay, tmp_path: Path
    ) -> None:
        with environment(self.env_of_another_gateway(gate, tmp_path)):
            deceived = type(self).make()
        self.announce(adapter, order)
        with pytest.raises(GatewayUnavailable):
            deceived.query(order.number)
        gate.settle(order.number)
        with pytest.raises(NoticeRefused) as refused:
            deceived.notice(self.raw(gate, order.number), now=gate.clock())
        assert refused.value.code == "notice_not_genuine"

    def env_of_another_gateway(self, gate: StandIn, folder: Path) -> dict[str, str]:
        """Settings by which the stand-in is not the gateway: it has another key."""
        name = next(name for name in gate.env if name.endswith("_PUBLIC_KEY_FILE"))
        (folder / "other.pem").write_bytes(public_pem(OTHERS))
        return gate.env | {name: str(folder / "other.pem")}

    def test_many_ask_at_once(self, gate: StandIn, ear: Ear, adapter: PaymentGateway) -> None:
        orders = [self.an_order(gate, ear.url, adapter.methods[0].code, 100 + at) for at in range(24)]
        with ThreadPoolExecutor(8) as people:
            told = list(people.map(lambda order: self.paid(gate, adapter, order), orders))
        assert [(each.number, each.amount_fen) for each in told] == [(each.number, each.amount_fen) for each in orders]

    # -- refunds

    def test_a_refund_in_parts_each_once(self, gate: StandIn, adapter: PaymentGateway, order: OrderToPay) -> None:
        paid = self.paid(gate, adapter, order)

        def ask(number: str, amount: int) -> RefundState:
            asked = RefundToMake(
                number, order.number, paid.reference, order.amount_fen, amount, "多收", order.notify_url
            )
            told = adapter.refund(asked)
            return adapter.refund(asked) if told.state is MoneyState.PENDING else told

        first, second, third = (f"R{order.number[:20]}{tail}" for tail in ("01", "02", "03"))
        done = ask(first, 345)
        assert (done.state, done.number, done.amount_fen) == (MoneyState.DONE, first, 345)
        assert done.reference
        assert done.done_at == gate.trades[order.number].refunds[first].at
        assert ask(first, 345) == done
        assert gate.trades[order.number].refunded_fen == 345
        assert ask(third, 12_001).state is MoneyState.CLOSED
        rest = ask(second, 12_000)
        assert rest.state is MoneyState.DONE
        assert rest.reference != done.reference
        assert gate.trades[order.number].refunded_fen == 12_345

    # -- notices

    @pytest.fixture
    def settled(self, gate: StandIn, adapter: PaymentGateway, order: OrderToPay) -> OrderToPay:
        self.paid(gate, adapter, order)
        return order

    def test_an_altered_notice_is_refused(self, gate: StandIn, adapter: PaymentGateway, settled: OrderToPay) -> None:
        raw = self.raw(gate, settled.number)
        assert isinstance(adapter.notice(raw, now=gate.clock()), PaymentState)
        for at in range(0, len(raw.body), max(1, len(raw.body) // 60)):
            changed = bytes([raw.body[at] ^ 1])
            body = raw.body[:at] + changed + raw.body[at + 1 :]
            with pytest.raises(NoticeRefused):
                adapter.notice(replace(raw, body=body), now=gate.clock())
        with pytest.raises(NoticeRefused):
            adapter.notice(replace(raw, body=raw.body[: len(raw.body) // 2]), now=gate.clock())

    def test_a_notice_for_somebody_else_is_refused(
        self, gate: StandIn, adapter: PaymentGateway, settled: OrderToPay
    ) -> None:
        for changed in self.other_merchants:
            with pytest.raises(NoticeRefused) as refused:
                adapter.notice(self.raw(gate, settled.number, **changed), now=gate.clock())
            assert refused.value.code == "notice_of_other_merchant", changed

    def test_an_old_notice_is_refused(self, gate: StandIn, adapter: PaymentGateway, settled: OrderToPay) -> None:
        for changed in self.expired:
            with pytest.raises(NoticeRefused) as refused:
                adapter.notice(self.raw(gate, settled.number, **changed), now=gate.clock())
            assert refused.value.code == "notice_expired", changed
        raw = self.raw(gate, settled.number)
        for late in (timedelta(days=3), -timedelta(days=3)) if self.expired else ():
            with pytest.raises(NoticeRefused):
                adapter.notice(raw, now=gate.clock() + late)

    @effort(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
    @given(body=st.binary(max_size=300) | st.text(max_size=200).map(str.encode), data=st.data())
    def test_garbage_is_refused(self, gate: StandIn, adapter: PaymentGateway, body: bytes, data: st.DataObject) -> None:
        headers = {
            name: data.draw(st.text(max_size=20))
            for name in ("wechatpay-signature", "wechatpay-timestamp", "wechatpay-nonce", "wechatpay-serial",
                         "wechatpay-signature-type", "x-timestamp", "x-nonce", "x-signature")
            if data.draw(st.booleans())
        }  # fmt: skip
        asked = len(gate.refused)
        with pytest.raises(NoticeRefused):
            adapter.notice(RawNotice(body, headers), now=gate.clock())
        assert len(gate.refused) == asked

    @effort(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
    @given(body=st.recursive(st.none() | st.text(max_size=9), lambda x: st.lists(x) | st.dictionaries(st.text(), x)))
    def test_genuine_nonsense_is_refused(self, gate: StandIn, adapter: PaymentGateway, body: Any) -> None:
        raw = self.genuine(gate, body)
        with pytest.raises(NoticeRefused):
            adapter.notice(raw, now=gate.clock())

    def genuine(self, gate: StandIn, content: Any) -> RawNotice:
        """A notice of any content, signed as it should be."""
        raise NotImplementedError

    def test_what_is_answered(self, adapter: PaymentGateway) -> None:
        assert adapter.answer(accepted=True).status == 200
        assert adapter.answer(accepted=True).body != adapter.answer(accepted=False).body

    def told_to_the_hall(self, client: Client, raw: RawNotice) -> Answer:
        """What the hall answers to a notice."""
        headers = dict(raw.headers)
        kind = headers.pop("content-type", "text/plain")
        told = client.post(f"/pay/notify/{self.standin.code}/", data=raw.body, content_type=kind, headers=headers)
        return Answer(told.content, told.headers["Content-Type"], told.status_code)

    def test_notices_are_posted_once(
        self,
        gate: StandIn,
        adapter: PaymentGateway,
        ear: Ear,
        db: None,
        client: Client,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        till = till_of(1)
        monkeypatch.setattr("gridhall.contexts.payments.ports.gateways", lambda: {adapter.code: adapter})
        now = gate.clock()
        made = open_order(
            [Part(till.accounts[0].pk, 12_345)], gateway=adapter.code, method=adapter.methods[0].code,
            request_key=secrets.token_hex(8), payer=None, now=now,
        )  # fmt: skip
        order = replace(self.an_order(gate, ear.url, adapter.methods[0].code), number=made.number)
        self.paid(gate, adapter, order)
        good = self.raw(gate, order.number)
        altered = replace(good, body=good.body[:-1])
        assert take_notice(adapter.code, altered, now=now) is Taken.REFUSED
        assert take_notice(adapter.code, self.raw(gate, order.number, **self.other_amount), now=now) is Taken.REFUSED
        for changed in self.other_merchants:
            assert take_notice(adapter.code, self.raw(gate, order.number, **changed), now=now) is Taken.REFUSED
        assert till.balance(0) == 0
        assert self.told_to_the_hall(client, altered) == adapter.answer(accepted=False)
        assert till.balance(0) == 0
        assert self.told_to_the_hall(client, good) == adapter.answer(accepted=True)
        assert till.balance(0) == -12_345
        assert take_notice(adapter.code, good, now=now) is Taken.REPEATED
        assert take_notice(adapter.code, self.raw(gate, order.number), now=now) is Taken.REPEATED
        assert till.balance(0) == -12_345
        stranger = self.an_order(gate, ear.url, adapter.methods[0].code)
        self.paid(gate, adapter, stranger)
        assert take_notice(adapter.code, self.raw(gate, stranger.number), now=now) is Taken.REFUSED
        assert till.balance(0) == -12_345

    # -- weather

    @pytest.mark.parametrize("weather", ["down", "slow", "broken", "garbage"])
    def test_bad_weather_is_told_as_such(self, gate: StandIn, order: OrderToPay, weather: str) -> None:
        with environment(gate.env | {"GRIDHALL_GATEWAY_SECONDS": "0.3" if weather == "slow" else "10"}):
            adapter = type(self).make()
        gate.weather = weather
        refund = RefundToMake(f"R{order.number}", order.number, "1", 100, 100, "", order.notify_url)
        acts: list[Callable[[], object]] = [
            lambda: adapter.query(order.number),
            lambda: adapter.refund(refund),
            lambda: adapter.statement(date(2026, 3, 1)),
        ]
        if self.closes:
            acts.append(lambda: adapter.close(order.number))
        began = time.monotonic()
        for act in acts:
            with pytest.raises(GatewayUnavailable):
                act()
        assert time.monotonic() - began < len(acts) * gate.wait
        assert order.number not in gate.trades

    def test_nobody_listens(self, tmp_path: Path) -> None:
        gate = self.standin(tmp_path)
        gate.stop()
        with environment(gate.env):
            adapter = type(self).make()
        with pytest.raises(GatewayUnavailable):
            adapter.query("20260302080000000000000001")

    # -- settings

    def test_every_setting_is_asked_for_by_its_name(self, gate: StandIn, tmp_path: Path) -> None:
        nonsense = tmp_path / "nonsense"
        nonsense.write_text("-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----\n")
        for name in gate.env:
            for value in ("", "\x01", str(nonsense) if name.endswith("_FILE") else "\x02", str(tmp_path / "none")):
                if name.endswith("_URL") and not value:
                    continue
                with environment(gate.env | {name: value}), pytest.raises(SettingInvalid) as refused:
                    type(self).make()
                assert refused.value.path == name, value
                assert "c2VjcmV0" not in str(refused.value)

    def test_secrets_are_never_said(
        self,
        gate: StandIn,
        adapter: PaymentGateway,
        order: OrderToPay,
        caplog: pytest.LogCaptureFixture,
        capfd: pytest.CaptureFixture[str],
    ) -> None:
        told = [repr(adapter)]
        with caplog.at_level(logging.DEBUG):
            paid = self.paid(gate, adapter, order)
            adapter.refund(RefundToMake(f"R{order.number}", order.number, paid.reference, 12_345, 1, "", ""))
            for weather in ("garbage", "broken"):
                gate.weather = weather
                with pytest.raises(GatewayUnavailable) as failed:
                    adapter.query(order.number)
                error: BaseException | None = failed.value
                while error is not None:
                    told.append(f"{error} {error!r}")
                    error = error.__cause__
        written = capfd.readouterr()
        everything = "\n".join([*told, caplog.text, written.out, written.err])
        for secret in self.secrets(gate):
            assert secret not in everything

    def secrets(self, gate: StandIn) -> list[str]:
        """What nobody may read: pieces of the private key, and what settings hold themselves."""
        key = private_pem(gate.merchant).decode().splitlines()[1:-1]  # type: ignore[attr-defined]
        return key + [value for name, value in gate.env.items() if name.endswith(("_KEY", "_PASSWORD"))]

    def test_the_house_starts_with_it(self, gate: StandIn, monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
        made = type(self).make
        settings.PAYMENT_GATEWAYS = {self.standin.code: f"{made.__module__}.{made.__qualname__}"}
        gateways.cache_clear()
        try:
            with environment(gate.env):
                assert list(gateways()) == [self.standin.code]
        finally:
            gateways.cache_clear()
