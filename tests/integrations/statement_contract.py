"""What every gateway's adapter promises about statements of days, asserted against its stand-in."""

import re
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as effort
from hypothesis import strategies as st
from tests.integrations.contract import BEIJING, Ear, GatewayContract
from tests.standins.serving import StandIn, Trade

from gridhall.contexts.payments.ports import GatewayUnavailable, OrderToPay, PaymentGateway, StatementInvalid


class StatementContract(GatewayContract):
    """The promises about orders, and those about statements."""

    @pytest.fixture
    def day(self, gate: StandIn, ear: Ear, adapter: PaymentGateway) -> date:
        """A day a while ago with three payments and two refunds."""
        gate.trades.clear()
        then = (datetime.now(UTC) - timedelta(days=2)).astimezone(BEIJING).replace(hour=12)
        gate.clock = lambda: then
        for at, amount in enumerate((12_345, 1, 99_999)):
            order = replace(self.an_order(gate, ear.url, adapter.methods[0].code, amount))
            # Made here and not announced: some gateways' interfaces refuse old times.
            gate.trades[order.number] = self.trade(order)
            gate.settle(order.number)
            if at != 1:
                gate.refund(gate.trades[order.number], f"R{order.number}", 1_000 + at)
        gate.clock = lambda: datetime.now(UTC)
        return then.date()

    def trade(self, order: OrderToPay) -> Any:
        return Trade(order.number, order.amount_fen, order.notify_url, order.return_url, order.subject)

    def test_a_statement_gives_every_movement(self, gate: StandIn, adapter: PaymentGateway, day: date) -> None:
        lines = list(adapter.read_statement(adapter.statement(day), day))
        expected = {(t.reference, t.amount_fen, False, t.paid_at) for t in gate.trades.values()} | {
            (self.refund_reference(r), r.amount_fen, True, r.at)
            for t in gate.trades.values()
            for r in t.refunds.values()
        }
        assert {(line.reference, line.amount_fen, line.refund, line.at) for line in lines} == expected
        assert len(lines) == 5
        assert {line.order_number for line in lines if not line.refund} == set(gate.trades)
        assert all(line.line for line in lines)

    def refund_reference(self, refund: Any) -> str:
        return str(refund.reference)

    def test_an_empty_day_has_an_empty_statement(self, gate: StandIn, adapter: PaymentGateway) -> None:
        gate.trades.clear()
        day = (datetime.now(UTC) - timedelta(days=5)).astimezone(BEIJING).date()
        assert list(adapter.read_statement(adapter.statement(day), day)) == []

    def test_today_has_no_statement_yet(self, gate: StandIn, adapter: PaymentGateway) -> None:
        with pytest.raises(GatewayUnavailable):
            adapter.statement(gate.clock().astimezone(BEIJING).date())

    def test_a_statement_cut_anywhere_is_refused(self, gate: StandIn, adapter: PaymentGateway, day: date) -> None:
        content = adapter.statement(day)
        for at in sorted({*range(0, len(content) - 1, max(1, len(content) // 97)), *self.line_ends(content)}):
            with pytest.raises(StatementInvalid):
                list(adapter.read_statement(content[:at], day))

    def line_ends(self, content: bytes) -> list[int]:
        return [match.end() for match in re.finditer(rb"\n", content)][:-1]

    def test_a_statement_of_another_day_is_refused(self, gate: StandIn, adapter: PaymentGateway, day: date) -> None:
        content = adapter.statement(day)
        for other in (day - timedelta(days=1), day + timedelta(days=1)):
            with pytest.raises(StatementInvalid):
                list(adapter.read_statement(content, other))

    def test_a_statement_of_another_merchant_is_refused(
        self, gate: StandIn, adapter: PaymentGateway, day: date
    ) -> None:
        with pytest.raises(StatementInvalid):
            list(adapter.read_statement(self.others_statement(gate, day), day))

    def others_statement(self, gate: StandIn, day: date) -> bytes:
        raise NotImplementedError

    @effort(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))
    @given(content=st.binary(max_size=400))
    def test_no_statement_at_all_is_refused(self, adapter: PaymentGateway, content: bytes) -> None:
        with pytest.raises(StatementInvalid):
            list(adapter.read_statement(content, date(2026, 3, 1)))
