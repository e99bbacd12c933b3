"""The tables of the accounts context; what must always hold is a named constraint here or in a migration.

Beyond what is declared here, migration 0002 adds what Django cannot express: an organisation's path follows from its
parent, and the settlements of an agreement cover exactly its span (checked at commit, for whole sets of rows at once).
"""

from datetime import date
from enum import StrEnum
from typing import Any, Final

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeOperators
from django.db import models
from django.db.models import CheckConstraint, F, Func, Q, UniqueConstraint, Value
from django.db.models.functions import Coalesce

from gridhall.contexts.accounts.types import (
    CustomerKind,
    OrganisationLevel,
    ProtectionKind,
    UsageClass,
    UsagePointStatus,
)

_FIRST_DAY: Final = date(1900, 1, 1)
_LAST_DAY: Final = date(2999, 12, 31)


def _one_at_a_time(name: str, owner: str) -> ExclusionConstraint:
    """The spans of one owner do not overlap.

    An id and a span of days are seen as a box in the plane; equal ids with a day in common intersect. GiST compares
    boxes five times faster than ranges, and needs no extension for them. Ids up to 2^53 and days are exact in the
    doubles of a box; the half day taken off the end keeps spans that only touch apart.
    """
    until = Coalesce(Func(F("span"), function="upper"), Value(_LAST_DAY))
    box = Func(_corner(owner, Func(F("span"), function="lower"), "0"), _corner(owner, until, "0.5"), function="box")
    return ExclusionConstraint(name=name, expressions=[(box, RangeOperators.OVERLAPS)])


def _corner(owner: str, day: Func, less: str) -> Func:
    return Func(F(owner), day, template=f"point(%(expressions)s - DATE '2000-01-01' - {less})")


def _whole_days(name: str) -> CheckConstraint:
    """A span has a first day and at least one day, within the years of the calendar that people use."""
    ends = Q(span__upper_inf=True) | Q(span__endswith__lte=_LAST_DAY)
    return CheckConstraint(
        name=name, condition=Q(span__isempty=False, span__lower_inf=False, span__startswith__gte=_FIRST_DAY) & ends
    )


def _on_earth(name: str) -> CheckConstraint:
    """A position is a longitude and a latitude, WGS-84 degrees, both or neither."""
    # A comparison with NULL is not false, and a check refuses only what is false.
    known = Q(longitude__isnull=False, latitude__isnull=False)
    known &= Q(longitude__gte=-180, longitude__lte=180, latitude__gte=-90, latitude__lte=90)
    return CheckConstraint(name=name, condition=known | Q(longitude__isnull=True, latitude__isnull=True))


def _values(words: type[StrEnum]) -> list[str]:
    # Plain strings, so that a migration stands without today's code.
    return [word.value for word in words]


def _text(length: int, label: str, **options: Any) -> "models.CharField[str, str]":
    return models.CharField(label, max_length=length, **options)


class Organisation(models.Model):
    """A unit of the utility: province → city → county → station; a level may be left out."""

    code = _text(40, "单位编码", db_collation="C")
    name = _text(100, "单位名称")
    level = models.SmallIntegerField("层级", choices=OrganisationLevel.choices())
    parent = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="children")
    #: ``/province/city/county/``: the codes from the top down to this one. Set by the database.
    path = _text(200, "路径", db_collation="C", editable=False, default="")

    class Meta:
        verbose_name = "供电单位"
        constraints = [
            UniqueConstraint(fields=["code"], name="accounts_organisation_code"),
            UniqueConstraint(fields=["path"], name="accounts_organisation_path"),
            CheckConstraint(name="accounts_organisation_code_form", condition=Q(code__regex=r"^[A-Za-z0-9._-]+$")),
            CheckConstraint(name="accounts_organisation_level", condition=Q(level__in=[1, 2, 3, 4])),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.code})"


