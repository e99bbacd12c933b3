"""Guards: a 户号 is linked by proof only, guessing is counted, and nobody learns which 户号 exist."""

from datetime import timedelta

import pytest
from tests.contexts.identity.conftest import ACT, NOW, TODAY, D, person, seen_as

from gridhall.contexts.accounts.models import Customer, UsagePoint
from gridhall.contexts.identity import operations, queries
from gridhall.contexts.identity.models import Attempt, Challenge
from gridhall.contexts.identity.operations.errors import AlreadyLinked, ProofWrong, TooManyAttempts
from gridhall.contexts.identity.types import Proof
from gridhall.kernel.errors import NotFound
from gridhall.kernel.spans import DateSpan
from gridhall.runtime import audit
from gridhall.runtime.audit import Act

pytestmark = pytest.mark.usefixtures("county")


@pytest.fixture
def sent(settings, django_capture_on_commit_callbacks):
    """Asks for a code and gives what was sent."""
    settings.CODE_SENDER = "tests.contexts.identity.conftest.Outbox"

    def ask(user: int, number: str, act: Act = ACT):
        from tests.contexts.identity.conftest import Outbox

        Outbox.messages.clear()
        with django_capture_on_commit_callbacks(execute=True):
            operations.ask_for_code(user, number, act=act, today=TODAY)
        return list(Outbox.messages)

    return ask


def test_the_code_goes_to_the_registered_phone_and_links(sent) -> None:
    user = person(99).pk
    (message,) = sent(user, " 1002 ")
    assert message.address == "15400000001"
    key = operations.link_by_code(user, "1002", f" {message.code} ", act=ACT, today=TODAY)
    home = seen_as(user, key, TODAY)
    assert (home.number, home.owner, home.address) == ("1002", True, "福华路 * 号")
    assert audit.trail(f"person:{user}")[-1].action == "identity.link.made"
    with pytest.raises(ProofWrong):
        operations.link_by_code(user, "1002", message.code, act=ACT, today=TODAY)


def test_an_unknown_number_is_answered_like_a_known_one(sent) -> None:
    user = person(99).pk
    assert sent(user, "999999") == []
    assert Challenge.objects.get().target == "999999"
    said = []
    for number in ("999999", "1002"):
        with pytest.raises(ProofWrong) as refused:
            operations.link_by_code(user, number, "000000", act=ACT, today=TODAY)
        said.append((str(refused.value), refused.value.code))
    assert said[0] == said[1]


def test_a_code_ends_by_time_use_and_wrong_tries(sent) -> None:
    user = person(99).pk
    (message,) = sent(user, "1002")
    late = Act("x", NOW + timedelta(minutes=11))
    with pytest.raises(ProofWrong):
        operations.link_by_code(user, "1002", message.code, act=late, today=TODAY)
    wrong = "000000" if message.code != "000000" else "111111"
    for _ in range(5):
        with pytest.raises(ProofWrong):
            operations.link_by_code(user, "1002", wrong, act=ACT, today=TODAY)
    with pytest.raises(ProofWrong):
        operations.link_by_code(user, "1002", message.code, act=ACT, today=TODAY)
    assert not queries.homes_of(user, TODAY)


def test_a_code_is_for_one_person_and_one_number(sent) -> None:
    first, second = person(98).pk, person(99).pk
    (message,) = sent(first, "1002")
    for user, number in ((second, "1002"), (first, "1001"), (first, "2001")):
        with pytest.raises(ProofWrong):
            operations.link_by_code(user, number, message.code, act=ACT, today=TODAY)


@pytest.mark.parametrize("number", ["1002", "nothing", "<script>", "😀" * 200, "a" * 5000, ""])
def test_one_person_asks_for_five_codes_an_hour(sent, number: str) -> None:
    user = person(99).pk
    for _ in range(5):
        sent(user, number)
    with pytest.raises(TooManyAttempts):
        operations.ask_for_code(user, number, act=ACT, today=TODAY)
    sent(user, "another", Act("x", NOW + timedelta(hours=1, seconds=1)))


@pytest.mark.parametrize("number", ["1002", "does-not-exist"])
def test_everybody_together_guesses_at_one_number_twenty_times_a_day(number: str) -> None:
    for index in range(20):
        with pytest.raises(ProofWrong):
            operations.link_by_code(person(100 + index).pk, number, "000000", act=ACT, today=TODAY)
    with pytest.raises(TooManyAttempts):
        operations.link_by_code(person(200).pk, number, "000000", act=ACT, today=TODAY)
    tomorrow = Act("x", NOW + timedelta(days=1, seconds=1))
    with pytest.raises(ProofWrong):
        operations.link_by_code(person(201).pk, number, "000000", act=tomorrow, today=TODAY)
    assert Attempt.objects.filter(subject=f"target:{number}").count() == 1


def test_one_person_guesses_ten_times_an_hour() -> None:
    user = person(99).pk
    for index in range(10):
        with pytest.raises(ProofWrong):
            operations.link_by_code(user, f"10{index:02}", "000000", act=ACT, today=TODAY)
    with pytest.raises(TooManyAttempts):
        operations.link_by_code(user, "1050", "000000", act=ACT, today=TODAY)


def linked(user: int, customer: str, number: str) -> str:
    return operations.link(
        user,
        usage_point=UsagePoint.objects.get(number=number).pk,
        customer=Customer.objects.get(number=customer).pk,
        proof=Proof.DEMO,
        act=ACT,
    )


def test_a_former_occupant_sees_their_own_years_only() -> None:
    before, now = person(3).pk, person(2).pk
    old, new = linked(before, "B", "1001"), linked(now, "T", "1001")
    assert seen_as(before, old, TODAY).spans == (DateSpan(D(2024, 1, 1), D(2025, 6, 1)),)
    assert seen_as(now, new, TODAY).spans == (DateSpan(D(2025, 7, 1), None),)
    for user, key in ((before, new), (now, old)):
        assert seen_as(user, key, TODAY) is None


def test_linked_once_named_and_unlinked() -> None:
    user = person(1).pk
    key = linked(user, "L", "1002")
    with pytest.raises(AlreadyLinked):
        linked(user, "L", "1002")
    for name in ("  爸妈  家 ", "<script>alert(1)</script>", "‮家", "😀" * 200):
        operations.rename(user, key, name, act=ACT)
        assert len(seen_as(user, key, TODAY).name) <= 40
    other = person(2).pk
    for act_on in (lambda: operations.rename(other, key, "x", act=ACT), lambda: operations.unlink(other, key, act=ACT)):
        with pytest.raises(NotFound):
            act_on()
    operations.unlink(user, key, act=ACT)
    assert not queries.homes_of(user, TODAY)
    with pytest.raises(NotFound):
        operations.unlink(user, key, act=ACT)
    assert linked(user, "L", "1002") != key
