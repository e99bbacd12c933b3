"""From text to one URDB rate: JSON with exact decimals, the wrapping taken off, names in one case."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from gridhall.contexts.tariffs.urdb.refusals import Reason, UrdbRefused

#: A rate is a few kilobytes; a file beyond this is not one.
MAX_BYTES = 32 * 1024 * 1024

JsonObject = dict[str, Any]


@dataclass(frozen=True)
class Fields:
    """The fields of one rate by lower-case name; ``names`` and ``prefix`` give their place in the JSON.

    The OpenEI service and its bulk download spell the same fields differently (``flatdemandunit``,
    ``flatDemandUnits``); case never tells two fields apart.
    """

    values: Mapping[str, Any]
    names: Mapping[str, str]
    prefix: str
    digest: str

    def get(self, name: str) -> Any:
        """The value, or None where the field is absent or null."""
        return self.values.get(name)

    def path(self, name: str) -> str:
        """The place of a field in the JSON, in its own spelling."""
        return f"{self.prefix}{self.names.get(name, name)}"


def read(source: Path | str | bytes, *, label: str | None = None) -> Fields:
    """Read one rate from a file or from the JSON text itself.

    Accepts the three forms in circulation: ``{"items": [rate, …]}`` as the OpenEI service answers, a list of rates, and
    a bare rate. Numbers come back as `int` and `decimal.Decimal`, never as float.

    Args:
        source: a path, or text that begins with ``{`` or ``[``.
        label: which rate of several, by its ``label``.

    Raises:
        UrdbRefused: when there is no JSON, no rate, or more than one and none chosen.
    """
    text = _text(source)
    parsed = _parse(text)
    place: str | None = None
    rates = [parsed]
    if isinstance(parsed, list):
        rates, place = parsed, ""
    elif isinstance(parsed, Mapping) and "items" in parsed:
        rates, place = parsed["items"], "items"
        if not isinstance(rates, list):
            raise UrdbRefused(Reason.WRONG_TYPE, f"items must be a list of rates, not {kind(rates)}.", path="items")
    chosen = _choose(rates, place, label)
    path = "" if place is None else f"{place}[{chosen}]"
    rate = rates[chosen]
    if not isinstance(rate, Mapping):
        raise UrdbRefused(Reason.WRONG_TYPE, f"a rate is a JSON object, not {kind(rate)}.", path=path)
    if not rate:
        raise UrdbRefused(Reason.EMPTY, "the rate has no fields.", path=path)
    return _fields(rate, path, hashlib.sha256(text.encode()).hexdigest())


def _text(source: Path | str | bytes) -> str:
    if isinstance(source, str):
        if source.lstrip("\ufeff \t\r\n").startswith(("{", "[")):
            return source.removeprefix("\ufeff")
        if len(source) > 1024 or "\n" in source or "\0" in source or not source.strip():
            raise UrdbRefused(Reason.NOT_JSON, "this is neither JSON nor the name of a file.")
        source = Path(source)
    raw = _bytes(source) if isinstance(source, Path) else source
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UrdbRefused(
            Reason.NOT_JSON, f"not UTF-8 at byte {error.start}.", remedy="Save the file as UTF-8."
        ) from error


def _bytes(file: Path) -> bytes:
    try:
        if file.stat().st_size > MAX_BYTES:
            raise UrdbRefused(Reason.NOT_JSON, f"{file.name} is too large to be a rate (over 32 MB).")
        return file.read_bytes()
    except OSError as error:
        raise UrdbRefused(Reason.NOT_JSON, f"{file} cannot be read: {error.strerror}.") from error


def _parse(text: str) -> Any:
    try:
        return json.loads(text, parse_float=Decimal, parse_constant=Decimal, object_pairs_hook=_without_repeats)
    except json.JSONDecodeError as error:
        raise UrdbRefused(
            Reason.NOT_JSON, f"not JSON: {error.msg}.", path=f"line {error.lineno}, column {error.colno}"
        ) from error
    except RecursionError as error:
        raise UrdbRefused(Reason.NOT_JSON, "the JSON is nested too deeply to be a rate.") from error
    except (ValueError, ArithmeticError) as error:
        # Integers of thousands of digits, exponents beyond any decimal.
        raise UrdbRefused(Reason.NUMBER, "the JSON contains a number that is too long to be read.") from error


def _without_repeats(pairs: list[tuple[str, Any]]) -> JsonObject:
    found: JsonObject = {}
    for name, value in pairs:
        if name in found and found[name] != value:
            raise UrdbRefused(Reason.CONFLICT, f"the field {name!r} stands twice with different values.", path=name)
        found[name] = value
    return found


def _choose(rates: list[Any], place: str | None, label: str | None) -> int:
    if not rates:
        raise UrdbRefused(Reason.EMPTY, "the file holds no rate.", path=place or "")
    labels = [rate.get("label") if isinstance(rate, Mapping) else None for rate in rates]
    if label is not None and place is not None:
        if labels.count(label) != 1:
            raise UrdbRefused(
                Reason.SEVERAL_RATES if label in labels else Reason.EMPTY,
                f"{labels.count(label)} rates in the file have the label {label!r}.",
                path=place,
            )
        return labels.index(label)
    if len(rates) > 1:
        listed = ", ".join(str(each) for each in labels[:5]) + (" …" if len(labels) > 5 else "")
        raise UrdbRefused(
            Reason.SEVERAL_RATES,
            f"the file holds {len(rates)} rates ({listed}) and one tariff is asked for.",
            path=place or "",
            remedy="Choose one by its label.",
        )
    return 0


def _fields(rate: Mapping[str, Any], path: str, digest: str) -> Fields:
    prefix = f"{path}." if path else ""
    values: JsonObject = {}
    names: dict[str, str] = {}
    for name, value in rate.items():
        lowered = name.lower()
        if lowered in values and values[lowered] != value:
            raise UrdbRefused(Reason.CONFLICT, f"{name!r} stands twice in different spellings.", path=f"{prefix}{name}")
        values[lowered], names[lowered] = value, name
    return Fields(values, names, prefix, digest)


def kind(value: Any) -> str:
    """What a JSON value is, in words for an error."""
    names = {dict: "an object", list: "a list", str: "text", bool: "true or false", type(None): "null"}
    return names.get(type(value), "a number")
