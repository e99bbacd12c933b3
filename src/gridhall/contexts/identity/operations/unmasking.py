"""Personal data shown whole: to staff with the permission, for a reason, on the audit trail."""

from collections.abc import Collection
from typing import Any, Final

from django.db import connection, transaction

from gridhall.contexts.identity.operations.errors import NotPermitted, ReasonMissing
from gridhall.contexts.identity.types import (
    PERMISSIONS,
    ClearValues,
    Permission,
    PersonalField,
    Position,
    Staff,
    reason_of,
)
from gridhall.kernel.errors import NotFound
from gridhall.runtime.audit import Act, record

#: The action of the entries that `queries.who_looked` shows to the customer.
UNMASKED: Final = "identity.customer.unmasked"
_CUSTOMER: Final = "SELECT id, name, phone, credential FROM accounts_customer WHERE number = %s"
_UNITS: Final = """
    SELECT o.path FROM accounts_customeragreement a
    JOIN accounts_usagepoint u ON u.id = a.usage_point_id JOIN accounts_organisation o ON o.id = u.organisation_id
    WHERE a.customer_id = %(id)s
    UNION
    SELECT o.path FROM accounts_customeraccount c JOIN accounts_organisation o ON o.id = c.organisation_id
    WHERE c.customer_id = %(id)s
"""
_ADDRESSES: Final = """
    SELECT DISTINCT u.number, l.address FROM accounts_customeragreement a
    JOIN accounts_usagepoint u ON u.id = a.usage_point_id JOIN accounts_servicelocation l ON l.id = u.location_id
    WHERE a.customer_id = %s ORDER BY u.number
"""


def unmask(customer: str, fields: Collection[PersonalField], reason: str, *, act: Act, staff: Staff) -> ClearValues:
    """This will give personal data of a customer as they are, and write down who wanted them, which, and why.

    Args:
        customer: the customer's number.
        fields: which data; at least one.
        reason: at least four characters that say something; the customer can read it.
        act: actor ``staff:<number>``.
        staff: who asks, with the positions of today.

    Raises:
        NotFound: when there is no such customer, or none of its units is this person's to see.
        NotPermitted: when it may be seen there but not unmasked.
        ReasonMissing: when the reason is too short, or nothing is asked for.
    """
    given = reason_of(reason)
    if given is None or not fields:
        raise ReasonMissing(
            "Say what the data are needed for.", path="reason", remedy="The customer can read the reason."
        )
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_CUSTOMER, [customer])
        row = cursor.fetchone()
        if row is None:
            raise _unknown()
        identifier, name, phone, credential = row
        cursor.execute(_UNITS, {"id": identifier})
        position = _position(staff, [path for (path,) in cursor.fetchall()])
        plain = {PersonalField.NAME: name, PersonalField.PHONE: phone, PersonalField.CREDENTIAL: credential}
        addresses: dict[str, str] = {}
        if PersonalField.ADDRESS in fields:
            cursor.execute(_ADDRESSES, [identifier])
            addresses = dict(cursor.fetchall())
        details: dict[str, Any] = {
            "fields": sorted(fields), "reason": given, "unit": position.code, "role": position.role,
        }  # fmt: skip
        record(act, UNMASKED, f"customer:{customer}", details)
    return ClearValues({field: text for field, text in plain.items() if field in fields}, addresses)


def _position(staff: Staff, paths: list[str]) -> Position:
    """The position by which somebody may unmask at one of these units."""
    here = [held for held in staff.positions if not paths or any(path.startswith(held.path) for path in paths)]
    if not any(Permission.CUSTOMERS_VIEW in PERMISSIONS[held.role] for held in here):
        raise _unknown()
    for held in here:
        if Permission.CUSTOMERS_UNMASK in PERMISSIONS[held.role]:
            return held
    raise NotPermitted("Your role sees personal data masked only.", path="fields")


def _unknown() -> NotFound:
    return NotFound("There is no such customer here.", path="customer")
