"""How this process holds memory: columns come and go by the hundred, and the system's pages need not go with them."""

import ctypes
import sys
from typing import Final

_TRIM_THRESHOLD: Final = -1
_MMAP_THRESHOLD: Final = -3
#: So much freed memory stays with the process, and blocks up to this size are taken from it.
_KEPT: Final = 64 << 20
_BLOCK: Final = 4 << 20


def keep_freed() -> bool:
    """Keep freed memory for the next batch, up to 64 MB, instead of handing each page back and asking for it again.

    Rating works on columns of some 100 kB, and by default the C library returns them to the system after each batch;
    getting them back costs as much as the arithmetic. Does nothing but on Linux with glibc.

    Returns:
        Whether it took effect.
    """
    if not sys.platform.startswith("linux"):
        return False
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    return mallopt is not None and bool(mallopt(_TRIM_THRESHOLD, _KEPT) and mallopt(_MMAP_THRESHOLD, _BLOCK))
