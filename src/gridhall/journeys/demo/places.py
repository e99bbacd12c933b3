"""Where people of the demo utility can pay in person: invented halls, shops, machines, a bank round the substation."""

from datetime import datetime
from typing import Any, Final

from gridhall.contexts.payments.operations.payment_points import NewPoint, put_points
from gridhall.journeys.demo import grid

_OFFICE: Final[dict[str, Any]] = {
    **{str(day): [["08:30", "12:00"], ["13:30", "17:30"]] for day in range(1, 6)}, "6": [["09:00", "12:00"]],
}  # fmt: skip
_SHOP: Final[dict[str, Any]] = {str(day): [["07:30", "21:30"]] for day in range(1, 8)}
_ALWAYS: Final[dict[str, Any]] = {str(day): [["00:00", "24:00"]] for day in range(1, 8)}
_BANK: Final[dict[str, Any]] = {str(day): [["09:00", "17:00"]] for day in range(1, 6)}

#: Code, kind, names, addresses, metres east and north of the substation, phone, hours, services.
_PLACES: Final = (
    ("YX-01", "hall", "云溪营业厅", "Yunxi hall", "云溪路 18 号", "18 Yunxi Road", 420, 310, "95598-1", _OFFICE,
     ("cash", "card", "code", "invoice", "contract", "charging_card", "step_free")),
    ("YX-02", "hall", "兰亭营业厅", "Lanting hall", "兰亭街 6 号", "6 Lanting Street", -1350, 780, "95598-2", _OFFICE,
     ("cash", "card", "code", "invoice", "contract")),
    ("YX-11", "agent", "云溪便民超市", "Yunxi corner shop", "云溪路 102 号", "102 Yunxi Road", 760, -120, "", _SHOP,
     ("cash", "code")),
    ("YX-12", "agent", "南桥药房", "Nanqiao pharmacy", "南桥巷 3 号", "3 Nanqiao Lane", -240, -680, "", _SHOP,
     ("code",)),
    ("YX-13", "agent", "河湾邮政所", "Hewan post office", "河湾路 40 号", "40 Hewan Road", 1480, 960, "", _OFFICE,
     ("cash", "card", "invoice", "step_free")),
    ("YX-21", "machine", "云溪营业厅自助终端", "Machine at Yunxi hall", "云溪路 18 号门厅", "18 Yunxi Road, lobby", 425,
     305, "", _ALWAYS, ("card", "code", "step_free")),
    ("YX-22", "machine", "地铁云溪站自助终端", "Machine at Yunxi station", "云溪站 B 口", "Yunxi station, exit B", 90,
     540, "", {str(day): [["06:00", "23:00"]] for day in range(1, 8)}, ("card", "code")),
    ("YX-31", "bank", "兰川银行云溪支行", "Bank of Lanchuan, Yunxi", "云溪路 66 号", "66 Yunxi Road", 610, 90, "",
     _BANK, ("cash", "card")),
)  # fmt: skip


def open_places(now: datetime) -> int:
    """This will write the places and give how many; again it changes nothing."""
    return put_points((_point(*each) for each in _PLACES), source="demo", now=now)


def _point(
    code: str, kind: str, name: str, name_en: str, address: str, address_en: str, east: int, north: int, phone: str,
    hours: dict[str, Any], services: tuple[str, ...],
) -> NewPoint:  # fmt: skip
    longitude, latitude = grid.position(east, north)
    # Halls and banks are closed on New Year's Day and during the National Day holiday's first days.
    closed: dict[str, Any] = {
        f"{year}-{day}": [] for year in range(2026, 2030) for day in ("01-01", "10-01", "10-02", "10-03")
    }
    return NewPoint(
        code=code, kind=kind, name=name, name_en=name_en, address=address, address_en=address_en, longitude=longitude,
        latitude=latitude, phone=phone, hours=hours, exceptions=closed if kind in {"hall", "bank"} else {},
        services=services,
    )  # fmt: skip
