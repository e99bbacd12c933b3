"""What identity gives to others: whom somebody is to the utility, and what that lets them see and do."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from gridhall.contexts.identity.rules.identifiers import IdentifierKind
from gridhall.contexts.identity.rules.identifiers import phone as canonical_phone
from gridhall.contexts.identity.rules.looking import PersonalField, reason_of
from gridhall.contexts.identity.rules.staff import PERMISSIONS, UTILITY_WIDE, Permission, Role
from gridhall.kernel.spans import DateSpan

__all__ = [
    "PERMISSIONS",
    "UTILITY_WIDE",
    "ClearValues",
    "Door",
    "Given",
    "Home",
    "IdentifierKind",
    "Look",
    "Permission",
    "PersonalField",
    "Position",
    "Proof",
    "Recognised",
    "Relation",
    "Right",
    "Role",
    "Settled",
    "Staff",
    "canonical_phone",
    "reason_of",
]


class Right(StrEnum):
    """What somebody may see or do at a home; its owner may everything, others what was shared with them."""

    BILLS = "bills"
    USAGE = "usage"
    DOWNLOAD = "download"

    @classmethod
    def choices(cls) -> list[tuple[str, str]]:
        """Values with their Chinese labels."""
        return list(zip([word.value for word in cls], ("账单", "用电量", "下载数据"), strict=True))


class Relation(StrEnum):
    """Who somebody is to the owner of a home that was shared with them."""

    FAMILY = "family"
    TENANT = "tenant"
    ACCOUNTANT = "accountant"
    OTHER = "other"

    @classmethod
    def choices(cls) -> list[tuple[str, str]]:
        """Values with their Chinese labels."""
        return list(zip([word.value for word in cls], ("家人", "租客", "会计", "其他"), strict=True))


class Proof(StrEnum):
    """How somebody proved to be the customer of a usage point."""

    PHONE_CODE = "phone_code"
    BILL = "bill"
    STAFF = "staff"
    DEMO = "demo"


class Door(StrEnum):
    """Where somebody likes to be served."""

    ANY = ""
    HALL = "hall"
    PHONE = "phone"
    COUNTER = "counter"


@dataclass(frozen=True)
class Home:
    """A usage point (home, shop, works) as one signed-in person may see it.

    Attributes:
        key: names it in addresses of pages; random, belongs to this person's link or share, says nothing.
        usage_point, number: the usage point's id and 户号.
        customer: id of the customer whose agreements may be seen.
        organisation: id of the unit that serves it.
        name: what the person calls it; where they gave it no name (``named`` is False), the masked address in short
            and the end of the number.
        address: masked.
        usage_class, status: words of `accounts.types`, `UsageClass` and `UsagePointStatus`.
        rights: what may be seen and done.
        owner: linked by the customer themself, not shared by somebody else.
        spans: the days that may be seen: the customer's agreements here, cut to what was shared. Ascending.
        until: the last day plus one on which a share holds; None for ever.
    """

    key: str
    usage_point: int
    number: str
    customer: int
    organisation: int
    name: str
    address: str
    usage_class: str
    status: str
    rights: frozenset[Right]
    owner: bool
    spans: tuple[DateSpan, ...]
    until: date | None = None
    named: bool = False

    def may(self, right: Right) -> bool:
        """Whether this person has the right here."""
        return right in self.rights

    def sees(self, day: date) -> bool:
        """Whether what happened on a day may be shown."""
        return any(day in span for span in self.spans)

    def visible(self, span: DateSpan) -> tuple[DateSpan, ...]:
        """The parts of a span that may be shown."""
        cuts = (span & each for each in self.spans)
        return tuple(cut for cut in cuts if cut is not None)


@dataclass(frozen=True)
class Position:
    """A role at a unit; ``path`` is the unit's place in the organisation tree."""

    role: Role
    organisation: int
    code: str
    path: str
    accepts_elsewhere: bool


@dataclass(frozen=True)
class Staff:
    """A member of staff with the positions held today."""

    user: int
    name: str
    positions: tuple[Position, ...]

    def may(self, permission: Permission, path: str | None = None) -> bool:
        """Whether something may be done at the unit of this path; None: anywhere at all."""
        return any(
            permission in PERMISSIONS[held.role]
            and (path is None or permission in UTILITY_WIDE or path.startswith(held.path))
            for held in self.positions
        )

    def at_top(self, permission: Permission) -> bool:
        """Whether something may be done at a unit that has none above it."""
        return any(permission in PERMISSIONS[held.role] and held.path.count("/") <= 2 for held in self.positions)

    def paths(self, permission: Permission) -> tuple[str, ...]:
        """The tops of the parts of the organisation where something may be done; ``("/",)`` for everywhere."""
        held = {
            "/" if permission in UTILITY_WIDE else each.path
            for each in self.positions
            if permission in PERMISSIONS[each.role]
        }
        return tuple(sorted(path for path in held if not any(path != top and path.startswith(top) for top in held)))

    def units(self, permission: Permission) -> Collection[str]:
        """The codes of the tops of the parts of the organisation where something may be done."""
        tops = self.paths(permission)
        return sorted({held.code for held in self.positions if held.path in tops})


@dataclass(frozen=True)
class ClearValues:
    """Personal data of a customer as they are: name, phone, credential as asked for, addresses by 户号."""

    fields: Mapping[PersonalField, str]
    addresses: Mapping[str, str]


@dataclass(frozen=True)
class Taken:
    """Somebody with whom a home is or was shared downloaded readings.

    Attributes:
        at: when.
        home: its key for the owner.
        relation, phone: of who did, as the owner named them; the number masked.
        spans: the days that they took.
    """

    at: datetime
    home: str
    relation: Relation
    phone: str
    spans: tuple[DateSpan, ...]


@dataclass(frozen=True)
class Look:
    """Staff saw personal data of a customer unmasked.

    Attributes:
        at: when.
        unit: the name of the unit for which they did.
        role: by which role.
        staff: the end of the staff number: enough to ask about, too little to name a person.
        fields: what they saw.
        reason: why, in their words.
    """

    at: datetime
    unit: str
    role: Role
    staff: str
    fields: tuple[PersonalField, ...]
    reason: str


@dataclass(frozen=True)
class Given:
    """A share that a person gave; ``phone`` is masked, ``seen`` says whether its owner has signed in.

    ``end`` is the first day on which nothing is seen any more.
    """

    key: str
    home: str
    phone: str
    relation: Relation
    rights: frozenset[Right]
    data_from: date | None
    start: date
    end: date | None
    shared_at: datetime
    seen: bool


@dataclass(frozen=True)
class Recognised:
    """One thing that a person is, or could be, recognised by; ``shown`` is masked where it is personal."""

    kind: IdentifierKind
    value: str
    shown: str
    active: bool


@dataclass(frozen=True)
class Settled:
    """A home between its customer and the account that settles it.

    Attributes:
        home: the key of the home.
        customer, customer_name: the customer's number and name, masked for a person.
        account: the number of the account that settles the agreement of today; empty where none is in force.
        payer: the name of whom that account belongs to, masked for a person.
        own: that is the customer.
    """

    home: str
    customer: str
    customer_name: str
    account: str
    payer: str
    own: bool
