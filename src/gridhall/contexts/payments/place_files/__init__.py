"""Files of places to pay at: CSV and GeoJSON, as people and map programs write them."""

from gridhall.contexts.payments.place_files.cells import (
    FAULTS_SAID,
    REQUIRED,
    Cells,
    Fault,
    RowFault,
    column_of,
    values_of,
)
from gridhall.contexts.payments.place_files.reading import (
    LARGEST,
    BadRow,
    PlaceFile,
    PlaceRow,
    PointColumnsMissing,
    PointFileEmpty,
    PointFileTooLarge,
    PointFileUnreadable,
    read_places,
)
from gridhall.contexts.payments.place_files.writing import bad_rows_csv, cells_of, places_csv

__all__ = [
    "FAULTS_SAID",
    "LARGEST",
    "REQUIRED",
    "BadRow",
    "Cells",
    "Fault",
    "PlaceFile",
    "PlaceRow",
    "PointColumnsMissing",
    "PointFileEmpty",
    "PointFileTooLarge",
    "PointFileUnreadable",
    "RowFault",
    "bad_rows_csv",
    "cells_of",
    "column_of",
    "places_csv",
    "read_places",
    "values_of",
]
