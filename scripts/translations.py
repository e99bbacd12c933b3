"""Keep the translations in step with the pages: extract strings, bring the catalogues up to date, compile them.

    python scripts/translations.py          # update every .po and .mo below src/gridhall/channels
    python scripts/translations.py --check  # say what is missing, change nothing

Strings are English in the code; the catalogues hold the Chinese. Each application of the pages has a catalogue of its
own. What is new comes in untranslated and is for a person to write: nothing is guessed.
"""

import argparse
import io
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.conf import settings
from django.utils.translation.template import templatize

ROOT = Path(__file__).resolve().parents[1]
PAGES = ROOT / "src" / "gridhall" / "channels"
LOCALE = "zh_Hans"
KEYWORDS = {
    "gettext": None, "gettext_lazy": None, "gettext_noop": None, "_": None,
    "ngettext": (1, 2), "ngettext_lazy": (1, 2), "pgettext": ((1, "c"), 2), "pgettext_lazy": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
}  # fmt: skip


def applications() -> list[Path]:
    """Every folder with a catalogue of its own."""
    return sorted(folder.parent for folder in PAGES.rglob("locale") if folder.is_dir())


def catalogue_file(application: Path) -> Path:
    """The file that people translate."""
    return application / "locale" / LOCALE / "LC_MESSAGES" / "django.po"


def sources(application: Path) -> Iterator[Path]:
    """The files whose strings belong to an application: those below it that belong to none below it."""
    inner = [other for other in applications() if other != application and other.is_relative_to(application)]
    for file in sorted([*application.rglob("*.py"), *application.rglob("*.html"), *application.rglob("*.txt")]):
        if not any(file.is_relative_to(other) for other in inner):
            yield file


def strings(application: Path) -> Catalog:
    """What the files of an application say."""
    found = Catalog(locale=LOCALE, domain="django", charset="utf-8")
    for file in sources(application):
        text = file.read_text(encoding="utf-8")
        if file.suffix != ".py":
            # What is left is read as Python, to which the template's indentation means nothing.
            text = "\n".join(line.lstrip() for line in templatize(text, origin=str(file)).split("\n"))
        where = str(file.relative_to(ROOT))
        for line, message, comments, context in extract(
            "python", io.BytesIO(text.encode()), keywords=KEYWORDS, comment_tags=("Translators:",)
        ):
            flags = {"python-format"} if "%(" in str(message) or "%s" in str(message) else set()
            found.add(message, locations=[(where, line)], auto_comments=comments, context=context, flags=flags)
    return found


def updated(application: Path) -> Catalog:
    """The catalogue with what the files say now."""
    file = catalogue_file(application)
    if file.exists():
        with file.open("rb") as stream:
            held = read_po(stream, locale=LOCALE, domain="django")
    else:
        held = Catalog(locale=LOCALE, domain="django")
    held.update(strings(application), no_fuzzy_matching=True, update_header_comment=False)
    held.obsolete.clear()
    held.project, held.version, held.header_comment = "gridhall", "", "# Chinese of this part's pages."
    held.revision_date = held.creation_date = None  # type: ignore[assignment]
    return held


def missing(catalogue: Catalog) -> list[str]:
    """The strings without a translation."""
    return [
        str(message.id if isinstance(message.id, str) else message.id[0])
        for message in catalogue
        if message.id
        and (
            message.fuzzy or not all(message.string if isinstance(message.string, (tuple, list)) else [message.string])
        )
    ]


def written(catalogue: Catalog) -> bytes:
    """The text of a catalogue; without line numbers, which would change with every edit."""
    out = io.BytesIO()
    write_po(out, catalogue, width=120, no_location=True, sort_output=True, omit_header=False, include_previous=False)
    lines = [line for line in out.getvalue().splitlines() if b"-Date: " not in line and b"Generated-By" not in line]
    return b"\n".join(lines) + b"\n"


def compiled(text: bytes) -> bytes:
    """The text of a catalogue as the running system reads it; the same text always gives the same bytes."""
    catalogue = read_po(io.BytesIO(text), locale=LOCALE, domain="django")
    catalogue.creation_date = catalogue.revision_date = datetime(2026, 1, 1, tzinfo=UTC)
    out = io.BytesIO()
    write_mo(out, catalogue)
    return out.getvalue()


def main() -> int:
    """Update or check every catalogue."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="change nothing; exit 1 when something is missing")
    check = parser.parse_args().check
    settings.configure(USE_I18N=True)
    wrong = 0
    for application in applications():
        catalogue = updated(application)
        file = catalogue_file(application)
        name = str(application.relative_to(PAGES))
        for text in missing(catalogue):
            wrong += 1
            print(f"{name}: not translated: {text!r}")
        if check:
            if not file.exists() or [m.id for m in read_po(file.open("rb"))] != [
                m.id for m in read_po(io.BytesIO(written(catalogue)))
            ]:
                wrong += 1
                print(f"{name}: run scripts/translations.py")
        else:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(written(catalogue))
            file.with_suffix(".mo").write_bytes(compiled(written(catalogue)))
    return int(check and wrong > 0)


if __name__ == "__main__":
    sys.exit(main())
