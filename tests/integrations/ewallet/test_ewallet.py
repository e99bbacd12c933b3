"""The e-wallet: every promise of the port, against a stand-in written from its README."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from tests.integrations.statement_contract import StatementContract
from tests.standins.ewallet import EWalletStandIn
from tests.standins.serving import StandIn

from gridhall.contexts.payments.ports import (
    GatewayUnavailable,
    MoneyState,
    NoticeRefused,
    OrderToPay,
    PaymentGateway,
    RawNotice,
    RefundState,
    RefundToMake,
    StatementInvalid,
)
from gridhall.integrations.ewallet.gateway import EWallet


class TestEWallet(StatementContract):
    standin = EWalletStandIn
    make = EWallet
    other_merchants = [{"merchant": "900100000009"}, {"merchant": None}]
    other_amount = {"amount_fen": 999}
    expired = [{"_timestamp": "1577836800"}, {"_timestamp": "4070908800"}]

    def genuine(self, gate: StandIn, content: Any) -> RawNotice:
        assert isinstance(gate, EWalletStandIn)
        if isinstance(content, dict):
            content |= {"merchant": gate.merchant_id, "kind": "payment"}
        return self._raw(gate.sealed(content))

    def others_statement(self, gate: StandIn, day: date) -> bytes:
        return gate.statement(day).replace(b"900100000001", b"900100000009")

    @staticmethod
    def _raw(told: tuple[dict[str, str], bytes]) -> RawNotice:
        return RawNotice(told[1], {name.lower(): value for name, value in told[0].items()})

    @pytest.mark.parametrize("amount", [12.5, "12345", True, None, -1, 10**12])
    def test_amounts_are_whole_fen_or_refused(
        self, gate: StandIn, adapter: PaymentGateway, settled: OrderToPay, amount: Any
    ) -> None:
        with pytest.raises(NoticeRefused) as refused:
            adapter.notice(self.raw(gate, settled.number, amount_fen=amount), now=gate.clock())
        assert refused.value.code == "notice_unreadable"

    @pytest.mark.parametrize("name", ["timestamp", "nonce", "signature"])
    def test_a_notice_with_another_header_is_refused(
        self, gate: StandIn, adapter: PaymentGateway, settled: OrderToPay, name: str
    ) -> None:
        raw = self.raw(gate, settled.number)
        for value in ("", "0", "²", raw.headers[f"x-{name}"] + "1"):
            with pytest.raises(NoticeRefused):
                adapter.notice(replace(raw, headers={**raw.headers, f"x-{name}": value}), now=gate.clock())

    def test_a_notice_of_a_refund(self, gate: StandIn, adapter: PaymentGateway, settled: OrderToPay) -> None:
        assert isinstance(gate, EWalletStandIn)
        paid = adapter.query(settled.number)
        number = f"R{settled.number}"
        done = adapter.refund(RefundToMake(number, settled.number, paid.reference, 12_345, 45, "多收"))
        told = adapter.notice(self._raw(gate.refund_notice(settled.number, number)), now=gate.clock())
        refund = gate.trades[settled.number].refunds[number]
        assert told == done == RefundState(MoneyState.DONE, number, refund.reference, 45, refund.at)

    def test_an_answer_to_another_question_is_none(
        self, gate: StandIn, adapter: PaymentGateway, settled: OrderToPay, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        assert isinstance(gate, EWalletStandIn)
        seal = gate._sealed
        monkeypatch.setattr(gate, "_sealed", lambda nonce, *others: seal("0" * 32, *others))
        with pytest.raises(GatewayUnavailable, match="genuinely"):
            adapter.query(settled.number)

    def test_a_closed_order_is_told_as_closed(self, gate: StandIn, adapter: PaymentGateway, order: OrderToPay) -> None:
        self.announce(adapter, order)
        adapter.close(order.number)
        assert adapter.query(order.number).state is MoneyState.CLOSED

    def test_a_statement_that_lost_or_changed_a_line_is_refused(
        self, gate: StandIn, adapter: PaymentGateway, day: date
    ) -> None:
        content = adapter.statement(day)
        rows = content.splitlines(keepends=True)
        for changed in (rows[:2] + rows[3:], [*rows[:3], rows[2], *rows[3:]], rows[:1] + rows[2:]):
            with pytest.raises(StatementInvalid):
                adapter.read_statement(b"".join(changed), day)
        with pytest.raises(StatementInvalid, match="sums"):
            adapter.read_statement(content.replace(b",12345,", b",12346,", 1), day)
