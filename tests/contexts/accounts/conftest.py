"""A small county with three customers, four usage points and their accounts."""

from datetime import UTC, date, datetime

import pyarrow as pa
import pytest

from gridhall.contexts.accounts import operations
from gridhall.runtime.audit import Act

ACT = Act("test:clerk", datetime(2026, 3, 20, 4, 0, tzinfo=UTC))
D = date


def portfolio(**more: pa.Table) -> operations.Portfolio:
    """The county; usage point 1001 is let by the landlord L to the tenant T, who does not settle it."""
    return operations.Portfolio(
        organisations=pa.table(
            {
                "code": ["44", "4403", "440304", "440305", "4404"],
                "name": ["广东", "深圳", "福田", "南山", "珠海"],
                "level": [1, 2, 3, 3, 2],
                "parent": [None, "44", "4403", "4403", "44"],
            }
        ),
        customers=pa.table(
            {
                "number": ["L", "T", "F"],
                "kind": ["person", "person", "organisation"],
                "name": ["王小明", "张三", "福田机械厂"],
            }
        ),
        accounts=pa.table(
            {"number": ["AL", "AT", "AF"], "organisation": ["440304"] * 3, "customer": ["L", "T", "F"]},
        ),
        usage_points=pa.table(
            {
                "number": ["1001", "1002", "1003", "2001"],
                "organisation": ["440304", "440304", "440305", "4404"],
                "usage_class": ["residential", "residential", "industrial", "residential"],
                "address": ["福华路 1 号", "福华路 1 号", "科技园 8 号", None],
            }
        ),
        agreements=pa.table(
            {
                "usage_point": ["1001", "1003"],
                "customer": ["T", "F"],
                "account": ["AL", "AF"],
                "tariff_code": ["home", "industry"],
                "start": [D(2025, 1, 1), D(2024, 7, 1)],
                "end": pa.array([None, D(2027, 1, 1)], pa.date32()),
                "capacity_va": pa.array([None, 630_000], pa.int64()),
                "power_factor_standard": pa.array([None, 90], pa.int16()),
            }
        ),
        **more,
    )


@pytest.fixture
def county(db: None) -> None:
    operations.load(portfolio(), act=ACT)
