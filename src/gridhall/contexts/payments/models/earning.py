"""What payments earned."""

from django.db import models
from django.db.models import CheckConstraint, F, Q

from gridhall.contexts.payments.models.receipts import Receipt


class EarnedPoints(models.Model):
    """The points of one receipt: earned by money that came in, taken back with money that went back. Append-only.

    ``of`` is the receipt that earned: itself, or the one that it reverses. The rows of one never sum to less than 0.
    """

    receipt = models.OneToOneField(Receipt, on_delete=models.PROTECT, related_name="+")
    of = models.ForeignKey(Receipt, on_delete=models.PROTECT, related_name="+")
    points = models.IntegerField()
    counted_at = models.DateTimeField()

    class Meta:
        constraints = [
            CheckConstraint(
                condition=Q(receipt=F("of"), points__gte=0) | Q(~Q(receipt=F("of")), points__lte=0),
                name="payments_earnedpoints_sign",
            )
        ]
