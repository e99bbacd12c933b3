"""Promise: the sum of a day's intervals is held against the register of the same meter, and a difference is told."""

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from gridhall.contexts.metering.operations import install_meter
from gridhall.contexts.metering.types import RegisterKind


@pytest.mark.parametrize(("advance", "codes"), [(24, []), (30, ["metering.readings.register"])])
def test_intervals_are_held_against_the_register(
    take_in: Callable, points: dict[str, int], advance: int, codes: list[str]
) -> None:
    start = datetime(2026, 3, 1, tzinfo=ZoneInfo("Asia/Shanghai"))
    install_meter("M1", usage_point=points["A1"], at=start, readings={RegisterKind.IMPORT: Decimal(100)}, now=start)
    take_in(f"usage_point,at,reading\nA1,2026-03-02 00:00,{100 + advance}\n", "registers.csv")
    rows = "".join(f"A1,2026-03-01 {hour:02}:00,1\n" for hour in range(24))
    told = take_in("usage_point,start,kwh\n" + rows)
    found = [finding for finding in told.findings if finding["code"] == "metering.readings.register"]
    assert [finding["code"] for finding in found] == codes
    for finding in found:
        assert finding["data"]["examples"][0]["interval_wh"] == 24_000
        assert finding["data"]["examples"][0]["register_wh"] == 30_000
