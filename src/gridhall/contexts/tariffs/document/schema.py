"""The JSON Schema of tariff documents, published as ``content/tariffs/tariff.schema.json``."""

from typing import Any

from gridhall.contexts.tariffs.document.models import TariffDocument


def json_schema() -> dict[str, Any]:
    """The schema that editors complete and check tariff documents with."""
    schema = TariffDocument.model_json_schema(by_alias=True)
    _open_short_forms(schema)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "gridhall tariff document",
        **{key: value for key, value in schema.items() if key != "title"},
    }


def _open_short_forms(schema: dict[str, Any]) -> None:
    """A price may be a plain number and a label a plain text, which the models accept and pydantic cannot know."""
    definitions = schema["$defs"]
    for name, short in (("Price", {"type": "number"}), ("Label", {"type": "string"})):
        full = definitions[name]
        definitions[name] = {"anyOf": [short, full], "description": full.pop("description", "")}
