"""How much similar homes used, month by month, in figures that stand for many."""

from django.db import models
from django.db.models import CheckConstraint, F, Index, Q, UniqueConstraint

from gridhall.contexts.accounts.types import UsageClass
from gridhall.contexts.metering.rules.peers import FEWEST


class PeerUsage(models.Model):
    """The middle of what the usage points of one class at one unit used in a month, Wh.

    An empty ``household_band`` is everybody of the class. Invariant: never fewer than eleven homes behind a row.
    """

    organisation = models.ForeignKey("accounts.Organisation", on_delete=models.CASCADE, related_name="+")
    usage_class = models.CharField(max_length=16, choices=UsageClass.choices())
    household_band = models.CharField(max_length=8, blank=True, default="")
    month = models.DateField()
    homes = models.IntegerField()
    lower_wh = models.BigIntegerField()
    median_wh = models.BigIntegerField()
    upper_wh = models.BigIntegerField()
    computed_at = models.DateTimeField()

    class Meta:
        constraints = [
            UniqueConstraint(fields=["organisation", "usage_class", "household_band", "month"], name="peer_usage_once"),
            CheckConstraint(condition=Q(homes__gte=FEWEST), name="peer_usage_of_many"),
            CheckConstraint(
                condition=Q(lower_wh__lte=F("median_wh"), median_wh__lte=F("upper_wh"), lower_wh__gte=0),
                name="peer_usage_in_order",
            ),
        ]
        indexes = [Index(fields=["month"], name="peer_usage_of_month")]
