"""Alipay: every promise of the port, against a stand-in that checks our signatures."""

from datetime import date
from typing import Any
from urllib.parse import urlencode

import pytest
from tests.integrations.statement_contract import StatementContract
from tests.standins.alipay import AlipayStandIn, bill_text, zipped
from tests.standins.serving import StandIn, signed

from gridhall.contexts.payments.ports import (
    CheckoutKind,
    MoneyState,
    OrderToPay,
    PaymentGateway,
    RawNotice,
    RefundState,
    RefundToMake,
    StatementInvalid,
)
from gridhall.integrations.alipay.gateway import Alipay


class TestAlipay(StatementContract):
    standin = AlipayStandIn
    make = Alipay
    other_merchants = [{"app_id": "2021000000000009"}, {"seller_id": "2088000000000009"}, {"seller_id": None}]
    other_amount = {"total_amount": "9.99"}
    expired = [{"notify_time": "2020-01-01 00:00:00"}, {"notify_time": "2099-01-01 00:00:00"}]

    def genuine(self, gate: StandIn, content: Any) -> RawNotice:
        assert isinstance(gate, AlipayStandIn)
        fields = {"app_id": gate.app_id, "seller_id": gate.seller_id, "notify_type": str(content), "x": repr(content)}
        text = "&".join(f"{name}={fields[name]}" for name in sorted(fields))
        body = urlencode(fields | {"sign_type": "RSA2", "sign": signed(gate.own, text)}, errors="replace")
        return RawNotice(body.encode(), {})

    def refund_reference(self, refund: Any) -> str:
        return str(refund.number)

    def others_statement(self, gate: StandIn, day: date) -> bytes:
        other = "2088000000000009"
        return zipped(other, day, bill_text(other, day, [], {"交易": [0, 0], "退款": [0, 0]}))

    def line_ends(self, content: bytes) -> list[int]:
        return []

    @pytest.mark.parametrize("amount", ["1e2", "12.345", "-1.00", "١٢", "", "NaN", "1,000.00", "12.3 "])
    def test_amounts_are_exact_or_refused(
        self, gate: StandIn, adapter: PaymentGateway, settled: OrderToPay, amount: str
    ) -> None:
        from gridhall.integrations.wording import NoticeUnreadable

        with pytest.raises(NoticeUnreadable):
            adapter.notice(self.raw(gate, settled.number, total_amount=amount), now=gate.clock())

    def test_a_closed_trade_is_told_as_closed(self, gate: StandIn, adapter: PaymentGateway, order: OrderToPay) -> None:
        self.announce(adapter, order)
        adapter.close(order.number)
        assert adapter.query(order.number).state is MoneyState.CLOSED
        told = adapter.notice(self.raw(gate, order.number), now=gate.clock())
        assert told.state is MoneyState.CLOSED

    def test_a_notice_of_a_refund_is_one_to_ask_about(
        self, gate: StandIn, adapter: PaymentGateway, settled: OrderToPay
    ) -> None:
        raw = self.raw(gate, settled.number, out_biz_no="R1", gmt_refund="2026-03-02 08:00:00.123", refund_fee="3.45")
        told = adapter.notice(raw, now=gate.clock())
        assert told == RefundState(MoneyState.PENDING, "R1", "R1")

    def test_a_refund_waits_for_money(self, gate: StandIn, adapter: PaymentGateway, settled: OrderToPay) -> None:
        assert isinstance(gate, AlipayStandIn)
        gate.poor = True
        asked = RefundToMake("R9", settled.number, "x", 12_345, 99_999, "")
        assert adapter.refund(asked).state is MoneyState.PENDING
        gate.poor = False

    def test_the_link_says_until_when(self, gate: StandIn, adapter: PaymentGateway, order: OrderToPay) -> None:
        checkout = self.announce(adapter, order)
        assert checkout.kind is CheckoutKind.LINK
        assert len(gate.trades[order.number].extra["expires"]) == 19

    def test_sums_that_do_not_agree_are_refused(self, gate: StandIn, adapter: PaymentGateway, day: date) -> None:
        for sums in ({"交易": [1, 0], "退款": [0, 0]}, {"交易": [0, 0], "退款": [0, -100]}):
            with pytest.raises(StatementInvalid, match="sums"):
                adapter.read_statement(
                    zipped(AlipayStandIn.seller_id, day, bill_text(AlipayStandIn.seller_id, day, [], sums)), day
                )

    def test_a_detail_file_that_lost_lines_is_refused(self, gate: StandIn, adapter: PaymentGateway, day: date) -> None:
        assert isinstance(gate, AlipayStandIn)
        text = bill_text(gate.seller_id, day, [], {"交易": [0, 0], "退款": [0, 0]})
        rows = text.splitlines(keepends=True)
        for until in range(len(rows) - 1):
            with pytest.raises(StatementInvalid):
                adapter.read_statement(zipped(gate.seller_id, day, "".join(rows[:until])), day)
        assert adapter.read_statement(zipped(gate.seller_id, day, "".join(rows[:-1])), day) == []
