"""What metering gives to others: frozen values and the words of its field."""

from gridhall.contexts.metering.rules.registers import Dial, Finding, FindingKind, RegisterKind, Snapshot
from gridhall.contexts.metering.types.imports import ImportReport, QuarantineRow
from gridhall.contexts.metering.types.meters import Installation, Register
from gridhall.contexts.metering.types.peers import PeerMonth
from gridhall.contexts.metering.types.readings import (
    DownloadFormat,
    Freshness,
    Gap,
    NoReadings,
    SpanEmpty,
    VersionUnknown,
)
from gridhall.lake.daycurves import DayCurve

__all__ = [
    "DayCurve",
    "Dial",
    "DownloadFormat",
    "Finding",
    "FindingKind",
    "Freshness",
    "Gap",
    "ImportReport",
    "Installation",
    "NoReadings",
    "PeerMonth",
    "QuarantineRow",
    "Register",
    "RegisterKind",
    "Snapshot",
    "SpanEmpty",
    "VersionUnknown",
]
