"""The demo utility with people of every kind at its doors, and every address they may knock at.

`inhabited` connects the test's own process to a copy of the demo utility; a server of its own may serve the same copy.
"""

import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from django.urls import URLPattern, get_resolver, reverse

#: A morning on which the demo's newest readings are yesterday's.
NOW = datetime(2026, 3, 5, 2, 0, tzinfo=UTC)
#: The home of the customer in question, 户号; and that of a stranger.
OWN, STRANGE = "3100000008", "3100000052"

#: User names and names of people; the rest of them is in `_world`.
NAMES = {
    "owner": ("p-owner", "崔女士"), "reader": ("p-reader", "租客"), "stranger": ("p-stranger", "邻居"),
    "clerk": ("C9001", "营业员 小禾"), "elsewhere": ("C9002", "营业员 小舟"), "manager": ("M9001", "主管 大林"),
    "tariffs": ("T9001", "电价员 小满"), "auditor": ("A9001", "审计员 老周"), "admin": ("S9001", "管理员 小安"),
}  # fmt: skip


@dataclass
class World:
    """A copy of the demo utility that this process is connected to.

    Attributes:
        people: who may knock, by what they are to the home in question; None for nobody in particular.
        homes: the keys of homes: the owner's own, the same as shared with the reader, the stranger's own.
        bill, customer: the owner's newest bill there, and the number under which the utility knows the owner.
        area, tariff: codes of the transformer area that feeds the home, and of the tariff it is billed by.
    """

    people: dict[str, Any]
    homes: dict[str, str]
    bill: int
    customer: str
    area: str
    tariff: str

    def client(self, who: str) -> Client:
        """A browser in which somebody has signed in; staff with a second factor."""
        client = Client(raise_request_exception=False)
        if person := self.people[who]:
            client.force_login(person, backend="gridhall.channels.web.signin.backend.IdentifierBackend")
            session = client.session
            used = [{"method": "code", "at": time.time()}, {"method": "mfa", "type": "totp", "at": time.time()}]
            session["account_authentication_methods"] = used
            session["account_authentication_methods_user"] = str(person.pk)
            session.save()
        return client


@contextmanager
def inhabited(installation: Any) -> Iterator[World]:
    """This process works on the installation, in the present of its demo; its people are there."""
    from django.conf import settings

    with connected_to(installation.database, installation.home), pytest.MonkeyPatch.context() as patch:
        patch.setattr("gridhall.kernel.clock.now", lambda: NOW)
        patch.setattr(settings, "STAFF_SECOND_FACTOR", True)
        yield _world()


@contextmanager
def connected_to(database: str, home: Path) -> Iterator[None]:
    """This process works on a database, brought up to date, and on a home."""
    from django.conf import settings
    from django.db import connection

    from gridhall.runtime.database import prepare

    before = connection.settings_dict["NAME"], settings.HOME
    connection.close()
    connection.settings_dict["NAME"], settings.HOME = database, home
    try:
        prepare()
        yield
    finally:
        connection.close()
        connection.settings_dict["NAME"], settings.HOME = before


def _world() -> World:
    from gridhall.contexts.accounts.models import CustomerAgreement, Organisation
    from gridhall.contexts.billing.models import Bill
    from gridhall.contexts.identity.models import Link, Share, StaffPosition, User
    from gridhall.contexts.identity.types import Relation, Right, Role

    def person(name: str, **more: Any) -> Any:
        return User.objects.create(username=NAMES[name][0], display_name=NAMES[name][1], **more)

    def link(user: Any, number: str) -> Any:
        held = CustomerAgreement.objects.filter(usage_point__number=number).latest("span")
        return Link.objects.create(
            user=user, customer_id=held.customer_id, usage_point_id=held.usage_point_id, proof="demo", linked_at=NOW
        )

    def staff(name: str, role: Role, unit: str) -> Any:
        user = person(name)
        place = Organisation.objects.get(code=unit)
        StaffPosition.objects.create(user=user, organisation=place, role=role, start_date=date(2020, 1, 1))
        return user

    county = Organisation.objects.get(code="LC-YZ-01")
    Organisation.objects.create(code="LC-YZ-01-99", name="兰亭供电所", level=4, parent=county)
    owner, reader, stranger = (
        person(name, phone=f"1540000999{at}", phone_verified=True)
        for at, name in enumerate(("owner", "reader", "stranger"))
    )
    own, strange = link(owner, OWN), link(stranger, STRANGE)
    share = Share.objects.create(
        link=own, phone=reader.phone, grantee=reader, relation=Relation.TENANT, rights=[Right.BILLS],
        start_date=date(2026, 1, 1), shared_at=NOW,
    )  # fmt: skip
    station = Organisation.objects.get(code="LC-YZ-01-01")
    bill = Bill.objects.filter(usage_point__number=OWN, status="issued").latest("start_date").number
    _happened(station)
    _reconciled(station)
    _paid_for_another(owner, strange)
    _uploaded()
    return World(
        people={
            "nobody": None,
            "owner": owner,
            "reader": reader,
            "stranger": stranger,
            "clerk": staff("clerk", Role.CLERK, "LC-YZ-01-01"),
            "elsewhere": staff("elsewhere", Role.CLERK, "LC-YZ-01-99"),
            "manager": staff("manager", Role.MANAGER, "LC-YZ-01"),
            "tariffs": staff("tariffs", Role.TARIFF_OFFICER, "LC-YZ"),
            "auditor": staff("auditor", Role.AUDITOR, "LC"),
            "admin": staff("admin", Role.ADMINISTRATOR, "LC"),
        },
        homes={"owner": own.key, "reader": share.key, "stranger": strange.key},
        bill=bill,
        customer=own.customer.number,
        area=own.usage_point.transformer_area.code,
        tariff=CustomerAgreement.objects.filter(usage_point__number=OWN).latest("span").tariff_code,
    )


