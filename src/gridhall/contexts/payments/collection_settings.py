"""The strategy of collection, from the content folder."""

from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError

from gridhall.kernel.errors import Refused
from gridhall.runtime.content import content


class CollectionRulesInvalid(Refused):
    """``rules/collection.yaml`` cannot be used; the path says where."""

    code = "collection_rules_invalid"


class Part(BaseModel):
    """A part of the rules: closed, so that a mistyped key is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Step(Part):
    """What is done so many days after the oldest open bill fell due."""

    kind: Literal["message", "call", "visit", "notice"]
    after_days: int = Field(ge=1, le=3650)


class Risk(Part):
    """Points of urgency, each part up to its most."""

    age_most: int = Field(ge=0, le=100)
    age_days: int = Field(ge=1)
    amount_most: int = Field(ge=0, le=100)
    amount_bills: int = Field(ge=2)
    broken_each: int = Field(ge=0, le=100)
    broken_most: int = Field(ge=0, le=100)


class CollectionRules(Part):
    """``rules/collection.yaml``."""

    least_fen: int = Field(ge=1)
    steps: tuple[Step, ...] = Field(min_length=1, max_length=20)
    risk: Risk

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if any(one.after_days >= other.after_days for one, other in pairwise(self.steps)):
            raise ValueError("each step is later than the one before")
        if self.risk.age_most + self.risk.amount_most + self.risk.broken_most > 100:
            raise ValueError("the points come to more than 100")
        return self


def collection_rules() -> CollectionRules:
    """The rules as the file says them now.

    Raises:
        CollectionRulesInvalid: when it is no YAML or says something unknown, with the place.
        NotFound: when there is none.
    """
    path = content("rules", "collection.yaml")
    return _read(path, path.stat().st_mtime_ns)


@lru_cache(maxsize=4)
def _read(path: Path, changed: int) -> CollectionRules:
    try:
        written: Any = YAML(typ="safe").load(path)
    except MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise CollectionRulesInvalid(f"It is not YAML: {error.problem}.", path=f"{path.name}:{line}") from error
    try:
        return CollectionRules.model_validate(written)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise CollectionRulesInvalid(f"{first['msg']}.", path=f"{path.name}:{place}") from error
