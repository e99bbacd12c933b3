"""Guards: a wrong tariff document is refused with a stable code and the line; all its problems are told at once."""

import json
import re
from decimal import Decimal
from pathlib import Path

import pytest

from gridhall.contexts.tariffs import operations
from gridhall.contexts.tariffs.document import InvalidDocument, parse
from gridhall.contexts.tariffs.document.parts import in_both_languages
from gridhall.contexts.tariffs.document.reading import UnreadableDocument, read_yaml
from gridhall.kernel.errors import GridhallError

CONTENT = Path(__file__).resolve().parents[3] / "content" / "tariffs"

GOOD = """\
tariff: village
name: {zh-Hans: 村庄, en: village}
currency: CNY
versions:
  - version: "2025"
    start: 2025-01-01
    end: 2026-01-01
    source: a ruling
    seasons:
      summer: {months: [5, 6, 7, 8, 9, 10]}
      winter: {months: [11, 12, 1, 2, 3, 4]}
    time_of_use:
      day:
        periods: {peak: peak, valley: valley}
        schedules:
          - {season: summer, hours: {peak: 06:00-22:00, valley: 22:00-06:00}}
          - {season: winter, hours: {peak: 08:00-21:00, valley: 21:00-08:00}}
    components:
      - code: energy
        type: energy
        time_of_use: day
        tiers:
          basis: year
          blocks:
            - {up_to: 3120, prices: {peak: 0.617, valley: 0.307}}
            - {up_to: 4800, prices: {peak: 0.677, valley: 0.337}}
            - {prices: {peak: 0.977, valley: 0.487}}
      - {code: monthly, type: fixed, price: 5}
  - version: "2026"
    start: 2026-01-01
    source: a ruling
    components:
      - {code: energy, type: energy, price: 0.5}
"""


def problems(text: str) -> list[tuple[str, str]]:
    with pytest.raises(InvalidDocument) as caught:
        parse(read_yaml(text, name="village.yaml"))
    return [(problem.code, problem.path) for problem in caught.value.problems]


def test_the_good_document_is_good():
    parse(read_yaml(GOOD, name="village.yaml"))


TOU = "versions[0].time_of_use.day"
ENERGY = "versions[0].components[0]"


