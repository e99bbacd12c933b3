"""Signatures of the e-wallet: RSA with SHA-256 over what a message is, when, for which question, and its body."""

import base64
import binascii
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256

#: How far the clocks of wallet and utility may be apart.
WINDOW: Final = timedelta(minutes=5)


def signature(key: RSAPrivateKey, *parts: str, body: bytes) -> str:
    """The signature over these parts and a body."""
    return base64.b64encode(key.sign(_text(parts, body), PKCS1v15(), SHA256())).decode()


def is_genuine(key: RSAPublicKey, headers: Mapping[str, str], *parts: str, body: bytes) -> bool:
    """Whether the header ``x-signature`` is of that key over these parts and a body."""
    try:
        told = base64.b64decode(headers.get("x-signature", ""), validate=True)
        key.verify(told, _text(parts, body), PKCS1v15(), SHA256())
    except (InvalidSignature, binascii.Error, ValueError):
        return False
    return True


def is_fresh(headers: Mapping[str, str], now: datetime) -> bool:
    """Whether the header ``x-timestamp`` is of about now."""
    told = headers.get("x-timestamp", "")
    return told.isascii() and told.isdigit() and abs(int(told[:12]) - now.timestamp()) <= WINDOW.total_seconds()


def _text(parts: tuple[str, ...], body: bytes) -> bytes:
    return "".join(f"{part}\n" for part in parts).encode() + body + b"\n"
