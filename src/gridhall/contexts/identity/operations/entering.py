"""People who come in: expected when a code goes to their phone, known when they have typed it."""

from typing import Final

from django.db import transaction
from django.db.models import Q

from gridhall.contexts.identity.models import Identifier, Share, User, new_key
from gridhall.contexts.identity.operations.errors import PhoneTaken
from gridhall.contexts.identity.types import IdentifierKind
from gridhall.runtime.audit import Act, record

_HIDDEN: Final = Q(kind=IdentifierKind.PHONE, active=False)


def expect(phone: str, *, act: Act) -> int | None:
    """The person whom a code sent to a phone would sign in; made up where the phone is nobody's yet.

    So a number that the utility has never seen is answered like any other, and signing up is signing in.

    Args:
        phone: in canonical form.

    Returns:
        The id of a user; None when the owner of the phone chose not to be recognised by it.
    """
    with transaction.atomic():
        user, made = User.objects.get_or_create(phone=phone, defaults={"username": f"p-{new_key()}"})
        if made:
            user.set_unusable_password()
            user.save(update_fields=["password"])
            record(act, "identity.person.expected", f"person:{user.pk}")
        elif Identifier.objects.filter(_HIDDEN, user=user).exists():
            return None
    return user.pk


def confirm_phone(user: int, phone: str, *, act: Act) -> None:
    """This will note that a person has typed the code sent to a phone, which is theirs from now on.

    What was shared with that phone becomes visible to them.

    Raises:
        PhoneTaken: when another person has confirmed it.
    """
    with transaction.atomic():
        person = User.objects.select_for_update().get(pk=user)
        if person.phone != phone or not person.phone_verified:
            other = User.objects.select_for_update().filter(phone=phone).exclude(pk=user).first()
            if other is not None and (other.phone_verified or other.last_login is not None):
                raise PhoneTaken("This phone number belongs to another account.", path="phone")
            if other is not None:
                other.delete()
            person.phone, person.phone_verified = phone, True
            person.save(update_fields=["phone", "phone_verified"])
            Identifier.objects.filter(user=user, kind=IdentifierKind.PHONE).delete()
            record(act, "identity.phone.confirmed", f"person:{user}")
        _claim(person, act)


def claim_shares(user: int, *, act: Act) -> int:
    """This will give a person what was shared with their confirmed phone, and say how much was new."""
    with transaction.atomic():
        return _claim(User.objects.get(pk=user), act)


def _claim(person: User, act: Act) -> int:
    if not person.phone or not person.phone_verified:
        return 0
    waiting = Share.objects.filter(phone=person.phone, grantee=None, revoked_at=None)
    found = [share.pk for share in waiting.select_for_update()]
    if found:
        Share.objects.filter(pk__in=found).update(grantee=person)
        record(act, "identity.shares.claimed", f"person:{person.pk}", {"shares": found})
    return len(found)
