"""The weather as metering gives it to others."""

from dataclasses import dataclass

from gridhall.contexts.metering.rules.weather import Sensitivity
from gridhall.kernel.errors import GridhallError

__all__ = ["Sensitivity", "WeatherBetween", "WeatherFileInvalid"]


class WeatherFileInvalid(GridhallError):
    """A file of temperatures cannot be taken in; the path says where it is wrong."""

    code = "weather_file_invalid"


@dataclass(frozen=True)
class WeatherBetween:
    """How the weather of two periods differs, and what that explains at one usage point.

    Attributes:
        before_centi, after_centi: mean temperatures of the periods, hundredths of °C.
        source: who measured, or invented, the temperatures.
        sensitivity: of the usage point; None where its use follows the weather too little to claim anything.
        more_wh: energy of the later period that the weather explains beyond that of the earlier one, scaled to the
            later one's length; None without a sensitivity.
    """

    before_centi: int
    after_centi: int
    source: str
    sensitivity: Sensitivity | None
    more_wh: int | None
