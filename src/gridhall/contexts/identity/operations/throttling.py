"""Tries are counted before anything is looked up, so that a refusal says nothing about what was asked for."""

from datetime import timedelta

from django.db import connection, transaction

from gridhall.contexts.identity.models import Attempt
from gridhall.contexts.identity.operations.errors import TooManyAttempts
from gridhall.contexts.identity.rules.throttling import GUESSES, Limit
from gridhall.runtime.audit import Act, record

_LONGEST = timedelta(days=1)


def count_guess(user: int, number: str, *, act: Act) -> None:
    """This will count one guess of a person at the proof of a 户号.

    Raises:
        TooManyAttempts: when the person, or everybody at this 户号, has guessed too often.
    """
    count("link.guess", user, number, GUESSES, act=act)


def count(what: str, user: int, target: str, limits: tuple[Limit, Limit], *, act: Act) -> None:
    """This will count one try by a person at a target, whether or not the target exists.

    Args:
        what: what is tried.
        user, target: by whom, at what.
        limits: of the person, of the target.
        act: who and when.

    Raises:
        TooManyAttempts: when either limit is reached; the try is then not counted.
    """
    subjects = (f"person:{user}", f"target:{target[:60]}")
    refused: Limit | None = None
    with transaction.atomic():
        for subject, limit in zip(subjects, limits, strict=True):
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"{what} {subject}"])
            tries = Attempt.objects.filter(what=what, subject=subject)
            if tries.filter(at__gt=act.at - limit.window).count() >= limit.count:
                refused = limit
        if refused is None:
            Attempt.objects.filter(what=what, subject__in=subjects, at__lt=act.at - _LONGEST).delete()
            Attempt.objects.bulk_create(Attempt(what=what, subject=subject, at=act.at) for subject in subjects)
        else:
            record(act, "identity.attempts.refused", f"person:{user}", {"what": what})
    if refused is not None:
        raise TooManyAttempts("There were too many attempts.", path="number", remedy=_wait(refused))


def _wait(limit: Limit) -> str:
    return "Try again in an hour." if limit.window <= timedelta(hours=1) else "Try again tomorrow, or call us."
