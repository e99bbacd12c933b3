"""Codes that prove something: made and checked in the same way whether or not anybody receives them."""

from django.db import transaction
from django.utils.crypto import constant_time_compare, get_random_string, salted_hmac

from gridhall.contexts.identity.models import Challenge
from gridhall.contexts.identity.ports import Message, Purpose, code_sender
from gridhall.contexts.identity.rules.throttling import CODE_TRIES, CODE_VALID
from gridhall.runtime.audit import Act


def send(user: int, purpose: Purpose, target: str, address: str | None, *, act: Act) -> None:
    """This will make a code for a target; it goes out at commit, or nowhere where there is no address."""
    code = get_random_string(6, "0123456789")
    Challenge.objects.create(
        user_id=user, purpose=purpose, target=target, digest=_digest(user, purpose, target, code), sent_at=act.at
    )
    if address:
        message = Message(address, code, purpose)
        transaction.on_commit(lambda: code_sender().send(message))


def passed(user: int, purpose: Purpose, target: str, code: str, *, act: Act) -> bool:
    """Whether a code is the newest one of this target, still good and unused; it is then used up. Counts wrong ones."""
    with transaction.atomic():
        newest = (
            Challenge.objects.select_for_update()
            .filter(user=user, purpose=purpose, target=target)
            .order_by("-sent_at", "-id")
            .first()
        )
        right = newest is not None and constant_time_compare(
            newest.digest, _digest(user, purpose, target, "".join(code.split()))
        )
        if newest is None or newest.used_at or newest.wrong >= CODE_TRIES or act.at - newest.sent_at > CODE_VALID:
            return False
        if right:
            newest.used_at = act.at
        else:
            newest.wrong += 1
        newest.save(update_fields=["used_at", "wrong"])
        return right


def _digest(user: int, purpose: str, target: str, code: str) -> str:
    return salted_hmac("identity.challenge", f"{user} {purpose} {target} {code}", algorithm="sha256").hexdigest()
