"""The tables of the tariffs context: what was published, and which version is in force when."""

from typing import Any

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeOperators
from django.db import models
from django.db.models import CheckConstraint, F, Func, Q, UniqueConstraint, Value


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
