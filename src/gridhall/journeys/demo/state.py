"""How far a demo utility has been built, kept beside it so that a build can be taken up again.

The truth is in the database and the lake, and every step can be repeated without harm; this file only saves the work of
finding out. It is replaced whole, so that a kill leaves the old or the new one.
"""

import os
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any, Final

import orjson

from gridhall.journeys.demo.pack import Size
from gridhall.kernel.errors import Refused

#: Raised whenever the same seed no longer gives the same utility or curves.
GENERATION: Final = 4


class AnotherDemo(Refused):
    """A demo utility of another kind is here already."""

    code = "another_demo"


@dataclass(frozen=True)
class State:
    """What there is.

    Attributes:
        founded: the day as of which the utility was invented; movers and faults belong to the month before it.
        founding: customers and contracts are in the database.
        metered: meters are installed.
        delivered_until: readings are imported up to but not including this day.
        billed_until: months are billed up to but not including this day.
        estimated: the day as of which the running month's charges are estimated.
        planted: what was made wrong on purpose, by usage point.
    """

    size: Size
    seed: int
    founded: date
    generation: int = GENERATION
    founding: bool = False
    metered: bool = False
    delivered_until: date | None = None
    billed_until: date | None = None
    estimated: date | None = None
    planted: tuple[tuple[str, str], ...] = ()

    def having(self, **changes: Any) -> "State":
        """The state after a step."""
        return replace(self, **changes)


def load(file: Path) -> State | None:
    """Read the state, or None where there is no demo utility yet.

    Raises:
        AnotherDemo: when it was built by a version of the software that invents differently.
    """
    try:
        plain = orjson.loads(file.read_bytes())
    except FileNotFoundError:
        return None
    except orjson.JSONDecodeError as error:
        raise AnotherDemo(
            "The state of the demo utility cannot be read.", path=str(file), remedy="Start afresh with --fresh."
        ) from error
    if plain.get("generation") != GENERATION:
        raise AnotherDemo(
            "The demo utility here was invented by another version of gridhall.",
            path=str(file),
            remedy="Keep it with that version, or start afresh with --fresh.",
        )

    def day(name: str) -> date | None:
        return date.fromisoformat(plain[name]) if plain.get(name) else None

    return State(
        size=Size(plain["size"]),
        seed=plain["seed"],
        founded=date.fromisoformat(plain["founded"]),
        founding=plain["founding"],
        metered=plain["metered"],
        delivered_until=day("delivered_until"),
        billed_until=day("billed_until"),
        estimated=day("estimated"),
        planted=tuple((number, words) for number, words in plain["planted"]),
    )


def save(file: Path, state: State) -> None:
    """Replace the state, durably."""
    file.parent.mkdir(parents=True, exist_ok=True)
    fresh = file.with_suffix(".new")
    with fresh.open("wb") as target:
        target.write(orjson.dumps(state, option=orjson.OPT_INDENT_2))
        target.flush()
        os.fsync(target.fileno())
    fresh.replace(file)
