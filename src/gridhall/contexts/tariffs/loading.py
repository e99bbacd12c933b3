"""A tariff from a file, whatever its form: this house's YAML (or the same as JSON), or a URDB rate."""

from functools import lru_cache
from pathlib import Path

from gridhall.contexts.tariffs import urdb
from gridhall.contexts.tariffs.document import parse
from gridhall.contexts.tariffs.document.reading import read_text, read_yaml
from gridhall.contexts.tariffs.plan import compile_tariff
from gridhall.contexts.tariffs.types import Tariff
from gridhall.kernel.errors import GridhallError


def load_tariff(file: Path) -> Tariff:
    """Read, check and compile a tariff file.

    Raises:
        UnreadableDocument: the file is not readable text or YAML.
        InvalidDocument: the document is wrong; carries all problems with their lines.
        UrdbRefused: a URDB rate that could not be priced exactly.
    """
    text = read_text(file)
    if urdb.looks_like_urdb(text):
        try:
            return urdb.load(file)
        except GridhallError as error:
            error.path = error.path or str(file)
            raise
    return parse_tariff(text, name=str(file))


@lru_cache(maxsize=256)
def parse_tariff(text: str, *, name: str) -> Tariff:
    """Check and compile the text of a tariff document; once for each text, since a tariff never changes.

    Args:
        name: of the file or record, for messages.
    """
    return compile_tariff(parse(read_yaml(text, name=name)), text=text, origin=name)