@pytest.mark.parametrize(
    ("change", "to", "code", "place"),
    [
        ("valley: 22:00-06:00", "valley: 21:00-06:00", "overlapping_periods",
         f"16:{TOU}.schedules[0].hours.valley"),
        ("valley: 22:00-06:00", "valley: 22:00-05:00", "gap_in_day", f"16:{TOU}.schedules[0].hours"),
        ("valley: 22:00-06:00", "valley: 22:00-25:00", "bad_clock_time", f"16:{TOU}.schedules[0].hours.valley"),
        ("season: winter, hours", "season: summer, hours", "gap_in_year", f"15:{TOU}.schedules"),
        ("season: winter, hours", "hours", "overlapping_schedules", f"17:{TOU}.schedules[1]"),
        ("season: winter, hours", "days: [weekday], hours", "overlapping_schedules", f"17:{TOU}.schedules[1]"),
        ("season: winter, hours", "season: fall, hours", "unknown_season", f"17:{TOU}.schedules[1].season"),
        ("{peak: peak, valley: valley}\n", "{peak: peak}\n", "unknown_period", f"16:{TOU}.schedules[0].hours.valley"),
        ("{months: [11, 12, 1,", "{months: [11, 13, 1,", "number_out_of_range",
         "11:versions[0].seasons.winter.months[1]"),
        ("up_to: 4800", "up_to: 3000", "tiers_out_of_order", f"26:{ENERGY}.tiers.blocks[1].up_to"),
        ("up_to: 4800", "up_to: 3120", "tiers_out_of_order", f"26:{ENERGY}.tiers.blocks[1].up_to"),
        ("up_to: 3120, ", "", "tier_without_limit", f"25:{ENERGY}.tiers.blocks[0]"),
        ("- {prices: {peak: 0.977", "- {up_to: 9000, prices: {peak: 0.977", "last_tier_not_open",
         f"27:{ENERGY}.tiers.blocks[2].up_to"),
        ("{peak: 0.677, valley: 0.337}", "{peak: 0.677}", "missing_price",
         f"26:{ENERGY}.tiers.blocks[1].prices.valley"),
        ("{peak: 0.677, valley: 0.337}", "{peak: 0.677, valey: 0.337}", "unknown_period",
         f"26:{ENERGY}.tiers.blocks[1].prices.valey"),
        (", prices: {peak: 0.677, valley: 0.337}", "", "missing_price", f"26:{ENERGY}.tiers.blocks[1]"),
        ("price: 0.5", "price: null", "missing_price", "33:versions[1].components[0].price"),
        (", price: 0.5", "", "missing_price", "33:versions[1].components[0].price"),
        ("price: 5", "price: '5'", "not_a_number", "28:versions[0].components[1].price"),
        ("price: 5", "price: yes please", "not_a_number", "28:versions[0].components[1].price"),
        ("price: 5", "price: true", "not_a_number", "28:versions[0].components[1].price"),
        ("price: 5", "price: 0.0000000001", "too_many_decimals", "28:versions[0].components[1].price"),
        ("price: 5", "price: 1e30", "number_out_of_range", "28:versions[0].components[1].price"),
        (", price: 5", "", "missing_price", "28:versions[0].components[1].price"),
        ("basis: year", "basis: decade", "bad_value", f"23:{ENERGY}.tiers.basis"),
        ("basis: year", "base: year", "unknown_key", f"23:{ENERGY}.tiers.base"),
        ("type: fixed, price: 5", "type: tax, mode: added, rate: 13", "number_out_of_range",
         "28:versions[0].components[1].rate"),
        ("months: [5, 6,", "months: [true, 6,", "not_a_number", "10:versions[0].seasons.summer.months[0]"),
        ("source: a ruling\n    seasons", "source: ' '\n    seasons", "bad_code", "8:versions[0].source"),
        ("type: fixed, price: 5", "type: fixed, price: 5, prorate: 3", "not_true_or_false",
         "28:versions[0].components[1].prorate"),
        ("currency: CNY", "currency: yuan", "bad_code", "3:currency"),
        ("start: 2025-01-01", "start: 2025-02-30", "bad_date", "6:versions[0].start"),
        ("start: 2025-01-01", "start: 20250101", "bad_date", "6:versions[0].start"),
        ("start: 2025-01-01", "start: 2026-05-01", "dates_out_of_order", "5:versions[0]"),
        ("end: 2026-01-01", "end: 2026-03-01", "versions_overlap", "30:versions[1].start"),
        ('version: "2026"', 'version: "2025"', "duplicate_version", "29:versions[1].version"),
        ('version: "2026"', "version: 2026", "not_a_text", "29:versions[1].version"),
        ("code: monthly", "code: energy", "duplicate_code", "28:versions[0].components[1].code"),
        ("type: fixed", "type: fixd", "unknown_component", "28:versions[0].components[1].type"),
        ("type: fixed, ", "", "missing_key", "28:versions[0].components[1].type"),
        ("time_of_use: day", "time_of_use: week", "unknown_time_of_use", f"21:{ENERGY}.time_of_use"),
        ("    source: a ruling\n    components:\n      - {code: energy, type: energy, price: 0.5}",
         "    components:\n      - {code: energy, type: energy, price: 0.5}", "price_without_source",
         "32:versions[1].components[0].price"),
        ("tariff: village\n", "", "missing_key", "1:tariff"),
        ("name: {zh-Hans: 村庄, en: village}", "name: {en: village}", "missing_key", "2:name.zh-Hans"),
    ],
)  # fmt: skip
def test_a_problem_is_told_with_code_line_and_place(change: str, to: str, code: str, place: str):
    assert change in GOOD
    found = problems(GOOD.replace(change, to, 1))
    assert (code, f"village.yaml:{place}") in found


def test_all_problems_are_told_at_once_in_the_order_of_lines():
    text = (
        GOOD.replace("valley: 22:00-06:00", "valley: 21:00-06:00")
        .replace("up_to: 4800", "up_to: 3000")
        .replace("price: 5", "prise: 5")
        .replace('"2026"\n    start: 2026-01-01', '"2026"\n    start: 2026-13-01')
    )
    found = problems(text)
    assert [code for code, _ in found] == [
        "overlapping_periods",
        "tiers_out_of_order",
        "missing_price",
        "unknown_key",
        "bad_date",
    ]


def test_the_first_problem_is_the_error_of_the_contract():
    with pytest.raises(InvalidDocument) as caught:
        parse(read_yaml(GOOD.replace("price: 5", "prise: 5"), name="village.yaml"))
    told = caught.value.as_json()
    assert told["code"] == "missing_price"
    assert told["path"] == "village.yaml:28:versions[0].components[1].price"
    assert told["problems"][1]["code"] == "unknown_key"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "empty_file"),
        ("  \n# nothing\n", "empty_file"),
        ("tariff: [", "bad_yaml"),
        ("tariff: a\n\tname: b", "bad_yaml"),
        ("a: &x [1]\nb: *x", "yaml_alias"),
        ("a: &x lol\nb: [*x, *x, *x]", "yaml_alias"),
        ("a: 1\na: 2", "duplicate_key"),
        ("a: " + "[" * 100 + "]" * 100, "yaml_too_large"),
        ("a: [" + "1," * 60_000 + "1]", "yaml_too_large"),
        ("price: .nan", "not_a_number"),
        ("price: .inf", "not_a_number"),
        ("price: 0x1F", "not_a_number"),
        ("price: 1_000", "not_a_number"),
        ("? [a, b]\n: c", "bad_yaml"),
        ("a: 1\n---\nb: 2", "bad_yaml"),
        ("a: \x07", "bad_yaml"),
    ],
)
def test_text_that_is_no_document_is_refused(text: str, code: str, tmp_path: Path):
    file = tmp_path / "village.yaml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(GridhallError) as caught:
        operations.load_tariff(file)
    assert caught.value.code == code
    assert str(file) in caught.value.path


