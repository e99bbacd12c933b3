"""Guards: every string of the pages is translated, catalogues are in step with the code, nothing stands untranslated.

What a page says in one language only is found where it is written: text in a template outside of ``{% translate %}``
and ``{% blocktranslate %}``, and Chinese in the Python of the pages, which speaks English to its catalogue.
"""

import ast
import importlib.util
import re
from collections import defaultdict
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from babel.messages.pofile import read_po
from django.template.base import Lexer, TokenType

ROOT = Path(__file__).resolve().parents[2]
PAGES = ROOT / "src" / "gridhall" / "channels"


def script() -> Any:
    """scripts/translations.py, which is no package."""
    spec = importlib.util.spec_from_file_location("translations", ROOT / "scripts" / "translations.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


TRANSLATIONS = script()
APPLICATIONS = TRANSLATIONS.applications()
TEMPLATES = sorted(PAGES.rglob("templates/**/*.html"))
#: Text that is the same in every language, and why.
SAME_EVERYWHERE = {
    "English": "the name of a language, in that language",
    "中文": "likewise",
    "CSV": "the name of a format",
    "Parquet": "likewise",
    "Green Button": "likewise",
    "PDF": "likewise",
    "YAML": "likewise",
    "kWh": "a unit",
    "kW": "a unit",
    "/": "the key that leads to the search box",
}
#: Attributes that are read to people.
SPOKEN = {"aria-label", "aria-description", "placeholder", "title", "alt", "aria-roledescription"}
WORDS = re.compile(r"[A-Za-z]{2,}|[\u4e00-\u9fff]")


def short(path: Path) -> str:
    return str(path.relative_to(PAGES))


# -- catalogues ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("application", APPLICATIONS, ids=short)
def test_every_string_is_translated_and_the_catalogue_is_up_to_date(application: Path) -> None:
    catalogue = TRANSLATIONS.updated(application)
    assert not TRANSLATIONS.missing(catalogue), "write their msgstr"
    file = TRANSLATIONS.catalogue_file(application)
    assert file.read_bytes() == TRANSLATIONS.written(catalogue), "run scripts/translations.py"
    assert file.with_suffix(".mo").read_bytes() == TRANSLATIONS.compiled(file.read_bytes()), "likewise"


def test_one_english_string_has_one_chinese() -> None:
    """Django merges all catalogues; of two translations one would show everywhere."""
    said: dict[tuple[str | None, str], dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for application in APPLICATIONS:
        with TRANSLATIONS.catalogue_file(application).open("rb") as stream:
            for message in read_po(stream):
                if message.id:
                    said[message.context, str(message.id)][str(message.string)].append(short(application))
    differing = {key: dict(found) for key, found in said.items() if len(found) > 1}
    assert not differing


@pytest.mark.parametrize("application", APPLICATIONS, ids=short)
def test_placeholders_survive_translation(application: Path) -> None:
    with TRANSLATIONS.catalogue_file(application).open("rb") as stream:
        for message in read_po(stream):
            english = message.id if isinstance(message.id, (tuple, list)) else (message.id,)
            chinese = message.string if isinstance(message.string, (tuple, list)) else (message.string,)
            wanted = set().union(*(re.findall(r"%\(\w+\)[sd]|\{\w*\}", text) for text in english))
            for text in chinese:
                assert set(re.findall(r"%\(\w+\)[sd]|\{\w*\}", text)) == wanted, message.id


# -- templates ----------------------------------------------------------------------------------------------------


class Bare(HTMLParser):
    """Collects the words of a template's own HTML: its text and what its attributes say."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[str] = []
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._silent += tag in {"script", "style"}
        self.found += [value.strip() for name, value in attrs if name in SPOKEN and value and WORDS.search(value)]

    def handle_endtag(self, tag: str) -> None:
        self._silent -= tag in {"script", "style"}

    def handle_data(self, data: str) -> None:
        if not self._silent and WORDS.search(data):
            self.found.append(data.strip())


def own_html(template: str) -> Iterator[str]:
    """A template without what stands in tags and variables, and without what is translated as a block."""
    inside = ""
    for token in Lexer(template).tokenize():
        if token.token_type is TokenType.BLOCK:
            name = token.contents.split()[0]
            if name in {"blocktranslate", "blocktrans", "comment"}:
                inside = name
            elif token.contents == "block body_class":
                inside = "block"
            elif name == f"end{inside}":
                inside = ""
        if token.token_type is TokenType.TEXT and not inside:
            yield token.contents


def bare(template: str) -> list[str]:
    parser = Bare()
    parser.feed("".join(own_html(template)))
    parser.close()
    return [text for text in parser.found if text not in SAME_EVERYWHERE]


@pytest.mark.parametrize("template", TEMPLATES, ids=short)
def test_no_template_says_anything_untranslated(template: Path) -> None:
    assert not bare(template.read_text(encoding="utf-8"))


def test_what_stands_untranslated_is_found() -> None:
    html = """{% load x %}<p {% if a %}class="y"{% endif %} aria-label="label">{% translate "fine" %} {{ fine }} or</p>
    <script>code</script>{% blocktranslate %}fine{% endblocktranslate %}{% comment %}fine{% endcomment %}<b>文</b>
    <input placeholder="{% translate 'fine' %}" value="fine"> kWh <i>kWh</i>"""
    assert bare(html) == ["label", "or", "文"]


# -- Python -------------------------------------------------------------------------------------------------------


def docstrings(tree: ast.Module) -> set[ast.AST]:
    return {
        node.body[0].value
        for node in ast.walk(tree)
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef))
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }


#: Chinese that pages may have in their Python, and why.
CHINESE_IN_CODE = {
    "web/formats.py": "patterns of dates by language",
    "console/reference/site.py": "the admin's labels are Chinese alone, and so is its frame",
    "console/tariffs/drafts.py": "a new tariff document has its texts in both languages",
}


def test_the_python_of_pages_speaks_english_to_its_catalogue() -> None:
    found = []
    for file in sorted(PAGES.rglob("*.py")):
        if "cli" in file.parts or short(file) in CHINESE_IN_CODE:
            continue
        tree = ast.parse(file.read_text(encoding="utf-8"))
        documented = docstrings(tree)
        found += [
            f"{short(file)}:{node.lineno} {node.value!r}"
            for node in ast.walk(tree)
            if isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and node not in documented
            and re.search(r"[\u4e00-\u9fff]", node.value)
            and node.value not in SAME_EVERYWHERE
        ]
    assert not found
