"""What metering can be asked."""

from gridhall.contexts.metering.queries.catalogue import lake_root, latest_version, readable_files, version_as_of
from gridhall.contexts.metering.queries.meters import installations, register_energy

__all__ = [
    "installations",
    "lake_root",
    "latest_version",
    "readable_files",
    "register_energy",
    "version_as_of",
]
