"""The rules of smart fee control, from the content folder."""

from functools import lru_cache
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError

from gridhall.contexts.payments.errors import FeeControlRulesInvalid
from gridhall.contexts.payments.rules.fee_control import FeeControlRules
from gridhall.runtime.content import content


def fee_rules() -> FeeControlRules:
    """The rules as the file says them now.

    Raises:
        FeeControlRulesInvalid: when it is no YAML or says something unknown, with the place.
        NotFound: when there is none.
    """
    path = content("rules", "fee_control.yaml")
    return _read(path, path.stat().st_mtime_ns)


@lru_cache(maxsize=4)
def _read(path: Path, changed: int) -> FeeControlRules:
    try:
        written: Any = YAML(typ="safe").load(path)
    except MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise FeeControlRulesInvalid(f"It is not YAML: {error.problem}.", path=f"{path.name}:{line}") from error
    try:
        return FeeControlRules.model_validate(written)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise FeeControlRulesInvalid(f"{first['msg']}.", path=f"{path.name}:{place}") from error
