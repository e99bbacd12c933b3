"""What staff may do: a role is a set of permissions, held at a unit of the organisation and everything below it."""

from enum import StrEnum
from typing import Final


class Permission(StrEnum):
    """One thing that staff may do, at the units where they hold a role that has it."""

    CUSTOMERS_VIEW = "customers.view"
    CUSTOMERS_UNMASK = "customers.unmask"
    BILLS_VIEW = "bills.view"
    BILLS_CORRECT = "bills.correct"
    BILLS_APPROVE = "bills.approve"
    RUNS_START = "runs.start"
    PARKED_RELEASE = "parked.release"
    READINGS_VIEW = "readings.view"
    READINGS_IMPORT = "readings.import"
    READINGS_MEND = "readings.mend"
    TARIFFS_VIEW = "tariffs.view"
    TARIFFS_DRAFT = "tariffs.draft"
    TARIFFS_APPROVE = "tariffs.approve"
    PAYMENTS_VIEW = "payments.view"
    PAYMENTS_TAKE = "payments.take"
    PAYMENTS_REFUND = "payments.refund"
    PAYMENTS_RECONCILE = "payments.reconcile"
    SUPPLY_VIEW = "supply.view"
    SUPPLY_CONTROL = "supply.control"
    SUPPLY_APPROVE = "supply.approve"
    COLLECTION_WORK = "collection.work"
    GUIDE_EDIT = "guide.edit"
    PLACES_EDIT = "places.edit"
    AUDIT_VIEW = "audit.view"
    STAFF_MANAGE = "staff.manage"
    REFERENCE_EDIT = "reference.edit"


class Role(StrEnum):
    """What somebody is at a unit."""

    CLERK = "clerk"
    MANAGER = "manager"
    TARIFF_OFFICER = "tariff_officer"
    AUDITOR = "auditor"
    ADMINISTRATOR = "administrator"

    @classmethod
    def choices(cls) -> list[tuple[str, str]]:
        """Values with their Chinese labels."""
        return list(zip([word.value for word in cls], ("营业员", "主管", "电价员", "审计员", "管理员"), strict=True))


_SEES: Final = frozenset(
    {
        Permission.CUSTOMERS_VIEW,
        Permission.BILLS_VIEW,
        Permission.READINGS_VIEW,
        Permission.TARIFFS_VIEW,
        Permission.PAYMENTS_VIEW,
        Permission.SUPPLY_VIEW,
    }
)
_CLERK: Final = _SEES | {
    Permission.CUSTOMERS_UNMASK,
    Permission.BILLS_CORRECT,
    Permission.RUNS_START,
    Permission.PARKED_RELEASE,
    Permission.READINGS_IMPORT,
    Permission.READINGS_MEND,
    Permission.PAYMENTS_TAKE,
    Permission.PAYMENTS_RECONCILE,
    Permission.SUPPLY_CONTROL,
    Permission.COLLECTION_WORK,
}
#: What each role may do.
PERMISSIONS: Final[dict[Role, frozenset[Permission]]] = {
    Role.CLERK: _CLERK,
    Role.MANAGER: _CLERK
    | {
        Permission.BILLS_APPROVE,
        Permission.TARIFFS_APPROVE,
        Permission.PAYMENTS_REFUND,
        Permission.SUPPLY_APPROVE,
        Permission.GUIDE_EDIT,
        Permission.PLACES_EDIT,
        Permission.AUDIT_VIEW,
        Permission.STAFF_MANAGE,
    },
    Role.TARIFF_OFFICER: _SEES | {Permission.TARIFFS_DRAFT},
    Role.AUDITOR: _SEES | {Permission.AUDIT_VIEW},
    Role.ADMINISTRATOR: frozenset({Permission.STAFF_MANAGE, Permission.REFERENCE_EDIT, Permission.TARIFFS_VIEW}),
}
#: Belongs to the whole utility, not to a place in it: wherever the role is held, it may be done.
UTILITY_WIDE: Final = frozenset(
    {
        Permission.TARIFFS_VIEW,
        Permission.TARIFFS_DRAFT,
        Permission.TARIFFS_APPROVE,
        Permission.REFERENCE_EDIT,
        Permission.GUIDE_EDIT,
        Permission.PLACES_EDIT,
    }
)
