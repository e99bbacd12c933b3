"""Keys of the demo gateway and of its merchant, and what is signed with them.

RSA2, as Alipay and UnionPay speak it: SHA-256 with RSA-2048 (PKCS #1 v1.5) over ``name=value`` of all fields that say
something, sorted by name and joined by ``&``, in UTF-8; the signature is the field ``sign`` in base64.

    keys = keys_of(home)
    body = signed_notice(keys, number=order.number, reference="D1", amount_fen=order.amount_fen, paid_at=now, now=now)
"""

import base64
import binascii
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Final
from urllib.parse import urlencode

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey, generate_private_key
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

#: Who the utility is to this gateway.
MERCHANT: Final = "GRIDHALL-DEMO"
_BITS: Final = 2048


@dataclass(frozen=True)
class Keys:
    """The key pair of the merchant, who asks, and of the gateway, which tells."""

    merchant: RSAPrivateKey
    gateway: RSAPrivateKey


def folder(home: Path) -> Path:
    """Where an installation keeps everything of its demo gateway."""
    return home / "demo_gateway"


@lru_cache(maxsize=8)
def keys_of(home: Path) -> Keys:
    """The keys of an installation, made on first use; several processes that make them at once get the same."""
    place = folder(home) / "keys"
    if not place.exists():
        _make(place)
    return Keys(_read(place / "merchant.pem"), _read(place / "gateway.pem"))


def sign(fields: Mapping[str, str], key: RSAPrivateKey) -> str:
    """The signature of fields, in base64."""
    return sign_bytes(_plain(fields), key)


def is_signed(fields: Mapping[str, str], key: RSAPublicKey) -> bool:
    """Whether the field ``sign`` is the key's signature of all other fields."""
    return is_signed_bytes(_plain(fields), fields.get("sign", ""), key)


def sign_bytes(content: bytes, key: RSAPrivateKey) -> str:
    """The signature of bytes, in base64."""
    return base64.b64encode(key.sign(content, padding.PKCS1v15(), hashes.SHA256())).decode("ascii")


def is_signed_bytes(content: bytes, signature: str, key: RSAPublicKey) -> bool:
    """Whether a signature in base64 is the key's signature of these bytes."""
    try:
        key.verify(base64.b64decode(signature, validate=True), content, padding.PKCS1v15(), hashes.SHA256())
    except (InvalidSignature, binascii.Error, ValueError):
        return False
    return True


def signed_notice(
    keys: Keys,
    *,
    number: str,
    reference: str,
    amount_fen: int,
    paid_at: datetime | None,
    now: datetime,
    status: str = "PAID",
    kind: str = "payment",
    merchant: str = MERCHANT,
) -> bytes:
    """The body of a message of the gateway, as it is sent by POST as ``application/x-www-form-urlencoded``.

    Args:
        number: the merchant's number of the order, or of the refund where ``kind`` is ``refund``.
        reference: the gateway's number of the movement of money; empty where none has moved.
        paid_at: when the money moved.
        now: when the message is sent; it is believed for some minutes.
        status: ``PAID`` or ``CLOSED``.
    """
    fields = {
        "amount_fen": str(amount_fen), "kind": kind, "merchant": merchant, "number": number,
        "paid_at": paid_at.isoformat() if paid_at else "", "reference": reference, "sent_at": now.isoformat(),
        "status": status,
    }  # fmt: skip
    return urlencode(fields | {"sign": sign(fields, keys.gateway)}).encode("ascii")


def _plain(fields: Mapping[str, str]) -> bytes:
    said = sorted((name, value) for name, value in fields.items() if value and name != "sign")
    return "&".join(f"{name}={value}" for name, value in said).encode("utf-8")


def _make(place: Path) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    drafts = Path(tempfile.mkdtemp(prefix="keys-", dir=place.parent))
    for name in ("merchant", "gateway"):
        key = generate_private_key(public_exponent=65537, key_size=_BITS)
        file = drafts / f"{name}.pem"
        file.touch(mode=0o600)
        file.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    try:
        # Onto a folder with files in it this fails: whoever was first has made the keys.
        drafts.rename(place)
    except OSError:
        shutil.rmtree(drafts, ignore_errors=True)
        if not place.exists():
            raise


def _read(file: Path) -> RSAPrivateKey:
    key = load_pem_private_key(file.read_bytes(), password=None)
    if not isinstance(key, RSAPrivateKey):
        raise TypeError(f"{file.name} is no RSA key.")
    return key
