"""How a usage point answers to the weather: its daily energy against degree days, claimed only where the fit is real.

Degree days of a day with mean temperature T: cooling max(0, T − base), heating max(0, base − T). The energy of a day is
taken as ``standing + a · cooling + b · heating`` and fitted by least squares for a few bases; the best fit is kept.
A coefficient counts when it is positive and stands well clear of its error; the fit as a whole when it explains a
notable part of how days differ. Otherwise nothing is claimed: a household whose use follows its holidays more than the
thermometer is told nothing about the weather.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

#: Whole days with readings and a temperature that a fit needs.
LEAST_DAYS: Final = 60
#: How many times its standard error a coefficient must be.
CLEAR: Final = 4.0
#: The share of the variance of daily energy that a fit must explain.
LEAST_EXPLAINED: Final = 0.2
#: Bases in °C that are tried.
COOLING_BASES: Final = (20, 22, 24, 26)
HEATING_BASES: Final = (8, 10, 12, 15, 18)


@dataclass(frozen=True)
class Sensitivity:
    """Wh per degree day, for cooling above and heating below their bases (°C); 0 where there is none to claim.

    ``explained`` is the share of the variance of daily energy in per cent, ``days`` how many days it was found on.
    """

    cooling_base: int
    heating_base: int
    cooling_wh: int
    heating_wh: int
    explained: int
    days: int

    def energy(self, means: Mapping[date, int]) -> int:
        """The Wh that cooling and heating take over days with these mean temperatures (hundredths of °C)."""
        cooling = sum(max(0, mean - self.cooling_base * 100) for mean in means.values())
        heating = sum(max(0, self.heating_base * 100 - mean) for mean in means.values())
        return (cooling * self.cooling_wh + heating * self.heating_wh) // 100


def fit(energy_wh: Mapping[date, int], means: Mapping[date, int]) -> Sensitivity | None:
    """Fit the daily energy of whole days to mean temperatures (hundredths of °C); None where nothing is to claim."""
    days = sorted(energy_wh.keys() & means.keys())
    if len(days) < LEAST_DAYS:
        return None
    energy: Floats = np.array([energy_wh[day] for day in days], dtype=np.float64)
    degrees: Floats = np.array([means[day] for day in days], dtype=np.float64) / 100
    if not float(np.ptp(energy)):
        return None
    best: Sensitivity | None = None
    for cooling_base in COOLING_BASES:
        for heating_base in HEATING_BASES:
            cooling = np.maximum(0, degrees - cooling_base)
            heating = np.maximum(0, heating_base - degrees)
            found = _fitted(energy, cooling, heating, cooling_base, heating_base)
            if found is not None and (best is None or found.explained > best.explained):
                best = found
    return best


def _fitted(
    energy: Floats, cooling: Floats, heating: Floats, cooling_base: int, heating_base: int
) -> Sensitivity | None:
    """A fit with the coefficients that can be claimed, dropping those that cannot one after the other."""
    kept = [name for name, column in (("cooling", cooling), ("heating", heating)) if float(np.ptp(column)) > 0]
    columns = {"cooling": cooling, "heating": heating}
    while kept:
        slopes, errors, explained = _least_squares(energy, np.column_stack([columns[name] for name in kept]))
        weak = [at for at in range(len(kept)) if slopes[at] <= 0 or slopes[at] < CLEAR * errors[at]]
        if weak:
            kept.pop(min(weak, key=lambda at: float(slopes[at])))
            continue
        if explained < LEAST_EXPLAINED:
            return None
        wh = {name: round(float(slope)) for name, slope in zip(kept, slopes, strict=True)}
        return Sensitivity(
            cooling_base, heating_base, wh.get("cooling", 0), wh.get("heating", 0), int(explained * 100), len(energy)
        )
    return None


def _least_squares(energy: Floats, columns: npt.NDArray[Any]) -> tuple[Floats, Floats, float]:
    """Slopes, their standard errors and the share of the variance explained."""
    design = np.column_stack([np.ones(len(energy)), columns])
    solution, _, rank, _ = np.linalg.lstsq(design, energy, rcond=None)
    if rank < design.shape[1]:
        return np.zeros(columns.shape[1]), np.ones(columns.shape[1]), 0.0
    left = energy - design @ solution
    spread = float(((energy - energy.mean()) ** 2).sum())
    rest = float((left**2).sum())
    variance = rest / (len(energy) - design.shape[1])
    errors = np.sqrt(np.maximum(0, variance * np.diag(np.linalg.inv(design.T @ design))))
    return solution[1:], errors[1:], 1 - rest / spread
