"""A small utility with agreements to bill, made through the models of the accounts."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pyarrow as pa
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
from gridhall.contexts.billing.operations.run import run_month
from gridhall.contexts.billing.types import RunReport
from gridhall.contexts.metering.models import Import, LakeFile
from gridhall.contexts.tariffs.publishing import publish
from gridhall.kernel.spans import DateSpan
from gridhall.lake.curves import SCHEMA
from gridhall.lake.needs import Channel
from gridhall.lake.parts import PartWriter
from gridhall.runtime.audit import Act
from gridhall.runtime.content import content

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
            "days_read": 31,
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
        status="running", readings_version=1, rules={}, calendar={}, started_at=NOW,
    )  # fmt: skip
    return Books(agreement, account, run)


@dataclass
class Utility:
    """A small utility in Shanghai whose readings lie in a lake of its own."""

    lake: Path
    points: dict[str, int]
    agreements: dict[str, int]
    accounts: dict[str, int]

    def read(self, first: date, days: int, wh: dict[str, int | None], *, revision: bool = False) -> int:
        """Import readings: every usage point the same energy in each of the 96 slots of each day; None: no value.

        Returns the readings version.
        """
        imported = Import.objects.create(
            file_name="test", file_bytes=1, content_sha256=f"{Import.objects.count()}", format="test",
            zone="Asia/Shanghai", available_at=NOW,
        )  # fmt: skip
        rows = []
        for number, each in sorted(wh.items(), key=lambda item: self.points[item[0]]):
            for offset in range(days):
                rows.append({
                    "usage_point": self.points[number], "day": first + timedelta(days=offset), "curve": [each] * 96,
                    "quality": None, "missing": 96 if each is None else 0, "estimated": 0,
                })  # fmt: skip
        with PartWriter(self.lake, Channel.IMPORT, imported.pk, revision=revision) as writer:
            writer.write(pa.Table.from_pylist(rows, schema=SCHEMA))
            files = writer.close()
        for file in files:
            LakeFile.objects.create(
                source=imported, path=file.path, channel=file.channel.value, month=f"{file.month}-01",
                first_day=file.first_day, last_day=file.last_day, rows=file.rows,
                usage_point_min=file.usage_point_min, usage_point_max=file.usage_point_max, revision=file.revision,
            )  # fmt: skip
        return imported.pk

    def run(self, month: str, **other: object) -> RunReport:
        """Bill a month."""
        return run_month(DateSpan.parse_month(month), act=Act("test", NOW), today=date(2030, 1, 1), **other)


@pytest.fixture
def utility(db: None, settings, tmp_path: Path) -> Utility:
    """Three households, each with an account of its own, on the Shanghai tariff since 2012."""
    settings.HOME = tmp_path
    settings.TIME_ZONE = "Asia/Shanghai"
    publish(content("tariffs", "shanghai-residential-tou.yaml").read_text(), name="shanghai", at=NOW)
    return make_utility(tmp_path / "lake", ["U1", "U2", "U3"])


def make_utility(lake: Path, numbers: list[str]) -> Utility:
    organisation = Organisation.objects.create(code="SH", name="上海", level=1)
    made = Utility(lake, {}, {}, {})
    for number in numbers:
        customer = Customer.objects.create(number=f"C{number}", kind="person", name="王一")
        point = UsagePoint.objects.create(number=number, organisation=organisation, usage_class="residential")
        account = CustomerAccount.objects.create(number=f"A{number}", organisation=organisation, customer=customer)
        span = (date(2012, 7, 1), None)
        agreement = CustomerAgreement.objects.create(
            usage_point=point, customer=customer, tariff_code="shanghai-residential-tou", span=span
        )
        Settlement.objects.create(agreement=agreement, account=account, span=span)
        made.points[number], made.agreements[number], made.accounts[number] = point.pk, agreement.pk, account.pk
    return made
