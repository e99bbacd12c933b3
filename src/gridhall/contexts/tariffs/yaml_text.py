"""A tariff document's content as the YAML text that a clerk would write: exact numbers, short lists on one line."""

from decimal import Decimal
from io import StringIO
from typing import Any, Final

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq

_WIDTH: Final = 110
_SHORT: Final = 14


def as_yaml(content: Any) -> str:
    """The YAML text of plain content: mappings, lists, texts, int and Decimal, which keeps every digit."""
    yaml = YAML(typ="rt", pure=True)
    yaml.width = _WIDTH
    yaml.indent(mapping=2, sequence=4, offset=2)
    yaml.representer.add_representer(Decimal, _decimal)
    # Documents have no anchors: a value that stands twice is written twice.
    yaml.representer.ignore_aliases = lambda _: True
    text = StringIO()
    yaml.dump(_arranged(content), text)
    return text.getvalue()


def _decimal(representer: Any, value: Decimal) -> Any:
    digits = f"{value:f}"
    return representer.represent_scalar(f"tag:yaml.org,2002:{'float' if '.' in digits else 'int'}", digits)


def _arranged(value: Any) -> Any:
    if isinstance(value, dict):
        mapping = CommentedMap((key, _arranged(each)) for key, each in value.items())
        if set(value) == {"zh-Hans", "en"}:
            mapping.fa.set_flow_style()
        return mapping
    if isinstance(value, list):
        sequence = CommentedSeq(_arranged(each) for each in value)
        if len(value) <= _SHORT and all(isinstance(each, str | int | Decimal) for each in value):
            sequence.fa.set_flow_style()
        return sequence
    return value
