"""Guards the one search box: what finds whom, that nobody is found outside the units searched, and that what is shown
of a person is masked."""

from datetime import date

import pytest
from django.db import connection

from gridhall.contexts.accounts import queries
from gridhall.contexts.accounts.models import (
    Customer,
    CustomerAccount,
    CustomerAgreement,
    Organisation,
    ServiceLocation,
    Settlement,
    UsagePoint,
)
from gridhall.contexts.accounts.searching import Matched

TODAY = date(2026, 11, 21)
HOSTILE = [
    "<script>alert(1)</script>",
    "😀😀😀",
    "‮abcdef",
    "a" * 5000,
    "%_%_",
    "\\\\",
    "';--",
    "\x00\x00ab",
    " ",
    "1234%",
]


@pytest.fixture
def people(db):
    city = Organisation.objects.create(code="C", name="市", level=2)
    units = {
        code: Organisation.objects.create(code=code, name=code, level=4, parent=city) for code in ("north", "south")
    }

    def lives(number, name, phone, unit, address, kind="person", span=(date(2020, 1, 1), None), customer=None):
        place = ServiceLocation.objects.create(address=address)
        who = customer or Customer.objects.create(number=f"6{number}", kind=kind, name=name, phone=phone)
        point, _ = UsagePoint.objects.get_or_create(
            number=f"31{number}",
            defaults={"organisation": units[unit], "usage_class": "residential", "location": place},
        )
        account = CustomerAccount.objects.create(
            number=f"8{number}{len(span)}{who.pk}", organisation=units[unit], customer=who
        )
        agreement = CustomerAgreement.objects.create(usage_point=point, customer=who, tariff_code="t", span=span)
        Settlement.objects.create(agreement=agreement, account=account, span=span)
        return who

    ming = lives("0001", "王小明", "13800001234", "north", "澜川省云泽市望湖路18号3幢502室")
    lives("0002", "张三", "13900005678", "south", "澜川省云泽市荷风路2号")
    lives("0003", "云泽市清溪面馆", "13700009999", "north", "澜川省云泽市望湖路20号底商1号", kind="organisation")
    lives("0004", "", "", "south", "澜川省云泽市荷风路9号", customer=ming, span=(date(2020, 1, 1), date(2021, 1, 1)))
    return ming


def numbers(text, paths=("/",), **other):
    return [each.number for each in queries.search(text, paths, TODAY, **other).found]


@pytest.mark.parametrize(
    ("text", "found", "matched"),
    [
        ("310001", ["60001"], Matched.USAGE_POINT),
        ("31 0001", ["60001"], Matched.USAGE_POINT),
        ("\uff13\uff11\uff10\uff10\uff10\uff11", ["60001"], Matched.USAGE_POINT),
        ("60002", ["60002"], Matched.CUSTOMER),
        ("13800001234", ["60001"], Matched.PHONE),
        ("1380000", ["60001"], Matched.PHONE),
        ("5678", ["60002"], Matched.PHONE),
        ("王小明", ["60001"], Matched.NAME),
        ("小明", ["60001"], Matched.NAME),
        ("清溪", ["60003"], Matched.NAME),
        ("望湖路20号", ["60003"], Matched.ADDRESS),
        ("望湖路 502室", ["60001"], Matched.ADDRESS),
    ],
)
def test_what_somebody_has_at_hand_finds_the_customer(people, text, found, matched):
    results = queries.search(text, ["/"], TODAY)
    assert [each.number for each in results.found] == found
    assert results.found[0].matched[0][0] is matched


def test_whole_numbers_come_first_and_say_so(people):
    results = queries.search("3100", ["/"], TODAY)
    assert results.count == 3
    assert not results.found[0].exact
    assert queries.search("310003", ["/"], TODAY).found[0].exact


def test_what_is_shown_of_a_person_is_masked_and_of_a_company_is_not(people):
    found = queries.search("王小明", ["/"], TODAY).found[0]
    assert (found.name, found.phone) == ("王*明", "138****1234")
    assert found.address == "澜川省云泽市望湖路**号*幢***室"
    assert dict(found.matched)[Matched.NAME] == "王*明"
    assert dict(queries.search("13800001234", ["/"], TODAY).found[0].matched)[Matched.PHONE] == "138****1234"
    assert queries.search("清溪", ["/"], TODAY).found[0].name == "云泽市清溪面馆"


