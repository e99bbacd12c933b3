"""What can be done with a draft of a tariff: write, check, submit, approve or reject by a second person, withdraw.

Needs the database. The text is a tariff document; what was published before stands in it unchanged.
"""

from datetime import date

from gridhall.contexts.tariffs import drafting
from gridhall.contexts.tariffs.drafting import (
    DraftChanged,
    DraftClosed,
    DraftNotPublishable,
    DraftReasonMissing,
    DraftTooLong,
    SecondPersonNeeded,
)
from gridhall.contexts.tariffs.types import CheckedDraft, Draft, PublishedVersion
from gridhall.runtime.audit import Act

__all__ = [
    "DraftChanged",
    "DraftClosed",
    "DraftNotPublishable",
    "DraftReasonMissing",
    "DraftTooLong",
    "SecondPersonNeeded",
    "approve_draft",
    "check_draft",
    "create_draft",
    "reject_draft",
    "save_draft",
    "submit_draft",
    "withdraw_draft",
]


def check_draft(text: str, today: date) -> CheckedDraft:
    """This will say everything that is wrong with a document, in itself and beside what was published; writes nothing.

    Args:
        today: what starts before is told as a warning.
    """
    return drafting.check_draft(text, today)


def create_draft(title: str, text: str, *, based_on: str = "", act: Act) -> Draft:
    """This will keep a new draft; its text may be wrong or incomplete.

    Args:
        title: for people; white space is tidied, 120 characters are kept.
        based_on: the digest of the published document that it began as.

    Raises:
        DraftTooLong: longer than any tariff, or no text.
    """
    return drafting.create(title, text, based_on=based_on, act=act)


def save_draft(draft: int, title: str, text: str, *, revision: int, act: Act) -> Draft:
    """This will replace title and text of an open draft.

    Args:
        revision: of the draft that the writer began from.

    Raises:
        NotFound: there is no such draft.
        DraftClosed: it is submitted, decided or withdrawn.
        DraftChanged: somebody saved since ``revision``; nothing is overwritten.
        DraftTooLong: longer than any tariff, or no text.
    """
    return drafting.save(draft, title, text, revision=revision, act=act)


def submit_draft(draft: int, *, revision: int, act: Act, today: date) -> Draft:
    """This will hand a draft to a second person; from here on its text stays as it is.

    Raises:
        NotFound, DraftClosed, DraftChanged: as `save_draft`.
        DraftNotPublishable: the document has problems.
    """
    return drafting.submit(draft, revision=revision, act=act, today=today)


def approve_draft(
    draft: int, *, revision: int, note: str = "", act: Act, today: date
) -> tuple[Draft, list[PublishedVersion]]:
    """This will publish a submitted draft: its new versions come into force on their days. One transaction.

    Returns:
        The draft, and the versions that are new.

    Raises:
        NotFound, DraftClosed, DraftChanged: as `save_draft`.
        SecondPersonNeeded: who acts wrote or submitted it.
        DraftNotPublishable: what was published meanwhile stands against it.
    """
    return drafting.approve(draft, revision=revision, note=note, act=act, today=today)


def reject_draft(draft: int, *, revision: int, note: str, act: Act) -> Draft:
    """This will end a submitted draft with what is to be changed; its text can become a new draft.

    Raises:
        NotFound, DraftClosed, DraftChanged: as `save_draft`.
        SecondPersonNeeded: who acts submitted it.
        DraftReasonMissing: the note is empty.
    """
    return drafting.reject(draft, revision=revision, note=note, act=act)


def withdraw_draft(draft: int, *, revision: int, act: Act) -> Draft:
    """This will end a draft that nobody has decided on.

    Raises:
        NotFound, DraftClosed, DraftChanged: as `save_draft`.
    """
    return drafting.withdraw(draft, revision=revision, act=act)
