"""Guards: personal data are shown whole only by permission and for a reason, and the customer sees who looked."""

import pytest
from tests.contexts.identity.conftest import NOW, staff

from gridhall.contexts.accounts.models import Customer
from gridhall.contexts.identity import operations, queries
from gridhall.contexts.identity.operations.errors import NotPermitted, ReasonMissing
from gridhall.contexts.identity.types import PersonalField, Role
from gridhall.kernel.errors import NotFound
from gridhall.runtime import audit
from gridhall.runtime.audit import Act

pytestmark = pytest.mark.usefixtures("county")
CLERK = Act("staff:E20260017", NOW)
EAST = (Role.CLERK, "/44/4401/")


def test_a_clerk_of_the_unit_sees_what_was_asked_for_and_the_customer_sees_that() -> None:
    clear = operations.unmask(
        "L", {PersonalField.PHONE, PersonalField.ADDRESS}, " 回访 核对 ", act=CLERK, staff=staff(EAST)
    )
    assert clear.fields == {PersonalField.PHONE: "15400000001"}
    assert clear.addresses == {"1002": "福华路 2 号"}
    (look,) = queries.who_looked([Customer.objects.get(number="L").pk])
    assert (look.at, look.unit, look.role, look.staff) == (NOW, "东区", Role.CLERK, "017")
    assert (set(look.fields), look.reason) == ({PersonalField.PHONE, PersonalField.ADDRESS}, "回访 核对")
    assert "154" not in str(audit.trail("customer:L")[-1].details)
    assert not queries.who_looked([Customer.objects.get(number="T").pk])


@pytest.mark.parametrize("reason", ["", "   ", "好的", "。。。。。。", "aaaa"])
def test_without_a_reason_nothing_is_shown(reason: str) -> None:
    with pytest.raises(ReasonMissing):
        operations.unmask("L", {PersonalField.NAME}, reason, act=CLERK, staff=staff(EAST))
    with pytest.raises(ReasonMissing):
        operations.unmask("L", set(), "回访核对", act=CLERK, staff=staff(EAST))
    assert all(entry.action != "identity.customer.unmasked" for entry in audit.trail("customer:L"))


@pytest.mark.parametrize(
    ("held", "error"),
    [
        ([(Role.CLERK, "/44/4402/")], NotFound),
        ([(Role.ADMINISTRATOR, "/44/")], NotFound),
        ([(Role.AUDITOR, "/44/")], NotPermitted),
        ([(Role.AUDITOR, "/44/4401/"), (Role.CLERK, "/44/4402/")], NotPermitted),
        ([], NotFound),
    ],
)
def test_others_do_not(held: list[tuple[Role, str]], error: type[Exception]) -> None:
    with pytest.raises(error):
        operations.unmask("L", {PersonalField.NAME}, "回访核对", act=CLERK, staff=staff(*held))


def test_an_unknown_customer_and_one_elsewhere_are_the_same() -> None:
    said = []
    for customer in ("F", "nobody"):
        with pytest.raises(NotFound) as refused:
            operations.unmask(customer, {PersonalField.NAME}, "回访核对", act=CLERK, staff=staff(EAST))
        said.append(str(refused.value))
    assert said[0] == said[1]
