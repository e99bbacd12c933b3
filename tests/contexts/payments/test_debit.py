"""Guards: direct debits are announced, asked for once, and posted as the bank answers; wrong files change nothing."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree
from tests.contexts.payments.conftest import NOW
from tests.standins.debit_bank import Bank, FileRefused

from gridhall.contexts.billing.models import LedgerEntry
from gridhall.contexts.payments import errors, operations
from gridhall.contexts.payments import queries as payments
from gridhall.contexts.payments.creditor import debit_rules
from gridhall.contexts.payments.debit_files import bank_text, camt054
from gridhall.contexts.payments.models import DebitItem, DebitResult, Receipt
from gridhall.kernel.errors import NotFound
from gridhall.kernel.money import yuan
from gridhall.runtime.audit import Act

ACT = Act("staff:C9001", NOW)
DAY = date(2026, 3, 9)
LATER = Act("staff:C9001", NOW + timedelta(days=9))


def mandate(at, **changes):
    values = {
        "reference": f"M-{at:04}", "debtor_name": f"王小明 & <{at}>", "bank_account": "GB82 WEST 1234 5698 7654 32",
        "bank_code": "COBADEFF", "limit_fen": 50_000, "signed_date": date(2026, 1, 5), "act": ACT,
    }  # fmt: skip
    return operations.record_mandate(f"A{at}", **values | changes)


@pytest.fixture
def bills(till):
    for at, fen in enumerate((12_850, 4_000, 700)):
        till.bill(at, 1, fen)
        mandate(at)
    return till


def batch(act=ACT, format="pain", day=DAY):
    operations.announce_debits(day, act=act)
    made = operations.make_batch(day, format=format, act=act)
    return made, operations.batch_file(made)[1]


def statuses():
    return list(DebitItem.objects.order_by("id").values_list("status", flat=True))


def balances(till):
    return [till.balance(at) for at in range(3)]


# -- announcing -----------------------------------------------------------------------------------------------------


def test_payers_are_told_once_and_early_enough(bills):
    told = operations.announce_debits(DAY, act=ACT)
    assert (told.count, told.total_fen, told.above_limit) == (3, 17_550, ())
    assert operations.announce_debits(DAY, act=ACT).count == 0
    assert [(each.collection_date, each.count) for each in payments.debits_waiting()] == [(DAY, 3)]
    with pytest.raises(errors.DebitRefused):
        operations.announce_debits(NOW.date() + timedelta(days=4), act=ACT)


def test_who_owes_more_than_the_limit_is_not_debited(till):
    till.bill(0, 1, 50_001)
    mandate(0)
    told = operations.announce_debits(DAY, act=ACT)
    assert (told.count, told.above_limit) == (0, ("M-0000",))
    assert operations.make_batch(DAY, format="pain", act=ACT) is None


def test_who_owes_nothing_is_not_told(till):
    mandate(0)
    assert operations.announce_debits(DAY, act=ACT).count == 0


# -- files ----------------------------------------------------------------------------------------------------------


def test_the_bank_accepts_the_file(bills):
    made, content = batch()
    debits = Bank().check(content)
    assert sorted(each["amount"] for each in debits) == ["128.50", "40.00", "7.00"]
    found = payments.debit_batch(made)
    assert (found.count, found.total_fen, found.states["sent"]) == (3, 17_550, 3)
    assert operations.batch_file(made)[0] == f"{found.message_id}.xml"
    assert operations.make_batch(DAY, format="pain", act=ACT) is None


def test_the_bank_would_notice_a_wrong_file(bills):
    _, content = batch()
    for old, new in (
        (b"<CtrlSum>175.50", b"<CtrlSum>175.51"), (b"<NbOfTxs>3", b"<NbOfTxs>2"), (b"FRST</SeqTp>", b"RCUR</SeqTp>"),
        (b"<SeqTp>FRST</SeqTp>", b""), (b"GB82WEST", b"GB83WEST"),
        (b"DE89370400440532013000", b"DE02120300000000202051"),
        (b"2026-03-09</ReqdColltnDt>", b"2026-03-01</ReqdColltnDt>"),
    ):  # fmt: skip
        assert old in content
        with pytest.raises(FileRefused):
            Bank().check(content.replace(old, new, 1))


def test_who_paid_meanwhile_is_dropped_and_who_owes_less_pays_less(bills, till):
    operations.announce_debits(DAY, act=ACT)
    operations.open_drawer(till.organisation.pk, 0, act=ACT)
    operations.take_at_counter("A0", 12_850, method="cash", request_key="a", act=ACT)
    operations.take_at_counter("A1", 1_000, method="cash", request_key="b", act=ACT)
    till.bill(2, 2, 99)
    made = operations.make_batch(DAY, format="pain", act=ACT)
    assert statuses() == ["dropped", "sent", "sent"]
    # Nobody pays more than was announced, though a bill came since.
    assert [each.amount_fen for each in payments.bank_debits_of(made)] == [3_000, 700]


def test_a_mandate_that_ended_is_not_used(bills):
    operations.announce_debits(DAY, act=ACT)
    operations.end_mandate("M-0000", reason="moved", act=ACT)
    operations.make_batch(DAY, format="pain", act=ACT)
    assert statuses() == ["dropped", "sent", "sent"]
    with pytest.raises(NotFound):
        operations.end_mandate("M-0000", reason="moved", act=ACT)


def test_a_day_that_is_over_makes_no_file(bills):
    operations.announce_debits(DAY, act=ACT)
    with pytest.raises(errors.DebitRefused):
        operations.make_batch(DAY, format="pain", act=Act("cli:x", NOW + timedelta(days=30)))


# -- round trips ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("format", ["pain", "text"])
def test_what_the_bank_collects_is_paid_and_what_it_does_not_is_open(bills, till, format):
    _, content = batch(format=format)
    bank = Bank()
    failing = DebitItem.objects.order_by("id")[1].end_to_end
    bank.returns[failing] = "AM04"
    answer = bank.collect(content) if format == "pain" else bank.collect_text(content)
    result = payments.debit_answer(operations.import_answer(answer, act=LATER))
    assert sorted(line.outcome for line in result.lines) == ["failed", "paid", "paid"]
    assert balances(till) == [0, 4_000, 0]
    assert statuses() == ["paid", "failed", "paid"]
    assert set(Receipt.objects.values_list("gateway", "method")) == {("debit", f"debit.{format}")}
    assert "AM04" in DebitItem.objects.get(end_to_end=failing).reason


def test_what_comes_back_later_is_a_chargeback(bills, till):
    _, content = batch()
    bank = Bank()
    operations.import_answer(bank.collect(content), act=LATER)
    item = DebitItem.objects.order_by("id")[0]
    back = bank.camt([(item.end_to_end, str(yuan(item.amount_fen)), "MD06")], "ANS2")
    result = payments.debit_answer(operations.import_answer(back, act=LATER))
    assert [(line.outcome, line.reason) for line in result.lines] == [("returned", "MD06")]
    assert balances(till) == [12_850, 0, 0]
    assert list(Receipt.objects.filter(kind="chargeback").values_list("amount_fen", "reason")) == [(12_850, "MD06")]


def test_the_second_debit_of_a_mandate_recurs_and_a_failed_first_one_stays_first(bills, till):
    bank = Bank()
    operations.announce_debits(DAY, act=ACT)
    bank.returns[DebitItem.objects.order_by("id")[1].end_to_end] = "AM04"
    content = operations.batch_file(operations.make_batch(DAY, format="pain", act=ACT))[1]
    operations.import_answer(bank.collect(content), act=LATER)
    till.bill(0, 2, 500)
    next_day = DAY + timedelta(days=30)
    _, content = batch(LATER, day=next_day)
    assert {(d.mandate, d.sequence) for d in payments.bank_debits_of(payments.debit_batches()[0].id)} == {
        ("M-0000", "RCUR"), ("M-0001", "FRST"),
    }  # fmt: skip
    # Blocks of both kinds, each with its own sums.
    assert len(bank.check(content)) == 2


def test_the_ledger_agrees_with_the_receipts(bills, till):
    _, content = batch()
    operations.import_answer(Bank().collect(content), act=LATER)
    assert sum(LedgerEntry.objects.filter(kind="receipt").values_list("amount_fen", flat=True)) == -17_550


# -- answers that are not taken -------------------------------------------------------------------------------------


def test_an_answer_is_taken_in_once(bills, till):
    _, content = batch()
    bank = Bank()
    answer = bank.collect(content)
    operations.import_answer(answer, act=LATER)
    before = balances(till)
    for again in (answer, answer.replace(b"<Id>N1</Id>", b"<Id>N2</Id>")):
        with pytest.raises(errors.DebitAnswered):
            operations.import_answer(again, act=LATER)
    # The same movements under another number are known, and posted no second time.
    told = payments.debit_answer(operations.import_answer(answer.replace(b">ANS1<", b">ANS9<"), act=LATER))
    assert {line.outcome for line in told.lines} == {"repeated"}
    assert balances(till) == before


def test_what_cannot_be_matched_is_kept_and_changes_nothing(bills, till):
    batch()
    item, other = DebitItem.objects.order_by("id")[:2]
    lines = [("NOBODY", "1.00", None), (item.end_to_end, "128.51", None), (other.end_to_end, "40.00", None)]
    told = payments.debit_answer(operations.import_answer(Bank().camt(lines, "ANS1"), act=LATER))
    assert [line.outcome for line in told.lines] == ["unknown", "differs", "paid"]
    assert all(line.line > 1 for line in told.lines)
    assert balances(till) == [12_850, 0, 700]


def test_a_debit_that_failed_and_is_paid_nevertheless_is_for_a_clerk(bills, till):
    batch()
    item = DebitItem.objects.order_by("id")[0]
    bank = Bank()
    operations.import_answer(bank.camt([(item.end_to_end, "128.50", "AM04")], "ANS1"), act=LATER)
    told = payments.debit_answer(
        operations.import_answer(bank.camt([(item.end_to_end, "128.50", None)], "ANS2"), act=LATER)
    )
    assert [line.outcome for line in told.lines] == ["contradicts"]
    assert till.balance(0) == 12_850


def test_an_announced_debit_that_was_never_sent_is_unknown_to_the_bank(bills, till):
    operations.announce_debits(DAY, act=ACT)
    item = DebitItem.objects.order_by("id")[0]
    told = payments.debit_answer(
        operations.import_answer(Bank().camt([(item.end_to_end, "128.50", None)], "A"), act=LATER)
    )
    assert [line.outcome for line in told.lines] == ["unknown"]


def refused(content):
    with pytest.raises(errors.DebitRefused) as found:
        operations.import_answer(content, act=LATER)
    assert not DebitResult.objects.exists()
    assert not Receipt.objects.exists()
    return found.value


def test_answers_of_another_creditor_are_refused(bills):
    _, content = batch(format="text")
    item = DebitItem.objects.order_by("id")[0]
    foreign = Bank().camt([(item.end_to_end, "128.50", None)], "A", account="DE02120300000000202051")
    assert "another creditor" in refused(foreign).message
    answer = Bank().collect_text(content)
    assert "another creditor" in refused(answer.replace(b"102290000001", b"102290000002", 1)).message


def test_answers_that_were_cut_are_refused(bills):
    _, content = batch(format="text")
    item = DebitItem.objects.order_by("id")[0]
    text = Bank().collect_text(content)
    for cut in range(len(text) - 2):
        with pytest.raises(errors.DebitRefused):
            bank_text.read(text[:cut], debit_rules())
    camt = Bank().camt([(item.end_to_end, "128.50", None)], "A").rstrip()
    for cut in range(0, len(camt), 7):
        with pytest.raises(errors.DebitRefused):
            camt054.read(camt[:cut], debit_rules())
    assert refused(camt[: len(camt) // 2]).path.startswith("line ")
    assert refused(text[: len(text) // 2]).path.startswith("line ")
    refused(b"")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"<Sum>128.50", b"<Sum>128.51"), (b"<NbOfNtries>1", b"<NbOfNtries>2"), (b'Ccy="CNY"', b'Ccy="EUR"'),
        (b"<Sts>BOOK", b"<Sts>PDNG"), (b">128.50</Amt>", b">NaN</Amt>"), (b">128.50</Amt>", b">128.505</Amt>"),
        (b">128.50</Amt>", b">-128.50</Amt>"), (b">CRDT<", b">GIFT<"), (b"<Dt>2026-03-10", b"<Dt>2026-13-10"),
        (b"camt.054.001.02", b"camt.053.001.02"), (b"EndToEndId>", b"TxId>"), (b"<MsgId>A</MsgId>", b""),
    ],
)  # fmt: skip
def test_answers_that_do_not_add_up_are_refused(bills, old, new):
    batch()
    item = DebitItem.objects.order_by("id")[0]
    content = Bank().camt([(item.end_to_end, "128.50", None)], "A")
    assert old in content
    refused(content.replace(old, new))


def test_an_answer_does_not_read_files_of_this_machine(bills, tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("secret")
    content = (
        Bank()
        .camt([("X", "1.00", None)], "A")
        .replace(b"<Document", f'<!DOCTYPE d [<!ENTITY x SYSTEM "file://{secret}">]><Document'.encode(), 1)
    )
    refused(content.replace(b">X<", b">&x;<"))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("|12850|0000", "|12851|0000"), ("T|3", "T|2"), ("R|2|", "R|3|"), ("|12850|0000", "|x|0000"),
        ("|20260309|", "|2026|"),
    ],
)  # fmt: skip
def test_text_that_does_not_add_up_is_refused(bills, old, new):
    _, content = batch(format="text")
    text = Bank().collect_text(content).decode("gb18030")
    assert old in text
    refused(text.replace(old, new).encode("gb18030"))


@given(st.binary(max_size=200))
def test_garbage_is_refused(content):
    rules = debit_rules()
    for read in (camt054.read, bank_text.read):
        with pytest.raises(errors.DebitRefused):
            read(content, rules)


# -- mandates -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"reference": "M-0001"}, "reference"), ({"reference": "M 1"}, "reference"), ({"reference": "电"}, "reference"),
        ({"bank_account": "GB83WEST12345698765432"}, "bank_account"), ({"bank_account": "12-34"}, "bank_account"),
        ({"bank_code": "?"}, "bank_code"), ({"debtor_name": " "}, "debtor_name"),
        ({"signed_date": date(2027, 1, 1)}, "signed_date"), ({"reference": "NEW"}, "number"),
    ],
)  # fmt: skip
def test_a_mandate_that_cannot_be_is_refused(till, changes, path):
    mandate(1)
    with pytest.raises(errors.MandateInvalid) as found:
        mandate(1 if path == "number" else 0, **changes)
    assert found.value.path == path


def test_a_chinese_account_number_is_no_iban_and_stands_where_it_belongs(till):
    till.bill(0, 1, 100)
    mandate(0, bank_account="6222 0202 0000 1234 567", bank_code="102100099996")
    _, content = batch()
    root = etree.fromstring(content)
    assert root.findtext(".//{*}DbtrAcct/{*}Id/{*}Othr/{*}Id") == "6222020200001234567"
