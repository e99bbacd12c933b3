"""Who collects by direct debit, and how: ``rules/direct_debit.yaml``."""

from functools import lru_cache
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError

from gridhall.contexts.payments.errors import RulesInvalid
from gridhall.contexts.payments.rules.amounts import LARGEST_FEN
from gridhall.runtime.content import content


class Creditor(BaseModel):
    """The utility as banks know it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(min_length=1, max_length=70)
    id: str = Field(pattern=r"^[A-Z0-9]{8,35}$")
    account: str = Field(pattern=r"^[A-Z0-9]{8,34}$")
    bank: str = Field(pattern=r"^[A-Z0-9]{8,14}$")
    merchant: str = Field(pattern=r"^[A-Z0-9]{4,20}$")


class DebitRules(BaseModel):
    """How direct debits are made. ``notice_days`` lie at least between a notice and its debit."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    creditor: Creditor
    currency: str = Field(pattern=r"^[A-Z]{3}$")
    notice_days: int = Field(ge=1, le=30)
    most_fen: int = Field(ge=1, le=LARGEST_FEN)


def debit_rules() -> DebitRules:
    """The rules as the file says them now.

    Raises:
        RulesInvalid: when it is no YAML or says something unknown, with the place.
        NotFound: when there is none.
    """
    path = content("rules", "direct_debit.yaml")
    return _read(path, path.stat().st_mtime_ns)


@lru_cache(maxsize=4)
def _read(path: Path, changed: int) -> DebitRules:
    try:
        written: Any = YAML(typ="safe").load(path)
    except MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise RulesInvalid(f"It is not YAML: {error.problem}.", path=f"{path.name}:{line}") from error
    try:
        return DebitRules.model_validate(written)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise RulesInvalid(f"{first['msg']}.", path=f"{path.name}:{place}") from error
