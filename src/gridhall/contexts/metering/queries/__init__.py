"""What metering can be asked."""

from gridhall.contexts.metering.queries.catalogue import (
    lake_root,
    latest_version,
    readable_files,
    readings_since,
    version_as_of,
)
from gridhall.contexts.metering.queries.downloads import download, download_of
from gridhall.contexts.metering.queries.freshness import freshness, freshness_by_area, freshness_in_area, freshness_of
from gridhall.contexts.metering.queries.imports import (
    export_quarantine,
    found_imports,
    import_report,
    imports,
    quarantine_counts,
    quarantine_page,
    quarantine_rows,
    quarantined,
    replacing,
)
from gridhall.contexts.metering.queries.meters import installations, register_energy
from gridhall.contexts.metering.queries.peers import peers_of
from gridhall.contexts.metering.queries.readings import day_curves, opened, rows_of
from gridhall.contexts.metering.queries.register_checks import register_checks, register_days
from gridhall.contexts.metering.queries.serials import current_meters, usage_points_of_meters
from gridhall.contexts.metering.queries.weather import daily_means, weather_between

__all__ = [
    "current_meters",
    "daily_means",
    "day_curves",
    "download",
    "download_of",
    "export_quarantine",
    "found_imports",
    "freshness",
    "freshness_by_area",
    "freshness_in_area",
    "freshness_of",
    "import_report",
    "imports",
    "installations",
    "lake_root",
    "latest_version",
    "opened",
    "peers_of",
    "quarantine_counts",
    "quarantine_page",
    "quarantine_rows",
    "quarantined",
    "readable_files",
    "readings_since",
    "register_checks",
    "register_days",
    "register_energy",
    "replacing",
    "rows_of",
    "usage_points_of_meters",
    "version_as_of",
    "weather_between",
]
