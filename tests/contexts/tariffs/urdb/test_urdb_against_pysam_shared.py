"""Promise: real URDB rates on real households come out exactly as with PySAM, or are refused; none is wrong."""

import pytest
from benchmarks import urdb_vs_pysam

FILES = sorted((urdb_vs_pysam.SHARED / "tariffs" / "urdb").glob("*.json"))
REFUSED = {
    # The schedules name period 1 of a single one, counted from 0.
    "539fb6c7ec4f024bc1dc0445": "urdb_schedule_index at energyweekdayschedule[0][0]",
    "53ac8daa5257a3406ac32a35": "urdb_coincident_demand at coincidentratestructure",
    "674e0b87201c6bd096007a5a": "urdb_reactive_charge at demandreactivepowercharge",
    "6757525f259975f54b0eccbf_1": "urdb_reactive_charge at demandreactivepowercharge",
    "6757525f259975f54b0eccbf_2": "urdb_reactive_charge at demandreactivepowercharge",
    # A last tier that ends at 0 kWh leaves everything beyond 355 without a price.
    "anon_5": "urdb_tier_limit at energyratestructure[1][1].max",
}


@pytest.fixture(scope="module")
def loads():
    # Every fifth household, and the factory that all of them make together.
    return urdb_vs_pysam.household_loads(urdb_vs_pysam.SHARED)[::5]


def test_all_seventeen_are_here() -> None:
    assert len(FILES) == 17
    assert REFUSED.keys() < {file.stem for file in FILES}


@pytest.mark.parametrize("file", FILES, ids=[file.stem for file in FILES])
def test_exact_or_refused(file, loads) -> None:
    row = urdb_vs_pysam.compare(file, loads)
    if file.stem in REFUSED:
        assert (row.outcome, row.reason) == ("refused", REFUSED[file.stem])
    else:
        assert (row.outcome, row.months) == ("exact", 12 * len(loads))
        assert row.equal_to_the_cent + row.ties == row.months
        assert row.ties <= row.months // 100
