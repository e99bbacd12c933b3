"""The tables of the identity context: people who sign in, and what links them to usage points and to the utility."""

from typing import ClassVar, Final

from django.contrib.auth.models import AbstractUser
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import CheckConstraint, F, Q, UniqueConstraint
from django.utils.crypto import get_random_string

from gridhall.contexts.identity.types import IdentifierKind, Relation, Right, Role

_LETTERS: Final = "23456789abcdefghjkmnpqrstuvwxyz"


def new_key() -> str:
    """A random name for a link or share in addresses of pages: 12 letters, about 59 bits."""
    return get_random_string(12, _LETTERS)


class User(AbstractUser):
    """Somebody who can sign in: a customer, a member of staff, or both. Personal fields: `runtime.privacy`.

    ``username`` is a staff number, or made up for customers, who never see it.
    """

    username = models.CharField("用户名", max_length=150)
    phone = models.CharField("手机号", max_length=20, null=True, blank=True)
    phone_verified = models.BooleanField("手机号已验证", default=False)
    display_name = models.CharField("称呼", max_length=60, blank=True, default="")
    language = models.CharField("语言", max_length=10, blank=True, default="")
    door = models.CharField("常用渠道", max_length=20, blank=True, default="")

    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        verbose_name = "用户"
        constraints = [
            UniqueConstraint(fields=["username"], name="identity_user_username"),
            UniqueConstraint(fields=["phone"], name="identity_user_phone"),
        ]

    def __str__(self) -> str:
        return self.display_name or self.username


class Link(models.Model):
    """A person has proved to be the customer of a usage point, and sees what belongs to that customer there."""

    key = models.CharField(max_length=12, default=new_key, editable=False)
    user = models.ForeignKey(User, models.CASCADE, related_name="links")
    customer = models.ForeignKey("accounts.Customer", models.PROTECT, related_name="+")
    usage_point = models.ForeignKey("accounts.UsagePoint", models.PROTECT, related_name="+")
    name = models.CharField("名称", max_length=40, blank=True, default="")
    proof = models.CharField("凭据", max_length=20, help_text="phone_code, bill, staff, demo")
    linked_at = models.DateTimeField("关联时间")
    ended_at = models.DateTimeField("解除时间", null=True)

    class Meta:
        verbose_name = "户号关联"
        constraints = [
            UniqueConstraint(fields=["key"], name="identity_link_key"),
            UniqueConstraint(
                fields=["user", "customer", "usage_point"], condition=Q(ended_at=None), name="identity_link_once"
            ),
        ]


class Share(models.Model):
    """What the owner of a link lets somebody else see, from a day on, until a day, or until revoked."""

    key = models.CharField(max_length=12, default=new_key, editable=False)
    link = models.ForeignKey(Link, models.CASCADE, related_name="shares")
    phone = models.CharField("受邀手机号", max_length=20)
    grantee = models.ForeignKey(User, models.CASCADE, null=True, related_name="received")
    relation = models.CharField("关系", max_length=12, choices=Relation.choices())
    rights = ArrayField(models.CharField(max_length=12, choices=Right.choices()), verbose_name="权限")
    name = models.CharField("名称", max_length=40, blank=True, default="", help_text="what the grantee calls it")
    data_from = models.DateField("数据起始日", null=True, help_text="null: everything the owner may see")
    start_date = models.DateField("生效日")
    end_date = models.DateField("到期日", null=True, help_text="exclusive; null: until revoked")
    shared_at = models.DateTimeField("分享时间")
    revoked_at = models.DateTimeField("撤销时间", null=True)

    class Meta:
        verbose_name = "授权"
        constraints = [
            UniqueConstraint(fields=["key"], name="identity_share_key"),
            UniqueConstraint(fields=["link", "phone"], condition=Q(revoked_at=None), name="identity_share_once"),
            CheckConstraint(name="identity_share_days", condition=Q(end_date=None) | Q(end_date__gt=F("start_date"))),
            CheckConstraint(name="identity_share_rights", condition=~Q(rights=[])),
        ]


class StaffPosition(models.Model):
    """A role that a person holds at a unit of the organisation and everything below it."""

    user = models.ForeignKey(User, models.CASCADE, related_name="positions")
    organisation = models.ForeignKey("accounts.Organisation", models.PROTECT, related_name="+", verbose_name="单位")
    role = models.CharField("角色", max_length=20, choices=Role.choices())
    accepts_elsewhere = models.BooleanField("可受理其他单位业务", default=False)
    start_date = models.DateField("任职日")
    end_date = models.DateField("离任日", null=True, blank=True, help_text="exclusive")

    class Meta:
        verbose_name = "任职"
        constraints = [
            UniqueConstraint(fields=["user", "organisation", "role", "start_date"], name="identity_position_once"),
            CheckConstraint(
                name="identity_position_days", condition=Q(end_date=None) | Q(end_date__gt=F("start_date"))
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} · {dict(Role.choices()).get(self.role, self.role)} · {self.organisation}"


class Identifier(models.Model):
    """What somebody chose to be recognised by, or not any more; a verified phone counts without a row of its own."""

    user = models.ForeignKey(User, models.CASCADE, related_name="identifiers")
    kind = models.CharField("类型", max_length=12, choices=IdentifierKind.choices())
    value = models.CharField("标识", max_length=254)
    active = models.BooleanField("启用", default=True)
    chosen_at = models.DateTimeField("设置时间")

    class Meta:
        verbose_name = "识别方式"
        constraints = [
            UniqueConstraint(fields=["value"], condition=Q(active=True), name="identity_identifier_value"),
            UniqueConstraint(fields=["user", "kind", "value"], name="identity_identifier_once"),
            CheckConstraint(name="identity_identifier_filled", condition=~Q(value="")),
        ]


class Challenge(models.Model):
    """A code that was sent, or for a target that does not exist only seemed to be, to prove something."""

    user = models.ForeignKey(User, models.CASCADE, related_name="+")
    purpose = models.CharField("用途", max_length=12)
    target = models.CharField("对象", max_length=254)
    digest = models.CharField("摘要", max_length=64)
    sent_at = models.DateTimeField("发送时间")
    wrong = models.SmallIntegerField("错误次数", default=0)
    used_at = models.DateTimeField("使用时间", null=True)

    class Meta:
        verbose_name = "验证码"
        constraints = [CheckConstraint(name="identity_challenge_wrong", condition=Q(wrong__gte=0))]
        indexes = [models.Index(fields=["user", "purpose", "target", "-sent_at"], name="identity_challenge_newest")]


class Attempt(models.Model):
    """One try that is counted against guessing; kept although the try itself was refused."""

    what = models.CharField("类别", max_length=20)
    subject = models.CharField("对象", max_length=80)
    at = models.DateTimeField("时间")

    class Meta:
        verbose_name = "尝试记录"
        indexes = [models.Index(fields=["subject", "what", "-at"], name="identity_attempt_newest")]
