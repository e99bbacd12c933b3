"""The rules of billing, from the content folder."""

from datetime import date, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from pydantic import ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError

from gridhall.contexts.billing.errors import RulesInvalid
from gridhall.contexts.billing.rules.parking import BillingRules
from gridhall.runtime.content import content


def rules() -> BillingRules:
    """Read ``rules/billing.yaml``.

    Raises:
        RulesInvalid: when it is no YAML or says something unknown, with the place.
        NotFound: when there is none.
    """
    path = content("rules", "billing.yaml")
    try:
        written: Any = YAML(typ="safe").load(path)
    except MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise RulesInvalid(f"It is not YAML: {error.problem}.", path=f"{path.name}:{line}") from error
    try:
        return BillingRules.model_validate(written)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise RulesInvalid(
            f"{first['msg']}.", path=f"{path.name}:{place}", remedy="See content/rules/billing.yaml for the form."
        ) from error


def due_on(issued_at: datetime) -> date:
    """The last day on which a bill that was issued at this moment is paid in time, in the utility's zone.

    Raises:
        RulesInvalid, NotFound: as `rules`.
    """
    path = content("rules", "billing.yaml")
    issued = issued_at.astimezone(ZoneInfo(settings.TIME_ZONE)).date()
    return issued + timedelta(days=_due_days(path, path.stat().st_mtime_ns))


@lru_cache(maxsize=4)
def _due_days(path: Path, changed: int) -> int:
    """The term of payment, read again only when the file has changed: every page of a bill asks."""
    return rules().payment.due_days
