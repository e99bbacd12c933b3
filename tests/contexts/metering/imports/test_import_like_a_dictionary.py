"""Promise: whatever comes in whatever order and form, what is measured reads as from a dictionary, of any version."""

import random
from collections.abc import Callable
from datetime import date, timedelta

import pytest

Told = dict[tuple[str, date, int], int]


def as_long(told: Told, chance: random.Random, minutes: int) -> str:
    rows = [
        f"{point},{day} {slot * minutes // 60:02}:{slot * minutes % 60:02},{wh / 1000}\n"
        for (point, day, slot), wh in told.items()
    ]
    chance.shuffle(rows)
    return "usage_point,start,kwh\n" + "".join(rows)


def as_days(told: Told, chance: random.Random, minutes: int) -> str:
    slots = 1440 // minutes
    days: dict[tuple[str, date], list[str]] = {}
    for (point, day, slot), wh in told.items():
        days.setdefault((point, day), [""] * slots)[slot] = str(wh)
    rows = [f"{point},{day},{';'.join(values)}\n" for (point, day), values in days.items()]
    chance.shuffle(rows)
    return "usage_point,day,curve_wh\n" + "".join(rows)


@pytest.mark.parametrize("seed", range(4))
def test_like_a_dictionary(take_in: Callable, lake: Callable, points: dict[str, int], seed: int) -> None:
    chance = random.Random(seed)
    minutes = 30
    known: Told = {}
    versions: list[tuple[int, Told]] = []
    for number in range(6):
        first = date(2026, 1, 28) + timedelta(chance.randrange(8))
        told: Told = {}
        for point in chance.sample([*points], 5):
            for day in range(chance.randrange(1, 7)):
                some = range(48) if chance.random() < 0.6 else sorted(chance.sample(range(48), chance.randrange(2, 40)))
                # Half hours show that the meter has half-hourly slots.
                slots = {*some, 1}
                told |= {(point, first + timedelta(day), slot): chance.randrange(1, 900) for slot in slots}
        form = chance.choice([as_long, as_days])
        report = take_in(form(told, chance, minutes), f"{number}.csv")
        assert report.quarantined == 0
        assert report.accepted + report.unchanged == len(told)
        known = known | told
        versions.append((report.id, known))
        for version, expected in versions:
            found = lake(version=version)
            measured = {
                (point, day, slot): values[slot]
                for point, number_ in points.items()
                for (id_, day), (values, quality) in found.items()
                if id_ == number_
                for slot in range(48)
                if quality[slot] in {0, 5}
            }
            assert measured == expected
            assert all((value is None) == (code == 1) for values, codes in found.values()
                       for value, code in zip(values, codes, strict=True))  # fmt: skip
