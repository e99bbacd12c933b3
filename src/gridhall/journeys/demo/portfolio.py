"""The invented utility as tables that the accounts context loads."""

from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

import pyarrow as pa

from gridhall.contexts.accounts.operations import Portfolio
from gridhall.journeys.demo.utility import Contract, Utility

_TEXT, _DEGREES, _DAY = pa.string(), pa.float64(), pa.date32()
_PLACE = {"longitude": _DEGREES, "latitude": _DEGREES}
_AGREEMENT = {
    "usage_point": _TEXT,
    "customer": _TEXT,
    "tariff_code": _TEXT,
    "start": _DAY,
    "end": _DAY,
    "account": _TEXT,
    "household_size": pa.int16(),
    "allowance": _TEXT,
    "capacity_va": pa.int64(),
    "contract_demand_w": pa.int64(),
    "power_factor_standard": pa.int16(),
}


def portfolio(utility: Utility) -> Portfolio:
    """Give the tables of the whole utility, parents before children."""
    assert utility.substation is not None
    return Portfolio(
        organisations=_table(
            ({**asdict(unit), "level": int(unit.level)} for unit in utility.units),
            {"code": _TEXT, "name": _TEXT, "level": pa.int16(), "parent": _TEXT},
        ),
        substations=_table(
            [asdict(utility.substation)], {"code": _TEXT, "name": _TEXT, "organisation": _TEXT, **_PLACE}
        ),
        feeders=_table(map(asdict, utility.feeders), {"code": _TEXT, "name": _TEXT, "substation": _TEXT}),
        transformer_areas=_table(
            map(asdict, utility.areas),
            {
                "code": _TEXT,
                "name": _TEXT,
                "feeder": _TEXT,
                "dedicated": pa.bool_(),
                "capacity_va": pa.int64(),
                **_PLACE,
            },
        ),
        customers=_table(map(asdict, utility.people), {"number": _TEXT, "kind": _TEXT, "name": _TEXT, "phone": _TEXT}),
        accounts=_table(map(asdict, utility.accounts), {"number": _TEXT, "organisation": _TEXT, "customer": _TEXT}),
        usage_points=_table(
            ({**asdict(point), "transformer_area": point.area} for point in utility.points),
            {
                "number": _TEXT,
                "organisation": _TEXT,
                "usage_class": _TEXT,
                "transformer_area": _TEXT,
                "address": _TEXT,
                **_PLACE,
            },
        ),
        agreements=_table(map(_agreement, utility.contracts), _AGREEMENT),
        settlements=_table(
            (
                {"usage_point": contract.usage_point, "account": part.account, "start": part.start, "end": part.end}
                for contract in utility.contracts
                if len(contract.settled) > 1
                for part in contract.settled
            ),
            {"usage_point": _TEXT, "account": _TEXT, "start": _DAY, "end": _DAY},
        ),
    )


def _agreement(contract: Contract) -> dict[str, Any]:
    return {
        "usage_point": contract.usage_point,
        "customer": contract.customer,
        "tariff_code": contract.tariff,
        "start": contract.start,
        "end": contract.end,
        "account": contract.settled[0].account if len(contract.settled) == 1 else None,
        **asdict(contract.terms),
    }


def _table(rows: Iterable[dict[str, Any]], columns: dict[str, pa.DataType]) -> pa.Table:
    """The rows' values of those columns; what else a row holds is left out."""
    listed = list(rows)
    return pa.table({name: pa.array([row[name] for row in listed], kind) for name, kind in columns.items()})
