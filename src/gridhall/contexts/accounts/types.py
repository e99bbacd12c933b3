"""What the accounts context gives to others: frozen values, and the words for kinds and states."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import IntEnum, StrEnum

from gridhall.kernel.spans import DateSpan


class OrganisationLevel(IntEnum):
    """Where in the tree a unit stands."""

    PROVINCE = 1
    CITY = 2
    COUNTY = 3
    STATION = 4

    @classmethod
    def choices(cls) -> list[tuple[int, str]]:
        """Values with their Chinese labels."""
        return list(zip([word.value for word in cls], ("省", "市", "区县", "供电所"), strict=True))


class CustomerKind(StrEnum):
    """A person or an organisation."""

    PERSON = "person"
    ORGANISATION = "organisation"

    @classmethod
    def choices(cls) -> list[tuple[str, str]]:
        """Values with their Chinese labels."""
        return list(zip([word.value for word in cls], ("个人", "单位"), strict=True))


class UsageClass(StrEnum):
    """What the power is used for, as far as it matters to service rules; prices follow the agreement's tariff."""

    RESIDENTIAL = "residential"
    COMMERCIAL = "commercial"
    INDUSTRIAL = "industrial"
    AGRICULTURAL = "agricultural"
    PUBLIC = "public"
    EV_CHARGING = "ev_charging"
    GENERATION = "generation"

    @classmethod
    def choices(cls) -> list[tuple[str, str]]:
        """Values with their Chinese labels."""
        labels = ("居民生活", "一般工商业", "大工业", "农业生产", "公共事业", "电动汽车充电", "发电上网")
        return list(zip([word.value for word in cls], labels, strict=True))


class UsagePointStatus(StrEnum):
    """Whether power flows."""

    PLANNED = "planned"
    CONNECTED = "connected"
    DISCONNECTED = "disconnected"
    RETIRED = "retired"

    @classmethod
    def choices(cls) -> list[tuple[str, str]]:
        """Values with their Chinese labels."""
        return list(zip([word.value for word in cls], ("待投运", "在用", "停电", "销户"), strict=True))


class ProtectionKind(StrEnum):
    """Why a usage point is never cut off for arrears."""

    LIFE_SUPPORT = "life_support"
    VULNERABLE = "vulnerable"
    PUBLIC_GOOD = "public_good"

    @classmethod
    def choices(cls) -> list[tuple[str, str]]:
        """Values with their Chinese labels."""
        return list(zip([word.value for word in cls], ("生命支持设备", "特殊困难", "公共服务"), strict=True))


@dataclass(frozen=True)
class ProtectionRecord:
    """A usage point that is protected from cut-offs.

    Attributes:
        id: of the record. ``usage_point``: id, ``number`` its 户号. ``path``: of the unit that serves it.
        evidence: what it rests on; may speak of somebody's health.
    """

    id: int
    usage_point: int
    number: str
    organisation_name: str
    path: str
    kind: ProtectionKind
    span: DateSpan
    evidence: str
    recorded_at: datetime
    recorded_by: str
    ended_reason: str


@dataclass(frozen=True)
class Terms:
    """What an agreement says beyond its tariff.

    Attributes:
        household_size: registered persons, where the tariff enlarges its tiers for large households.
        allowance: which free quota applies, a word of the tariff document.
        capacity_va: transformer capacity in VA, where capacity is charged.
        contract_demand_w: contracted demand in W, where demand is charged by contract.
        power_factor_standard: 90, 85 or 80 (hundredths), where the power factor adjusts the charge.
    """

    household_size: int | None = None
    allowance: str | None = None
    capacity_va: int | None = None
    contract_demand_w: int | None = None
    power_factor_standard: int | None = None


@dataclass(frozen=True)
class OrganisationRecord:
    """A unit of the utility."""

    id: int
    code: str
    name: str
    level: OrganisationLevel
    path: str


@dataclass(frozen=True)
class UsagePointRecord:
    """A point of supply.

    Attributes:
        organisation: the code of the unit that serves it.
        address: where, as one line; personal data.
        longitude, latitude: degrees, WGS-84, where known.
    """

    id: int
    number: str
    organisation: str
    usage_class: str
    status: str
    address: str | None
    longitude: float | None
    latitude: float | None


@dataclass(frozen=True)
class SettlementRecord:
    """An account that settles an agreement during a span."""

    account: int
    account_number: str
    span: DateSpan


@dataclass(frozen=True)
class Agreement:
    """A customer's agreement for a usage point, with who settles it and when."""

    id: int
    usage_point: int
    usage_point_number: str
    customer: int
    customer_number: str
    tariff_code: str
    span: DateSpan
    terms: Terms
    settlements: tuple[SettlementRecord, ...]

    def account_on(self, day: date) -> SettlementRecord:
        """Who settles on a day of the span."""
        return next(record for record in self.settlements if day in record.span)


@dataclass(frozen=True)
class AgreedTariff:
    """The tariff of a customer's agreement for a usage point, and the registered persons where they are known."""

    span: DateSpan
    code: str
    household_size: int | None


@dataclass(frozen=True)
class Supply:
    """What feeds a usage point; names are None where it is not known.

    Attributes:
        status: a word of `UsagePointStatus`.
        area: the name of the transformer area (台区); ``dedicated``: its transformer serves this customer alone.
        capacity_va: of the transformer.
        feeder, substation: names.
    """

    status: str
    area: str | None
    dedicated: bool
    capacity_va: int | None
    feeder: str | None
    substation: str | None
