"""Meters, where and when they are installed, and what their registers showed."""

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import BigIntegerRangeField, DateTimeRangeField, RangeOperators
from django.db import models
from django.db.models import F, Func, Q, Value

from gridhall.contexts.metering.rules.registers import RegisterKind


def _same(field: str) -> Func:
    """A range that holds just this id: overlapping means equal. GiST needs no extension for ranges."""
    return Func(F(field), F(field), Value("[]"), function="int8range", output_field=BigIntegerRangeField())


class Meter(models.Model):
    """An electricity meter (电能表), known by the number on its plate (表号)."""

    serial = models.CharField(max_length=40)
    kind = models.CharField(max_length=60, blank=True)  # the maker's type designation

    class Meta:
        constraints = [models.UniqueConstraint(fields=["serial"], name="meter_serial_unique")]

    def __str__(self) -> str:
        return self.serial


class MeterRegister(models.Model):
    """One counter of a meter: what it counts and what its face looks like."""

    meter = models.ForeignKey(Meter, on_delete=models.CASCADE, related_name="registers")
    kind = models.CharField(max_length=20, choices=[(kind.value, kind.value) for kind in RegisterKind])
    digits = models.PositiveSmallIntegerField(default=6)
    decimals = models.PositiveSmallIntegerField(default=2)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["meter", "kind"], name="register_once_per_meter"),
            models.CheckConstraint(condition=Q(digits__range=(1, 9), decimals__range=(0, 4)), name="register_face"),
        ]


class MeterInstallation(models.Model):
    """A meter's time at a usage point, ``[start, end)``, with the multiplier (CT × PT, 综合倍率) of the place."""

    meter = models.ForeignKey(Meter, on_delete=models.PROTECT, related_name="installations")
    usage_point = models.ForeignKey("accounts.UsagePoint", on_delete=models.PROTECT, related_name="+")
    span = DateTimeRangeField()
    multiplier = models.DecimalField(max_digits=10, decimal_places=4, default=1)

    class Meta:
        constraints = [
            ExclusionConstraint(
                name="meter_in_one_place",
                expressions=[(_same("meter"), RangeOperators.OVERLAPS), ("span", RangeOperators.OVERLAPS)],
            ),
            ExclusionConstraint(
                name="usage_point_one_meter",
                expressions=[(_same("usage_point"), RangeOperators.OVERLAPS), ("span", RangeOperators.OVERLAPS)],
            ),
            models.CheckConstraint(condition=Q(multiplier__gt=0), name="installation_multiplier_positive"),
            models.CheckConstraint(
                condition=Q(span__isempty=False, span__lower_inf=False), name="installation_span_has_start"
            ),
        ]


class ReadingReason(models.TextChoices):
    """Why a register was read."""

    SCHEDULED = "scheduled", "抄表"
    FROZEN = "frozen", "冻结"
    INSTALLED = "installed", "装表"
    REMOVED = "removed", "拆表"


class RegisterReading(models.Model):
    """What a register showed at an instant (示数); a correction is a newer row for the same instant."""

    installation = models.ForeignKey(MeterInstallation, on_delete=models.PROTECT, related_name="readings")
    kind = models.CharField(max_length=20, choices=[(kind.value, kind.value) for kind in RegisterKind])
    at = models.DateTimeField()
    reading = models.DecimalField(max_digits=13, decimal_places=4)
    estimated = models.BooleanField(default=False)
    reason = models.CharField(max_length=10, choices=ReadingReason.choices, default=ReadingReason.FROZEN)
    available_at = models.DateTimeField()
    source = models.ForeignKey("metering.Import", on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        constraints = [
            # One file says one thing about a register at an instant; readings taken by hand have no file.
            models.UniqueConstraint(
                fields=["installation", "kind", "at", "source"],
                name="register_reading_once_per_import",
            ),
            models.CheckConstraint(condition=Q(reading__gte=0), name="register_reading_not_negative"),
        ]
        indexes = [models.Index(fields=["installation", "kind", "at"], name="register_reading_of_register")]