@pytest.mark.parametrize("text", ["42", "just words", "- a\n- b"])
def test_yaml_that_is_no_mapping_is_no_tariff(text: str):
    with pytest.raises(InvalidDocument) as caught:
        parse(read_yaml(text, name="x"))
    assert caught.value.code == "not_a_tariff"


def test_a_tag_runs_no_code():
    with pytest.raises(GridhallError):
        parse(read_yaml("tariff: !!python/object/apply:os.system ['echo no']", name="x"))


def test_encodings(tmp_path: Path):
    file = tmp_path / "village.yaml"
    file.write_bytes(GOOD.encode("utf-8-sig"))
    assert operations.load_tariff(file).name.zh_hans == "村庄"
    file.write_bytes(GOOD.encode("gb18030"))
    with pytest.raises(UnreadableDocument) as caught:
        operations.load_tariff(file)
    assert caught.value.code == "wrong_encoding"
    assert caught.value.path == f"{file}:2"


@pytest.mark.parametrize("name", ["nowhere.yaml", "."])
def test_a_file_that_is_not_there(name: str, tmp_path: Path):
    with pytest.raises(UnreadableDocument) as caught:
        operations.load_tariff(tmp_path / name)
    assert caught.value.code == "file_not_found"


def test_windows_line_ends(tmp_path: Path):
    file = tmp_path / "village.yaml"
    file.write_bytes(GOOD.replace("\n", "\r\n").encode())
    assert operations.load_tariff(file).code == "village"


def test_numbers_keep_their_digits():
    content = read_yaml("a: 0.1\nb: 0.30000000000000004\nc: 12", name="x").content
    assert content == {"a": Decimal("0.1"), "b": Decimal("0.30000000000000004"), "c": 12}
    assert not any(isinstance(value, float) for value in content.values())


@pytest.mark.parametrize("file", sorted(CONTENT.glob("*.yaml")), ids=lambda file: file.stem)
def test_the_shipped_documents_are_good(file: Path):
    tariff = operations.load_tariff(file)
    assert tariff.code == file.stem
    for plan in tariff.plans:
        for line in plan.lines:
            assert line.source
            assert line.label.zh_hans
            assert line.label.en


def test_the_published_schema_is_current():
    published = json.loads((CONTENT / "tariff.schema.json").read_text(encoding="utf-8"))
    assert published == json.loads(json.dumps(operations.document_schema())), (
        "run: gridhall tariff schema > content/tariffs/tariff.schema.json"
    )


def test_the_document_of_the_how_to_is_good():
    text = (CONTENT.parents[1] / "docs" / "how-to" / "add-a-tariff.md").read_text(encoding="utf-8")
    document = text.split("```yaml\n")[1].split("```")[0]
    assert operations.parse_tariff(document, name="how-to").code == "our-village"


def test_a_source_in_two_languages_is_shown_in_the_readers_and_printed_as_one_text():
    text = (CONTENT / "shanghai-residential.yaml").read_text(encoding="utf-8")
    tariff = operations.parse_tariff(text, name="shanghai")
    line = tariff.plans[0].lines[0]
    label = in_both_languages(line.source)
    assert line.source == f"{label.zh_hans} · {label.en}"
    assert label.zh_hans.startswith("已公布的上海居民电价")
    assert label.en.startswith("published residential price of Shanghai")
    assert in_both_languages("OpenEI · 5f1a").zh_hans == "OpenEI · 5f1a"
    assert in_both_languages("国令 · law; 省令 · rule").en == "law; rule"


@pytest.mark.parametrize("source", ["{zh-Hans: 国家发展改革委}", "{zh-Hans: a, en: ' '}", "{zh-Hans: a, en: b, fr: c}"])
def test_a_source_with_a_language_too_few_or_too_many_is_refused(source):
    text = (CONTENT / "shanghai-residential.yaml").read_text(encoding="utf-8")
    written = re.sub(r"source: \{.*\}", f"source: {source}", text)
    with pytest.raises(InvalidDocument) as refused:
        operations.parse_tariff(written, name="shanghai")
    assert "source" in str(refused.value)
