"""Where one can pay in person."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import CheckConstraint, Q, UniqueConstraint


class PointKind(models.TextChoices):
    """What a place is."""

    HALL = "hall", "营业厅"
    AGENT = "agent", "代收点"
    MACHINE = "machine", "自助缴费终端"
    BANK = "bank", "银行网点"


class PointService(models.TextChoices):
    """What is done there."""

    CASH = "cash", "现金缴费"
    CARD = "card", "刷卡缴费"
    CODE = "code", "扫码缴费"
    INVOICE = "invoice", "开具发票"
    CONTRACT = "contract", "办理用电业务"
    CHARGING_CARD = "charging_card", "充值购电卡"
    STEP_FREE = "step_free", "无障碍通道"


class PaymentPoint(models.Model):
    """A place where one can pay: a hall of the utility, an agent's shop, a machine, a bank.

    ``code`` is the source's own name of it and stays: importing again changes the row. Longitude and latitude are
    WGS-84 in degrees; maps of mainland China that count in GCJ-02 are converted when they are imported. ``hours`` and
    ``exceptions`` are as `rules.opening_hours.hours_of` reads them. A place that is closed for good is not ``active``.
    """

    code = models.CharField(max_length=40, db_collation="C")
    kind = models.CharField(max_length=7, choices=PointKind.choices)
    name = models.CharField(max_length=80)
    name_en = models.CharField(max_length=80, blank=True, default="")
    address = models.CharField(max_length=160)
    address_en = models.CharField(max_length=160, blank=True, default="")
    phone = models.CharField(max_length=30, blank=True, default="")
    hours = models.JSONField(default=dict)
    exceptions = models.JSONField(default=dict)
    services = ArrayField(models.CharField(max_length=20, choices=PointService.choices), default=list)
    longitude = models.FloatField()
    latitude = models.FloatField()
    active = models.BooleanField(default=True)
    source = models.CharField(max_length=80, blank=True, default="", help_text="the file it was imported from")
    changed_at = models.DateTimeField()

    class Meta:
        constraints = [
            UniqueConstraint(fields=["code"], name="payments_point_code"),
            CheckConstraint(condition=Q(kind__in=PointKind.values), name="payments_point_kind"),
            CheckConstraint(
                condition=Q(longitude__gte=-180, longitude__lte=180, latitude__gte=-90, latitude__lte=90),
                name="payments_point_place",
            ),
        ]


class PointFile(models.Model):
    """A file of places as somebody uploaded it: looked at first, taken in once.

    ``coordinates`` is how the file counts longitude and latitude (`rules.coordinates.CoordinateSystem`), by the word of
    whoever uploaded it. ``counts`` is what became of it: ``new``, ``changed``, ``unchanged``, ``deactivated``, ``bad``.
    """

    name = models.CharField(max_length=120)
    coordinates = models.CharField(max_length=6, db_collation="C")
    deactivate_missing = models.BooleanField(default=False)
    content = models.BinaryField()
    uploaded_at = models.DateTimeField()
    uploaded_by = models.CharField(max_length=100)
    taken_in_at = models.DateTimeField(null=True)
    taken_in_by = models.CharField(max_length=100, blank=True, default="")
    counts = models.JSONField(default=dict)

    class Meta:
        constraints = [
            CheckConstraint(
                condition=Q(coordinates__in=["wgs-84", "gcj-02", "bd-09"]), name="payments_pointfile_coordinates"
            ),
        ]
