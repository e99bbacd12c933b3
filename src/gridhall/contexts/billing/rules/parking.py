"""Which bills wait for a clerk: the figures that decide it, and what to say about each reason."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, Field

from gridhall.kernel.energy import kwh

Ints = npt.NDArray[np.int64]


class Reason(StrEnum):
    """Why a period was not billed; the values are stable."""

    NO_READINGS = "no_readings"
    MISSING_READINGS = "missing_readings"
    TOO_MUCH_ESTIMATED = "too_much_estimated"
    IMPLAUSIBLE_HIGH = "implausible_high"
    IMPLAUSIBLE_ZERO = "implausible_zero"
    OVERLAPS_BILL = "overlaps_bill"
    NO_AGREEMENT = "no_agreement"
    NO_TARIFF = "no_tariff"
    TARIFF_REFUSED = "tariff_refused"


#: What a clerk may decide to bill as it is; the others need a change of data first.
RELEASABLE: Final = frozenset(
    {
        Reason.MISSING_READINGS,
        Reason.TOO_MUCH_ESTIMATED,
        Reason.IMPLAUSIBLE_HIGH,
        Reason.IMPLAUSIBLE_ZERO,
    }
)

NEXT_STEP: Final = {
    Reason.NO_READINGS: "Import the readings of the period and run the month again.",
    Reason.MISSING_READINGS: "Import the missing readings, then run the month again; or release it as it is.",
    Reason.TOO_MUCH_ESTIMATED: "Read the meter and import the readings, then run the month again; or release.",
    Reason.IMPLAUSIBLE_HIGH: "Compare with the meter; correct the readings and run the month again, or release.",
    Reason.IMPLAUSIBLE_ZERO: "Check the meter and whether the home is empty; correct the readings, or release.",
    Reason.OVERLAPS_BILL: "Correct the bill that covers these days already (`gridhall bill correct`), then run again.",
    Reason.NO_AGREEMENT: "Find who uses the power and move them in, then run the month again; or release to close.",
    Reason.NO_TARIFF: "Load a version of the tariff that covers the period, then run the month again.",
    Reason.TARIFF_REFUSED: "Mend the tariff or the agreement's terms as the reason says, then run the month again.",
}


class Part(BaseModel):
    """A part of the rules: closed, so that a mistyped key is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class ReadingRules(Part):
    """How much of a period may be estimated or missing, in per mille of its slots."""

    estimated_per_mille: int = Field(ge=0, le=1000)
    missing_per_mille: int = Field(ge=0, le=1000)


class PlausibilityRules(Part):
    """What is too much, or too little, compared with the bills before."""

    times_usual: int = Field(ge=2)
    above_kwh_per_day: int = Field(ge=0)
    zero_after_bills: int = Field(ge=1)
    usual_over_days: int = Field(ge=1)


class NoAgreementRules(Part):
    """From how much energy usage without a contract is reported."""

    from_kwh: int = Field(ge=0)


class PaymentRules(Part):
    """When a bill is to be paid, in days after its issue."""

    due_days: int = Field(default=28, ge=0, le=366)


class BillingRules(Part):
    """The content of ``rules/billing.yaml``."""

    readings: ReadingRules
    implausible: PlausibilityRules
    no_agreement: NoAgreementRules
    payment: PaymentRules = PaymentRules()
    batch: int = Field(ge=1, le=1_000_000)


@dataclass(frozen=True)
class Measured:
    """What was measured for each bill of a batch, and what is known of the bills before; arrays of equal length.

    ``slots`` are all slots of the period, ``missing`` those without any value (also on days without a row),
    ``days`` the length of the period, ``before_wh``, ``before_days`` and ``before_bills`` the live bills before.
    """

    slots: Ints
    missing: Ints
    estimated: Ints
    energy_wh: Ints
    days: Ints
    before_wh: Ints
    before_days: Ints
    before_bills: Ints


@dataclass(frozen=True)
class Verdict:
    """Why one bill waits.

    Attributes:
        index: its place in the batch.
        reason: the code.
        text: what is wrong, with the figures.
        details: the figures, for programs.
    """

    index: int
    reason: Reason
    text: str
    details: Mapping[str, int | str]


def judge(measured: Measured, rules: BillingRules, released: npt.NDArray[np.bool_]) -> list[Verdict]:
    """Decide which bills of a batch wait, at most one verdict each, the gravest; those ``released`` never wait.

    Energy is compared by multiplication of integers, so a figure on the limit always falls on the same side.
    """
    m, readings, implausible = measured, rules.readings, rules.implausible
    none = m.missing >= m.slots
    missing = m.missing * 1000 > m.slots * readings.missing_per_mille
    estimated = m.estimated * 1000 > m.slots * readings.estimated_per_mille
    known = m.before_days > 0
    # energy/days > times × before/before_days, without division
    high = (
        known
        & (m.before_wh > 0)
        & (m.energy_wh * m.before_days > implausible.times_usual * m.before_wh * m.days)
        & (m.energy_wh > implausible.above_kwh_per_day * 1000 * m.days)
    )
    zero = (m.energy_wh == 0) & (m.before_bills >= implausible.zero_after_bills) & (m.before_wh > 0)
    waits = (none | missing | estimated | high | zero) & ~released
    verdicts = []
    for index in np.flatnonzero(waits).tolist():
        slots, gone, guessed = int(m.slots[index]), int(m.missing[index]), int(m.estimated[index])
        energy, days = int(m.energy_wh[index]), int(m.days[index])
        usual = int(m.before_wh[index]) // max(1, int(m.before_days[index]))
        details: dict[str, int | str] = {"slots": slots, "missing": gone, "estimated": guessed, "energy_wh": energy}
        if none[index]:
            reason, text = Reason.NO_READINGS, f"There is no reading at all in {days} days."
        elif missing[index]:
            reason = Reason.MISSING_READINGS
            text = f"{gone} of {slots} slots have no value; {readings.missing_per_mille} ‰ are allowed."
        elif estimated[index]:
            reason = Reason.TOO_MUCH_ESTIMATED
            text = f"{guessed} of {slots} slots are estimated; {readings.estimated_per_mille} ‰ are allowed."
        elif high[index]:
            reason = Reason.IMPLAUSIBLE_HIGH
            text = f"{kwh(energy // days)} kWh a day, usually {kwh(usual)}."
            details["usual_wh_per_day"] = usual
        else:
            reason = Reason.IMPLAUSIBLE_ZERO
            text = f"No energy in {days} days, usually {kwh(usual)} kWh a day."
            details["usual_wh_per_day"] = usual
        verdicts.append(Verdict(index, reason, text, details))
    return verdicts


def verdict_of_refusal(index: int, code: str, tariff: str) -> Verdict:
    """What to park a bill for that the tariff cannot price exactly; no clerk can release it."""
    details: dict[str, int | str] = {"tariff": tariff, "refusal": code}
    if code == "no_readings":
        return Verdict(index, Reason.NO_READINGS, "There is no reading at all in the period.", details)
    if code == "no_version":
        return Verdict(index, Reason.NO_TARIFF, f"No version of tariff {tariff} covers the whole period.", details)
    return Verdict(index, Reason.TARIFF_REFUSED, f"Tariff {tariff} cannot price this exactly: {code}.", details)
