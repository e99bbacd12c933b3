"""Short codes that prove a printed paper genuine: nobody without the key can make one for other contents.

A code is the first 60 bits of HMAC-SHA-256 over what it vouches for, written with 12 characters that nobody confuses
(no I, L, O, U; what people type for 1 and 0 is understood). Guessing one takes 2⁶⁰ tries at a page that allows a few.
"""

import base64
import hashlib
import hmac
from typing import Final

#: Crockford's alphabet in the place of RFC 4648's.
_PLAIN: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
_SHOWN: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_TO_SHOWN: Final = str.maketrans(_PLAIN, _SHOWN)
_HEARD: Final = str.maketrans("ILO", "110", " -\t")
LENGTH: Final = 12


def make(key: bytes, vouched: str) -> str:
    """The code of what is vouched for, in three groups of four.

    Args:
        key: the installation's secret.
        vouched: begins with the kind of paper and the version of its form.
    """
    digest = hmac.new(key, vouched.encode(), hashlib.sha256).digest()
    code = base64.b32encode(digest).decode()[:LENGTH].translate(_TO_SHOWN)
    return f"{code[:4]}-{code[4:8]}-{code[8:]}"


def same(code: str, typed: str) -> bool:
    """Whether somebody typed this code, as people type: any case, spaces, dashes, O for 0, I or L for 1."""
    return hmac.compare_digest(_bare(code).encode(), _bare(typed).encode())


def _bare(text: str) -> str:
    return text.upper().translate(_HEARD)
