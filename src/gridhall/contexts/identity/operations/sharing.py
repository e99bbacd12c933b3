"""What the owner of a home lets others see."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from django.db import transaction

from gridhall.contexts.identity.models import Link, Share, User
from gridhall.contexts.identity.operations.errors import AlreadyShared, PhoneInvalid, ShareInvalid
from gridhall.contexts.identity.rules.identifiers import phone as canonical_phone
from gridhall.contexts.identity.types import Relation, Right
from gridhall.kernel.errors import NotFound
from gridhall.runtime.audit import Act, record


@dataclass(frozen=True)
class NewShare:
    """What is to be shared.

    Attributes:
        phone: of whoever shall see it; an account need not exist yet.
        relation: who they are.
        rights: what they may see and do.
        data_from: the first day whose data they see; None for everything the owner sees.
        end: the first day on which they see nothing any more; None until revoked.
    """

    phone: str
    relation: Relation
    rights: Collection[Right]
    data_from: date | None = None
    end: date | None = None


def share(user: int, home: str, new: NewShare, *, act: Act, today: date) -> str:
    """This will share a home with a phone number from today on, and give the key of the share.

    Raises:
        NotFound: when the home is not this person's own.
        PhoneInvalid: when the number is none.
        ShareInvalid: when it would show nothing, end before it begins, or be with oneself.
        AlreadyShared: when the home is shared with that number already.
    """
    phone = canonical_phone(new.phone)
    if phone is None:
        raise PhoneInvalid("Enter a mobile number of 11 digits.", path="phone")
    if not new.rights or not set(new.rights) - {Right.DOWNLOAD}:
        raise ShareInvalid("Choose bills or usage.", path="rights")
    if new.end is not None and new.end <= today:
        raise ShareInvalid("The last day lies in the past.", path="end")
    if new.end is not None and new.data_from is not None and new.data_from >= new.end:
        raise ShareInvalid("The data would begin after the share ends.", path="data_from")
    with transaction.atomic():
        link = Link.objects.select_for_update(of=("self",)).select_related("user").filter(
            user=user, key=home, ended_at=None
        ).first()  # fmt: skip
        if link is None:
            raise NotFound("There is no such home.", path="home")
        if link.user.phone == phone:
            raise ShareInvalid("This is your own number.", path="phone")
        over = Share.objects.filter(link=link, phone=phone, revoked_at=None, end_date__lte=today)
        over.update(revoked_at=act.at)
        if Share.objects.filter(link=link, phone=phone, revoked_at=None).exists():
            raise AlreadyShared("The home is shared with this number already.", path="phone")
        row = Share.objects.create(
            link=link, phone=phone, relation=new.relation, rights=[right for right in Right if right in new.rights],
            data_from=new.data_from, start_date=today, end_date=new.end, shared_at=act.at,
            grantee=User.objects.filter(phone=phone, phone_verified=True).first(),
        )  # fmt: skip
        details = {
            "share": row.key, "rights": row.rights, "relation": new.relation, "data_from": new.data_from,
            "end": new.end,
        }  # fmt: skip
        record(act, "identity.share.made", f"person:{user}", details)
    return row.key


def revoke(user: int, key: str, *, act: Act) -> None:
    """This will end a share that this person gave, at once.

    Raises:
        NotFound: when there is none of this key, or somebody else gave it.
    """
    with transaction.atomic():
        if not Share.objects.filter(key=key, link__user=user, revoked_at=None).update(revoked_at=act.at):
            raise NotFound("There is no such share.", path="share")
        record(act, "identity.share.revoked", f"person:{user}", {"share": key})
