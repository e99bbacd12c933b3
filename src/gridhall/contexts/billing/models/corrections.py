"""Corrections that one person asks for and another decides."""

from typing import Final

from django.db import models
from django.db.models import F, Q

from gridhall.contexts.billing.models.bills import Bill


class Decision(models.TextChoices):
    """What became of a request."""

    WAITING = "waiting", "待审批"
    APPROVED = "approved", "已批准"
    REJECTED = "rejected", "已驳回"
    WITHDRAWN = "withdrawn", "已撤回"


#: Decisions that take a second person.
_OF_ANOTHER: Final = [Decision.APPROVED.value, Decision.REJECTED.value]


class CorrectionRequest(models.Model):
    """Somebody asks that a bill be corrected, and has seen what would change; a second person decides.

    ``outcome`` is what the correction would do, bill by bill and line by line, as it was last computed; it alone may
    change while the request waits, when the figures have moved and whoever decides has been shown the new ones.

    Invariants, held by the database: one waiting request per bill; who asked never approves or rejects; a rejection
    says why; who asked, for what and why never changes, and nothing at all once it is decided.
    """

    bill = models.ForeignKey(Bill, on_delete=models.PROTECT, related_name="+", db_index=False)
    organisation = models.ForeignKey(
        "accounts.Organisation", on_delete=models.PROTECT, related_name="+", db_index=False
    )
    reason = models.TextField()
    outcome = models.JSONField(help_text="the bills that would be replaced, before and after")
    difference_fen = models.BigIntegerField(help_text="what all accounts together would owe more")
    readings_version = models.BigIntegerField(help_text="newest import that the outcome was computed from")
    computed_at = models.DateTimeField(help_text="when the outcome was computed last")
    requested_by = models.CharField(max_length=100)
    requested_at = models.DateTimeField()
    decision = models.CharField(max_length=9, choices=Decision.choices, default=Decision.WAITING)
    decided_by = models.CharField(max_length=100, default="")
    decided_at = models.DateTimeField(null=True)
    note = models.TextField(default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["bill"], condition=Q(decision="waiting"), name="correction_request_open_once"
            ),
            models.CheckConstraint(
                condition=~Q(decision__in=_OF_ANOTHER) | ~Q(decided_by=F("requested_by")),
                name="correction_request_second_person",
            ),
            models.CheckConstraint(
                condition=Q(decision="waiting", decided_by="", decided_at=None)
                | (Q(decision__in=[*_OF_ANOTHER, "withdrawn"], decided_at__isnull=False) & ~Q(decided_by="")),
                name="correction_request_decided_has_name_and_time",
            ),
            models.CheckConstraint(
                condition=~Q(decision="rejected") | ~Q(note=""), name="correction_request_rejection_says_why"
            ),
            models.CheckConstraint(
                condition=~Q(reason="") & ~Q(requested_by=""), name="correction_request_has_reason_and_name"
            ),
        ]
        indexes = [
            models.Index(fields=["bill", "requested_at"], name="correction_request_bill"),
            models.Index(fields=["requested_by", "decided_at"], name="correction_request_asker"),
            models.Index(fields=["organisation"], condition=Q(decision="waiting"), name="correction_request_waiting"),
        ]
