"""The guide to ways to pay: articles that the utility's staff write."""

from django.db import models
from django.db.models import CheckConstraint, Q, UniqueConstraint


class GuideArticle(models.Model):
    """An article of the guide in one language: how to pay in one way.

    ``body`` is Markdown without HTML; its pictures lie in the content folder below ``guide/pictures``. ``video`` names
    a file below ``guide/videos``; empty where there is none. ``icon`` is a Tabler icon's name. Articles are shown by
    ``position``, those that are not ``published`` to nobody.
    """

    slug = models.CharField(max_length=40, db_collation="C")
    language = models.CharField(max_length=7, choices=[("zh-hans", "简体中文"), ("en", "English")])
    position = models.SmallIntegerField(default=0)
    title = models.CharField(max_length=80)
    summary = models.CharField(max_length=200, blank=True, default="")
    icon = models.CharField(max_length=40, default="book", db_collation="C")
    body = models.TextField()
    video = models.CharField(max_length=80, blank=True, default="")
    published = models.BooleanField(default=True)
    changed_at = models.DateTimeField()
    changed_by = models.CharField(max_length=100)

    class Meta:
        constraints = [
            UniqueConstraint(fields=["slug", "language"], name="payments_guidearticle_once"),
            CheckConstraint(condition=Q(language__in=["zh-hans", "en"]), name="payments_guidearticle_language"),
        ]
