"""UnionPay: every promise of the port, against a stand-in with a certificate authority of its own."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from tests.integrations.contract import OTHERS, environment, opened
from tests.integrations.statement_contract import StatementContract
from tests.standins.serving import StandIn
from tests.standins.unionpay import COMPANY, Authority, UnionPayStandIn, pfx, zipped

from gridhall.contexts.payments.ports import (
    CheckoutKind,
    MoneyState,
    NoticeRefused,
    OrderToPay,
    PaymentGateway,
    RawNotice,
    RefundState,
    RefundToMake,
    StatementInvalid,
)
from gridhall.integrations.unionpay.gateway import NumberInvalid, UnionPay


class TestUnionPay(StatementContract):
    standin = UnionPayStandIn
    make = UnionPay
    other_merchants = [{"merId": "777290058110099"}, {"merId": None}]
    other_amount = {"txnAmt": "999"}
    expired = []
    closes = False

    def genuine(self, gate: StandIn, content: Any) -> RawNotice:
        assert isinstance(gate, UnionPayStandIn)
        fields = {"merId": gate.merchant_id, "txnType": "01", "orderId": str(content), "respCode": repr(content)}
        return RawNotice(urlencode(gate.sign(fields), errors="replace").encode(), {})

    def env_of_another_key(self, gate: StandIn, folder: Path) -> dict[str, str]:
        holder = Authority().issue("041@1@x@1", OTHERS)
        (folder / "other.pfx").write_bytes(pfx(OTHERS, holder, "000000"))
        return gate.env | {"GRIDHALL_UNIONPAY_PRIVATE_KEY_FILE": str(folder / "other.pfx")}

    def env_of_another_gateway(self, gate: StandIn, folder: Path) -> dict[str, str]:
        other = Authority()
        (folder / "root.cer").write_bytes(other.root.public_bytes(Encoding.PEM))
        (folder / "middle.cer").write_bytes(other.middle.public_bytes(Encoding.PEM))
        files = {"ROOT": folder / "root.cer", "MIDDLE": folder / "middle.cer"}
        return gate.env | {f"GRIDHALL_UNIONPAY_{name}_FILE": str(file) for name, file in files.items()}

    def others_statement(self, gate: StandIn, day: date) -> bytes:
        assert isinstance(gate, UnionPayStandIn)
        rows = [gate.row(trade, None, "777290058110099") for trade in gate.trades.values()]
        return zipped(gate.merchant_id, day, rows)

    def line_ends(self, content: bytes) -> list[int]:
        return []

    def test_the_form_is_for_the_gateways_page(self, gate: StandIn, adapter: PaymentGateway, order: OrderToPay) -> None:
        checkout = adapter.create(order)
        assert checkout.kind is CheckoutKind.FORM
        assert checkout.url == f"{gate.url}/gateway/api/frontTransReq.do"
        assert "encryptCertId" not in checkout.fields
        assert "123.45" in opened(checkout)

    def test_the_certificate_for_cards_is_named_where_there_is_one(self, gate: StandIn, order: OrderToPay) -> None:
        assert isinstance(gate, UnionPayStandIn)
        name = "GRIDHALL_UNIONPAY_ENCRYPT_FILE"
        with environment(gate.env | {name: gate.env["GRIDHALL_UNIONPAY_MIDDLE_FILE"]}):
            checkout = UnionPay().create(order)
        assert checkout.fields["encryptCertId"] == str(gate.authority.middle.serial_number)
        assert "123.45" in opened(checkout)

    def test_only_unionpays_own_certificate_is_believed(
        self, gate: StandIn, adapter: PaymentGateway, settled: OrderToPay
    ) -> None:
        assert isinstance(gate, UnionPayStandIn)
        own, yesterday = f"041@1@{COMPANY}@1", datetime.now(UTC) - timedelta(days=1)
        stranger = Authority()
        for signer in (
            gate.authority.issue("041@1@别的公司@1", gate.own),
            gate.authority.issue(COMPANY, gate.own),
            gate.authority.issue(own, gate.own, until=yesterday),
            stranger.issue(own, gate.own),
            gate.authority.issue(own, OTHERS),
            gate.holder,
        ):
            pem = signer.public_bytes(Encoding.PEM).decode()
            with pytest.raises(NoticeRefused) as refused:
                adapter.notice(self.raw(gate, settled.number, signPubKeyCert=pem), now=gate.clock())
            assert refused.value.code == "notice_not_genuine"
        pem = gate.authority.issue(own, gate.own).public_bytes(Encoding.PEM).decode()
        adapter.notice(self.raw(gate, settled.number, signPubKeyCert=pem), now=gate.clock())

    def test_another_kind_of_signature_is_refused(
        self, gate: StandIn, adapter: PaymentGateway, settled: OrderToPay
    ) -> None:
        with pytest.raises(NoticeRefused):
            adapter.notice(self.raw(gate, settled.number, signMethod="11"), now=gate.clock())

    def test_a_failed_payment_is_told_as_closed(
        self, gate: StandIn, adapter: PaymentGateway, settled: OrderToPay
    ) -> None:
        told = adapter.notice(self.raw(gate, settled.number, respCode="51"), now=gate.clock())
        assert told.state is MoneyState.CLOSED

    @pytest.mark.parametrize("changed", [{"txnAmt": "12.5"}, {"txnAmt": "-1"}, {"txnAmt": ""}, {"currencyCode": "344"}])
    def test_amounts_are_whole_fen_or_refused(
        self, gate: StandIn, adapter: PaymentGateway, settled: OrderToPay, changed: dict[str, str]
    ) -> None:
        with pytest.raises(NoticeRefused) as refused:
            adapter.notice(self.raw(gate, settled.number, **changed), now=gate.clock())
        assert refused.value.code == "notice_unreadable"

    def test_a_notice_of_a_refund(self, gate: StandIn, adapter: PaymentGateway, settled: OrderToPay) -> None:
        assert isinstance(gate, UnionPayStandIn)
        paid = adapter.query(settled.number)
        number = f"R{settled.number}"
        adapter.refund(RefundToMake(number, settled.number, paid.reference, 12_345, 45, "多收"))
        told = adapter.notice(RawNotice(gate.refund_notice(settled.number, number)[1], {}), now=gate.clock())
        refund = gate.trades[settled.number].refunds[number]
        assert told == RefundState(MoneyState.DONE, number, refund.reference, 45, refund.at)

    def test_numbers_begin_with_a_moment(self, adapter: PaymentGateway) -> None:
        with pytest.raises(NumberInvalid):
            adapter.query("R0000000000000001")

    def test_a_payment_after_new_year_for_an_order_before(
        self, gate: StandIn, adapter: PaymentGateway, order: OrderToPay
    ) -> None:
        old = replace(order, number="20251231235900" + order.number[14:])
        self.announce(adapter, old)
        gate.clock = lambda: datetime(2025, 12, 31, 16, 1, tzinfo=UTC)
        gate.settle(old.number)
        assert adapter.query(old.number).paid_at == datetime(2025, 12, 31, 16, 1, tzinfo=UTC)

    def test_a_line_that_lost_letters_is_refused(self, gate: StandIn, adapter: PaymentGateway, day: date) -> None:
        assert isinstance(gate, UnionPayStandIn)
        rows = [gate.row(trade, None) for trade in gate.trades.values()]
        for changed in (
            [rows[0], rows[1][:-40] + b"\r\n"],
            [rows[0][:100] + b"\r\n"],
            [rows[0], rows[1][:-2]],
            [b"S99" + rows[0][3:]],
            [rows[0].replace(b"D0000", b"X0000")],
        ):
            with pytest.raises(StatementInvalid):
                adapter.read_statement(zipped(gate.merchant_id, day, changed), day)
        assert len(list(adapter.read_statement(zipped(gate.merchant_id, day, rows), day))) == 3
