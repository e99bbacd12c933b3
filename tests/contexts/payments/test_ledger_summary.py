"""Guards the promise that the general ledger is told each entry once: the summary's sums are the ledger's."""

import csv
import io
from collections import defaultdict
from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import transaction
from tests.contexts.payments.conftest import ACT, NOW, Till

from gridhall.contexts.billing.models import LedgerEntry
from gridhall.contexts.payments import operations
from gridhall.contexts.payments.general_ledger import GeneralLedgerRulesInvalid
from gridhall.contexts.payments.queries.ledger_summary import COLUMNS, ledger_csv, ledger_summary
from gridhall.contexts.payments.types import Part

FIRST, LAST = date(2025, 11, 1), date(2026, 3, 31)


@pytest.fixture
def busy(till: Till) -> Till:
    """Bills, a cancellation, receipts by two gateways, money back, and late charges, over several days."""
    for month in (1, 2, 3):
        for account in range(3):
            till.bill(account, month, 10_000 * month + account, NOW - timedelta(days=120 - month))
    till.cancel(till.bill(0, 4, 777))
    for at, gateway in enumerate(("demo", "counter", "demo")):
        when = NOW + timedelta(hours=7 * at)
        with transaction.atomic():
            receipt = operations.take(
                [Part(till.accounts[at].pk, 9_000 + at)], gateway=gateway, method="m", reference=f"R{at}",
                organisation=till.organisation.pk, paid_at=when, now=when, actor="t",
            )  # fmt: skip
    assert receipt
    operations.go_back(receipt, 500, kind="refund", reference="B1", at=NOW, reason="", act=ACT)
    operations.go_back(receipt, 300, kind="chargeback", reference="B2", at=NOW, reason="", act=ACT)
    operations.assess([account.pk for account in till.accounts], date(2026, 3, 1), act=ACT)
    return till


def test_its_sums_are_those_of_the_ledger(busy):
    found = ledger_summary(FIRST, LAST)
    ledger: dict[tuple[date, str], int] = defaultdict(int)
    for entry in LedgerEntry.objects.all():
        local = (entry.posted_at + timedelta(hours=8)).date()
        ledger[local, entry.kind] += entry.amount_fen
    summed: dict[tuple[date, str], int] = defaultdict(int)
    for each in found:
        summed[each.day, each.kind] += each.ledger_fen
    assert summed == ledger
    assert {each.kind for each in found} >= {"bill", "cancellation", "receipt", "refund", "chargeback", "late_charge"}
    assert sum(each.entries for each in found) == LedgerEntry.objects.count()
    # What is debited to receivables less what is credited to them is what customers owe.
    receivables = sum(
        each.amount_fen * (each.debit.startswith("1122") - each.credit.startswith("1122")) for each in found
    )
    assert receivables == sum(busy.balance(at) for at in range(3))


def test_days_are_of_posting_in_the_utility_s_zone_and_tell_each_entry_once(busy):
    whole = ledger_summary(FIRST, LAST)
    apart = []
    day = FIRST
    while day <= LAST:
        apart += ledger_summary(day, day)
        day += timedelta(days=1)
    assert apart == whole
    receipts = [each for each in whole if each.kind == "receipt"]
    assert [(each.day, each.gateway, each.amount_fen) for each in receipts] == [
        (date(2026, 3, 2), "counter", 9_001), (date(2026, 3, 2), "demo", 9_000), (date(2026, 3, 3), "demo", 9_002),
    ]  # fmt: skip


def test_a_receipt_a_second_before_midnight_is_of_that_day(till):
    when = datetime(2026, 3, 2, 15, 59, 59, tzinfo=UTC)
    with transaction.atomic():
        operations.take(
            [Part(till.accounts[0].pk, 1)], gateway="demo", method="m", reference="R",
            organisation=till.organisation.pk, paid_at=when, now=when, actor="t",
        )  # fmt: skip
    assert [each.day for each in ledger_summary(FIRST, LAST)] == [date(2026, 3, 2)]


def test_the_file_is_what_spreadsheets_and_ledgers_read(busy):
    content = ledger_csv(ledger_summary(FIRST, LAST))
    assert content.startswith(b"\xef\xbb\xbfday,unit,")
    assert content.count(b"\r\n") == content.count(b"\n")
    rows = list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))
    assert tuple(rows[0]) == COLUMNS
    assert sum(round(float(row["ledger"]) * 100) for row in rows) == sum(busy.balance(at) for at in range(3))


def test_a_name_is_no_formula(till):
    till.organisation.name = '=HYPERLINK("x"),"y"'
    till.organisation.save()
    till.bill(0, 1, 100)
    (row,) = csv.DictReader(io.StringIO(ledger_csv(ledger_summary(FIRST, LAST)).decode("utf-8-sig")))
    assert row["unit_name"] == '\'=HYPERLINK("x"),"y"'


def test_only_the_units_asked_for_count(busy):
    assert ledger_summary(FIRST, LAST, paths=["/LC/"]) == ledger_summary(FIRST, LAST)
    assert ledger_summary(FIRST, LAST, paths=["/L_/", "/%/"]) == []


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("bill: [", "general_ledger.yaml:1"),
        ("bill: {other: {debit: '1'}}", "general_ledger.yaml:bill.other.credit"),
        ("bill: {other: {debit: '=1+1', credit: '2'}}", "general_ledger.yaml:bill.other.debit"),
        ("receipt: {other: {debit: '1', credit: '2'}}", "general_ledger.yaml:bill"),
    ],
)
def test_rules_that_do_not_do_are_refused_with_the_place(till, tmp_path, monkeypatch, text, where):
    till.bill(0, 1, 100)
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "general_ledger.yaml").write_text(text, encoding="utf-8")
    (tmp_path / "rules" / "billing.yaml").write_bytes(b"")
    monkeypatch.setenv("GRIDHALL_CONTENT", str(tmp_path))
    with pytest.raises(GeneralLedgerRulesInvalid) as raised:
        ledger_summary(FIRST, LAST)
    assert raised.value.path == where
