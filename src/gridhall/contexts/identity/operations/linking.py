"""A person and a usage point: linked by proof, named, unlinked."""

from datetime import date
from typing import Final

from django.db import connection, transaction

from gridhall.contexts.identity.models import Link, Share
from gridhall.contexts.identity.operations import challenges
from gridhall.contexts.identity.operations.errors import AlreadyLinked, ProofWrong
from gridhall.contexts.identity.operations.throttling import count, count_guess
from gridhall.contexts.identity.ports import Purpose
from gridhall.contexts.identity.rules.identifiers import canonical
from gridhall.contexts.identity.rules.identifiers import phone as canonical_phone
from gridhall.contexts.identity.rules.throttling import CODES
from gridhall.contexts.identity.types import Proof
from gridhall.kernel.errors import NotFound
from gridhall.runtime.audit import Act, record

LONGEST_NAME: Final = 40
_SUPPLIED: Final = """
    SELECT u.id, a.customer_id, c.phone FROM accounts_usagepoint u
    JOIN accounts_customeragreement a ON a.usage_point_id = u.id AND a.span @> %s::date
    JOIN accounts_customer c ON c.id = a.customer_id
    WHERE u.number = %s
"""


def ask_for_code(user: int, number: str, *, act: Act, today: date) -> None:
    """This will send a code to the phone that is registered for a 户号.

    What follows is the same for a 户号 that does not exist, is vacant or has no phone: no code arrives.

    Raises:
        TooManyAttempts: when the person, or everybody for this 户号, has asked too often.
    """
    number = canonical(number)
    count("link.code", user, number, CODES, act=act)
    with transaction.atomic():
        found = _supplied(number, today)
        challenges.send(user, Purpose.LINK, number, canonical_phone(found[2]) if found else None, act=act)
        record(act, "identity.link.code_asked", f"person:{user}", {"number": number[:40]})


def link_by_code(user: int, number: str, code: str, *, act: Act, today: date) -> str:
    """This will link a 户号 whose registered phone received this code, and give the key of the link.

    Raises:
        TooManyAttempts: when the person, or everybody at this 户号, has guessed too often.
        ProofWrong: when the code does not fit, whether or not there is such a 户号.
        AlreadyLinked: when the person has it already.
    """
    number = canonical(number)
    count_guess(user, number, act=act)
    right = challenges.passed(user, Purpose.LINK, number, code, act=act)
    found = _supplied(number, today)
    if not right or found is None:
        raise ProofWrong("The code does not fit.", path="code", remedy="Check it, or ask for another one.")
    return link(user, usage_point=found[0], customer=found[1], proof=Proof.PHONE_CODE, act=act)


def link(user: int, *, usage_point: int, customer: int, proof: Proof, act: Act) -> str:
    """This will link a person to what a customer has at a usage point (ids), and give the key of the link.

    The caller has seen the proof.

    Raises:
        AlreadyLinked: when the person has it already.
    """
    with transaction.atomic():
        row, made = Link.objects.get_or_create(
            user_id=user, customer_id=customer, usage_point_id=usage_point, ended_at=None,
            defaults={"proof": proof, "linked_at": act.at},
        )  # fmt: skip
        if not made:
            raise AlreadyLinked("You have linked this account number already.", path="number")
        record(act, "identity.link.made", f"person:{user}", {"link": row.key, "customer": customer, "proof": proof})
    return row.key


def rename(user: int, key: str, name: str, *, act: Act) -> None:
    """This will give a home, one's own or one shared with oneself, a name of one's own; an empty one takes it away.

    Raises:
        NotFound: when the key means nothing to this person.
    """
    plain = " ".join(name.split())[:LONGEST_NAME]
    with transaction.atomic():
        changed = Link.objects.filter(user=user, key=key, ended_at=None).update(name=plain)
        changed += Share.objects.filter(grantee=user, key=key, revoked_at=None).update(name=plain)
        if not changed:
            raise _no_home()
        record(act, "identity.home.renamed", f"person:{user}", {"home": key})


def unlink(user: int, key: str, *, act: Act) -> None:
    """This will end a link, and with it every share of it; or give up what was shared with oneself.

    Raises:
        NotFound: when the key means nothing to this person.
    """
    with transaction.atomic():
        own = Link.objects.select_for_update().filter(user=user, key=key, ended_at=None).first()
        if own is not None:
            own.ended_at = act.at
            own.save(update_fields=["ended_at"])
            ended = Share.objects.filter(link=own, revoked_at=None).update(revoked_at=act.at)
            record(act, "identity.link.ended", f"person:{user}", {"link": key, "shares": ended})
        elif Share.objects.filter(grantee=user, key=key, revoked_at=None).update(revoked_at=act.at):
            record(act, "identity.share.given_up", f"person:{user}", {"share": key})
        else:
            raise _no_home()


def _supplied(number: str, today: date) -> tuple[int, int, str] | None:
    with connection.cursor() as cursor:
        cursor.execute(_SUPPLIED, [today, number])
        row: tuple[int, int, str] | None = cursor.fetchone()
    return row


def _no_home() -> NotFound:
    return NotFound("There is no such home.", path="home")