def _happened(station: Any) -> None:
    """Somebody asked for a correction of the stranger's bill; a run and a simulation of a draft tariff have ended."""
    from gridhall.contexts.accounts.models import CustomerAgreement
    from gridhall.contexts.billing.models import Bill, CorrectionRequest
    from gridhall.contexts.metering.models import Import
    from gridhall.contexts.tariffs.models import TariffDocument
    from gridhall.contexts.tariffs.operations import drafts
    from gridhall.journeys.jobs import what_if
    from gridhall.kernel.spans import DateSpan
    from gridhall.runtime import jobs
    from gridhall.runtime.audit import Act
    from gridhall.runtime.models import JobRecord

    act = Act("staff:demo", NOW)
    kept = Bill.objects.filter(usage_point__number=STRANGE, status="issued").latest("start_date")
    CorrectionRequest.objects.create(
        bill=kept, organisation_id=station.pk, reason="读数更正", difference_fen=0, computed_at=NOW,
        outcome={"bills": [], "not_corrected": []}, readings_version=Import.objects.latest("pk").pk,
        requested_by=act.actor, requested_at=NOW,
    )  # fmt: skip
    taken_in = {"id": 1, "status": "imported", "accepted": 96, "quarantined": 0, "estimated": 0, "missing": 0}
    for kind, arguments, result in (
        ("bill_run", {"month": "2026-02"}, {"run": 1}), ("import", {"file": "demo.csv"}, taken_in),
    ):  # fmt: skip
        JobRecord.objects.create(
            kind=kind, organisation=station.pk, arguments=arguments, requested_by=act.actor, requested_at=NOW,
            started_at=NOW, finished_at=NOW, status="done", done=1, total=1, result=result,
        )  # fmt: skip
    code = CustomerAgreement.objects.filter(usage_point__number=OWN).latest("span").tariff_code
    document = TariffDocument.objects.filter(tariff__code=code).latest("pk")
    draft = drafts.create_draft("居民电价草案", document.text, based_on=document.digest, act=act)
    asked = what_if.ask(draft.id, DateSpan.parse_month("2026-02"), station.code, station.pk, code, act)
    jobs.run_now(asked, now=lambda: NOW)


def _reconciled(station: Any) -> None:
    """Somebody paid for the home in question; a refund of it waits for a second person; a day has a difference."""
    from gridhall.contexts.accounts.models import Settlement
    from gridhall.contexts.payments import operations
    from gridhall.contexts.payments.models import CollectionCase, ReconciliationCase, RefundRequest, Statement
    from gridhall.contexts.payments.types import Part

    settled = Settlement.objects.filter(agreement__usage_point__number=OWN).latest("span")
    with transaction.atomic():
        receipt = operations.take(
            [Part(settled.account_id, 5_000)], gateway="demo", method="demo.link", reference="D-WORLD",
            organisation=station.pk, paid_at=NOW - timedelta(days=1), now=NOW - timedelta(days=1), actor="gateway:demo",
        )  # fmt: skip
    RefundRequest.objects.create(
        number="R-WORLD", receipt_id=receipt, amount_fen=1_000, reason="付错户号", asked_by="staff:demo", asked_at=NOW,
        status="asked",
    )  # fmt: skip
    day = (NOW - timedelta(days=1)).date()
    Statement.objects.create(
        gateway="demo", day=day, digest="0" * 64, lines=0, paid_fen=0, refunded_fen=0, fee_fen=0, imported_at=NOW,
        actor="schedule",
    )  # fmt: skip
    CollectionCase.objects.create(
        account_id=settled.account_id, organisation_id=station.pk, opened_at=NOW, as_of_date=day, oldest_date=day,
        overdue_fen=5_000, usual_fen=5_000,
    )  # fmt: skip
    ReconciliationCase.objects.create(
        gateway="demo", day=day, kind="missing_there", reference="D-WORLD", refund=False, receipt_id=receipt,
        our_fen=5_000, opened_at=NOW,
    )  # fmt: skip


