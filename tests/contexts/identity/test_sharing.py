"""Guards: a share shows exactly what was chosen, to one phone, from its day until its end, and not a moment longer."""

from datetime import timedelta

import pytest
from tests.contexts.identity.conftest import ACT, TODAY, D, person, seen_as
from tests.contexts.identity.test_linking import linked

from gridhall.contexts.identity import operations, queries
from gridhall.contexts.identity.operations.errors import AlreadyShared, PhoneInvalid, PhoneTaken, ShareInvalid
from gridhall.contexts.identity.types import Relation, Right
from gridhall.kernel.errors import NotFound
from gridhall.kernel.spans import DateSpan

pytestmark = pytest.mark.usefixtures("county")


@pytest.fixture
def owner(county: None):
    return person(1)


@pytest.fixture
def home(owner) -> str:
    return linked(owner.pk, "L", "1002")


def new(**more):
    return operations.NewShare(
        **({"phone": "154 0000 0050", "relation": Relation.TENANT, "rights": [Right.BILLS]} | more)
    )


def test_a_tenant_sees_exactly_what_was_chosen(owner, home: str) -> None:
    tenant = person(50)
    chosen = new(data_from=D(2026, 2, 1), end=D(2026, 5, 1), rights=[Right.USAGE])
    key = operations.share(owner.pk, home, chosen, act=ACT, today=TODAY)
    seen = seen_as(tenant.pk, key, TODAY)
    assert (seen.owner, seen.rights, seen.until) == (False, {Right.USAGE}, D(2026, 5, 1))
    assert seen.spans == (DateSpan(D(2026, 2, 1), None),)
    assert seen_as(tenant.pk, home, TODAY) is None
    assert seen_as(tenant.pk, key, D(2026, 4, 30)) is not None
    assert seen_as(tenant.pk, key, D(2026, 5, 1)) is None
    assert seen_as(tenant.pk, key, TODAY - timedelta(days=1)) is None


def test_revoked_is_over_at_once(owner, home: str) -> None:
    tenant = person(50)
    key = operations.share(owner.pk, home, new(), act=ACT, today=TODAY)
    for stranger in (tenant, person(51)):
        with pytest.raises(NotFound):
            operations.revoke(stranger.pk, key, act=ACT)
    operations.revoke(owner.pk, key, act=ACT)
    assert not queries.homes_of(tenant.pk, TODAY)
    with pytest.raises(NotFound):
        operations.revoke(owner.pk, key, act=ACT)
    operations.share(owner.pk, home, new(), act=ACT, today=TODAY)


def test_it_waits_for_whoever_confirms_the_phone(owner, home: str) -> None:
    operations.share(owner.pk, home, new(), act=ACT, today=TODAY)
    (given,) = queries.given(owner.pk, TODAY)
    assert (given.phone, given.seen) == ("154****0050", False)
    later = person(50, confirmed=False)
    assert operations.claim_shares(later.pk, act=ACT) == 0
    assert not queries.homes_of(later.pk, TODAY)
    operations.confirm_phone(later.pk, "15400000050", act=ACT)
    assert [each.number for each in queries.homes_of(later.pk, TODAY)] == ["1002"]
    assert queries.given(owner.pk, TODAY)[0].seen


def test_unlinking_ends_what_was_shared(owner, home: str) -> None:
    tenant = person(50)
    operations.share(owner.pk, home, new(), act=ACT, today=TODAY)
    operations.unlink(owner.pk, home, act=ACT)
    assert not queries.homes_of(tenant.pk, TODAY)


def test_a_share_can_be_given_up_but_not_passed_on(owner, home: str) -> None:
    tenant = person(50)
    key = operations.share(owner.pk, home, new(), act=ACT, today=TODAY)
    with pytest.raises(NotFound):
        operations.share(tenant.pk, key, new(phone="15400000051"), act=ACT, today=TODAY)
    operations.unlink(tenant.pk, key, act=ACT)
    assert not queries.homes_of(tenant.pk, TODAY)
    assert queries.homes_of(owner.pk, TODAY)


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        ({"phone": "12"}, PhoneInvalid),
        ({"phone": "<script>"}, PhoneInvalid),
        ({"phone": "15400000001"}, ShareInvalid),
        ({"rights": []}, ShareInvalid),
        ({"rights": [Right.DOWNLOAD]}, ShareInvalid),
        ({"end": TODAY}, ShareInvalid),
        ({"end": D(2026, 4, 1), "data_from": D(2026, 4, 1)}, ShareInvalid),
    ],
)
def test_shares_that_make_no_sense(owner, home: str, wrong, error: type[Exception]) -> None:
    with pytest.raises(error):
        operations.share(owner.pk, home, new(**wrong), act=ACT, today=TODAY)
    assert not queries.given(owner.pk, TODAY)


def test_once_per_phone_until_it_is_over(owner, home: str) -> None:
    operations.share(owner.pk, home, new(end=TODAY + timedelta(days=1)), act=ACT, today=TODAY)
    with pytest.raises(AlreadyShared):
        operations.share(owner.pk, home, new(phone="+86 15400000050"), act=ACT, today=TODAY)
    operations.share(owner.pk, home, new(), act=ACT, today=TODAY + timedelta(days=1))


def test_a_confirmed_phone_is_not_taken_from_its_owner(owner) -> None:
    waiting = operations.expect("15400000077", act=ACT)
    other = person(78)
    operations.confirm_phone(other.pk, "15400000077", act=ACT)
    assert operations.expect("15400000077", act=ACT) == other.pk != waiting
    with pytest.raises(PhoneTaken):
        operations.confirm_phone(owner.pk, "15400000077", act=ACT)
