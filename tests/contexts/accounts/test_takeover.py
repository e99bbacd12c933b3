"""Guards: a list of contracts goes in whole or not at all; what is wrong is said with file, line and column."""

from pathlib import Path

import pytest

from gridhall.contexts.accounts import operations, queries
from gridhall.contexts.accounts.types import CustomerKind
from gridhall.kernel.errors import GridhallError

from .conftest import ACT

pytestmark = pytest.mark.django_db
GOOD = """usage_point,name,tariff_code,start,end,household_size,capacity_va
M1,王小明,home,2013-01-01,,5,
M2,"厂, 一",industry,2013-01-01,2014-01-01,,630000
M2,"厂, 一",industry-tou,2014-01-01,,,630000
"""


def load(tmp_path: Path, text: str | bytes) -> dict[str, int]:
    file = tmp_path / "contracts.csv"
    file.write_bytes(text.encode() if isinstance(text, str) else text)
    return operations.load_csv(file, organisation="3101", act=ACT)


def test_a_list_of_contracts_goes_in(tmp_path: Path) -> None:
    counts = load(tmp_path, GOOD)
    assert counts == {"organisations": 1, "customers": 2, "accounts": 2, "usage_points": 2, "agreements": 3}
    first, second = queries.agreements_of("M2")
    assert (str(first.span), second.tariff_code) == ("[2013-01-01, 2014-01-01)", "industry-tou")
    assert second.terms.capacity_va == 630_000
    assert queries.agreements_of("M1")[0].settlements[0].account_number == "AM1"
    assert queries.masked_customer_name(queries.agreements_of("M1")[0].customer) == "王*明"


@pytest.mark.parametrize(
    "text",
    [
        GOOD.encode("gb18030"),
        GOOD.encode("utf-8-sig"),
        GOOD.encode("utf-16"),
        GOOD.replace("\n", "\r\n").encode(),
        GOOD.replace(",", "\t").replace('"厂\t 一"', "厂").encode(),
        GOOD.replace("厂, 一", "厂").replace(",", ";").encode(),
        GOOD.replace("2013-01-01", "2013/1/1").encode(),
        (GOOD + "\n\n,,,,,,\n").encode(),
    ],
)
def test_encodings_separators_and_blank_lines(tmp_path: Path, text: bytes) -> None:
    assert load(tmp_path, text)["agreements"] == 3


def test_existing_customers_accounts_and_units_are_used(tmp_path: Path) -> None:
    operations.create_organisation("3101", "上海", operations.OrganisationLevel.CITY, act=ACT)
    operations.create_customer(operations.NewCustomer("G", CustomerKind.ORGANISATION, "集团"), act=ACT)
    operations.create_account("AG", organisation="3101", customer="G", act=ACT)
    shops = "usage_point,customer,account,tariff_code,start\n" + "".join(
        f"S{n},G,AG,shop,2025-01-01\n" for n in range(40)
    )
    assert load(tmp_path, shops) == {"usage_points": 40, "agreements": 40}
    assert len(queries.relations_of("G").agreements) == 40


@pytest.mark.parametrize(
    ("text", "code", "path"),
    [
        ("", "csv_invalid", "contracts.csv:1"),
        ("usage_point,start\nM1,2013-01-01\n", "csv_invalid", "contracts.csv:1"),
        (GOOD.replace("name", "colour"), "csv_invalid", "contracts.csv:1"),
        (GOOD.replace("name", "start", 1), "csv_invalid", "contracts.csv:1"),
        (GOOD.replace("M1,王小明,home", "M1,王小明"), "csv_invalid", "contracts.csv:2"),
        (GOOD.replace("2014-01-01,,630000", "2014-02-30,,630000", 1), "csv_invalid", "contracts.csv:3:end"),
        (GOOD.replace(",5,", ",five,"), "csv_invalid", "contracts.csv:2:household_size"),
        (GOOD.replace("M1,", ",", 1), "csv_invalid", "contracts.csv:2:usage_point"),
        (GOOD.replace('一",industry', '一"x,industry', 1), "csv_invalid", "contracts.csv:3"),
        (GOOD.replace("M2,", "M1,", 1), "agreements_overlap", "contracts.csv:3:start"),
        (GOOD.replace("2014-01-01,,630000", "2012-01-01,,630000", 1), "wrong_columns", "contracts.csv:3:end"),
        (GOOD.replace(",5,", ",0,"), "terms_invalid", "contracts.csv"),
        (b"usage_point,tariff_code,start\n\xff\xff\xff,x,2013-01-01\n", "csv_invalid", "contracts.csv"),
        (b"usage_point,tariff_code,start\nM1\0,x,2013-01-01\n", "csv_invalid", "contracts.csv"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(tmp_path: Path, text: str | bytes, code: str, path: str) -> None:
    with pytest.raises(GridhallError) as caught:
        load(tmp_path, text)
    assert (caught.value.code, caught.value.path) == (code, path)
    assert queries.organisations() == []


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(operations.CsvInvalid, match="cannot be read"):
        operations.load_csv(tmp_path / "none.csv", organisation="x", act=ACT)


def test_the_same_file_again_is_refused_and_changes_nothing(tmp_path: Path) -> None:
    load(tmp_path, GOOD)
    with pytest.raises(operations.AgreementsOverlap):
        load(tmp_path, GOOD)
    assert len(queries.agreements_of("M2")) == 2
