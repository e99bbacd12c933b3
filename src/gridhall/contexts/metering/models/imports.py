"""Imports, the catalog of the lake's files, and the quarantine."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from gridhall.lake.needs import Channel

_CHANNELS = [(channel.value, channel.value) for channel in Channel]


class Import(models.Model):
    """One file taken in, as a whole and at once; its id is the *readings version* from which its readings count.

    The row is written by the same transaction that makes the readings visible, so an import that is here is complete.
    Counts are readings (slots) unless they say rows.
    """

    file_name = models.CharField(max_length=500)
    file_bytes = models.BigIntegerField()
    content_sha256 = models.CharField(max_length=64)
    format = models.CharField(max_length=40)
    channel = models.CharField(max_length=20, choices=_CHANNELS, default=Channel.IMPORT.value)
    zone = models.CharField(max_length=60)
    #: Told to read a known content once more, for instance after its unknown usage points were opened.
    again = models.BooleanField(default=False)
    #: What was said about the file because it does not tell itself; needed again when its rows come back mended.
    unit = models.CharField(max_length=10, blank=True, default="")
    interval = models.SmallIntegerField(null=True)  # minutes
    usage_point = models.CharField(max_length=100, blank=True, default="")
    available_at = models.DateTimeField()
    first_day = models.DateField(null=True)
    last_day = models.DateField(null=True)
    #: The column names of the file, so that its quarantined rows can be handed back as they came.
    columns = ArrayField(models.TextField(), default=list)
    read_rows = models.BigIntegerField(default=0)
    accepted = models.BigIntegerField(default=0)
    accepted_rows = models.BigIntegerField(default=0)
    unchanged = models.BigIntegerField(default=0)
    revised = models.BigIntegerField(default=0)
    duplicate_rows = models.BigIntegerField(default=0)
    quarantined = models.BigIntegerField(default=0)  # rows
    estimated = models.BigIntegerField(default=0)
    missing = models.BigIntegerField(default=0)
    suspects = models.BigIntegerField(default=0)
    rounded = models.BigIntegerField(default=0)
    findings = models.JSONField(default=list)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["content_sha256", "channel", "zone"], condition=Q(again=False), name="import_of_content_once"
            ),
            models.CheckConstraint(
                condition=Q(accepted__gte=0, quarantined__gte=0, estimated__gte=0), name="import_counts_not_negative"
            ),
        ]
        indexes = [models.Index(fields=["available_at"], name="import_by_availability")]

    def __str__(self) -> str:
        return f"{self.pk} {self.file_name}"


class LakeFile(models.Model):
    """A Parquet file of the lake that is visible because this row is; `path` is relative to the lake's root.

    Statistics bound what is inside, so that most files need not be opened.
    """

    source = models.ForeignKey(Import, on_delete=models.PROTECT, related_name="files")
    path = models.CharField(max_length=300)
    channel = models.CharField(max_length=20, choices=_CHANNELS)
    month = models.DateField()
    first_day = models.DateField()
    last_day = models.DateField()
    rows = models.BigIntegerField()
    usage_point_min = models.BigIntegerField()
    usage_point_max = models.BigIntegerField()
    #: Replaces rows of older files; otherwise its (usage point, day) rows exist in no older file.
    revision = models.BooleanField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["path"], name="lake_file_path_unique"),
            models.CheckConstraint(
                condition=Q(first_day__lte=F("last_day"), usage_point_min__lte=F("usage_point_max"), rows__gt=0),
                name="lake_file_statistics",
            ),
        ]
        indexes = [models.Index(fields=["channel", "first_day", "last_day"], name="lake_file_by_day")]


class QuarantinedRow(models.Model):
    """A row that was not let in: where it stood, what was wrong, what to do; as it came, to be mended."""

    source = models.ForeignKey(Import, on_delete=models.CASCADE, related_name="quarantine")
    line = models.BigIntegerField()  # of the file, counted from 1; of a Parquet file the row
    field = models.TextField()
    value = models.TextField()
    code = models.CharField(max_length=60)
    reason = models.TextField()
    remedy = models.TextField()
    original = ArrayField(models.TextField())
    resolved_by = models.ForeignKey(Import, on_delete=models.PROTECT, null=True, related_name="mended")

    class Meta:
        indexes = [
            models.Index(fields=["source", "line"], name="quarantine_of_import"),
            models.Index(fields=["source"], condition=Q(resolved_by=None), name="quarantine_open"),
        ]