def test_nobody_is_found_outside_the_units_searched(people):
    assert numbers("310002", ["/C/north/"]) == []
    assert numbers("张三", ["/C/north/"]) == []
    assert numbers("荷风路", ["/C/north/"]) == []
    assert numbers("13900005678", ["/C/north/"]) == []
    assert numbers("310002", ["/C/south/"]) == ["60002"]
    assert numbers("310002", ["/C/"]) == ["60002"]
    assert numbers("云泽", []) == []


def test_a_customer_who_left_a_unit_is_found_there_as_a_former_one(people):
    found = queries.search("王小明", ["/C/south/"], TODAY).found[0]
    assert (found.former, found.point) == (True, "310004")
    assert not queries.search("王小明", ["/C/north/"], TODAY).found[0].former


@pytest.mark.parametrize(("span", "former"), [((date(2026, 12, 1), None), False), ((date(2026, 1, 1), TODAY), True)])
def test_who_moves_in_later_is_no_former_customer(people, span, former):
    Settlement.objects.filter(agreement__usage_point__number="310002").update(span=span)
    CustomerAgreement.objects.filter(usage_point__number="310002").update(span=span)
    found = queries.search("张三", ["/C/south/"], TODAY).found[0]
    assert (found.former, found.usage_points, found.point) == (former, 1, "310002")


@pytest.mark.parametrize("text", ["Ada King", "king ada", "adaki", "Kin"])
def test_a_name_of_several_words_is_found_by_them(people, text):
    Customer.objects.filter(number="60003").update(name="Ada King AdaKing")
    assert numbers(text) == ["60003"]
    Customer.objects.filter(number="60003").update(name="Ada King")
    assert numbers(text) == ([] if text == "adaki" else ["60003"])


def test_beyond_the_units_only_whole_numbers_find_and_are_marked(people):
    found = queries.search("310002", ["/C/north/"], TODAY, everywhere=True).found
    assert [(each.number, each.elsewhere, each.address) for each in found] == [("60002", True, "")]
    assert numbers("60002", ["/C/north/"], everywhere=True) == ["60002"]
    assert numbers("张三", ["/C/north/"], everywhere=True) == []
    assert numbers("13900005678", ["/C/north/"], everywhere=True) == []
    assert numbers("31000", ["/C/north/"], everywhere=True) == ["60001", "60003"]


def test_a_meter_finds_who_is_or_was_there(people):
    point = UsagePoint.objects.get(number="310003").pk
    found = queries.search("YZ0001", ["/"], TODAY, meters={point: "YZ0001"}).found
    assert [(each.number, each.exact, each.matched[0]) for each in found] == [
        ("60003", True, (Matched.METER, "YZ0001"))
    ]


@pytest.mark.parametrize("text", ["", " ", "王", "12", "a"])
def test_too_little_finds_nothing_and_says_so(people, text):
    results = queries.search(text, ["/"], TODAY)
    assert (results.found, results.too_short) == ((), True)


@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_that_is_typed_breaks_it(people, text):
    assert queries.search(text, ["/"], TODAY).found == ()


def test_results_come_in_pages(people):
    first, second = (queries.search("云泽", ["/"], TODAY, page=page, size=2) for page in (1, 2))
    assert (first.count, second.count) == (3, 3)
    assert len({each.number for each in (*first.found, *second.found)}) == 3
    assert queries.search("云泽", ["/"], TODAY, page=9).found == ()


def test_pairs_find_any_part_by_the_index(people):
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("EXPLAIN SELECT 1 FROM accounts_customer WHERE accounts_pairs(name) @> accounts_pairs('小明')")
        assert "accounts_customer_name_pairs" in str(cursor.fetchall())


def test_two_queries_at_most(people, django_assert_max_num_queries):
    with django_assert_max_num_queries(2):
        queries.search("云泽", ["/"], TODAY)
