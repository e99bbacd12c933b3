"""What can be done to accounts: each function one transaction, decided by rules, checked by the database, recorded."""

from gridhall.contexts.accounts.operations.bulk import Portfolio, load
from gridhall.contexts.accounts.operations.changes import (
    MoveIn,
    change_settlement,
    change_tariff,
    change_terms,
    move_in,
    move_out,
)
from gridhall.contexts.accounts.operations.creating import (
    NewCustomer,
    NewUsagePoint,
    create_account,
    create_customer,
    create_organisation,
    create_usage_point,
)
from gridhall.contexts.accounts.operations.errors import (
    AgreementsOverlap,
    AlreadyDone,
    AlreadyExists,
    CsvInvalid,
    OrganisationMisplaced,
    PositionInvalid,
    SettlementIncomplete,
    SettlementOutside,
    SettlementsOverlap,
    SpanEmpty,
    TermsInvalid,
    TooFarAhead,
    TooFarBack,
    UnableToChange,
    UnableToMoveIn,
    UnableToMoveOut,
    UnknownReference,
    ValueInvalid,
    WrongColumns,
)
from gridhall.contexts.accounts.operations.protecting import end_protection, protect
from gridhall.contexts.accounts.operations.supplying import mark_supply
from gridhall.contexts.accounts.operations.takeover import load_csv
from gridhall.contexts.accounts.rules.effective import Limits
from gridhall.contexts.accounts.types import OrganisationLevel

__all__ = [
    "AgreementsOverlap",
    "AlreadyDone",
    "AlreadyExists",
    "CsvInvalid",
    "Limits",
    "MoveIn",
    "NewCustomer",
    "NewUsagePoint",
    "OrganisationLevel",
    "OrganisationMisplaced",
    "Portfolio",
    "PositionInvalid",
    "SettlementIncomplete",
    "SettlementOutside",
    "SettlementsOverlap",
    "SpanEmpty",
    "TermsInvalid",
    "TooFarAhead",
    "TooFarBack",
    "UnableToChange",
    "UnableToMoveIn",
    "UnableToMoveOut",
    "UnknownReference",
    "ValueInvalid",
    "WrongColumns",
    "change_settlement",
    "change_tariff",
    "change_terms",
    "create_account",
    "create_customer",
    "create_organisation",
    "create_usage_point",
    "end_protection",
    "load",
    "load_csv",
    "mark_supply",
    "move_in",
    "move_out",
    "protect",
]
