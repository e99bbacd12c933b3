"""WeChat Pay: every promise of the port, against a stand-in that checks our signatures and seals its notices."""

import gzip
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from tests.integrations.contract import OTHERS, environment
from tests.integrations.statement_contract import StatementContract
from tests.standins.serving import StandIn, is_signed
from tests.standins.unionpay import certificate
from tests.standins.wechat import WeChatStandIn, bill

from gridhall.contexts.payments.ports import (
    CheckoutKind,
    GatewayUnavailable,
    MoneyState,
    NoticeRefused,
    OrderToPay,
    PayerAskingGateway,
    PayerUnknown,
    PaymentGateway,
    RawNotice,
    RefundState,
    RefundToMake,
    StatementInvalid,
)
from gridhall.integrations.wechatpay.gateway import OpenidMissing, WeChatPay


class TestWeChatPay(StatementContract):
    standin = WeChatStandIn
    make = WeChatPay
    other_merchants = [{"mchid": "1900000999"}, {"appid": "wx0000000000000000"}, {"appid": None}]
    other_amount = {"amount": {"total": 999, "currency": "CNY"}}
    expired = [{"_timestamp": "1577836800"}, {"_timestamp": "4070908800"}]

    def genuine(self, gate: StandIn, content: Any) -> RawNotice:
        assert isinstance(gate, WeChatStandIn)
        if isinstance(content, dict):
            content |= {"mchid": gate.mchid, "appid": gate.appid}
        headers, body = gate.sealed(content, "transaction", "TRANSACTION.SUCCESS")
        return RawNotice(body, {name.lower(): value for name, value in headers.items()})

    def others_statement(self, gate: StandIn, day: date) -> bytes:
        assert isinstance(gate, WeChatStandIn)
        trade = next(iter(gate.trades.values()))
        row = gate.row(trade, None)
        return bill([[*row[:2], "1900000999", *row[3:]]])

    def test_a_signed_notice_that_is_not_sealed_for_us_is_refused(
        self, gate: StandIn, adapter: PaymentGateway, settled: OrderToPay
    ) -> None:
        with environment(gate.env | {"GRIDHALL_WECHAT_APIV3_KEY": "x" * 32}):
            other = WeChatPay()
        with pytest.raises(NoticeRefused) as refused:
            other.notice(self.raw(gate, settled.number), now=gate.clock())
        assert refused.value.code == "notice_not_genuine"

    @pytest.mark.parametrize("name", ["timestamp", "nonce", "serial", "signature"])
    def test_a_notice_with_another_header_is_refused(
        self, gate: StandIn, adapter: PaymentGateway, settled: OrderToPay, name: str
    ) -> None:
        raw = self.raw(gate, settled.number)
        for value in ("", "0", "²", raw.headers[f"wechatpay-{name}"] + "1"):
            with pytest.raises(NoticeRefused):
                adapter.notice(replace(raw, headers={**raw.headers, f"wechatpay-{name}": value}), now=gate.clock())

    @pytest.mark.parametrize("amount", [12.5, "12345", True, None, -1, {"total": 1.0}])
    def test_amounts_are_whole_fen_or_refused(
        self, gate: StandIn, adapter: PaymentGateway, settled: OrderToPay, amount: Any
    ) -> None:
        told = amount if isinstance(amount, dict) else {"total": amount, "currency": "CNY"}
        with pytest.raises(NoticeRefused) as refused:
            adapter.notice(self.raw(gate, settled.number, amount=told), now=gate.clock())
        assert refused.value.code == "notice_unreadable"

    def test_another_currency_is_refused(self, gate: StandIn, adapter: PaymentGateway, settled: OrderToPay) -> None:
        told = {"total": 12_345, "currency": "HKD"}
        with pytest.raises(NoticeRefused):
            adapter.notice(self.raw(gate, settled.number, amount=told), now=gate.clock())

    def test_a_notice_of_a_refund(self, gate: StandIn, adapter: PaymentGateway, settled: OrderToPay) -> None:
        assert isinstance(gate, WeChatStandIn)
        paid = adapter.query(settled.number)
        number = f"R{settled.number}"
        adapter.refund(RefundToMake(number, settled.number, paid.reference, 12_345, 45, "多收"))
        headers, body = gate.refund_notice(settled.number, number)
        told = adapter.notice(RawNotice(body, {k.lower(): v for k, v in headers.items()}), now=gate.clock())
        refund = gate.trades[settled.number].refunds[number]
        assert told == RefundState(MoneyState.DONE, number, refund.reference, 45, refund.at)
        headers, body = gate.refund_notice(settled.number, number, mchid="1900000999")
        with pytest.raises(NoticeRefused):
            adapter.notice(RawNotice(body, {k.lower(): v for k, v in headers.items()}), now=gate.clock())

    def test_inside_wechat_the_script_gets_signed_fields(
        self, gate: StandIn, adapter: PaymentGateway, order: OrderToPay
    ) -> None:
        assert isinstance(gate, WeChatStandIn)
        checkout = adapter.create(replace(order, method="wechat.jsapi"))
        assert checkout.kind is CheckoutKind.SCRIPT
        told = checkout.fields
        text = f"{gate.appid}\n{told['timeStamp']}\n{told['nonceStr']}\n{told['package']}\n"
        assert told["package"] == f"prepay_id=wx{order.number}"
        assert abs(int(told["timeStamp"]) - gate.clock().timestamp()) < 60
        assert is_signed(gate.merchant.public_key(), text, told["paySign"])
        assert not is_signed(OTHERS.public_key(), text, told["paySign"])
        with pytest.raises(OpenidMissing):
            adapter.create(replace(order, method="wechat.jsapi", openid=""))

    def test_who_pays_inside_wechat_is_told_once_for_a_code(
        self, gate: StandIn, adapter: PaymentGateway, order: OrderToPay
    ) -> None:
        assert isinstance(gate, WeChatStandIn)
        assert isinstance(adapter, PayerAskingGateway)
        link = adapter.payer_link("https://hall.example/pay/1/payer/", "a1B2")
        assert link.startswith(f"{gate.url}/connect/oauth2/authorize?appid={gate.appid}&")
        assert link.endswith("&scope=snsapi_base&state=a1B2#wechat_redirect")
        assert gate.secret not in link
        gate.codes["C1"] = False
        assert adapter.payer("C1") == gate.openid
        for code in ("C1", "C2", "", "&secret=x"):
            with pytest.raises(PayerUnknown):
                adapter.payer(code)
        assert [method.code for method in adapter.methods if adapter.asks_payer(method.code)] == ["wechat.jsapi"]
        with pytest.raises(GatewayUnavailable):
            adapter.create(replace(order, method="wechat.jsapi", openid="oStranger"))

    @pytest.mark.parametrize(
        "name", ["GRIDHALL_WECHAT_APP_SECRET", "GRIDHALL_WECHAT_APP_ID", "GRIDHALL_WECHAT_API_URL"]
    )
    def test_a_wrong_secret_application_or_address_tells_nobody(self, gate: StandIn, name: str) -> None:
        assert isinstance(gate, WeChatStandIn)
        other = {"GRIDHALL_WECHAT_APP_ID": "wx0000000000000000", "GRIDHALL_WECHAT_API_URL": f"{gate.url}/h4"}
        with environment(gate.env | {name: other.get(name, "0" * 32)}):
            adapter = WeChatPay()
        gate.codes["C3"] = False
        with pytest.raises(GatewayUnavailable) as failed:
            adapter.payer("C3")
        assert gate.secret not in str(failed.value)
        assert gate.codes["C3"] is False

    @pytest.mark.parametrize("weather", ["down", "broken", "garbage"])
    def test_who_pays_is_unknown_while_wechat_does_not_answer(
        self, gate: StandIn, adapter: PaymentGateway, monkeypatch: pytest.MonkeyPatch, weather: str
    ) -> None:
        assert isinstance(adapter, PayerAskingGateway)
        monkeypatch.setattr(gate, "weather", weather)
        with pytest.raises(GatewayUnavailable):
            adapter.payer("C4")

    def test_a_platform_certificate_is_as_good_as_the_public_key(
        self, gate: StandIn, settled: OrderToPay, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        assert isinstance(gate, WeChatStandIn)
        platform = certificate("Tenpay.com sign", gate.own, "Tenpay.com Root", OTHERS)
        (tmp_path / "platform.pem").write_bytes(platform.public_bytes(Encoding.PEM))
        serial = f"{platform.serial_number:X}"
        monkeypatch.setattr(gate, "public_key_id", serial)
        given = {"PUBLIC_KEY_FILE": str(tmp_path / "platform.pem"), "PUBLIC_KEY_ID": serial}
        with environment(gate.env | {f"GRIDHALL_WECHAT_{name}": value for name, value in given.items()}):
            adapter = WeChatPay()
        assert adapter.query(settled.number).state is MoneyState.DONE
        assert adapter.notice(self.raw(gate, settled.number), now=gate.clock()).state is MoneyState.DONE
        # A certificate that came with an answer of WeChat's is known from then on; others are not.
        monkeypatch.setattr(gate, "public_key_id", "5157F09EFDC096DE15EBE81A47057A72")
        raw = self.raw(gate, settled.number)
        with pytest.raises(NoticeRefused):
            adapter.notice(raw, now=gate.clock())

    def test_a_closed_order_is_told_as_closed(self, gate: StandIn, adapter: PaymentGateway, order: OrderToPay) -> None:
        self.announce(adapter, order)
        adapter.close(order.number)
        assert adapter.query(order.number).state is MoneyState.CLOSED

    def test_a_packed_statement_is_read(self, gate: StandIn, adapter: PaymentGateway, day: date) -> None:
        content = adapter.statement(day)
        assert list(adapter.read_statement(gzip.compress(content), day)) == list(adapter.read_statement(content, day))
        with pytest.raises(StatementInvalid):
            adapter.read_statement(gzip.compress(content)[:-9], day)

    def test_a_statement_that_lost_or_changed_a_line_is_refused(
        self, gate: StandIn, adapter: PaymentGateway, day: date
    ) -> None:
        content = adapter.statement(day)
        rows = content.splitlines(keepends=True)
        for changed in (rows[:1] + rows[2:], [*rows[:2], rows[1], *rows[2:]]):
            with pytest.raises(StatementInvalid, match="counts"):
                adapter.read_statement(b"".join(changed), day)
        with pytest.raises(StatementInvalid, match="yuan"):
            adapter.read_statement(content.replace(b"`0.01,`", b"`0.02,`"), day)
