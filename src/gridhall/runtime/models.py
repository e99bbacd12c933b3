"""The audit trail's table."""

from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import CheckConstraint, Q


class AuditEntry(models.Model):
    """Somebody did something to something. Append-only: the database refuses to change or delete an entry."""

    at = models.DateTimeField("时间")
    actor = models.CharField("操作者", max_length=100)
    action = models.CharField("动作", max_length=100)
    subject = models.CharField("对象", max_length=200)
    details = models.JSONField("内容", default=dict)

    class Meta:
        verbose_name = "审计记录"
        constraints = [
            CheckConstraint(name="runtime_auditentry_action", condition=Q(action__regex=r"^[a-z_]+(\.[a-z_]+)+$")),
            CheckConstraint(name="runtime_auditentry_actor", condition=~Q(actor="")),
        ]
        indexes = [
            models.Index(fields=["subject", "id"], name="runtime_audit_subject"),
            BrinIndex(fields=["at"], name="runtime_audit_at"),
        ]
