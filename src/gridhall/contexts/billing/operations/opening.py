"""Taking over from another system in mid-year: how much of their tiers customers have used already."""

import csv
from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path

from django.db import transaction

from gridhall.contexts.accounts import queries as accounts
from gridhall.contexts.billing.errors import OpeningsInvalid
from gridhall.contexts.billing.models import TierOpening
from gridhall.kernel.energy import WH_PER_KWH
from gridhall.runtime.audit import Act, record

_COLUMNS = ("usage_point", "as_of", "kwh")


def load_openings(file: Path, *, act: Act) -> int:
    """This will take in a CSV of ``usage_point,as_of,kwh``: energy used in the running tier year before a day.

    All or nothing; the same row again replaces the value before. Bills that were issued already are not changed: ask
    for corrections.

    Returns:
        How many usage points were given an opening.

    Raises:
        OpeningsInvalid: with the line, when a row cannot be understood or names an unknown usage point.
    """
    rows = list(_read(file))
    ids = accounts.usage_point_ids([row[0] for row in rows]).to_pylist()
    units = dict(
        zip(*(accounts.usage_points_of(None)[name].to_pylist() for name in ("id", "organisation")), strict=True)
    )
    for line, (identity, row) in enumerate(zip(ids, rows, strict=True), start=2):
        if identity is None:
            raise OpeningsInvalid(f"There is no usage point {row[0]}.", path=f"{file.name}:{line}:usage_point")
    with transaction.atomic():
        TierOpening.objects.bulk_create(
            [
                TierOpening(
                    usage_point_id=identity, organisation_id=units[identity], as_of_date=day, used_wh=wh,
                    source=file.name,
                )
                for identity, (_, day, wh) in zip(ids, rows, strict=True)
            ],
            update_conflicts=True, unique_fields=["usage_point", "as_of_date"], update_fields=["used_wh", "source"],
            batch_size=5000,
        )  # fmt: skip
        record(act, "billing.tiers.opened", f"file:{file.name}", {"usage_points": len(rows)})
    return len(rows)


def _read(file: Path) -> list[tuple[str, date, int]]:
    try:
        text = file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise OpeningsInvalid(f"The file cannot be read: {error}.", path=str(file)) from error
    reader = csv.DictReader(text.splitlines())
    if not set(_COLUMNS) <= set(reader.fieldnames or ()):
        raise OpeningsInvalid(
            f"The header lacks {', '.join(sorted(set(_COLUMNS) - set(reader.fieldnames or ())))}.",
            path=f"{file.name}:1",
            remedy=f"Call the columns {', '.join(_COLUMNS)}.",
        )
    found: dict[tuple[str, date], int] = {}
    for row in reader:
        place = f"{file.name}:{reader.line_num}"
        try:
            day = date.fromisoformat(row["as_of"].strip())
        except (ValueError, AttributeError) as error:
            raise OpeningsInvalid(f"{row['as_of']!r} is no day written YYYY-MM-DD.", path=f"{place}:as_of") from error
        try:
            energy = Decimal((row["kwh"] or "").strip()) * WH_PER_KWH
            if not energy.is_finite() or energy < 0 or energy != int(energy):
                raise InvalidOperation
        except InvalidOperation as error:
            raise OpeningsInvalid(
                f"{row['kwh']!r} is no energy in kWh, whole to the Wh.", path=f"{place}:kwh"
            ) from error
        key = row["usage_point"].strip(), day
        if key in found:
            raise OpeningsInvalid(f"{key[0]} occurs twice for {day}.", path=f"{place}:usage_point")
        found[key] = int(energy)
    return [(number, day, wh) for (number, day), wh in found.items()]
