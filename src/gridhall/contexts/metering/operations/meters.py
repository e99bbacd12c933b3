"""Meters come, are read, and go; each operation has its moment, and ``now`` is when the utility learnt of it."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Final

import pyarrow as pa
from django.db import connection, transaction
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.db.models import Q
from django_integrity.conversion import Named, refine_integrity_error

from gridhall.contexts.accounts import queries as accounts
from gridhall.contexts.metering.meterfiles import MeterFileWrong, read_meters
from gridhall.contexts.metering.models import Meter, MeterInstallation, MeterRegister, RegisterReading
from gridhall.contexts.metering.models.meters import ReadingReason
from gridhall.contexts.metering.rules.registers import (
    Dial,
    Finding,
    RegisterKind,
    Snapshot,
    advance,
    on_the_dial,
)
from gridhall.kernel.errors import GridhallError, NotFound
from gridhall.runtime.copy import copy_in

#: The face of most domestic meters: six digits, two places.
USUAL: Final = Dial(6, 2)


class MeterElsewhere(GridhallError):
    """The meter is installed at another usage point at that time."""

    code = "meter_elsewhere"


class UsagePointHasMeter(GridhallError):
    """The usage point has a meter at that time; it is exchanged, or removed first."""

    code = "usage_point_has_meter"


class MeterUnknownHere(NotFound):
    """There is no meter at the usage point at that time."""

    code = "meter_unknown_here"


class RegisterMissing(GridhallError):
    """The meter has no such register, or a reading that must be given for a register is not."""

    code = "register_missing"


class MeterReadingImplausible(GridhallError):
    """The register cannot show that, or cannot have got there since it was last read."""

    code = "meter_reading_implausible"


def install_meter(
    serial: str,
    *,
    usage_point: int,
    at: datetime,
    readings: Mapping[RegisterKind, Decimal],
    now: datetime,
    multiplier: Decimal = Decimal(1),
    dials: Mapping[RegisterKind, Dial] | None = None,
    kind: str = "",
) -> int:
    """This will install a meter with its first readings and give the installation's id.

    Args:
        serial: the number on the meter's plate (表号); a meter not yet known is entered with the registers read.
        usage_point: id.
        at: when the meter starts to count here, aware.
        readings: what each register shows at that moment, in its own units.
        multiplier: CT × PT of the place.
        dials: the faces of the registers; those not named have six digits and two places.
        kind: the maker's type designation.

    Raises:
        MeterElsewhere, UsagePointHasMeter: as their names say.
        RegisterMissing: when no reading is given, or one of a known meter's registers is left out.
        MeterReadingImplausible: when a register cannot show its reading.
    """
    if not readings:
        raise RegisterMissing("A meter is installed with the reading of each register.", path=serial)
    with transaction.atomic(), _refined(serial):
        meter, new = Meter.objects.get_or_create(serial=serial, defaults={"kind": kind})
        if new:
            MeterRegister.objects.bulk_create(
                MeterRegister(meter=meter, kind=each, digits=dial.digits, decimals=dial.decimals)
                for each, dial in ((each, (dials or {}).get(each, USUAL)) for each in readings)
            )
        installation = MeterInstallation.objects.create(
            meter=meter, usage_point_id=usage_point, span=DateTimeTZRange(at, None), multiplier=multiplier
        )
        _record(installation, at, readings, ReadingReason.INSTALLED, now, every=True)
    return installation.pk


def remove_meter(*, usage_point: int, at: datetime, readings: Mapping[RegisterKind, Decimal], now: datetime) -> None:
    """This will end the time of the meter at a usage point, with its last readings.

    Raises:
        MeterUnknownHere: when no meter is there at that time, or it is not there for good.
        RegisterMissing: when a register's reading is left out.
        MeterReadingImplausible: when a register cannot have got to its reading, or was read later than its removal.
    """
    with transaction.atomic():
        installation = _installed(usage_point, at)
        if installation.span.upper is not None:
            raise MeterUnknownHere(
                f"Meter {installation.meter.serial} is already removed at {installation.span.upper:%Y-%m-%d %H:%M}.",
                path=str(usage_point),
            )
        late = installation.readings.filter(at__gt=at).order_by("at").first()
        if late is not None:
            raise MeterReadingImplausible(
                f"Meter {installation.meter.serial} was read here at {late.at.isoformat()}, after its removal.",
                path=f"{installation.meter.serial}:{late.kind}",
                remedy="Give the true moment of the removal.",
            )
        _record(installation, at, readings, ReadingReason.REMOVED, now, every=True)
        installation.span = DateTimeTZRange(installation.span.lower, at)
        installation.save(update_fields=["span"])


def exchange_meter(
    serial: str,
    *,
    usage_point: int,
    at: datetime,
    final: Mapping[RegisterKind, Decimal],
    initial: Mapping[RegisterKind, Decimal],
    now: datetime,
    multiplier: Decimal = Decimal(1),
    dials: Mapping[RegisterKind, Dial] | None = None,
    kind: str = "",
) -> int:
    """This will put a new meter in the place of the old one at one moment, and give the new installation's id.

    Args:
        serial: of the new meter.
        final: the old meter's last readings.
        initial: the new meter's first readings.

    Raises:
        the errors of `remove_meter` and `install_meter`; then nothing is changed.
    """
    with transaction.atomic():
        remove_meter(usage_point=usage_point, at=at, readings=final, now=now)
        return install_meter(
            serial,
            usage_point=usage_point,
            at=at,
            readings=initial,
            now=now,
            multiplier=multiplier,
            dials=dials,
            kind=kind,
        )


def record_reading(
    *, usage_point: int, at: datetime, readings: Mapping[RegisterKind, Decimal], now: datetime, estimated: bool = False
) -> None:
    """This will record what a usage point's registers show; once more for the same moment corrects it.

    Raises:
        MeterUnknownHere, RegisterMissing, MeterReadingImplausible: as their names say.
    """
    with transaction.atomic():
        _record(_installed(usage_point, at), at, readings, ReadingReason.SCHEDULED, now, estimated=estimated)


def install_meters(meters: pa.Table, *, now: datetime) -> int:
    """This will install many new meters at once and give their number; for the first load of a utility's meters.

    Args:
        meters: one row per register: ``usage_point int64, serial string, at timestamp[us, UTC], multiplier
            decimal128(10, 4), register string, digits int16, decimals int16, reading decimal128(13, 4)``.

    Raises:
        MeterElsewhere, UsagePointHasMeter: when a meter or a usage point is already taken; nothing is installed then.
    """
    with transaction.atomic(), _refined(""), connection.cursor() as cursor:
        cursor.execute(
            "CREATE TEMP TABLE new_meters (usage_point bigint, serial text, at timestamptz, multiplier numeric, "
            "register text, digits smallint, decimals smallint, reading numeric) ON COMMIT DROP"
        )
        copy_in("new_meters", meters)
        for statement in _INSTALL_MANY:
            cursor.execute(statement, {"now": now})
        installed = int(cursor.rowcount)
        cursor.execute("DROP TABLE new_meters")
    return installed


def load_meters(path: Path, *, zone: str, now: datetime) -> int:
    """This will install the meters of a file, all or none, and give their number; see `meterfiles.read_meters`.

    Raises:
        FileRefused, MeterFileWrong: when the file cannot be understood, with file, line and field.
        MeterElsewhere, UsagePointHasMeter: when a meter or a usage point is taken, with file and line.
    """
    rows = read_meters(path, zone=zone)
    numbers = accounts.usage_point_ids([row.usage_point for row in rows]).to_pylist()
    for row, number in zip(rows, numbers, strict=True):
        if number is None:
            raise MeterFileWrong(
                f"There is no usage point {row.usage_point[:40]}.", path=f"{path}:{row.line}:usage_point",
                remedy="Open it first: `gridhall accounts load`.",
            )  # fmt: skip
    known = set(Meter.objects.filter(serial__in={row.meter for row in rows}).values_list("serial", flat=True))
    taken = set(
        MeterInstallation.objects.filter(usage_point_id__in=set(numbers), span__endswith=None).values_list(
            "usage_point_id", flat=True
        )
    )
    places: dict[str, tuple[int, datetime, Decimal]] = {}
    for row, number in zip(rows, numbers, strict=True):
        place = f"{path}:{row.line}"
        if row.meter in known:
            raise MeterElsewhere(f"Meter {row.meter} is known already.", path=f"{place}:meter")
        if number in taken:
            raise UsagePointHasMeter(f"Usage point {row.usage_point} has a meter.", path=f"{place}:usage_point")
        if places.setdefault(row.meter, (number, row.at, row.multiplier)) != (number, row.at, row.multiplier):
            raise MeterFileWrong(
                f"Meter {row.meter} has another row with another place or time.", path=f"{place}:meter"
            )
    table = pa.table(
        {
            "usage_point": pa.array(numbers, pa.int64()),
            "serial": [row.meter for row in rows],
            "at": pa.array([row.at for row in rows], pa.timestamp("us", tz="UTC")),
            "multiplier": pa.array([row.multiplier for row in rows], pa.decimal128(10, 4)),
            "register": [row.kind.value for row in rows],
            "digits": pa.array([row.dial.digits for row in rows], pa.int16()),
            "decimals": pa.array([row.dial.decimals for row in rows], pa.int16()),
            "reading": pa.array([row.reading for row in rows], pa.decimal128(13, 4)),
        }
    )
    install_meters(table, now=now)
    return len(places)


_INSTALL_MANY: Final = (
    "INSERT INTO metering_meter (serial, kind) SELECT DISTINCT serial, '' FROM new_meters",
    "INSERT INTO metering_meterregister (meter_id, kind, digits, decimals) "
    "SELECT m.id, n.register, n.digits, n.decimals FROM new_meters n JOIN metering_meter m USING (serial)",
    "INSERT INTO metering_meterinstallation (meter_id, usage_point_id, span, multiplier) "
    "SELECT DISTINCT m.id, n.usage_point, tstzrange(n.at, NULL), n.multiplier "
    "FROM new_meters n JOIN metering_meter m USING (serial)",
    "INSERT INTO metering_registerreading (installation_id, kind, at, reading, estimated, reason, available_at) "
    "SELECT i.id, n.register, n.at, n.reading, false, 'installed', %(now)s FROM new_meters n "
    "JOIN metering_meter m USING (serial) JOIN metering_meterinstallation i ON i.meter_id = m.id",
)


def _installed(usage_point: int, at: datetime) -> MeterInstallation:
    """The meter at a usage point at a moment; the moment of its removal still counts as its own."""
    found = (
        MeterInstallation.objects.select_related("meter")
        .filter(usage_point_id=usage_point)
        .filter(Q(span__contains=at) | Q(span__endswith=at))
        .order_by("-span")
        .first()
    )
    if found is None:
        raise MeterUnknownHere(
            f"There is no meter at {at.isoformat()}.", path=str(usage_point), remedy="Install the meter first."
        )
    return found


def _record(
    installation: MeterInstallation,
    at: datetime,
    readings: Mapping[RegisterKind, Decimal],
    reason: ReadingReason,
    now: datetime,
    *,
    every: bool = False,
    estimated: bool = False,
) -> None:
    registers = {RegisterKind(each.kind): each for each in installation.meter.registers.all()}
    wrong = [kind for kind in readings if kind not in registers]
    if every:
        wrong += [kind for kind in registers if kind not in readings]
    if wrong:
        raise RegisterMissing(
            f"Meter {installation.meter.serial} has the registers {', '.join(sorted(registers))}; "
            f"readings are given for {', '.join(sorted(readings))}.",
            path=f"{installation.meter.serial}:{wrong[0]}",
            remedy="Give a reading for each of its registers." if every else "",
        )
    rows = []
    for kind, reading in readings.items():
        register = registers[kind]
        _check(installation, kind, Dial(register.digits, register.decimals), Snapshot(at, reading))
        rows.append(
            RegisterReading(
                installation=installation, kind=kind, at=at, reading=reading, estimated=estimated, reason=reason,
                available_at=now,
            )
        )  # fmt: skip
    RegisterReading.objects.bulk_create(rows)


def _check(installation: MeterInstallation, kind: RegisterKind, dial: Dial, shown: Snapshot) -> None:
    """Compare a reading with the dial and with the readings before and after it."""
    finding: Finding | None = on_the_dial(shown.reading, dial)
    if finding is None and kind is not RegisterKind.MAX_DEMAND:
        of_register = installation.readings.filter(kind=kind)
        before = of_register.filter(at__lt=shown.at).order_by("-at", "-id").first()
        after = of_register.filter(at__gt=shown.at).order_by("at", "-id").first()
        steps: Sequence[tuple[Snapshot, Snapshot]] = [
            *([(Snapshot(before.at, before.reading), shown)] if before else []),
            *([(shown, Snapshot(after.at, after.reading))] if after else []),
        ]
        moved = [advance(first, second, dial=dial, multiplier=installation.multiplier) for first, second in steps]
        finding = next((each for each in moved if isinstance(each, Finding)), None)
    if finding is not None:
        raise MeterReadingImplausible(
            f"{finding.message[0].upper()}{finding.message[1:]}.",
            path=f"{installation.meter.serial}:{kind}",
            remedy="Read the meter again; if it was exchanged, record the exchange.",
        )


@contextmanager
def _refined(serial: str) -> Iterator[None]:
    """Named constraints of the database, told as errors of metering."""
    with refine_integrity_error(
        [
            (
                Named("meter_in_one_place"),
                MeterElsewhere(
                    "The meter is installed elsewhere at that time.", path=serial, remedy="Remove it there first."
                ),
            ),
            (
                Named("usage_point_one_meter"),
                UsagePointHasMeter(
                    "The usage point has a meter at that time.", path=serial, remedy="Exchange or remove that meter."
                ),
            ),
            (
                Named("register_once_per_meter"),
                RegisterMissing("A meter has each register once.", path=serial),
            ),
            (
                Named("meter_serial_unique"),
                MeterElsewhere("A meter of that number is known already.", path=serial),
            ),
        ]
    ):
        yield
