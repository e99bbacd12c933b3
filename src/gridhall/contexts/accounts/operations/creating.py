"""Adding single things: units, customers, usage points, settlement accounts."""

from dataclasses import dataclass

from django.db import transaction

from gridhall.contexts.accounts.models import (
    Customer,
    CustomerAccount,
    Organisation,
    ServiceLocation,
    TransformerArea,
    UsagePoint,
)
from gridhall.contexts.accounts.operations.errors import integrity
from gridhall.contexts.accounts.types import CustomerKind, OrganisationLevel, UsageClass
from gridhall.kernel.errors import NotFound
from gridhall.runtime import audit


@dataclass(frozen=True)
class NewCustomer:
    """A customer to be added; name, phone and credential are personal data."""

    number: str
    kind: CustomerKind
    name: str
    phone: str = ""
    credential: str = ""


@dataclass(frozen=True)
class NewUsagePoint:
    """A usage point to be added: ``organisation`` and ``transformer_area`` are codes, the position WGS-84 degrees."""

    number: str
    organisation: str
    usage_class: UsageClass = UsageClass.RESIDENTIAL
    transformer_area: str | None = None
    address: str | None = None
    longitude: float | None = None
    latitude: float | None = None


def create_organisation(
    code: str, name: str, level: OrganisationLevel, *, parent: str | None = None, act: audit.Act
) -> int:
    """This will add a unit to the tree, below ``parent`` (a code), and give its id.

    Raises:
        AlreadyExists: when the code is taken.
        OrganisationMisplaced: when the parent does not stand above that level.
        NotFound: when there is no such parent.
    """
    with transaction.atomic(), integrity(code):
        above = _by_code(parent) if parent else None
        row = Organisation.objects.create(code=code, name=name, level=level, parent=above)
        audit.record(act, "accounts.organisation.created", f"organisation:{code}", {"parent": parent, "level": level})
    return row.pk


def create_customer(new: NewCustomer, *, act: audit.Act) -> int:
    """This will add a customer and give its id.

    Raises:
        AlreadyExists: when the number is taken.
        ValueInvalid: when the name is empty.
    """
    with transaction.atomic(), integrity(new.number):
        row = Customer.objects.create(
            number=new.number, kind=new.kind, name=new.name, phone=new.phone, credential=new.credential
        )
        audit.record(act, "accounts.customer.created", f"customer:{new.number}", {"kind": new.kind})
    return row.pk


def create_usage_point(new: NewUsagePoint, *, act: audit.Act) -> int:
    """This will add a usage point, connected and without agreement, and give its id.

    Raises:
        AlreadyExists: when the number is taken.
        NotFound: when the unit or the transformer area does not exist.
        PositionInvalid: when longitude or latitude is missing or not on earth.
    """
    with transaction.atomic(), integrity(new.number):
        area = None
        if new.transformer_area:
            area = TransformerArea.objects.filter(code=new.transformer_area).first()
            if area is None:
                raise NotFound(f"There is no transformer area {new.transformer_area}.", path=new.transformer_area)
        location = ServiceLocation.objects.create(address=new.address) if new.address else None
        row = UsagePoint.objects.create(
            number=new.number,
            organisation=_by_code(new.organisation),
            location=location,
            transformer_area=area,
            usage_class=new.usage_class,
            longitude=new.longitude,
            latitude=new.latitude,
        )
        details = {"organisation": new.organisation, "usage_class": new.usage_class}
        audit.record(act, "accounts.usage_point.created", f"usage_point:{new.number}", details)
    return row.pk


def create_account(number: str, *, organisation: str, customer: str, act: audit.Act) -> int:
    """This will add a settlement account of a customer and give its id.

    Raises:
        AlreadyExists: when the number is taken.
        NotFound: when the unit (a code) or the customer (a number) does not exist.
    """
    with transaction.atomic(), integrity(number):
        owner = Customer.objects.filter(number=customer).first()
        if owner is None:
            raise NotFound(f"There is no customer {customer}.", path=customer)
        row = CustomerAccount.objects.create(number=number, organisation=_by_code(organisation), customer=owner)
        audit.record(act, "accounts.account.created", f"account:{number}", {"customer": customer})
    return row.pk


def _by_code(code: str) -> Organisation:
    found = Organisation.objects.filter(code=code).first()
    if found is None:
        raise NotFound(f"There is no organisation {code}.", path=code)
    return found
