"""The strategy of collection, from the content folder."""

from itertools import pairwise
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from gridhall.kernel.errors import Refused
from gridhall.runtime.rules import rules_of


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
    return rules_of("collection", CollectionRules, CollectionRulesInvalid)
