"""What metering stores: meters and their registers, imports, the catalog of the lake, the quarantine."""

from gridhall.contexts.metering.models.imports import Import, LakeFile, QuarantinedRow
from gridhall.contexts.metering.models.meters import Meter, MeterInstallation, MeterRegister, RegisterReading
from gridhall.contexts.metering.models.peers import PeerUsage
from gridhall.contexts.metering.models.weather import DailyWeather

__all__ = [
    "DailyWeather",
    "Import",
    "LakeFile",
    "Meter",
    "MeterInstallation",
    "MeterRegister",
    "PeerUsage",
    "QuarantinedRow",
    "RegisterReading",
]
