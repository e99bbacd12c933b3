"""Chance that can be repeated: numbers drawn from keys by hashing, the same on every machine and in any order.

A generator with a state would make a customer's curve depend on who was drawn before, and a resumed build differ from
an uninterrupted one. The mixing function is splitmix64 (Steele, Lea, Flood: "Fast splittable pseudorandom number
generators", OOPSLA 2014).
"""

from typing import Final

import numpy as np
import numpy.typing as npt

UInts = npt.NDArray[np.uint64]

_GOLDEN: Final = 0x9E3779B97F4A7C15
_MASK: Final = (1 << 64) - 1


def draw(keys: UInts, salt: int) -> UInts:
    """Give 64 fresh bits for each key; another salt gives other bits."""
    bits = keys + np.uint64((salt * _GOLDEN) & _MASK)
    bits ^= bits >> np.uint64(30)
    bits *= np.uint64(0xBF58476D1CE4E5B9)
    bits ^= bits >> np.uint64(27)
    bits *= np.uint64(0x94D049BB133111EB)
    bits ^= bits >> np.uint64(31)
    return bits


def below(keys: UInts, salt: int, limit: int) -> npt.NDArray[np.int64]:
    """Give a whole number from 0 up to but not including ``limit`` (at most 2³¹) for each key."""
    return ((draw(keys, salt) >> np.uint64(33)) * np.uint64(limit) >> np.uint64(31)).astype(np.int64)


def keys(seed: int, count: int) -> UInts:
    """Give ``count`` keys that belong to a seed; the first ones stay the same when the count grows."""
    return draw(draw(np.arange(1, count + 1, dtype=np.uint64), seed), 0x5EED)
