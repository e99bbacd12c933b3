"""The short code on a printed bill that proves it genuine: nobody without the key can make one for another amount.

A code is the first 60 bits of HMAC-SHA-256 over what it vouches for, written with 12 characters that nobody confuses
(no I, L, O, U; what people type for 1 and 0 is understood). Guessing one takes 2⁶⁰ tries at a page that allows a few.
"""

import base64
import hashlib
import hmac
from datetime import datetime
from typing import Final

#: Crockford's alphabet in the place of RFC 4648's.
_PLAIN: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
_SHOWN: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_TO_SHOWN: Final = str.maketrans(_PLAIN, _SHOWN)
_HEARD: Final = str.maketrans("ILO", "110", " -\t")
LENGTH: Final = 12


def make(key: bytes, number: int, total_fen: int, issued_at: datetime, status: str) -> str:
    """The code of a bill as it stands, in three groups of four.

    Args:
        key: the installation's secret.
        issued_at: aware; counted to the microsecond, whatever the zone.
        status: as printed: a bill and its cancellation have different codes.
    """
    vouched = f"gridhall bill 1\n{number}\n{total_fen}\n{int(issued_at.timestamp() * 1_000_000)}\n{status}"
    digest = hmac.new(key, vouched.encode(), hashlib.sha256).digest()
    code = base64.b32encode(digest).decode()[:LENGTH].translate(_TO_SHOWN)
    return f"{code[:4]}-{code[4:8]}-{code[8:]}"


def same(code: str, typed: str) -> bool:
    """Whether somebody typed this code, as people type: any case, spaces, dashes, O for 0, I or L for 1."""
    return hmac.compare_digest(_bare(code).encode(), _bare(typed).encode())


def _bare(text: str) -> str:
    return text.upper().translate(_HEARD)
