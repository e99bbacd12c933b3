"""A flat whose occupant changed in January 2026, with solar panels, a gap, estimates, and people at the door."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.conf import settings as configured
from django.test import Client
from tests.contexts.metering.conftest import Put, Row, put_readings

from gridhall.contexts.accounts.models import (
    Customer,
    CustomerAccount,
    CustomerAgreement,
    Feeder,
    Organisation,
    Settlement,
    Substation,
    TransformerArea,
    UsagePoint,
)
from gridhall.contexts.identity.models import Link, Share, User
from gridhall.contexts.identity.types import Relation, Right
from gridhall.contexts.metering.models import PeerUsage
from gridhall.contexts.tariffs.operations import publish
from gridhall.lake.curves import Quality
from gridhall.lake.needs import Channel
from gridhall.runtime.content import content

__all__ = ["put_readings"]

#: 5 March 2026, ten in the morning.
NOW = datetime(2026, 3, 5, 2, 0, tzinfo=UTC)
#: Since when the former occupant, and the present one, live there.
FORMER, MOVED = date(2025, 2, 1), date(2026, 1, 17)
ABSENT, INCOMPLETE, ESTIMATED = date(2026, 2, 10), date(2026, 2, 11), date(2026, 2, 12)


def curve(day: date) -> tuple[list[int | None], list[int] | None]:
    """The quarter-hours of a day, more of them by day than by night; what is missing and what was estimated."""
    values: list[int | None] = [50 + day.day + (200 if 28 <= slot < 88 else 0) for slot in range(96)]
    if day == INCOMPLETE:
        return [None if 10 <= slot < 14 else value for slot, value in enumerate(values)], [
            Quality.MISSING if 10 <= slot < 14 else Quality.MEASURED for slot in range(96)
        ]
    if day == ESTIMATED:
        return values, [Quality.INTERPOLATED if 20 <= slot < 28 else Quality.MEASURED for slot in range(96)]
    return values, None


def energy(day: date) -> int:
    """What a day comes to, Wh."""
    return sum(value or 0 for value in curve(day)[0])


@dataclass
class Flat:
    """The flat, its people and their keys."""

    point: int
    users: dict[str, User]
    keys: dict[str, str]

    def client(self, who: str = "owner", language: str = "zh-hans") -> Client:
        """A browser in which somebody has signed in."""
        client = Client()
        client.force_login(self.users[who], backend=configured.AUTHENTICATION_BACKENDS[-1])
        client.cookies["language"] = language
        return client

    def address(self, page: str = "", who: str = "owner") -> str:
        """Where a page of usage stands for somebody."""
        return f"/homes/{self.keys[who]}/usage/{page}"


@pytest.fixture
def empty_flat(put_readings: Put, monkeypatch: pytest.MonkeyPatch) -> Flat:
    """The flat before any reading."""
    monkeypatch.setattr("gridhall.kernel.clock.now", lambda: NOW)
    publish(content("tariffs", "shanghai-residential-tou.yaml").read_text(), name="shanghai", at=NOW)
    unit = Organisation.objects.create(code="SH", name="上海", level=1)
    substation = Substation.objects.create(code="S1", name="望湖变", organisation=unit)
    feeder = Feeder.objects.create(code="F1", name="望湖一线", substation=substation)
    area = TransformerArea.objects.create(code="T1", name="望湖 3 号台区", feeder=feeder, capacity_va=630_000)
    point = UsagePoint.objects.create(
        number="3100000001", organisation=unit, usage_class="residential", transformer_area=area
    )
    former = Customer.objects.create(number="C1", kind="person", name="钱旧户")
    owner = Customer.objects.create(number="C2", kind="person", name="王小二")
    for whose, span in ((former, (FORMER, MOVED)), (owner, (MOVED, None))):
        agreement = CustomerAgreement.objects.create(
            usage_point=point, customer=whose, tariff_code="shanghai-residential-tou", span=span, household_size=2
        )
        account = CustomerAccount.objects.create(number=f"A{whose.number}", organisation=unit, customer=whose)
        Settlement.objects.create(agreement=agreement, account=account, span=span)
    names = ("owner", "former", "reader", "payer", "later", "stranger")
    users = {name: User.objects.create(username=name, display_name=name) for name in names}
    keys = {}
    links = {}
    for name, customer in (("owner", owner), ("former", former)):
        links[name] = Link.objects.create(
            user=users[name], customer=customer, usage_point=point, proof="demo", linked_at=NOW
        )
        keys[name] = links[name].key
    shares: Sequence[tuple[str, list[Right], date | None]] = (
        ("reader", [Right.USAGE, Right.DOWNLOAD], None),
        ("payer", [Right.BILLS], None),
        ("later", [Right.USAGE, Right.DOWNLOAD], date(2026, 2, 20)),
    )
    for name, rights, since in shares:
        keys[name] = Share.objects.create(
            link=links["owner"], phone=name, grantee=users[name], relation=Relation.TENANT, rights=rights,
            data_from=since, start_date=date(2026, 1, 1), shared_at=NOW,
        ).key  # fmt: skip
    keys["stranger"] = keys["owner"]
    return Flat(point.pk, users, keys)


@pytest.fixture
def flat(empty_flat: Flat, put_readings: Put) -> Flat:
    """The flat with readings of every day up to yesterday but one, and others like it."""
    days = [FORMER + timedelta(offset) for offset in range((date(2026, 3, 5) - FORMER).days)]
    rows: list[Row] = [(empty_flat.point, day, *curve(day)) for day in days if day != ABSENT]
    put_readings(rows)
    sun = [40 if 40 <= slot < 60 else 0 for slot in range(96)]
    put_readings([(empty_flat.point, day, sun, None) for day in days], Channel.EXPORT)
    unit: Any = Organisation.objects.get()
    PeerUsage.objects.create(
        organisation=unit, usage_class="residential", household_band="1-2", month=date(2026, 3, 1), homes=23,
        lower_wh=1_000, median_wh=2_000, upper_wh=3_000, computed_at=NOW,
    )  # fmt: skip
    PeerUsage.objects.create(
        organisation=unit, usage_class="residential", month=date(2025, 12, 1), homes=40,
        lower_wh=300_000, median_wh=500_000, upper_wh=600_000, computed_at=NOW,
    )  # fmt: skip
    return empty_flat
