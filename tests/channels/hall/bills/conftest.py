"""A flat whose occupant changed in January 2013, one that the landlord pays for, and people at the door."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from django.conf import settings as configured
from django.test import Client
from tests.contexts.billing.conftest import Utility

from gridhall.contexts.accounts.models import (
    Customer,
    CustomerAccount,
    CustomerAgreement,
    Organisation,
    ServiceLocation,
    Settlement,
    UsagePoint,
)
from gridhall.contexts.billing.models import Bill
from gridhall.contexts.identity.models import Link, Share, User
from gridhall.contexts.tariffs.operations import publish
from gridhall.runtime.content import content

NOW = datetime(2013, 4, 2, 3, 0, tzinfo=UTC)


@dataclass
class Flats:
    """U1: a former occupant until 17 January 2013, then the owner of the link. U2: a tenant whose landlord pays."""

    utility: Utility
    users: dict[str, User]
    keys: dict[str, str]

    def client(self, who: str, language: str = "zh-hans") -> Client:
        """A browser in which somebody has signed in."""
        client = Client()
        client.force_login(self.users[who], backend=configured.AUTHENTICATION_BACKENDS[-1])
        client.cookies["language"] = language
        return client

    def bill(self, number: str, start: date, status: str = "issued") -> Bill:
        """The bill of a usage point that begins on a day."""
        return Bill.objects.get(usage_point__number=number, start_date=start, status=status)

    def address(self, bill: Bill, key: str = "owner", page: str = "") -> str:
        """Where a bill is shown."""
        from gridhall.contexts.billing.queries import show_number

        return f"/homes/{self.keys[key]}/bills/{show_number(bill.number)}/{page}"


@pytest.fixture
def flats(db: None, settings, tmp_path: Path) -> Flats:
    """Billed from December 2012 to March 2013."""
    settings.HOME = tmp_path
    settings.TIME_ZONE = "Asia/Shanghai"
    publish(content("tariffs", "shanghai-residential-tou.yaml").read_text(), name="shanghai", at=NOW)
    unit = Organisation.objects.create(code="SH", name="上海", level=1)
    utility = Utility(tmp_path / "lake", {}, {}, {})
    users, keys = {}, {}

    def customer(number: str, name: str) -> Customer:
        return Customer.objects.create(number=number, kind="person", name=name, phone="13900001111")

    def agreement(point: UsagePoint, whose: Customer, start: date, end: date | None, payer: Customer) -> None:
        made = CustomerAgreement.objects.create(
            usage_point=point, customer=whose, tariff_code="shanghai-residential-tou", span=(start, end)
        )
        account, _ = CustomerAccount.objects.get_or_create(
            number=f"A{payer.number}", defaults={"organisation": unit, "customer": payer}
        )
        Settlement.objects.create(agreement=made, account=account, span=(start, end))

    for number in ("U1", "U2"):
        place = ServiceLocation.objects.create(address="上海市望湖路12号3幢401室")
        point = UsagePoint.objects.create(number=number, organisation=unit, usage_class="residential", location=place)
        utility.points[number] = point.pk
    first, second = UsagePoint.objects.order_by("number")
    former, owner = customer("C1", "钱旧户"), customer("C2", "王小二")
    tenant, landlord = customer("C3", "李租客"), customer("C4", "赵房东")
    agreement(first, former, date(2012, 11, 1), date(2013, 1, 17), former)
    agreement(first, owner, date(2013, 1, 17), None, owner)
    agreement(second, tenant, date(2012, 11, 1), None, landlord)
    utility.read(date(2012, 12, 1), 121, {"U1": 40, "U2": 60})
    for month in ("2012-12", "2013-01", "2013-02", "2013-03"):
        utility.run(month)

    def user(name: str, phone: str) -> User:
        return User.objects.create(username=name, phone=phone, phone_verified=True)

    def link(name: str, whose: Customer, point: UsagePoint, phone: str) -> Link:
        users[name] = user(name, phone)
        made = Link.objects.create(user=users[name], customer=whose, usage_point=point, proof="demo", linked_at=NOW)
        keys[name] = made.key
        return made

    def share(name: str, of: Link, rights: list[str], phone: str, data_from: date | None = None) -> None:
        users[name] = user(name, phone)
        keys[name] = Share.objects.create(
            link=of, phone=phone, grantee=users[name], relation="family", rights=rights, start_date=date(2013, 1, 1),
            data_from=data_from, shared_at=NOW,
        ).key  # fmt: skip

    owned = link("owner", owner, first, "13900000001")
    link("tenant", tenant, second, "13900000002")
    share("reader", owned, ["bills"], "13900000003", date(2013, 3, 1))
    share("metered", owned, ["usage"], "13900000004")
    users["stranger"] = user("stranger", "13900000005")
    return Flats(utility, users, keys)
