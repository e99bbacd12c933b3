"""The tables of the tariffs context: what was published, and which version is in force when."""

from typing import Any

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeOperators
from django.db import models
from django.db.models import CheckConstraint, F, Func, Q, UniqueConstraint, Value

from gridhall.contexts.tariffs.types import DraftState


def _text(length: int, label: str, **options: Any) -> "models.CharField[str, str]":
    return models.CharField(label, max_length=length, **options)


class PublishedTariff(models.Model):
    """电价: a tariff by its code."""

    code = _text(64, "电价代码", db_collation="C")

    class Meta:
        verbose_name = "电价"
        constraints = [
            UniqueConstraint(fields=["code"], name="tariffs_tariff_code"),
            CheckConstraint(name="tariffs_tariff_coded", condition=~Q(code="")),
        ]

    def __str__(self) -> str:
        return self.code


class TariffDocument(models.Model):
    """A document as it was published; it holds all versions of its tariff up to then and never changes."""

    tariff = models.ForeignKey(PublishedTariff, models.PROTECT, related_name="documents")
    text = models.TextField("电价文件")
    digest = _text(64, "SHA-256")
    published_at = models.DateTimeField("发布时间")

    class Meta:
        verbose_name = "电价文件"
        constraints = [
            UniqueConstraint(fields=["tariff", "digest"], name="tariffs_document_once"),
            CheckConstraint(name="tariffs_document_digest", condition=Q(digest__regex="^[0-9a-f]{64}$")),
        ]


class TariffVersion(models.Model):
    """A dated version, first published with a document; ``digest`` is that of its own content without its end."""

    tariff = models.ForeignKey(PublishedTariff, models.PROTECT, related_name="versions")
    document = models.ForeignKey(TariffDocument, models.PROTECT, related_name="versions")
    version = _text(40, "版本")
    span = DateRangeField("执行期")
    digest = _text(64, "SHA-256")

    class Meta:
        verbose_name = "电价版本"
        constraints = [
            UniqueConstraint(fields=["tariff", "version"], name="tariffs_version_once"),
            CheckConstraint(name="tariffs_version_span", condition=Q(span__isempty=False, span__lower_inf=False)),
            ExclusionConstraint(
                name="tariffs_version_overlap",
                expressions=[
                    (Func(F("tariff"), F("tariff"), Value("[]"), function="int8range"), RangeOperators.OVERLAPS),
                    ("span", RangeOperators.OVERLAPS),
                ],
            ),
        ]


_DECIDED = Q(state__in=[DraftState.APPROVED.value, DraftState.REJECTED.value])


class TariffDraft(models.Model):
    """电价草稿: a document that somebody writes, another person decides on, and approval publishes.

    ``revision`` counts the saves, so that two people at one draft do not overwrite each other. Invariants, held by the
    database: who submits does not decide, who wrote last does not approve; what is submitted is decided on as it was
    submitted; what is decided or withdrawn never changes (migration 0003).
    """

    code = _text(64, "电价代码", blank=True, help_text="as the document says; empty while it cannot be read")
    title = _text(120, "标题")
    text = models.TextField("电价文件", blank=True)
    based_on = _text(64, "基于文件", blank=True, help_text="SHA-256 of the published document that it began as")
    effective_date = models.DateField("执行日", null=True, help_text="of the first new version")
    state = _text(10, "状态", choices=DraftState.choices(), default=DraftState.DRAFT.value)
    revision = models.IntegerField("修订", default=1)
    created_by = _text(100, "起草人")
    created_at = models.DateTimeField("起草时间")
    updated_by = _text(100, "最后修改人")
    updated_at = models.DateTimeField("最后修改时间")
    submitted_by = models.CharField("提交人", max_length=100, null=True)
    submitted_at = models.DateTimeField("提交时间", null=True)
    decided_by = models.CharField("审批人", max_length=100, null=True)
    decided_at = models.DateTimeField("审批时间", null=True)
    note = models.TextField("审批意见", blank=True)
    published = models.ForeignKey(TariffDocument, models.PROTECT, null=True, related_name="+")

    class Meta:
        verbose_name = "电价草稿"
        constraints = [
            CheckConstraint(name="tariffs_draft_state", condition=Q(state__in=[word.value for word in DraftState])),
            CheckConstraint(name="tariffs_draft_titled", condition=~Q(title="")),
            CheckConstraint(name="tariffs_draft_revision", condition=Q(revision__gt=0)),
            CheckConstraint(
                name="tariffs_draft_submitted",
                condition=Q(submitted_by=None, submitted_at=None) & ~Q(state="submitted") & ~_DECIDED
                | Q(submitted_by__isnull=False, submitted_at__isnull=False),
            ),
            CheckConstraint(
                name="tariffs_draft_decided",
                condition=Q(decided_by=None, decided_at=None) & ~_DECIDED
                | Q(decided_by__isnull=False, decided_at__isnull=False) & _DECIDED,
            ),
            CheckConstraint(
                name="tariffs_draft_second_person",
                condition=Q(decided_by=None) | ~Q(decided_by=F("submitted_by")),
            ),
            CheckConstraint(
                name="tariffs_draft_not_by_its_writer",
                condition=~Q(state="approved") | ~Q(decided_by=F("updated_by")),
            ),
            CheckConstraint(
                name="tariffs_draft_published",
                condition=Q(state="approved", published__isnull=False) | ~Q(state="approved") & Q(published=None),
            ),
        ]
        indexes = [models.Index(fields=["state", "-updated_at"], name="tariffs_draft_worklist")]
