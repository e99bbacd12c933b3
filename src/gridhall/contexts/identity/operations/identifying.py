"""By what people are recognised, and which door they prefer: their own choice."""

from typing import Final

from django.db import IntegrityError, transaction

from gridhall.contexts.identity.models import Identifier, Link, User
from gridhall.contexts.identity.operations import challenges
from gridhall.contexts.identity.operations.errors import IdentifierInvalid, IdentifierTaken, LastIdentifier, ProofWrong
from gridhall.contexts.identity.operations.throttling import count
from gridhall.contexts.identity.ports import Purpose
from gridhall.contexts.identity.rules import identifiers as forms
from gridhall.contexts.identity.rules.throttling import CODES, GUESSES
from gridhall.contexts.identity.types import Door, IdentifierKind
from gridhall.kernel.errors import NotFound
from gridhall.runtime.audit import Act, record

LONGEST_CALL: Final = 60


def ask_to_confirm_email(user: int, address: str, *, act: Act) -> str:
    """This will send a code to an e-mail address, and give the address as it is stored.

    Raises:
        IdentifierInvalid: when it is none.
        TooManyAttempts: when too many codes were asked for.
    """
    email = forms.email(address)
    if email is None:
        raise IdentifierInvalid("Enter an e-mail address.", path="email")
    count("email.code", user, email, CODES, act=act)
    with transaction.atomic():
        challenges.send(user, Purpose.EMAIL, email, email, act=act)
        record(act, "identity.email.code_asked", f"person:{user}")
    return email


def confirm_email(user: int, address: str, code: str, *, act: Act) -> None:
    """This will recognise a person by an e-mail address that received this code.

    Raises:
        ProofWrong: when the code does not fit.
        IdentifierTaken: when somebody else is recognised by it.
    """
    email = forms.email(address) or ""
    count("email.guess", user, email, GUESSES, act=act)
    if not challenges.passed(user, Purpose.EMAIL, email, code, act=act):
        raise ProofWrong("The code does not fit.", path="code", remedy="Check it, or ask for another one.")
    _activate(user, IdentifierKind.EMAIL, email, act)


def choose_username(user: int, name: str, *, act: Act) -> None:
    """This will recognise a person by a name of their choice, instead of the one chosen before.

    Raises:
        IdentifierInvalid: when it is not 4 to 30 letters, digits and ``._-``, beginning with a letter.
        IdentifierTaken: when somebody else is recognised by it.
    """
    plain = forms.username(name)
    if plain is None:
        raise IdentifierInvalid(
            "A user name has 4 to 30 letters, digits, dots or dashes, and begins with a letter.", path="username"
        )
    if User.objects.filter(username__iexact=plain).exclude(pk=user).exists():
        raise IdentifierTaken("This user name is not free.", path="username")
    _activate(user, IdentifierKind.USERNAME, plain, act)


def choose_usage_point(user: int, home: str, *, act: Act) -> None:
    """This will recognise a person by the 户号 of a home of their own.

    Raises:
        NotFound: when the home is not this person's own.
        IdentifierTaken: when somebody else who has linked it is recognised by it.
    """
    found = Link.objects.select_related("usage_point").filter(user=user, key=home, ended_at=None).first()
    if found is None:
        raise NotFound("There is no such home.", path="home")
    _activate(user, IdentifierKind.USAGE_POINT, forms.canonical(found.usage_point.number), act)


def use_phone(user: int, *, act: Act) -> None:
    """This will recognise a person by their confirmed phone again."""
    with transaction.atomic():
        Identifier.objects.filter(user=user, kind=IdentifierKind.PHONE).delete()
        record(act, "identity.identifier.activated", f"person:{user}", {"kind": IdentifierKind.PHONE})


def deactivate(user: int, kind: IdentifierKind, value: str, *, act: Act) -> None:
    """This will not recognise a person by an identifier any more.

    Args:
        user: whose it is.
        kind, value: what; the value of a phone does not matter.
        act: who and when.

    Raises:
        NotFound: when it is not this person's.
        LastIdentifier: when there would be no way left to sign in.
    """
    with transaction.atomic():
        person = User.objects.select_for_update().get(pk=user)
        others = Identifier.objects.filter(user=user, active=True).exclude(kind=IdentifierKind.PHONE)
        if kind is IdentifierKind.PHONE:
            if not person.has_usable_password() or not others.exists():
                raise LastIdentifier("Set a password and another identifier first.", path="phone")
            if not person.phone:
                raise NotFound("There is no such identifier.", path="identifier")
            Identifier.objects.update_or_create(
                user=person, kind=kind, value=person.phone, defaults={"active": False, "chosen_at": act.at}
            )
        else:
            phone_off = Identifier.objects.filter(user=user, kind=IdentifierKind.PHONE, active=False).exists()
            if (phone_off or not person.phone_verified) and others.count() < 2:
                raise LastIdentifier("This is the last way to sign in.", path=kind)
            if not others.filter(kind=kind, value=value).delete()[0]:
                raise NotFound("There is no such identifier.", path="identifier")
        record(act, "identity.identifier.deactivated", f"person:{user}", {"kind": kind})


def prefer(user: int, *, door: Door, called: str, act: Act) -> None:
    """This will note the door that somebody likes to come in by, and how they want to be called."""
    with transaction.atomic():
        plain = " ".join(called.split())[:LONGEST_CALL]
        User.objects.filter(pk=user).update(door=door, display_name=plain)
        record(act, "identity.preferences.changed", f"person:{user}", {"door": door})


def _activate(user: int, kind: IdentifierKind, value: str, act: Act) -> None:
    try:
        with transaction.atomic():
            Identifier.objects.filter(user=user, kind=kind).exclude(value=value).filter(
                kind__in=[IdentifierKind.EMAIL, IdentifierKind.USERNAME]
            ).delete()
            Identifier.objects.update_or_create(
                user_id=user, kind=kind, value=value, defaults={"active": True, "chosen_at": act.at}
            )
            record(act, "identity.identifier.activated", f"person:{user}", {"kind": kind})
    except IntegrityError as error:
        raise IdentifierTaken("Somebody else is recognised by this.", path=kind) from error
