"""A small utility with agreements to bill, made through the models of the accounts."""

from dataclasses import dataclass
from datetime import UTC, date, datetime

import pytest

from gridhall.contexts.accounts.models import (
    Customer,
    CustomerAccount,
    CustomerAgreement,
    Organisation,
    Settlement,
    UsagePoint,
)
from gridhall.contexts.billing.models import Bill, BillRun

NOW = datetime(2013, 2, 2, 3, 0, tzinfo=UTC)


@dataclass
class Books:
    """One agreement with its account, and a run to issue bills under."""

    agreement: CustomerAgreement
    account: CustomerAccount
    run: BillRun

    def bill(self, number: int = 1, total: int = 1000, month: int = 1, **other: object) -> Bill:
        """A bill of one line, not yet saved."""
        values: dict[str, object] = {
            "number": number,
            "run": self.run,
            "agreement": self.agreement,
            "usage_point_id": self.agreement.usage_point_id,
            "account": self.account,
            "organisation_id": self.run.organisation_id,
            "start_date": date(2013, month, 1),
            "end_date": date(2013, month + 1, 1),
            "tariff_code": "t",
            "tariff_digest": "d",
            "tariff_versions": ["2012"],
            "readings_version": 1,
            "line_no": [0],
            "quantity": [1],
            "price": [1],
            "amount_fen": [total],
            "total_fen": total,
            "separate_fen": 0,
            "tax_fen": 0,
            "energy_wh": 1,
            "tier_used_wh": 0,
            "tier_used_after_wh": 1,
            "tier_source": "none",
            "days": 31,
            "missing": 0,
            "estimated": 0,
            "since_date": date(2013, 1, 1),
            "issued_at": NOW,
            "status": "issued",
        }
        return Bill(**(values | other))


@pytest.fixture
def books(db: None) -> Books:
    organisation = Organisation.objects.create(code="SH", name="上海", level=1)
    customer = Customer.objects.create(number="C1", kind="person", name="王一")
    usage_point = UsagePoint.objects.create(number="U1", organisation=organisation, usage_class="residential")
    account = CustomerAccount.objects.create(number="A1", organisation=organisation, customer=customer)
    span = (date(2013, 1, 1), None)
    agreement = CustomerAgreement.objects.create(usage_point=usage_point, customer=customer, tariff_code="t", span=span)
    Settlement.objects.create(agreement=agreement, account=account, span=span)
    run = BillRun.objects.create(
        organisation=organisation, start_date=date(2013, 1, 1), end_date=date(2013, 2, 1), kind="regular",
        status="running", readings_version=1, rules={}, started_at=NOW,
    )  # fmt: skip
    return Books(agreement, account, run)
