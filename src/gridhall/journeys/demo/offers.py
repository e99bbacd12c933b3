"""Which tariffs the demo utility sells to whom: codes of documents in ``content/tariffs``, ``content/demo/tariffs``.

Each supply station follows the published example prices of one place, so that all of them can be seen in one utility.
"""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Residential:
    """The prices for homes of one place: flat, and by time of use where the place publishes them."""

    flat: str
    time_of_use: str


PLACES: Final = (
    Residential("shanghai-residential", "shanghai-residential-tou"),
    Residential("zhejiang-residential", "zhejiang-residential-tou"),
    Residential("beijing-residential", "yunze-residential-tou"),
    Residential("guangdong-residential", "yunze-residential-tou"),
    Residential("shanxi-residential", "yunze-residential-tou"),
)

#: Homes whose photovoltaics feed in: the exported energy is bought at a price of its own.
SOLAR_HOME: Final = "yunze-residential-solar"
#: The charging post of a home, on a meter of its own: time of use without tiers.
HOME_CHARGER: Final = "yunze-home-charging"
#: Heat pumps on a meter of their own: one price without tiers, cheaper in the heating season.
HEATING: Final = "yunze-heating"
PUBLIC_CHARGER: Final = "yunze-public-charging"
SHOP: Final = "yunze-commercial"
FARM: Final = "yunze-agriculture"
#: Two-part prices: by contracted demand, by transformer capacity, by measured maximum demand.
WORKS: Final = ("industrial-two-part-demand", "industrial-two-part-capacity", "yunze-two-part-actual")
#: Larger tiers for households of five or more, a free quota for protected ones.
WELFARE: Final = "yunze-residential-welfare"
#: The allowance of protected households, a word of the tariff documents.
PROTECTED: Final = "low-income"
