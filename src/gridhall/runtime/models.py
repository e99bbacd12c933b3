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


class JobRecord(models.Model):
    """Work that outlives a request: what was asked for, how far it is, what came of it."""

    kind = models.CharField("种类", max_length=60)
    subject = models.CharField("对象", max_length=200, blank=True)
    #: The number of the unit that it belongs to; no key, for the runtime knows no context.
    organisation = models.BigIntegerField("单位", null=True)
    arguments = models.JSONField("参数", default=dict)
    requested_by = models.CharField("申请人", max_length=100)
    requested_at = models.DateTimeField("申请时间")
    started_at = models.DateTimeField("开始时间", null=True)
    finished_at = models.DateTimeField("结束时间", null=True)
    status = models.CharField("状态", max_length=10)
    done = models.BigIntegerField("已完成", default=0)
    total = models.BigIntegerField("总量", default=0)
    step = models.CharField("步骤", max_length=100, blank=True)
    result = models.JSONField("结果", null=True)
    error = models.JSONField("错误", null=True)
    attempts = models.IntegerField("次数", default=0)
    #: The number of its ticket in the queue's own table.
    ticket = models.BigIntegerField("排队号", null=True)

    class Meta:
        verbose_name = "作业"
        constraints = [
            CheckConstraint(
                name="runtime_jobrecord_status", condition=Q(status__in=["waiting", "running", "done", "failed"])
            ),
            CheckConstraint(
                name="runtime_jobrecord_finished",
                condition=Q(status__in=["done", "failed"], finished_at__isnull=False)
                | Q(status__in=["waiting", "running"], finished_at__isnull=True),
            ),
            CheckConstraint(
                name="runtime_jobrecord_error", condition=Q(status="failed", error__isnull=False) | ~Q(status="failed")
            ),
        ]
        indexes = [
            models.Index(fields=["kind", "-id"], name="runtime_job_kind"),
            models.Index(fields=["id"], name="runtime_job_open", condition=Q(status__in=["waiting", "running"])),
        ]


class OutboxMessage(models.Model):
    """Something that happened and that one subscriber has not heard yet; heard, it is gone."""

    topic = models.CharField("主题", max_length=60)
    subscriber = models.CharField("接收者", max_length=60)
    payload = models.JSONField("内容", default=dict)
    at = models.DateTimeField("时间")
    due_at = models.DateTimeField("下次投递")
    attempts = models.IntegerField("次数", default=0)

    class Meta:
        verbose_name = "待投递消息"
        indexes = [models.Index(fields=["due_at", "id"], name="runtime_outbox_due")]


class Schedule(models.Model):
    """The last due time of a scheduled kind of job that a worker has taken."""

    kind = models.CharField("种类", max_length=60, primary_key=True)
    due_at = models.DateTimeField("最近一次到期")

    class Meta:
        verbose_name = "定时作业"
