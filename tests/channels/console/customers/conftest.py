"""Two stations of a small utility, people who work there, and a bill that late readings have made wrong."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from tests.contexts.billing.conftest import NOW, Utility, make_utility

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
from gridhall.contexts.identity.models import StaffPosition, User
from gridhall.contexts.identity.types import Role
from gridhall.contexts.tariffs.publishing import publish
from gridhall.runtime.content import content

HOSTILE = '<script>alert("x")</script>‮👩‍👩‍👧 ' + "长" * 120


class Desk:
    """The utility and browsers in which its staff have signed in."""

    def __init__(self, utility: Utility) -> None:
        self.utility = utility
        self.people: dict[str, User] = {}

    def staff(self, name: str, role: Role, unit: str, **more: Any) -> None:
        user = User.objects.create(username=name, display_name=name)
        StaffPosition.objects.create(
            user=user, organisation=Organisation.objects.get(code=unit), role=role, start_date=date(2010, 1, 1), **more
        )
        self.people[name] = user

    def __call__(self, name: str) -> Client:
        client = Client()
        client.force_login(self.people[name], backend="gridhall.channels.web.signin.backend.IdentifierBackend")
        return client

    @property
    def bill(self) -> Bill:
        """The bill of January of the first home."""
        return Bill.objects.filter(usage_point_id=self.utility.points["U1001"], status="issued").earliest("start_date")


@pytest.fixture
def desk(db: None, settings: Any, tmp_path: Path) -> Desk:
    """Station SH serves three homes, station FAR one; SH-clerk and SH-manager work in one, FAR-clerk in the other."""
    settings.HOME = tmp_path
    settings.TIME_ZONE = "Asia/Shanghai"
    settings.STAFF_SECOND_FACTOR = False
    settings.STORAGES = settings.STORAGES | {
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    }
    publish(content("tariffs", "shanghai-residential-tou.yaml").read_text(), name="shanghai", at=NOW)
    utility = make_utility(tmp_path / "lake", ["U1001", "U1002", "U1003"])
    Customer.objects.filter(number="CU1001").update(name="王小明", phone="13800001234", credential="310101199001011234")
    place = ServiceLocation.objects.create(address="上海市荷风路18号502室")
    UsagePoint.objects.filter(number="U1001").update(location=place)
    Customer.objects.filter(number="CU1003").update(name=HOSTILE[:200])
    far = Organisation.objects.create(code="FAR", name="远方供电所", level=1)
    customer = Customer.objects.create(number="C9", kind="person", name="李四", phone="13900005678")
    point = UsagePoint.objects.create(number="U9001", organisation=far, usage_class="residential")
    account = CustomerAccount.objects.create(number="A9001", organisation=far, customer=customer)
    span = (date(2012, 7, 1), None)
    agreement = CustomerAgreement.objects.create(usage_point=point, customer=customer, tariff_code="t", span=span)
    Settlement.objects.create(agreement=agreement, account=account, span=span)
    desk = Desk(utility)
    desk.staff("clerk", Role.CLERK, "SH")
    desk.staff("manager", Role.MANAGER, "SH")
    desk.staff("auditor", Role.AUDITOR, "SH")
    desk.staff("administrator", Role.ADMINISTRATOR, "SH")
    desk.staff("far", Role.CLERK, "FAR")
    desk.staff("farmanager", Role.MANAGER, "FAR")
    desk.staff("accepting", Role.CLERK, "FAR", accepts_elsewhere=True)
    return desk


@pytest.fixture
def wrong(desk: Desk) -> Desk:
    """January and February billed; then readings of January arrive that make its bill wrong."""
    desk.utility.read(date(2013, 1, 1), 59, {"U1001": 400, "U1002": 100, "U1003": 200})
    desk.utility.run("2013-01")
    desk.utility.run("2013-02")
    desk.utility.read(date(2013, 1, 10), 10, {"U1001": 900}, revision=True)
    return desk
