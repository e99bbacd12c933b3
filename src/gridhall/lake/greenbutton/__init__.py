"""Green Button: energy readings as an Atom feed of ESPI resources (NAESB REQ.21), read and written in a stream.

`reading.read` takes a feed of any size and yields whole local days; `writing.write` makes a feed that validates against
the official schema. What is written and read again gives the same watt-hours.
"""

from gridhall.lake.greenbutton.file import GreenButtonFile
from gridhall.lake.greenbutton.reading import (
    GreenButtonDoctype,
    GreenButtonEmpty,
    GreenButtonNamespace,
    GreenButtonReadingType,
    GreenButtonTooLarge,
    GreenButtonUnreadable,
    RejectedReading,
    read,
)
from gridhall.lake.greenbutton.writing import write

__all__ = [
    "GreenButtonDoctype",
    "GreenButtonEmpty",
    "GreenButtonFile",
    "GreenButtonNamespace",
    "GreenButtonReadingType",
    "GreenButtonTooLarge",
    "GreenButtonUnreadable",
    "RejectedReading",
    "read",
    "write",
]
