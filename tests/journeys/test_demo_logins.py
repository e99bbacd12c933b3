"""Guards: the demo's logins are made once, sign in as what they say they are, and see what the demo promises."""

from datetime import UTC, date, datetime

import pyarrow as pa
import pytest
from django.contrib.auth import get_user_model

from gridhall.contexts.accounts import operations as accounts
from gridhall.contexts.identity import queries
from gridhall.contexts.identity.types import Right
from gridhall.contexts.identity.types import Role as Job
from gridhall.journeys.demo import logins
from gridhall.journeys.demo.utility import Role
from gridhall.kernel.errors import NotFound
from gridhall.runtime.audit import Act

TODAY = date(2026, 3, 20)
ACT = Act("demo", datetime(2026, 3, 20, 4, 0, tzinfo=UTC))
ROLES = {
    Role.SEVERAL_HOMES: ["1", "2"],
    Role.TENANT_SETTLES: ["3"],
    Role.LANDLORD_SETTLES: ["4"],
    Role.CHAIN_SHOP: [str(number) for number in range(5, 12)],
}


@pytest.fixture
def utility(db: None, settings) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    owners = ["O", "O", "H", "T", *["S"] * 7]
    numbers = [str(number) for number in range(1, 12)]
    accounts.load(
        accounts.Portfolio(
            organisations=pa.table(
                {"code": ["LC", "LC-1", "LC-2", "LC-1-1", "LC-2-1"], "level": [1, 3, 3, 4, 4],
                 "name": ["省公司", "县公司", "另一县公司", "供电所", "大供电所"],
                 "parent": [None, "LC", "LC", "LC-1", "LC-2"]}
            ),
            customers=pa.table(
                {"number": ["O", "H", "T", "S"], "kind": ["person", "person", "person", "organisation"],
                 "name": ["业主", "房东", "租客", "连锁"], "phone": [f"1540000000{at}" for at in range(4)]}
            ),
            accounts=pa.table({"number": ["A"], "organisation": ["LC-1-1"], "customer": ["O"]}),
            usage_points=pa.table(
                {"number": numbers, "organisation": ["LC-2-1"] * 11, "usage_class": ["residential"] * 11}
            ),
            agreements=pa.table(
                {"usage_point": numbers, "customer": owners, "account": ["A"] * 11, "tariff_code": ["home"] * 11,
                 "start": [date(2025, 1, 1)] * 11}
            ),
        ),
        act=ACT,
    )  # fmt: skip


def test_they_are_made_once_and_are_what_they_say(utility: None) -> None:
    found = logins.create(ROLES, act=ACT, today=TODAY)
    people = {login.sign_in: queries.recognised(login.sign_in) for login in found}
    assert None not in people.values()
    owner, landlord, tenant, nothing, chain, clerk, elsewhere, manager, tariffs, auditor = people.values()
    homes = {user: queries.homes_of(user, TODAY) for user in people.values()}
    assert [len(homes[user]) for user in (owner, landlord, tenant, nothing, chain)] == [2, 1, 1, 0, 5]
    assert (homes[tenant][0].owner, homes[tenant][0].rights) == (False, {Right.BILLS, Right.USAGE})
    jobs = [queries.staff(user, TODAY).positions[0] for user in (clerk, elsewhere, manager, tariffs, auditor)]
    assert [job.role for job in jobs] == [Job.CLERK, Job.CLERK, Job.MANAGER, Job.TARIFF_OFFICER, Job.AUDITOR]
    assert jobs[0].code != jobs[1].code
    assert jobs[2].code == "LC-2"
    assert all(user.check_password(logins.PASSWORD) for user in get_user_model().objects.all())

    changed = get_user_model().objects.get(pk=owner)
    changed.set_password("of-their-own")
    changed.save()
    assert logins.create(ROLES, act=ACT, today=TODAY) == found
    changed.refresh_from_db()
    assert changed.check_password("of-their-own")
    assert get_user_model().objects.count() == len(found)


def test_the_app_of_staff_shows_a_code(utility: None) -> None:
    logins.create(ROLES, act=ACT, today=TODAY)
    assert len(logins.code_now("C1001")) == 6
    with pytest.raises(NotFound):
        logins.code_now("15400000000")


def test_whoever_does_not_occur_is_left_out(utility: None) -> None:
    assert len(logins.create({}, act=ACT, today=TODAY)) == 5