def _paid_for_another(owner: Any, strange: Any) -> None:
    """The owner has paid one yuan for the stranger."""
    from gridhall.contexts.accounts.models import Settlement
    from gridhall.contexts.payments import operations
    from gridhall.contexts.payments.ports import MoneyState, PaymentState
    from gridhall.contexts.payments.types import Part

    settled = Settlement.objects.filter(
        agreement__usage_point_id=strange.usage_point_id, agreement__customer_id=strange.customer_id
    ).latest("span")
    order = operations.open_order(
        [Part(settled.account_id, 100, strange.usage_point_id)], gateway="demo", method="demo.link",
        request_key="world", payer=owner.pk, now=NOW,
    )  # fmt: skip
    operations.post("demo", PaymentState(MoneyState.DONE, order.number, "world", 100, NOW), now=NOW)


def _uploaded() -> None:
    """Somebody uploaded a file of places, with a row that is not let in."""
    from gridhall.contexts.payments.operations.importing_points import keep_point_file
    from gridhall.contexts.payments.queries.point_plans import CoordinateSystem
    from gridhall.runtime.audit import Act

    rows = ("code,kind,name,address,longitude,latitude", "W-1,hall,城北厅,北街1号,121.4,31.2", "W-2,hall,,x,1,no")
    keep_point_file(
        "网点.csv", "\n".join(rows).encode(), CoordinateSystem.GCJ_02, deactivate_missing=False,
        act=Act("staff:demo", NOW),
    )  # fmt: skip


@dataclass(frozen=True)
class Address:
    """A page of the house: the name of its address (with namespaces), and what its pattern asks for."""

    name: str
    pattern: str
    parameters: tuple[str, ...]
    where: str


def addresses() -> list[Address]:
    """Every address of the house, as the resolver knows them."""
    return list(_walked(get_resolver(), "", ""))


def _walked(resolver: Any, before: str, space: str) -> Iterator[Address]:
    for each in resolver.url_patterns:
        pattern = before + str(each.pattern)
        if isinstance(each, URLPattern):
            name = f"{space}{each.name}" if each.name else ""
            yield Address(name, pattern, tuple(re.findall(r"<(?:\w+:)?(\w+)>", pattern)), each.lookup_str)
        else:
            yield from _walked(each, pattern, f"{space}{each.namespace}:" if each.namespace else space)


def _bill(world: World) -> dict[str, Any]:
    return {"number": world.bill}


def _customer(world: World) -> dict[str, Any]:
    return {"number": world.customer}


def _order(world: World) -> dict[str, Any]:
    """What the owner has paid for somebody else."""
    from gridhall.contexts.payments.models import PaymentOrder

    return {"number": PaymentOrder.objects.filter(payer=world.people["owner"], status="paid").latest("pk").number}


def _receipt(world: World) -> dict[str, Any]:
    from gridhall.contexts.payments.models import ReceiptLine

    return {"receipt": ReceiptLine.objects.filter(usage_point__number=OWN).latest("pk").receipt_id}


def _own(model: str, **filters: Any) -> Callable[[World], dict[str, Any]]:
    """The newest row of a table, under the parameter that the addresses of such rows have."""

    def find(world: World) -> dict[str, Any]:
        from django.apps import apps

        found = apps.get_model(model).objects.filter(**filters).latest("pk")
        return dict.fromkeys(("run", "item", "job", "number", "id", "draft"), found.pk)

    return find


#: Imports of the demo's newest month have rows in quarantine.
_quarantined = _own("metering.Import", file_name__startswith="import-2026-02")

