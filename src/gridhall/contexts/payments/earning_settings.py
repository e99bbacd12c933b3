"""What payments earn, from the content folder."""

from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from gridhall.kernel.errors import Refused
from gridhall.runtime.rules import rules_of

_PerYuan = Annotated[Decimal, Field(ge=0, le=1000, decimal_places=4)]


class PointsRulesInvalid(Refused):
    """``rules/points.yaml`` cannot be used; the path says where."""

    code = "points_rules_invalid"


class PointsRules(BaseModel):
    """``rules/points.yaml``."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    since: date
    per_yuan: _PerYuan
    by_method: dict[str, _PerYuan] = Field(default_factory=dict)

    def rate(self, gateway: str, method: str, day: date) -> Fraction:
        """Points for each yuan that was paid so on a day."""
        if day < self.since:
            return Fraction(0)
        return Fraction(self.by_method.get(method, self.by_method.get(gateway, self.per_yuan)))


def points_rules() -> PointsRules:
    """The rules as the file says them now.

    Raises:
        PointsRulesInvalid: when it is no YAML or says something unknown, with the place.
        NotFound: when there is none.
    """
    return rules_of("points", PointsRules, PointsRulesInvalid)
