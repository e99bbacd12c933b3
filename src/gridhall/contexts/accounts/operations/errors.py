"""Why an operation of the accounts context was not carried out, and which constraint of the database says so."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Final

from django.db import IntegrityError
from django_integrity import constraints
from django_integrity.conversion import Named

from gridhall.kernel.errors import GridhallError, NotFound, Refused


class AlreadyDone(Refused):
    """Things already are as asked; nothing was changed."""

    code = "already_done"


class AlreadyExists(Refused):
    """A number or code is taken."""

    code = "already_exists"


class AgreementsOverlap(Refused):
    """The usage point would have two agreements on one day."""

    code = "agreements_overlap"


class SettlementsOverlap(Refused):
    """Two accounts would settle one agreement on one day."""

    code = "settlements_overlap"


class SettlementIncomplete(Refused):
    """An agreement would be in force on days that no account settles."""

    code = "settlement_incomplete"


class SettlementOutside(Refused):
    """An account would settle an agreement on days on which it is not in force."""

    code = "settlement_outside_agreement"


class SpanEmpty(Refused):
    """A span would have no first day or no day at all."""

    code = "span_empty"


class TermsInvalid(Refused):
    """A term of an agreement is not a possible value."""

    code = "terms_invalid"


class PositionInvalid(Refused):
    """A longitude or latitude is missing or not on earth."""

    code = "position_invalid"


class OrganisationMisplaced(Refused):
    """A unit would not stand below its parent's level."""

    code = "organisation_misplaced"


class ValueInvalid(Refused):
    """A field holds a word or form that is not one of those it may hold."""

    code = "value_invalid"


class UnableToMoveIn(Refused):
    """The usage point is not free on that day, or not in use."""

    code = "unable_to_move_in"


class UnableToMoveOut(Refused):
    """No agreement of the usage point is in force up to that day."""

    code = "unable_to_move_out"


class UnableToChange(Refused):
    """No agreement of the usage point is in force on that day, or a later change stands in the way."""

    code = "unable_to_change"


class TooFarBack(Refused):
    """The effective date lies further back than changes may reach."""

    code = "too_far_back"


class TooFarAhead(Refused):
    """The effective date lies further ahead than changes may be announced."""

    code = "too_far_ahead"


class UnknownReference(NotFound):
    """A row refers to something that does not exist."""

    code = "unknown_reference"


class WrongColumns(GridhallError):
    """A table to load has the wrong columns or a wrong value; the path names table, row and column."""

    code = "wrong_columns"


class CsvInvalid(GridhallError):
    """A file of contracts cannot be read; the path is ``file:line:column``."""

    code = "csv_invalid"


_TAKEN: Final = "That number or code is taken."
_MEANING: Final[Mapping[str, tuple[type[GridhallError], str]]] = {
    "accounts_organisation_code": (AlreadyExists, _TAKEN),
    "accounts_organisation_path": (AlreadyExists, _TAKEN),
    "accounts_substation_code": (AlreadyExists, _TAKEN),
    "accounts_feeder_code": (AlreadyExists, _TAKEN),
    "accounts_transformerarea_code": (AlreadyExists, _TAKEN),
    "accounts_customer_number": (AlreadyExists, _TAKEN),
    "accounts_customeraccount_number": (AlreadyExists, _TAKEN),
    "accounts_usagepoint_number": (AlreadyExists, _TAKEN),
    "accounts_agreement_overlap": (AgreementsOverlap, "A usage point has at most one agreement on any day."),
    "accounts_settlement_overlap": (SettlementsOverlap, "One account settles an agreement on any day."),
    "accounts_settlement_covers_agreement": (
        SettlementIncomplete, "An account has to settle every day on which an agreement is in force."
    ),
    "accounts_settlement_within_agreement": (
        SettlementOutside, "An account settles an agreement only on days on which it is in force."
    ),
    "accounts_agreement_span": (SpanEmpty, "An agreement has a first day and lasts a day at least."),
    "accounts_settlement_span": (SpanEmpty, "A settlement has a first day and lasts a day at least."),
    "accounts_agreement_tariff": (TermsInvalid, "An agreement names a tariff."),
    "accounts_agreement_household": (TermsInvalid, "A household has one person at least."),
    "accounts_agreement_capacity": (TermsInvalid, "A capacity is above 0 VA."),
    "accounts_agreement_demand": (TermsInvalid, "A contracted demand is above 0 W."),
    "accounts_agreement_powerfactor": (TermsInvalid, "The power-factor standard is 90, 85 or 80 (hundredths)."),
    "accounts_organisation_below_parent": (
        OrganisationMisplaced, "A unit stands below its parent: province, city, county, station; the parent exists."
    ),
    "accounts_organisation_level": (OrganisationMisplaced, "A level is 1 province, 2 city, 3 county or 4 station."),
    "accounts_organisation_code_form": (ValueInvalid, "A unit's code has letters, digits, dots, hyphens, underscores."),
    "accounts_customer_kind": (ValueInvalid, "A customer is a person or an organisation."),
    "accounts_customer_named": (ValueInvalid, "A customer has a name."),
    "accounts_servicelocation_address": (ValueInvalid, "An address is not empty."),
    "accounts_usagepoint_numbered": (ValueInvalid, "A usage point has a number."),
    "accounts_customeraccount_numbered": (ValueInvalid, "An account has a number."),
    "accounts_usagepoint_class": (
        ValueInvalid,
        "A usage class is residential, commercial, industrial, agricultural, public, ev_charging or generation.",
    ),
    "accounts_usagepoint_status": (
        ValueInvalid, "The status of a usage point is planned, connected, disconnected or retired."
    ),
    "accounts_protection_span": (SpanEmpty, "A protection has a first day and lasts a day at least."),
    "accounts_protection_kind": (ValueInvalid, "A protection is of a kind that the register knows."),
    "accounts_protection_evidence": (ValueInvalid, "A protection says what it rests on."),
    "accounts_transformerarea_capacity": (ValueInvalid, "A capacity is above 0 VA."),
} | dict.fromkeys(
    (f"accounts_{what}_position" for what in ("substation", "transformerarea", "servicelocation", "usagepoint")),
    (PositionInvalid, "A position is a longitude and a latitude in degrees, both or neither."),
)  # fmt: skip

#: Checked at commit unless asked for earlier.
_DEFERRED: Final = ("accounts_settlement_complete",)


@contextmanager
def integrity(path: str = "") -> Iterator[None]:
    """Let what is written inside be checked at the end of the block, and say each "no" of the database in our words."""
    try:
        yield
        constraints.set_immediate(_DEFERRED, using="default")
        constraints.set_deferred(_DEFERRED, using="default")
    except IntegrityError as error:
        for name, (kind, message) in _MEANING.items():
            if Named(name).is_match(error):
                raise kind(message, path=path) from error
        raise
