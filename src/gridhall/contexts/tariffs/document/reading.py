"""YAML read strictly: exact numbers, one line number for each place, no aliases, no duplicates, no bombs.

The text is composed to a graph of nodes, never constructed into objects, so that no tag of a document can run code.
"""

import re
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from gridhall.kernel.errors import GridhallError

#: A place in a document: keys and indices from the top.
Place = tuple[str | int, ...]

_LARGEST_FILE: Final = 4 * 1024 * 1024
_MOST_NODES: Final = 50_000
_DEEPEST: Final = 40
_NUMBER: Final = re.compile(r"^[-+]?(\d+(\.\d*)?|\.\d+)([eE][-+]?\d{1,3})?$")


class UnreadableDocument(GridhallError):
    """The file is no YAML or JSON text that a tariff could be; ``code`` says why."""

    def __init__(self, code: str, message: str, *, path: str, remedy: str = "") -> None:
        super().__init__(message, path=path, remedy=remedy)
        self.code = code


@dataclass(frozen=True)
class Source:
    """The plain content of a document and the line on which each place of it begins."""

    name: str
    content: Any
    lines: dict[Place, int]

    def where(self, place: Place) -> str:
        """``file:line:path`` of a place; a place that is absent gets the line of the nearest part around it."""
        known = place
        while known and known not in self.lines:
            known = known[:-1]
        line = self.lines.get(known, 1)
        return f"{self.name}:{line}:{path_text(place)}".rstrip(":")


def path_text(place: Place) -> str:
    """A place as people write it.

    >>> path_text(("versions", 0, "components", 2, "price"))
    'versions[0].components[2].price'
    """
    text = ""
    for step in place:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else step
    return text


def read_text(file: Path) -> str:
    """The text of a document file, UTF-8 with or without byte-order mark.

    Raises:
        UnreadableDocument: ``file_not_found``, ``file_too_large``, ``wrong_encoding``, ``empty_file``.
    """
    try:
        if file.is_file() and file.stat().st_size > _LARGEST_FILE:
            raise UnreadableDocument(
                "file_too_large",
                "A tariff document has at most 4 MiB.",
                path=str(file),
                remedy="Is this the right file?",
            )
        raw = file.read_bytes()
    except OSError as error:
        raise UnreadableDocument(
            "file_not_found", f"The file cannot be read: {error.strerror or error}.", path=str(file)
        ) from error
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise UnreadableDocument(
            "wrong_encoding", "The file is not UTF-8 text.", path=f"{file}:{line}", remedy="Save it as UTF-8."
        ) from error
    if not text.strip():
        raise UnreadableDocument("empty_file", "The file is empty.", path=str(file))
    return text


def read_yaml(text: str, *, name: str) -> Source:
    """The content of YAML text (JSON is YAML too), numbers as int or exact Decimal, dates as text.

    Raises:
        UnreadableDocument: ``bad_yaml``, ``yaml_alias``, ``duplicate_key``, ``yaml_too_large``, ``not_a_number``.
    """
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    yaml = YAML(typ="safe", pure=True)
    yaml.allow_duplicate_keys = True  # found below, with their line
    try:
        depth = 0
        for seen, event in enumerate(yaml.parse(text)):
            kind = type(event).__name__
            line = event.start_mark.line + 1
            if kind == "AliasEvent" or getattr(event, "anchor", None):
                raise UnreadableDocument(
                    "yaml_alias",
                    "Anchors and aliases are not allowed in a tariff document.",
                    path=f"{name}:{line}",
                    remedy="Write the value out where it is needed.",
                )
            depth += kind.endswith("StartEvent") - kind.endswith("EndEvent")
            if seen > _MOST_NODES or depth > _DEEPEST:
                raise UnreadableDocument(
                    "yaml_too_large", "The document is too large or too deeply nested.", path=f"{name}:{line}"
                )
        root = yaml.compose(text)
    except YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 1 if mark else 1
        problem = " ".join(str(getattr(error, "problem", None) or error).split())
        raise UnreadableDocument(
            "bad_yaml", f"The file is not valid YAML: {problem}.", path=f"{name}:{line}"
        ) from error
    if root is None:
        raise UnreadableDocument("empty_file", "The file is empty.", path=name)
    lines: dict[Place, int] = {}
    return Source(name, _plain(root, (), lines, name), lines)


def _plain(node: Any, place: Place, lines: dict[Place, int], name: str) -> Any:
    line = node.start_mark.line + 1
    lines.setdefault(place, line)
    kind = type(node).__name__
    if kind == "MappingNode":
        content: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key = key_node.value
            line = key_node.start_mark.line + 1
            if type(key_node).__name__ != "ScalarNode":
                raise UnreadableDocument("bad_yaml", "A key must be a plain word.", path=f"{name}:{line}")
            if key in content:
                raise UnreadableDocument(
                    "duplicate_key", f"The key {key!r} occurs twice.", path=f"{name}:{line}:{path_text((*place, key))}"
                )
            lines[(*place, key)] = line
            content[key] = _plain(value_node, (*place, key), lines, name)
        return content
    if kind == "SequenceNode":
        return [_plain(item, (*place, index), lines, name) for index, item in enumerate(node.value)]
    return _scalar(node, place, name, line)


def _scalar(node: Any, place: Place, name: str, line: int) -> Any:
    text: str = node.value
    tag = str(node.tag).rpartition(":")[2]
    if tag == "null":
        return None
    if tag == "bool":
        return text.lower() == "true"
    if tag in ("int", "float"):
        if not _NUMBER.match(text):
            raise UnreadableDocument(
                "not_a_number",
                f"{text!r} is not a plain decimal number.",
                path=f"{name}:{line}:{path_text(place)}",
                remedy="Write digits with a point, or put a text in quotes.",
            )
        return int(text) if tag == "int" and re.match(r"^[-+]?\d{1,18}$", text) else Decimal(text)
    return text
