"""Guards: every error that can reach a page has words in the reader's language, and no word is left over."""

import importlib
import pkgutil
from collections.abc import Iterator

import pytest
from django.utils import translation

import gridhall
from gridhall.channels.web import words
from gridhall.channels.web.error_words import NOT_ON_PAGES, WORDS
from gridhall.kernel.errors import GridhallError, NotFound

for _module in pkgutil.walk_packages(gridhall.__path__, "gridhall."):
    if ".migrations" not in _module.name and not _module.name.startswith("gridhall.project.wsgi"):
        importlib.import_module(_module.name)


def kinds(parent: type[GridhallError]) -> Iterator[type[GridhallError]]:
    for kind in parent.__subclasses__():
        if kind.__module__.startswith("gridhall."):
            yield kind
        yield from kinds(kind)


#: Not raised but written by the worker, for what is no error of the house.
OF_JOBS = {"internal", "job_given_up"}
CODES = {"error"} | OF_JOBS | {kind.code for kind in kinds(GridhallError)}


def test_every_code_is_said() -> None:
    assert CODES - NOT_ON_PAGES - WORDS.keys() == set()


def test_no_words_are_left_over() -> None:
    assert (WORDS.keys() | NOT_ON_PAGES) - CODES == set()


@pytest.mark.parametrize("code", sorted(WORDS))
def test_chinese_readers_read_chinese(code: str) -> None:
    with translation.override("zh-hans"):
        for text in map(str, WORDS[code]):
            assert any("一" <= letter <= "鿿" for letter in text), text


def test_the_place_is_named_and_english_readers_read_the_sentence_with_its_figures() -> None:
    error = NotFound("There is no bill 7.", path="bills.csv:3", remedy="See the list.")
    with translation.override("zh-hans"):
        assert words.of_error(error).what == "没有找到您要的内容。（位置：bills.csv:3）"
    with translation.override("en"):
        assert words.of_error(error) == words.Words("There is no bill 7.", "See the list.")
