"""What metering can be asked."""

from gridhall.contexts.metering.queries.catalogue import lake_root, latest_version, readable_files, version_as_of
from gridhall.contexts.metering.queries.downloads import download
from gridhall.contexts.metering.queries.freshness import freshness, freshness_by_area, freshness_of
from gridhall.contexts.metering.queries.meters import installations, register_energy
from gridhall.contexts.metering.queries.readings import day_curves, opened

__all__ = [
    "day_curves",
    "download",
    "freshness",
    "freshness_by_area",
    "freshness_of",
    "installations",
    "lake_root",
    "latest_version",
    "opened",
    "readable_files",
    "register_energy",
    "version_as_of",
]
