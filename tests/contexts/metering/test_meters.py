"""Promise: a meter is in one place at a time, and registers tell a span's energy through exchange and rollover."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pyarrow as pa
import pytest

from gridhall.contexts.accounts.models import Organisation, UsagePoint
from gridhall.contexts.metering import operations, queries
from gridhall.contexts.metering.types import Dial, RegisterKind
from gridhall.kernel.errors import GridhallError
from gridhall.kernel.spans import DateSpan

pytestmark = pytest.mark.django_db

ZONE = "Asia/Shanghai"
JANUARY = DateSpan.month(2026, 1)
NOW = datetime(2026, 3, 1, tzinfo=UTC)
IMPORT, PEAK, DEMAND = RegisterKind.IMPORT, RegisterKind.IMPORT_PEAK, RegisterKind.MAX_DEMAND


def at(day: int, hour: int = 0) -> datetime:
    """A local clock time of January 2026, Shanghai."""
    return datetime(2025, 12, 31, 16, tzinfo=UTC) + timedelta(days=day - 1, hours=hour)


@pytest.fixture
def home() -> int:
    station = Organisation.objects.create(code="3301", name="某供电所", level=4)
    return UsagePoint.objects.create(number="3301000001", organisation=station, usage_class="residential").pk


def install(serial: str, usage_point: int, moment: datetime, reading: str = "0", **more: object) -> int:
    return operations.install_meter(
        serial, usage_point=usage_point, at=moment, readings={IMPORT: Decimal(reading)}, now=NOW, **more
    )  # type: ignore[arg-type]


def read(usage_point: int, moment: datetime, reading: str) -> None:
    operations.record_reading(usage_point=usage_point, at=moment, readings={IMPORT: Decimal(reading)}, now=NOW)


def january(usage_point: int, **more: int) -> dict[str, dict[str, object]]:
    rows = queries.register_energy([usage_point], JANUARY, zone=ZONE, **more).to_pylist()
    return {row["register"]: row for row in rows}


def test_monthly_readings_give_the_months_energy_with_the_multiplier(home: int) -> None:
    install("M1", home, at(-20), "100", multiplier=Decimal(30))
    read(home, at(1), "200.50")
    read(home, at(32), "250.75")
    row = january(home)["import"]
    assert (row["wh"], row["estimated"], row["finding"]) == (50_250 * 30, False, None)
    assert (row["from"], row["to"]) == (at(1), at(32))


def test_an_exchange_in_the_month_counts_both_meters(home: int) -> None:
    install("OLD", home, at(-20), "99900")
    read(home, at(1), "99950")
    operations.exchange_meter(
        "NEW", usage_point=home, at=at(15, 10), final={IMPORT: Decimal("99990.5")}, initial={IMPORT: Decimal("0.1")},
        multiplier=Decimal(2), dials={IMPORT: Dial(5, 1)}, now=NOW,
    )  # fmt: skip
    read(home, at(32), "30.1")
    assert january(home)["import"]["wh"] == 40_500 + 60_000
    old, new = queries.installations(home)
    assert (old.meter, old.end, new.meter, new.start, new.end) == ("OLD", at(15, 10), "NEW", at(15, 10), None)


def test_a_rollover_is_counted_and_said(home: int) -> None:
    install("M1", home, at(-20), "9990", dials={IMPORT: Dial(4)})
    read(home, at(1), "9995")
    read(home, at(32), "45")
    row = january(home)["import"]
    assert (row["wh"], row["rollovers"]) == (50_000, 1)


def test_readings_off_the_first_of_the_month_are_shared_out_and_marked(home: int) -> None:
    install("M1", home, at(-9), "0")
    read(home, at(11), "200")
    read(home, at(32), "410")
    row = january(home)["import"]
    assert (row["wh"], row["estimated"]) == (100_000 + 210_000, True)


def test_a_month_not_yet_read_says_until_when_it_is_known(home: int) -> None:
    install("M1", home, at(1), "0")
    read(home, at(20), "190")
    row = january(home)["import"]
    assert (row["wh"], row["to"]) == (190_000, at(20))


def test_a_correction_replaces_the_reading_it_corrects(home: int) -> None:
    install("M1", home, at(1), "0")
    read(home, at(32), "900")
    read(home, at(32), "90")
    assert january(home)["import"]["wh"] == 90_000


def test_clock_registers_and_demand_stand_beside_the_total(home: int) -> None:
    shown = {IMPORT: "10", PEAK: "4", DEMAND: "0"}
    operations.install_meter(
        "M1", usage_point=home, at=at(1), now=NOW, multiplier=Decimal(60),
        readings={kind: Decimal(value) for kind, value in shown.items()}, dials={DEMAND: Dial(2, 4)},
    )  # fmt: skip
    later = {IMPORT: Decimal("110"), PEAK: Decimal("34"), DEMAND: Decimal("0.8125")}
    operations.record_reading(usage_point=home, at=at(32), readings=later, now=NOW)
    rows = january(home)
    assert {name: row["wh"] for name, row in rows.items()} == {
        "import": 100_000 * 60,
        "import_peak": 30_000 * 60,
        "max_demand": 48_750,
    }


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        (lambda home: read(home, at(20), "50"), "meter_reading_implausible"),
        (lambda home: read(home, at(20), "1000000"), "meter_reading_implausible"),
        (lambda home: read(home, at(-50), "1"), "meter_unknown_here"),
        (lambda home: install("M2", home, at(3)), "usage_point_has_meter"),
        (lambda home: operations.remove_meter(usage_point=home, at=at(20), readings={}, now=NOW), "register_missing"),
        (
            lambda home: operations.record_reading(
                usage_point=home, at=at(20), readings={PEAK: Decimal(1)}, now=NOW
            ),
            "register_missing",
        ),
        (
            lambda home: operations.remove_meter(usage_point=home, at=at(5), readings={IMPORT: Decimal(101)}, now=NOW),
            "meter_reading_implausible",
        ),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_and_changes_nothing(home: int, wrong: object, code: str) -> None:
    install("M1", home, at(1), "100")
    read(home, at(10), "120")
    before = january(home)
    with pytest.raises(GridhallError) as refused:
        wrong(home)  # type: ignore[operator]
    assert refused.value.code == code
    assert january(home) == before


def test_a_meter_serves_again_only_after_its_removal(home: int) -> None:
    other = UsagePoint.objects.create(
        number="3301000002", organisation=Organisation.objects.get(), usage_class="residential"
    ).pk
    install("M1", home, at(1), "100")
    with pytest.raises(operations.MeterElsewhere):
        install("M1", other, at(9), "120")
    operations.remove_meter(usage_point=home, at=at(9), readings={IMPORT: Decimal(120)}, now=NOW)
    install("M1", other, at(9), "120")
    assert january(home)["import"]["wh"] == 20_000


def test_many_meters_are_installed_at_once_or_none(home: int) -> None:
    def meters(serial: str) -> pa.Table:
        return pa.table(
            {
                "usage_point": pa.array([home, home], pa.int64()),
                "serial": [serial, serial],
                "at": pa.array([at(1)] * 2, pa.timestamp("us", tz="UTC")),
                "multiplier": pa.array([Decimal(20)] * 2, pa.decimal128(10, 4)),
                "register": ["import", "export"],
                "digits": pa.array([6, 6], pa.int16()),
                "decimals": pa.array([2, 2], pa.int16()),
                "reading": pa.array([Decimal("5.25"), Decimal(0)], pa.decimal128(13, 4)),
            }
        )

    assert operations.install_meters(meters("M1"), now=NOW) == 2
    with pytest.raises(operations.UsagePointHasMeter):
        operations.install_meters(meters("M2"), now=NOW)
    (installed,) = queries.installations(home)
    assert {each.kind for each in installed.registers} == {RegisterKind.IMPORT, RegisterKind.EXPORT}


def test_nothing_is_said_of_usage_points_without_readings(home: int) -> None:
    assert queries.register_energy([home], JANUARY).num_rows == 0
    assert queries.register_energy([], DateSpan(date(2026, 1, 1), date(2026, 1, 2))).num_rows == 0
