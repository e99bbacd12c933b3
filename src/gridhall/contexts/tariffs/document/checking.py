"""From the text of a tariff document to a checked `TariffDocument`, or to the list of everything wrong with it."""

import difflib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel, TypeAdapter, ValidationError

from gridhall.contexts.tariffs.document import models
from gridhall.contexts.tariffs.document.consistency import Finding, of_document, of_version
from gridhall.contexts.tariffs.document.parts import Season, TimeOfUse
from gridhall.contexts.tariffs.document.reading import Place, Source, path_text, read_text, read_yaml
from gridhall.kernel.errors import GridhallError

_COMPONENT: Final[TypeAdapter[Any]] = TypeAdapter(models.AnyComponent)
_TYPES: Final = frozenset(
    (
        "energy",
        "surcharge",
        "dynamic",
        "capacity",
        "demand",
        "power_factor",
        "fixed",
        "credit",
        "free_quota",
        "rounding",
        "minimum",
        "tax",
    )
)
_KEYS: Final = sorted(
    {
        (field.alias or name)
        for model in vars(models).values()
        if isinstance(model, type) and issubclass(model, BaseModel)
        for name, field in model.model_fields.items()
    }
)


#: The codes of pydantic's own findings; those that the models raise have theirs already.
_CODES: Final = {
    "string_type": "not_a_text",
    "string_too_short": "bad_length",
    "string_too_long": "bad_length",
    "string_pattern_mismatch": "bad_code",
    "model_type": "not_a_mapping",
    "model_attributes_type": "not_a_mapping",
    "dict_type": "not_a_mapping",
    "list_type": "not_a_list",
    "too_short": "bad_length",
    "too_long": "bad_length",
    "bool_type": "not_true_or_false",
    "bool_parsing": "not_true_or_false",
    "int_type": "not_a_number",
    "int_parsing": "not_a_number",
    "int_parsing_size": "number_out_of_range",
    "int_from_float": "not_a_number",
    "greater_than": "number_out_of_range",
    "greater_than_equal": "number_out_of_range",
    "less_than_equal": "number_out_of_range",
    "literal_error": "bad_value",
}


@dataclass(frozen=True)
class Problem:
    """One thing wrong with a document: a stable code, a sentence, ``file:line:path``, and what to do."""

    code: str
    message: str
    path: str
    remedy: str = ""


