"""Guards the drawing of a customer: however much there is, it stays small and says what it leaves out."""

from dataclasses import replace
from datetime import date

import pytest

from gridhall.channels.console.customers.topology import drawn
from gridhall.contexts.accounts.portraits import Contract, OwnAccount, Payer, Portrait
from gridhall.contexts.accounts.types import Terms
from gridhall.kernel.spans import DateSpan

TODAY = date(2026, 11, 21)
SPAN = DateSpan(date(2020, 1, 1), None)


def customer(accounts: int) -> Portrait:
    own = tuple(OwnAccount(each, f"A{each}", "unit", "/u/") for each in range(1, accounts + 1))
    return Portrait(1, "C1", True, "王*明", "", "", own, ("/u/",))


def contract(place: int, *, of: str = "C1", account: int = 1) -> Contract:
    return Contract(
        agreement=place, customer=of, name="", point=place, number=f"U{place}", usage_class="residential",
        status="active", address="", unit="unit", tariff_code="t", span=SPAN, terms=Terms(),
        payers=(Payer(account, f"A{account}", "C1", "王*明", SPAN),),
    )  # fmt: skip


@pytest.mark.parametrize(("points", "accounts", "others"), [(0, 0, 0), (1, 1, 0), (6, 6, 3), (400, 300, 500)])
def test_a_drawing_stays_small_and_says_how_much_it_leaves_out(points: int, accounts: int, others: int) -> None:
    own = [contract(place) for place in range(1, min(points, 20) + 1)]
    paid = [contract(1000 + place, of=f"C{place + 2}") for place in range(min(others, 20))]
    found = drawn(customer(accounts), own, points, paid, others, TODAY)
    boxes = [box for box in found.boxes if box.kind != "more"]
    left_out = sum(int(box.title.removeprefix("+ ")) for box in found.boxes if box.kind == "more")
    seen = sum(box.kind in {"point", "account", "their-account"} for box in boxes)
    assert seen + left_out == points + others + max(accounts, 1 if points or others else 0)
    assert found.height < 1000
    assert all(box.y >= 0 and box.y + found.box_height <= found.height for box in found.boxes)


def test_what_begins_later_is_drawn_so() -> None:
    later = replace(contract(1), span=DateSpan(date(2027, 1, 1), None))
    found = drawn(customer(1), [later, contract(2)], 2, [], 0, TODAY)
    assert [line.later for line in found.lines] == [True, False, False, False]
