"""Messages of UnionPay's version 5.1.0: sorted fields, SHA-256 as hex digits, RSA over those; certificates inside."""

import base64
import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import pkcs12
from cryptography.x509 import Certificate, NameOID, load_pem_x509_certificate

from gridhall.integrations import SettingInvalid
from gridhall.integrations.settings import certificates, content, required

_LONGEST_CERTIFICATE: Final = 8 * 1024


class Signer:
    """The merchant's key, as UnionPay issues it: PKCS #12 with the certificate that carries its number."""

    def __init__(self, file: str, password: str) -> None:
        secret = required(password)
        data = content(file)
        try:
            key, certificate, _ = pkcs12.load_key_and_certificates(data, secret.encode())
        except (ValueError, TypeError):
            # Whether the file is none, or locked by another password.
            name = password if data.startswith(b"\x30") else file
            raise SettingInvalid(
                f"The key file of the setting {file} cannot be opened with that password.", path=name
            ) from None
        if not isinstance(key, RSAPrivateKey) or certificate is None or key.key_size < 2048:
            raise SettingInvalid(f"The file of the setting {file} holds no RSA key and certificate.", path=file)
        self._key = key
        self.number = str(certificate.serial_number)

    def sign(self, fields: Mapping[str, str]) -> dict[str, str]:
        """The fields that are not empty, with the certificate's number and the signature."""
        told = {name: value for name, value in fields.items() if value} | {"certId": self.number}
        signature = self._key.sign(_digits(told), PKCS1v15(), SHA256())
        return told | {"signature": base64.b64encode(signature).decode()}


class Checker:
    """Who UnionPay is: the certificate in a message is issued below these, to this company."""

    def __init__(self, root: str, middle: str, company: str) -> None:
        roots, issuers = certificates(root), certificates(middle)
        if not all(any(_issued(issuer, by) for by in roots) for issuer in issuers):
            raise SettingInvalid(f"The certificates of {middle} are not issued by those of {root}.", path=middle)
        self._issuers: Sequence[Certificate] = issuers
        self._company = company

    def genuine(self, fields: Mapping[str, str], now: datetime) -> bool:
        """Whether a message is signed by UnionPay's certificate, which is valid now."""
        key = self._key(fields.get("signPubKeyCert", ""), now)
        if key is None or fields.get("signMethod") != "01":
            return False
        try:
            signature = base64.b64decode(fields.get("signature", ""), validate=True)
            key.verify(signature, _digits(fields), PKCS1v15(), SHA256())
        except (InvalidSignature, ValueError):
            return False
        return True

    def _key(self, pem: str, now: datetime) -> RSAPublicKey | None:
        if len(pem) > _LONGEST_CERTIFICATE:
            return None
        try:
            found = load_pem_x509_certificate(pem.encode())
            names = found.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
            issued = any(_issued(found, by) for by in self._issuers)
            key = found.public_key()
        except Exception:
            # A stranger's certificate can be broken in more ways than the library names.
            return None
        # CN=041@<number>@<company>@<number>
        company = (str(names[0].value).split("@") + [""] * 3)[2] if len(names) == 1 else ""
        if not issued or company != self._company:
            return None
        if not isinstance(key, RSAPublicKey) or not found.not_valid_before_utc <= now <= found.not_valid_after_utc:
            return None
        return key


def fields_of(text: str) -> dict[str, str]:
    """The fields of an answer: ``name=value`` joined by ``&``, not encoded; ``{…}`` holds fields of its own.

    Raises:
        ValueError: when it is not that, or a field is there twice.

    >>> fields_of("a=1&b={c=2&d=3}&e=4=5")
    {'a': '1', 'b': '{c=2&d=3}', 'e': '4=5'}
    """
    fields: dict[str, str] = {}
    depth = start = 0
    for at, letter in enumerate(text + "&"):
        depth += (letter == "{") - (letter == "}")
        if letter == "&" and depth <= 0:
            name, equals, value = text[start:at].partition("=")
            if not name or not equals or name in fields:
                raise ValueError("no fields")
            fields[name] = value
            start = at + 1
    if start <= len(text):
        raise ValueError("no fields")
    return fields


def _digits(fields: Mapping[str, str]) -> bytes:
    text = "&".join(f"{name}={fields[name]}" for name in sorted(fields) if name != "signature")
    return hashlib.sha256(text.encode()).hexdigest().encode()


def _issued(certificate: Certificate, by: Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(by)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True