class InvalidDocument(GridhallError):
    """A tariff document that cannot be priced; carries every problem found, the first one as its own."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        first = problems[0]
        super().__init__(first.message, path=first.path, remedy=first.remedy)
        self.code = first.code
        self.problems = tuple(problems)

    def as_json(self) -> dict[str, Any]:
        """The first problem, and all of them under ``problems``."""
        return super().as_json() | {
            "problems": [{"code": p.code, "message": p.message, "path": p.path} for p in self.problems]
        }

    def __str__(self) -> str:
        lines = [f"{p.path}: {p.message}" + (f" {p.remedy}" if p.remedy else "") for p in self.problems]
        return "\n".join(lines)


def load(file: Path) -> models.TariffDocument:
    """Read and check a document file.

    Raises:
        UnreadableDocument: the file is not readable text or YAML.
        InvalidDocument: the document is wrong; carries all problems.
    """
    return parse(read_yaml(read_text(file), name=str(file)))


def check(content: Any, *, name: str) -> models.TariffDocument:
    """Check a document given as plain Python (what an importer of another form makes).

    Raises:
        InvalidDocument: as `load`; paths carry line 1.
    """
    return parse(Source(name, content, {}))


def parse(source: Source) -> models.TariffDocument:
    """Check the content of a document: its form, then its sense, all problems together.

    Raises:
        InvalidDocument: with problems in the order of the document's lines.
    """
    if not isinstance(source.content, dict):
        raise InvalidDocument([Problem("not_a_tariff", "A tariff document is a mapping of keys.", source.where(()))])
    findings: list[Finding] = []
    document: models.TariffDocument | None = None
    try:
        document = models.TariffDocument.model_validate(source.content)
    except ValidationError as error:
        findings += [_finding(dict(detail), source.content) for detail in error.errors(include_url=False)]
    findings += of_document(document) if document else _sense_despite_form(source.content)
    if not findings:
        assert document is not None
        return document
    problems: list[Problem] = []
    for finding in findings:
        problem = Problem(finding.code, finding.message, source.where(finding.place), finding.remedy)
        if problem not in problems:
            problems.append(problem)
    order = {id(p): _line(p.path, source.name) for p in problems}
    raise InvalidDocument(sorted(problems, key=lambda p: order[id(p)]))


def _line(path: str, name: str) -> int:
    digits = path.removeprefix(f"{name}:").partition(":")[0]
    return int(digits) if digits.isdigit() else 0


def _sense_despite_form(content: dict[str, Any]) -> list[Finding]:
    """Check the sense of whatever parts have the right form, so that a reader sees all problems at once."""
    findings: list[Finding] = []
    versions = content.get("versions")
    for index, raw in enumerate(versions if isinstance(versions, list) else []):
        if not isinstance(raw, dict):
            continue
        place: Place = ("versions", index)
        components = raw.get("components")
        listed = [_or_none(_COMPONENT, part) for part in components] if isinstance(components, list) else []
        source = raw.get("source")
        findings += of_version(
            place,
            source=source if isinstance(source, str) else str(source) if source else None,
            seasons=_named(raw.get("seasons"), TypeAdapter(Season)),
            time_of_use=_named(raw.get("time_of_use"), TypeAdapter(TimeOfUse)),
            components=listed,
        )
    return findings


def _or_none(adapter: TypeAdapter[Any], part: Any) -> Any:
    try:
        return adapter.validate_python(part)
    except ValidationError:
        return None


def _named(raw: Any, adapter: TypeAdapter[Any]) -> dict[str, Any]:
    return {name: _or_none(adapter, part) for name, part in raw.items()} if isinstance(raw, dict) else {}


def _finding(detail: dict[str, Any], content: Any) -> Finding:
    kind: str = detail["type"]
    context = detail.get("ctx", {})
    place = (*_place(detail["loc"], content), *context.get("place", ()))
    message = detail["msg"]
    message += "" if message.endswith(".") else "."
    last = str(place[-1]) if place else ""
    if kind == "missing":
        code = "missing_price" if last in ("price", "prices") else "missing_key"
        return Finding(code, f"The key {last!r} is missing.", place)
    if kind == "extra_forbidden":
        near = difflib.get_close_matches(last, _KEYS, n=1)
        return Finding(
            "unknown_key", f"There is no key {last!r} here.", place, f"Did you mean {near[0]!r}?" if near else ""
        )
    if kind == "union_tag_invalid":
        return Finding(
            "unknown_component",
            f"There is no component of type {context.get('tag', '')!r}.",
            (*place, "type"),
            f"Types are {', '.join(sorted(_TYPES))}.",
        )
    if kind == "union_tag_not_found":
        return Finding("missing_key", "The key 'type' is missing.", (*place, "type"))
    return Finding(_CODES.get(kind, kind if "ctx" in detail else "bad_value"), message, place)


def _place(location: tuple[str | int, ...], content: Any) -> Place:
    """The place in the document of a model's location: without the tags and short forms that only models know."""
    place: list[str | int] = []
    here = content
    for index, step in enumerate(location):
        if step in _TYPES and len(place) >= 2 and place[-2] == "components":
            continue
        if step == "[key]":
            continue
        if isinstance(here, dict) or (isinstance(here, list) and isinstance(step, int)):
            place.append(step)
            if isinstance(here, dict):
                here = here.get(step)
            else:
                here = here[step] if isinstance(step, int) and step < len(here) else None
        elif index == 0:
            place.append(step)
    return tuple(place)


__all__ = ["InvalidDocument", "Problem", "check", "load", "parse", "path_text"]
