"""Guards the promise that one fen never appears or vanishes: the database posts bills and refuses every change,
whoever asks, also from psql."""

from datetime import UTC, date, datetime

import pytest
from django.db import IntegrityError, connection, transaction

from gridhall.contexts.billing.models import Bill, LedgerEntry

LATER = datetime(2013, 5, 1, tzinfo=UTC)


def refused(sql: str, constraint: str) -> None:
    with pytest.raises(IntegrityError) as raised, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)
    assert raised.value.__cause__.diag.constraint_name == constraint


def entries():
    return list(LedgerEntry.objects.order_by("id").values_list("kind", "amount_fen", "value_date", "account_id"))


def test_issuing_a_bill_posts_its_total_on_the_last_day_of_its_period(books):
    books.bill(total=1234).save(force_insert=True)
    assert entries() == [("bill", 1234, date(2013, 1, 31), books.account.id)]


def test_cancelling_a_bill_posts_the_negative_on_the_same_day(books):
    bill = books.bill(total=1234)
    bill.save(force_insert=True)
    Bill.objects.filter(number=bill.number).update(status="cancelled", cancelled_at=LATER, cancelled_reason="late")
    assert entries()[1:] == [("cancellation", -1234, date(2013, 1, 31), books.account.id)]


def test_a_total_that_is_not_the_sum_of_its_lines_is_refused(books):
    with pytest.raises(IntegrityError, match="bill_total_is_sum_of_lines"), transaction.atomic():
        books.bill(total=1000, amount_fen=[999]).save(force_insert=True)
    assert entries() == []


def test_lines_of_unequal_number_are_refused(books):
    with pytest.raises(IntegrityError, match="bill_lines_complete"), transaction.atomic():
        books.bill(quantity=[1, 2]).save(force_insert=True)


@pytest.mark.parametrize("days", [(1, 31), (10, 20)])
def test_two_live_bills_never_cover_the_same_day(books, days):
    books.bill(1).save(force_insert=True)
    with pytest.raises(IntegrityError, match="live"), transaction.atomic():
        books.bill(2, start_date=date(2013, 1, days[0]), end_date=date(2013, 1, days[1])).save(force_insert=True)


def test_a_bill_names_things_that_belong_together(books):
    with pytest.raises(IntegrityError, match="do not belong together"), transaction.atomic():
        books.bill(usage_point_id=987654).save(force_insert=True)
    with pytest.raises(IntegrityError, match="do not belong together"), transaction.atomic():
        books.bill(run_id=987654).save(force_insert=True)


@pytest.mark.parametrize(
    "change",
    [
        "total_fen = 1",
        "amount_fen = '{5}', total_fen = 5",
        "status = 'cancelled', cancelled_at = now(), cancelled_reason = 'x', account_id = account_id + 1",
        "readings_version = 9",
    ],
)
def test_a_bill_never_changes(books, change):
    books.bill().save(force_insert=True)
    refused(f"UPDATE billing_bill SET {change}", "bill_immutable")


def test_a_cancelled_bill_stays_cancelled(books):
    books.bill().save(force_insert=True)
    Bill.objects.update(status="cancelled", cancelled_at=LATER, cancelled_reason="late")
    refused("UPDATE billing_bill SET status = 'issued', cancelled_at = NULL, cancelled_reason = NULL", "bill_immutable")
    refused("UPDATE billing_bill SET cancelled_at = now()", "bill_immutable")


@pytest.mark.parametrize(
    ("sql", "constraint"),
    [
        ("UPDATE billing_ledgerentry SET amount_fen = 0", "billing_ledgerentry_append_only"),
        ("DELETE FROM billing_ledgerentry", "billing_ledgerentry_append_only"),
        ("DELETE FROM billing_bill", "billing_bill_append_only"),
        (
            "SET LOCAL gridhall.allow_truncate = 'off'; TRUNCATE billing_ledgerentry",
            "billing_ledgerentry_append_only",
        ),
        (
            "SET CONSTRAINTS ALL IMMEDIATE; SET LOCAL gridhall.allow_truncate = 'off'; TRUNCATE billing_bill CASCADE",
            "billing_bill_append_only",
        ),
    ],
)
def test_the_ledger_and_bills_are_append_only(books, sql, constraint):
    books.bill().save(force_insert=True)
    refused(sql, constraint)
    assert len(entries()) == 1


def test_entries_of_bills_are_not_written_by_hand(books):
    bill = books.bill()
    bill.save(force_insert=True)
    columns = "account_id, organisation_id, bill_id, kind, amount_fen, value_date, posted_at"
    values = f"{books.account.id}, {books.run.organisation_id}, {bill.number}, 'cancellation', 7, '2013-01-31', now()"
    refused(f"INSERT INTO billing_ledgerentry ({columns}) VALUES ({values})", "ledger_entry_of_bill_by_bill")
