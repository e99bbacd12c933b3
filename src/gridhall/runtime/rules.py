"""Rules that a utility edits: files of ``content/rules``, read by a pydantic model, again only when they change."""

from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar, cast

from pydantic import BaseModel, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError

from gridhall.kernel.errors import GridhallError
from gridhall.runtime.content import content

_Model = TypeVar("_Model", bound=BaseModel)


def rules_of(name: str, model: type[_Model], invalid: Callable[..., GridhallError]) -> _Model:
    """The rules of ``rules/<name>.yaml`` as the file says them now.

    Args:
        model: what the file is to say; closed, so that a mistyped key is an error.
        invalid: what to raise when the file cannot be used, with its line or field.

    Raises:
        invalid: when it is no YAML or says something unknown.
        NotFound: when there is none.
    """
    path = content("rules", f"{name}.yaml")
    return cast(_Model, _read(path, path.stat().st_mtime_ns, model, invalid))


@lru_cache(maxsize=32)
def _read(path: Path, _changed: int, model: type[BaseModel], invalid: Callable[..., GridhallError]) -> BaseModel:
    try:
        written: Any = YAML(typ="safe").load(path)
    except MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise invalid(f"It is not YAML: {error.problem}.", path=f"{path.name}:{line}") from error
    try:
        return model.model_validate(written)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise invalid(
            f"{first['msg']}.", path=f"{path.name}:{place}", remedy=f"See content/rules/{path.name} for the form."
        ) from error
