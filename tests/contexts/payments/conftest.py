"""A utility with three settlement accounts and bills to pay."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import pytest
from tests.contexts.payments.gateway import Scripted, scripted

from gridhall.contexts.accounts.models import (
    Customer,
    CustomerAccount,
    CustomerAgreement,
    Organisation,
    Settlement,
    UsagePoint,
)
from gridhall.contexts.billing.models import Bill, BillRun, LedgerEntry
from gridhall.runtime.audit import Act

NOW = datetime(2026, 3, 2, 3, 0, tzinfo=UTC)
ACT = Act("cli:test", NOW)


@dataclass
class Till:
    """Accounts to be billed and to pay."""

    organisation: Organisation
    accounts: list[CustomerAccount]
    agreements: list[CustomerAgreement]
    run: BillRun

    def bill(self, account: int, month: int, fen: int, issued: datetime = NOW) -> int:
        """Issue a bill of 2026 to the account of this place, and give its number."""
        agreement = self.agreements[account]
        start = date(2026, month, 1)
        end = (start + timedelta(days=32)).replace(day=1)
        number = int(f"{start:%Y%m%d}{agreement.pk:09}01")
        Bill(
            number=number, run=self.run, agreement=agreement, usage_point_id=agreement.usage_point_id,
            account=self.accounts[account], organisation=self.organisation, start_date=start, end_date=end,
            tariff_code="t", tariff_digest="d", tariff_versions=["2026"], readings_version=1, line_no=[0], quantity=[1],
            price=[1], amount_fen=[fen], total_fen=fen, separate_fen=0, tax_fen=0, energy_wh=1, tier_used_wh=0,
            tier_used_after_wh=1, tier_source="none", days_read=31, missing=0, estimated=0,
            since_date=date(2026, 1, 1), issued_at=issued, status="issued",
        ).save(force_insert=True)  # fmt: skip
        return number

    def cancel(self, number: int, at: datetime = NOW) -> None:
        """Cancel a bill."""
        Bill.objects.filter(number=number).update(status="cancelled", cancelled_at=at, cancelled_reason="test")

    def balance(self, account: int) -> int:
        """What the ledger says that an account owes."""
        return sum(
            LedgerEntry.objects.filter(account_id=self.accounts[account].pk).values_list("amount_fen", flat=True)
        )


def till_of(count: int = 3) -> Till:
    """Make the utility."""
    organisation = Organisation.objects.create(code="LC", name="兰川", level=1)
    accounts, agreements = [], []
    span = (date(2026, 1, 1), None)
    for at in range(count):
        customer = Customer.objects.create(number=f"C{at}", kind="person", name=f"王{at}")
        point = UsagePoint.objects.create(number=f"31{at:08}", organisation=organisation, usage_class="residential")
        account = CustomerAccount.objects.create(number=f"A{at}", organisation=organisation, customer=customer)
        agreement = CustomerAgreement.objects.create(usage_point=point, customer=customer, tariff_code="t", span=span)
        Settlement.objects.create(agreement=agreement, account=account, span=span)
        accounts.append(account)
        agreements.append(agreement)
    run = BillRun.objects.create(
        organisation=organisation, start_date=date(2026, 1, 1), end_date=date(2026, 2, 1), kind="regular",
        status="running", readings_version=1, rules={}, calendar={}, started_at=NOW,
    )  # fmt: skip
    return Till(organisation, accounts, agreements, run)


@pytest.fixture
def till(db: None) -> Till:
    return till_of()


@pytest.fixture
def make_till() -> Callable[[], Till]:
    return till_of


@pytest.fixture
def gateway() -> Iterator[Scripted]:
    with scripted() as made:
        yield made