#: What the parameters of an address stand for, by the name of the address; ``home`` is the same everywhere.
SAMPLES: dict[str, Callable[[World], dict[str, Any]]] = {
    "account_confirm_email": lambda world: {"key": "x"},
    "account_reset_password_from_key": lambda world: {"uidb36": "1", "key": "x-y"},
    "console.counter-receipt": lambda world: {"payment": 0},
    "console.counter-void": lambda world: {"payment": 0},
    "console.counter-drawer": lambda world: {"drawer": 0},
    "console.debit-batch": lambda world: {"batch": 0},
    "console.debit-file": lambda world: {"batch": 0},
    "console.debit-answer": lambda world: {"answer": 0},
    "hall.pay-record": _receipt,
    "hall.pay-notify": lambda world: {"gateway": "demo"},
    "hall.pay-order": _order,
    "hall.pay-go": _order,
    "hall.pay-state": _order,
    "hall.pay-back": _order,
    "hall.pay-payer": _order,
    "hall.pay-receipt": _order,
    "hall.pay-receipt-pdf": _order,
    "hall.pay-record-pdf": _receipt,
    "hall.ways-to-pay-article": lambda world: {"slug": "online"},
    "hall.guide-file": lambda world: {"folder": "pictures", "name": "scan.svg"},
    "console.place": _own("payments.PaymentPoint"),
    "console.places-file": _own("payments.PointFile"),
    "console.places-file-bad": _own("payments.PointFile"),
    "console.guide-article": _own("payments.GuideArticle"),
    "console.guide-move": lambda world: {"slug": "online"},
    "demo-gateway.pay": lambda world: {"token": "nothing"},
    "mfa_remove_webauthn": lambda world: {"pk": 1},
    "mfa_edit_webauthn": lambda world: {"pk": 1},
    "web.session-end": lambda world: {"session": 0},
    "hall.bill": _bill,
    "hall.bill-pdf": _bill,
    "hall.bill-compare": _bill,
    "hall.bill-recompute": _bill,
    "hall.usage-year": lambda world: {"when": "2025"},
    "hall.usage-month": lambda world: {"when": "2026-02"},
    "hall.usage-day": lambda world: {"when": "2026-02-10"},
    "console.bill": _bill,
    "console.bill-sources": _bill,
    "console.bill-correct": _bill,
    "console.customer": _customer,
    "console.customer-readings": _customer,
    "console.customer-past": _customer,
    "console.customer-trail": _customer,
    "console.customer-unmask": _customer,
    "hall.me-revoke": lambda world: {"share": world.homes["reader"]},
    "console.imports-job": _own("runtime.JobRecord", kind="import"),
    "console.import": _quarantined,
    "console.quarantine": _quarantined,
    "console.quarantine-replace": _quarantined,
    "console.quarantine-again": _quarantined,
    "console.quarantine-download": _quarantined,
    "console.quarantine-upload": _quarantined,
    "console.freshness-area": lambda world: {"code": world.area},
    "console.tariff": lambda world: {"code": world.tariff},
    "console.tariff-draft": _own("tariffs.TariffDraft"),
    "console.tariff-decision": _own("tariffs.TariffDraft"),
    "console.tariff-withdraw": _own("tariffs.TariffDraft"),
    "console.what-if-job": _own("runtime.JobRecord", kind="what_if"),
    "console.what-if-result": _own("billing.BillRun", kind="what_if"),
    "console.run": _own("billing.BillRun", kind="regular"),
    "console.run-bills": _own("billing.BillRun", kind="regular"),
    "console.run-job": _own("runtime.JobRecord", kind="bill_run"),
    "console.parked-item": _own("billing.ParkedBill", code="missing_readings"),
    "console.approval": _own("billing.CorrectionRequest"),
    "console.supply-point": lambda world: {"number": OWN},
    "console.supply-decide": lambda world: {"number": OWN},
    "console.protection-end": lambda world: {"protection": 0},
    "console.arrear": _own("payments.CollectionCase"),
    "console.receipt": _own("payments.Receipt", reference="D-WORLD"),
    "console.receipt-refund": _own("payments.Receipt", reference="D-WORLD"),
    "console.receipt-chargeback": _own("payments.Receipt", reference="D-WORLD"),
    "console.refund-decision": lambda world: {"number": "R-WORLD"},
    "console.reconciliation-case": _own("payments.ReconciliationCase"),
    "console.reconciliation-day": lambda world: {"gateway": "demo", "when": "2026-03-04"},
    "console.reconciliation-statement": lambda world: {"gateway": "demo", "when": "2026-03-04"},
    "console.reconciliation-close": lambda world: {"gateway": "demo", "when": "2026-03-04"},
    "console.reconciliation-reopen": lambda world: {"gateway": "demo", "when": "2026-03-04"},
}


def path(world: World, who: str, address: Address) -> str:
    """Where somebody knocks: at the home that is theirs or was shared with them, else at the owner's.

    Raises:
        KeyError: when nothing says what the parameters of the address may stand for.
    """
    given: dict[str, Any] = {}
    if set(address.parameters) - {"home"}:
        found = SAMPLES[address.name](world)
        given |= {name: value for name, value in found.items() if name in address.parameters}
    if "home" in address.parameters:
        given["home"] = world.homes["reader" if who == "reader" else "owner"]
    return reverse(address.name, kwargs=given)


def named(name: str) -> Address:
    """The address of a name."""
    return next(each for each in addresses() if each.name == name)