class Substation(models.Model):
    """变电站."""

    code = _text(60, "编码")
    name = _text(100, "名称")
    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="+")
    longitude = models.FloatField("经度", null=True)
    latitude = models.FloatField("纬度", null=True)

    class Meta:
        verbose_name = "变电站"
        constraints = [
            UniqueConstraint(fields=["code"], name="accounts_substation_code"),
            _on_earth("accounts_substation_position"),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.code})"


class Feeder(models.Model):
    """线路: a medium-voltage line that leaves a substation."""

    code = _text(60, "编码")
    name = _text(100, "名称")
    substation = models.ForeignKey(Substation, models.PROTECT, related_name="feeders")

    class Meta:
        verbose_name = "线路"
        constraints = [UniqueConstraint(fields=["code"], name="accounts_feeder_code")]

    def __str__(self) -> str:
        return f"{self.name} ({self.code})"


class TransformerArea(models.Model):
    """台区: a distribution transformer and what it supplies; dedicated (专变) to one customer or public (公变)."""

    code = _text(60, "编码")
    name = _text(100, "名称")
    feeder = models.ForeignKey(Feeder, models.PROTECT, related_name="transformer_areas")
    dedicated = models.BooleanField("专变", default=False)
    capacity_va = models.BigIntegerField("容量 (VA)", null=True)
    longitude = models.FloatField("经度", null=True)
    latitude = models.FloatField("纬度", null=True)

    class Meta:
        verbose_name = "台区"
        constraints = [
            UniqueConstraint(fields=["code"], name="accounts_transformerarea_code"),
            CheckConstraint(name="accounts_transformerarea_capacity", condition=Q(capacity_va__gt=0)),
            _on_earth("accounts_transformerarea_position"),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.code})"


class Customer(models.Model):
    """客户: a person or organisation that has a relation with the utility. Personal fields: `runtime.privacy`."""

    number = _text(40, "客户编号")
    kind = _text(12, "客户类型", choices=CustomerKind.choices())
    name = _text(200, "名称")
    phone = _text(40, "电话", blank=True, default="")
    credential = _text(40, "证件号码", blank=True, default="")

    class Meta:
        verbose_name = "客户"
        constraints = [
            UniqueConstraint(fields=["number"], name="accounts_customer_number"),
            CheckConstraint(name="accounts_customer_kind", condition=Q(kind__in=_values(CustomerKind))),
            CheckConstraint(name="accounts_customer_named", condition=~Q(name="")),
        ]


class ServiceLocation(models.Model):
    """用电地址: premises; several usage points may share one."""

    address = _text(300, "地址")
    longitude = models.FloatField("经度", null=True)
    latitude = models.FloatField("纬度", null=True)

    class Meta:
        verbose_name = "用电地址"
        constraints = [
            CheckConstraint(name="accounts_servicelocation_address", condition=~Q(address="")),
            _on_earth("accounts_servicelocation_position"),
        ]


class UsagePoint(models.Model):
    """A point of supply under its 户号."""

    number = _text(40, "户号", db_collation="C")
    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="+")
    location = models.ForeignKey(ServiceLocation, models.PROTECT, null=True, related_name="usage_points")
    transformer_area = models.ForeignKey(TransformerArea, models.PROTECT, null=True, related_name="usage_points")
    usage_class = _text(16, "用电类别", choices=UsageClass.choices())
    status = _text(16, "状态", choices=UsagePointStatus.choices(), default="connected")
    longitude = models.FloatField("经度", null=True)
    latitude = models.FloatField("纬度", null=True)

    class Meta:
        verbose_name = "用电户"
        constraints = [
            UniqueConstraint(fields=["number"], name="accounts_usagepoint_number"),
            CheckConstraint(name="accounts_usagepoint_numbered", condition=~Q(number="")),
            CheckConstraint(name="accounts_usagepoint_class", condition=Q(usage_class__in=_values(UsageClass))),
            CheckConstraint(name="accounts_usagepoint_status", condition=Q(status__in=_values(UsagePointStatus))),
            _on_earth("accounts_usagepoint_position"),
        ]


