"""What adapters are told by the environment; what is missing or wrong ends the start, by its name.

What a setting holds is never part of a message: it may be a key.
"""

import base64
import binascii
import os
import re
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.x509 import Certificate, load_pem_x509_certificate, load_pem_x509_certificates

from gridhall.integrations import SettingInvalid

#: How long a gateway may take for an answer, in seconds.
SECONDS: Final = 10.0
_LEAST_BITS: Final = 2048


def required(name: str) -> str:
    """The setting of that name.

    Raises:
        SettingInvalid: when it is not set.
    """
    value = os.environ.get(name, "").strip()
    if not value:
        raise SettingInvalid(f"The setting {name} is missing.", path=name, remedy="Set it, or take its gateway out.")
    return value


def matching(name: str, pattern: str, form: str, otherwise: str = "") -> str:
    """The setting of that name when all of it has a form, which is described for the message.

    Raises:
        SettingInvalid: when it is missing or different.
    """
    value = os.environ.get(name, "").strip() or otherwise or required(name)
    if not re.fullmatch(pattern, value):
        raise SettingInvalid(f"The setting {name} is not of its form.", path=name, remedy=f"It is {form}.")
    return value


def address(name: str, otherwise: str) -> str:
    """The address of a gateway, without a slash at its end.

    Raises:
        SettingInvalid: when it is no address.
    """
    return matching(name, r"https?://[^\s/?#]+[^\s?#]*", "an address: https://…", otherwise).rstrip("/")


def seconds() -> float:
    """How long a gateway may take for an answer, by ``GRIDHALL_GATEWAY_SECONDS``.

    Raises:
        SettingInvalid: when it is no number from 0.1 to 60.
    """
    name = "GRIDHALL_GATEWAY_SECONDS"
    value = float(matching(name, r"\d{1,3}(\.\d+)?", "a number of seconds", str(SECONDS)))
    if not 0.1 <= value <= 60:
        raise SettingInvalid(f"The setting {name} is out of bounds.", path=name, remedy="It is from 0.1 to 60.")
    return value


def content(name: str) -> bytes:
    """The content of the file that a setting names.

    Raises:
        SettingInvalid: when the setting is missing, or the file cannot be read.
    """
    try:
        return Path(required(name)).read_bytes()
    except OSError as error:
        raise SettingInvalid(f"The file of the setting {name} cannot be read: {error.strerror}.", path=name) from None


def private_key(name: str) -> RSAPrivateKey:
    """The RSA key in the file that a setting names: PEM, or its base64 alone as gateways' tools write it.

    Raises:
        SettingInvalid: when there is none of at least 2048 bits.
    """
    data = content(name)
    try:
        if b"-----BEGIN" in data:
            key = serialization.load_pem_private_key(data, password=None)
        else:
            key = serialization.load_der_private_key(_plain(data), password=None)
    except (ValueError, TypeError):
        raise _no_key(name) from None
    if not isinstance(key, RSAPrivateKey) or key.key_size < _LEAST_BITS:
        raise _no_key(name)
    return key


def public_key(name: str) -> RSAPublicKey:
    """The RSA public key in the file that a setting names: PEM, a certificate, or its base64 alone.

    Raises:
        SettingInvalid: when there is none of at least 2048 bits.
    """
    data = content(name)
    try:
        if b"-----BEGIN CERTIFICATE" in data:
            key = load_pem_x509_certificate(data).public_key()
        elif b"-----BEGIN" in data:
            key = serialization.load_pem_public_key(data)  # type: ignore[assignment]
        else:
            key = serialization.load_der_public_key(_plain(data))  # type: ignore[assignment]
    except (ValueError, TypeError):
        raise _no_key(name) from None
    if not isinstance(key, RSAPublicKey) or key.key_size < _LEAST_BITS:
        raise _no_key(name)
    return key


def certificates(name: str) -> list[Certificate]:
    """The certificates in the PEM file that a setting names, at least one.

    Raises:
        SettingInvalid: when there is none.
    """
    try:
        return load_pem_x509_certificates(content(name))
    except ValueError:
        raise SettingInvalid(f"The file of the setting {name} holds no certificate.", path=name) from None


def serial_of(name: str) -> str:
    """The serial number, in decimal, of the certificate in the file that an optional setting names; else nothing.

    Raises:
        SettingInvalid: when the file holds none.
    """
    return str(certificates(name)[0].serial_number) if os.environ.get(name) else ""


def private_pem(key: RSAPrivateKey) -> str:
    """A key as PEM (PKCS #8), as libraries want it."""
    form = serialization.PrivateFormat.PKCS8
    return key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()).decode()


def public_pem(key: RSAPublicKey) -> str:
    """A public key as PEM."""
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return key.public_bytes(serialization.Encoding.PEM, form).decode()


def _plain(data: bytes) -> bytes:
    try:
        return base64.b64decode(b"".join(data.split()), validate=True)
    except binascii.Error:
        raise ValueError("not base64") from None


def _no_key(name: str) -> SettingInvalid:
    return SettingInvalid(f"The file of the setting {name} holds no RSA key of at least {_LEAST_BITS} bits.", path=name)
