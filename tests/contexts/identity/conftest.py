"""A county of two branches, its customers, and staff at its units."""

from datetime import UTC, date, datetime

import pyarrow as pa
import pytest
from django.contrib.auth import get_user_model

from gridhall.contexts.accounts import operations as accounts
from gridhall.contexts.identity import queries
from gridhall.contexts.identity.ports import Message
from gridhall.contexts.identity.types import Home, Position, Role, Staff
from gridhall.runtime.audit import Act

NOW = datetime(2026, 3, 20, 4, 0, tzinfo=UTC)
TODAY = date(2026, 3, 20)
ACT = Act("test:clerk", NOW)
D = date


@pytest.fixture
def county(db: None) -> None:
    """1001: let by L (settles) to T, who came after B. 1002: L's own. 2001: works of F in the other branch."""
    accounts.load(
        accounts.Portfolio(
            organisations=pa.table(
                {"code": ["44", "4401", "4402"], "name": ["省", "东区", "西区"], "level": [1, 2, 2],
                 "parent": [None, "44", "44"]}
            ),
            customers=pa.table(
                {"number": ["L", "T", "B", "F"], "kind": ["person", "person", "person", "organisation"],
                 "name": ["王小明", "张三", "李四", "机械厂"],
                 "phone": ["15400000001", "15400000002", "15400000003", "15400000004"]}
            ),
            accounts=pa.table(
                {"number": ["AL", "AB", "AF"], "organisation": ["4401", "4401", "4402"], "customer": ["L", "B", "F"]}
            ),
            usage_points=pa.table(
                {"number": ["1001", "1002", "2001"], "organisation": ["4401", "4401", "4402"],
                 "usage_class": ["residential", "residential", "industrial"],
                 "address": ["福华路 1 号", "福华路 2 号", "科技园 8 号"]}
            ),
            agreements=pa.table(
                {"usage_point": ["1001", "1001", "1002", "2001"], "customer": ["B", "T", "L", "F"],
                 "account": ["AB", "AL", "AL", "AF"], "tariff_code": ["home", "home", "home", "works"],
                 "start": [D(2024, 1, 1), D(2025, 7, 1), D(2024, 1, 1), D(2024, 1, 1)],
                 "end": pa.array([D(2025, 6, 1), None, None, None], pa.date32())}
            ),
        ),
        act=ACT,
    )  # fmt: skip


def person(number: int, *, confirmed: bool = True):
    """Somebody who can sign in, with the phone 1540000<number>."""
    return get_user_model().objects.create(
        username=f"person-{number}", phone=f"1540000{number:04}", phone_verified=confirmed
    )


def seen_as(user: int, key: str, day: date) -> Home | None:
    """The home that a key means to a person on a day."""
    return next((home for home in queries.homes_of(user, day) if home.key == key), None)


def staff(*held: tuple[Role, str]) -> Staff:
    """A member of staff with these roles at units of these paths."""
    codes = {"/44/": "44", "/44/4401/": "4401", "/44/4402/": "4402"}
    return Staff(1, "clerk", tuple(Position(role, 0, codes[path], path, False) for role, path in held))


class Outbox:
    """What was sent."""

    messages: list[Message] = []

    def send(self, message: Message) -> None:
        self.messages.append(message)