class CustomerAccount(models.Model):
    """结算户: what is billed and pays; may settle agreements of other customers (landlord, group company)."""

    number = _text(40, "结算户号", db_collation="C")
    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="+")
    customer = models.ForeignKey(Customer, models.PROTECT, related_name="accounts")

    class Meta:
        verbose_name = "结算户"
        constraints = [
            UniqueConstraint(fields=["number"], name="accounts_customeraccount_number"),
            CheckConstraint(name="accounts_customeraccount_numbered", condition=~Q(number="")),
        ]


class CustomerAgreement(models.Model):
    """A contract: this customer uses this usage point under this tariff from a day on, to a day or until notice.

    A change of tariff or terms ends one agreement and begins another, so that the past stays as it was agreed.
    """

    usage_point = models.ForeignKey(UsagePoint, models.PROTECT, related_name="agreements")
    customer = models.ForeignKey(Customer, models.PROTECT, related_name="agreements")
    tariff_code = _text(60, "电价代码", db_collation="C")
    span = DateRangeField("有效期")
    household_size = models.SmallIntegerField("户籍人数", null=True)
    allowance = models.CharField("免费电量类别", max_length=30, null=True)
    capacity_va = models.BigIntegerField("合同容量 (VA)", null=True)
    contract_demand_w = models.BigIntegerField("合同需量 (W)", null=True)
    power_factor_standard = models.SmallIntegerField("力调标准 (百分之一)", null=True)

    class Meta:
        verbose_name = "供用电合同"
        constraints = [
            _whole_days("accounts_agreement_span"),
            _one_at_a_time("accounts_agreement_overlap", "usage_point"),
            CheckConstraint(name="accounts_agreement_tariff", condition=~Q(tariff_code="")),
            CheckConstraint(name="accounts_agreement_household", condition=Q(household_size__gt=0)),
            CheckConstraint(name="accounts_agreement_capacity", condition=Q(capacity_va__gt=0)),
            CheckConstraint(name="accounts_agreement_demand", condition=Q(contract_demand_w__gt=0)),
            CheckConstraint(name="accounts_agreement_powerfactor", condition=Q(power_factor_standard__in=[90, 85, 80])),
        ]


class Settlement(models.Model):
    """Which account settles an agreement, from a day on, to a day or until notice."""

    agreement = models.ForeignKey(CustomerAgreement, models.PROTECT, related_name="settlements")
    account = models.ForeignKey(CustomerAccount, models.PROTECT, related_name="settlements")
    span = DateRangeField("有效期")

    class Meta:
        verbose_name = "结算关系"
        constraints = [
            _whole_days("accounts_settlement_span"),
            _one_at_a_time("accounts_settlement_overlap", "agreement"),
        ]


class Protection(models.Model):
    """A usage point that is never cut off for arrears: a life depends on it, or the law or the utility says so.

    ``evidence`` says on what it rests, as its clerk saw it; it may speak of somebody's health. Ended, never deleted.
    """

    usage_point = models.ForeignKey(UsagePoint, models.PROTECT, related_name="protections", db_index=False)
    kind = _text(16, "类别", choices=ProtectionKind.choices())
    span = DateRangeField("有效期")
    evidence = _text(300, "依据")
    recorded_at = models.DateTimeField()
    recorded_by = _text(100, "登记人")
    ended_reason = _text(300, "终止原因", blank=True, default="")

    class Meta:
        verbose_name = "保供用户"
        constraints = [
            _whole_days("accounts_protection_span"),
            CheckConstraint(name="accounts_protection_kind", condition=Q(kind__in=_values(ProtectionKind))),
            CheckConstraint(name="accounts_protection_evidence", condition=~Q(evidence="")),
        ]
        indexes = [models.Index(fields=["usage_point"], name="accounts_protection_point")]
