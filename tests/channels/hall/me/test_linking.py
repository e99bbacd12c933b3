"""Guards: a person links a home by code or by bill; wrong, guessed and hostile numbers all get the same answer."""

import re

import pytest
from django.db import connection
from tests.channels.hall.me.conftest import signed_in
from tests.contexts.identity.conftest import person

from gridhall.contexts.billing.queries import proving
from gridhall.contexts.billing.queries.proving import Charged
from gridhall.contexts.identity import queries
from gridhall.kernel import clock


def text_of(page) -> str:
    """What a page says, without what differs in every answer."""
    text = page.content.decode()
    return re.sub(r"csrf\w*\W.*?>|X-CSRFToken[^}]*", "", text)


def test_by_code(county, outbox, django_capture_on_commit_callbacks) -> None:
    user = person(9)
    browser = signed_in(user)
    assert "link" in browser.get("/me/").content.decode()
    with django_capture_on_commit_callbacks(execute=True):
        answer = browser.post("/me/homes/link/", {"number": "1002", "by": "code"})
    assert answer["Location"] == "/me/homes/link/code/"
    assert outbox[0].address == "15400000001"
    wrong = browser.post("/me/homes/link/code/", {"code": "no code"})
    assert wrong.status_code == 200
    done = browser.post("/me/homes/link/code/", {"code": outbox[0].code})
    (found,) = queries.homes_of(user.pk, clock.now().date())
    assert done["Location"] == f"/me/homes/{found.key}/"
    assert browser.get(done["Location"]).status_code == 200


def test_a_guessed_number_looks_like_a_real_one(county, outbox) -> None:
    said = []
    for number in ("1002", "7777"):
        browser = signed_in(person(20 + len(said)))
        pages = [browser.post("/me/homes/link/", {"number": number, "by": "code"}, follow=True)]
        pages.append(browser.post("/me/homes/link/code/", {"code": "000000"}))
        pages.append(browser.post("/me/homes/link/", {"number": number, "by": "bill"}, follow=True))
        pages.append(browser.post("/me/homes/link/bill/", {"bill": "2026010100000000100", "amount": "12.30"}))
        said.append([(page.status_code, text_of(page).replace(number, "NUMBER")) for page in pages])
    assert said[0] == said[1]


@pytest.mark.parametrize("number", ["<script>alert(1)</script>", "‮1002", "😀" * 30, "'; DROP TABLE x; --", "   "])
def test_hostile_numbers(county, outbox, number: str) -> None:
    browser = signed_in(person(9))
    page = browser.post("/me/homes/link/", {"number": number, "by": "code"}, follow=True)
    assert page.status_code == 200
    assert "<script>alert" not in page.content.decode()
    assert browser.post("/me/homes/link/bill/", {"bill": number, "amount": "-1"}).status_code in {200, 302}
    assert not outbox


def test_throttled_by_person_for_known_and_unknown_alike(county, outbox) -> None:
    for number in ("1002", "7777"):
        browser = signed_in(person(30 + int(number[0])))
        browser.post("/me/homes/link/", {"number": number, "by": "code"})
        for _ in range(10):
            browser.post("/me/homes/link/code/", {"code": "000000"})
        page = browser.post("/me/homes/link/code/", {"code": "000000"})
        assert "尝试次数过多" in page.content.decode()


@pytest.fixture
def bill(county, monkeypatch) -> Charged:
    """A bill of 1002 to L; the ledger of its run is not what these tests are about."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT u.id, c.id FROM accounts_usagepoint u, accounts_customer c WHERE u.number='1002' AND c.number='L'"
        )
        point, customer = cursor.fetchone()
    charged = Charged(point, "1002", customer, 15570, clock.now().date().replace(day=1))
    monkeypatch.setattr(
        "gridhall.journeys.linking.charged", lambda number: charged if number == 2026010100000000100 else None
    )
    return charged


@pytest.mark.parametrize(
    ("number", "bill_number", "amount", "right"),
    [
        ("1002", "2026010100000000100", "155.70", True),
        ("1002", " 2026010100000000100 ", "155.7", True),
        ("1002", "2026010100000000100", "155.71", False),
        ("1001", "2026010100000000100", "155.70", False),
        ("1002", "2026010100000000200", "155.70", False),
        ("1002", "9" * 30, "155.70", False),
        ("1002", "abc", "155.70", False),
    ],
)
def test_by_bill(bill: Charged, number: str, bill_number: str, amount: str, right: bool) -> None:
    user = person(9)
    browser = signed_in(user)
    browser.post("/me/homes/link/", {"number": number, "by": "bill"})
    answer = browser.post("/me/homes/link/bill/", {"bill": bill_number, "amount": amount})
    assert (answer.status_code == 302) is right
    assert bool(queries.homes_of(user.pk, clock.now().date())) is right


def test_no_bill_of_that_number(db: None) -> None:
    assert proving.charged(2026010100000000100) is None
