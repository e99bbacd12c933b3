"""What metering does: readings taken in; meters installed, exchanged, removed and read."""

from gridhall.contexts.metering.operations.derived import DerivedCurves, derive_curves
from gridhall.contexts.metering.operations.downloads import note_download
from gridhall.contexts.metering.operations.imports import ZoneUnknown, import_readings, thresholds
from gridhall.contexts.metering.operations.mending import ColumnUnknown, NotMendable, mend, mend_all, mend_by_file
from gridhall.contexts.metering.operations.meters import (
    MeterElsewhere,
    MeterReadingImplausible,
    MeterUnknownHere,
    RegisterMissing,
    UsagePointHasMeter,
    exchange_meter,
    install_meter,
    install_meters,
    load_meters,
    record_reading,
    remove_meter,
)
from gridhall.contexts.metering.operations.peers import summarise_peers
from gridhall.contexts.metering.operations.weather import import_weather, record_weather

__all__ = [
    "ColumnUnknown",
    "DerivedCurves",
    "MeterElsewhere",
    "MeterReadingImplausible",
    "MeterUnknownHere",
    "NotMendable",
    "RegisterMissing",
    "UsagePointHasMeter",
    "ZoneUnknown",
    "derive_curves",
    "exchange_meter",
    "import_readings",
    "import_weather",
    "install_meter",
    "install_meters",
    "load_meters",
    "mend",
    "mend_all",
    "mend_by_file",
    "note_download",
    "record_reading",
    "record_weather",
    "remove_meter",
    "summarise_peers",
    "thresholds",
]
