"""Who works where, as what."""

from dataclasses import dataclass
from datetime import date

from django.db import transaction

from gridhall.contexts.accounts import queries as accounts
from gridhall.contexts.identity.models import StaffPosition, User
from gridhall.contexts.identity.operations.errors import PositionInvalid
from gridhall.contexts.identity.types import Role
from gridhall.kernel.errors import NotFound
from gridhall.runtime.audit import Act, record


@dataclass(frozen=True)
class Appointment:
    """A position: a role at a unit (a code) and everything below it, from a day on, until a day or until further."""

    organisation: str
    role: Role
    start: date
    end: date | None = None
    accepts_elsewhere: bool = False


def appoint(user: int, new: Appointment, *, act: Act) -> int:
    """This will give somebody a position, and give its id; the same position again changes its end.

    Raises:
        NotFound: when there is no such unit.
        PositionInvalid: when it would end before it begins.
    """
    if new.end is not None and new.end <= new.start:
        raise PositionInvalid("The position would end before it begins.", path="end")
    with transaction.atomic():
        unit = accounts.organisation_by_code(new.organisation)
        row, _ = StaffPosition.objects.update_or_create(
            user_id=user, organisation_id=unit.id, role=new.role, start_date=new.start,
            defaults={"end_date": new.end, "accepts_elsewhere": new.accepts_elsewhere},
        )  # fmt: skip
        details = {"role": new.role, "unit": new.organisation, "start": new.start, "end": new.end}
        record(act, "identity.position.held", f"person:{user}", details)
    return row.pk


def end_position(position: int, *, end: date, act: Act) -> None:
    """This will end a position, ``end`` being the first day without it.

    Raises:
        NotFound: when there is no such position.
        PositionInvalid: when it begins on that day or later.
    """
    with transaction.atomic():
        row = StaffPosition.objects.select_for_update().filter(pk=position).first()
        if row is None:
            raise NotFound("There is no such position.", path="position")
        if end <= row.start_date:
            raise PositionInvalid("The position begins on that day or later.", path="end")
        row.end_date = end
        row.save(update_fields=["end_date"])
        record(act, "identity.position.ended", f"person:{row.user_id}", {"position": position, "end": end})


def employ(number: str, name: str, *, act: Act) -> int:
    """This will make an account for a member of staff under a staff number, without password, and give its id."""
    with transaction.atomic():
        user, made = User.objects.get_or_create(username=number, defaults={"display_name": name})
        if made:
            user.set_unusable_password()
            user.save(update_fields=["password"])
            record(act, "identity.person.employed", f"person:{user.pk}", {"number": number})
    return user.pk
