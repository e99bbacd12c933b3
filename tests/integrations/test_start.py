"""A house whose gateways cannot work does not start, and says which setting is to blame; settings say no secrets."""

import base64
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from tests.standins.alipay import AlipayStandIn
from tests.standins.serving import key

from gridhall.integrations import SettingInvalid, settings


@pytest.mark.parametrize("command", ["serve", "worker"])
def test_a_missing_setting_ends_the_start(installation: Any, tmp_path: Path, command: str) -> None:
    gate = AlipayStandIn(tmp_path / "alipay")
    gate.stop()
    given = {name: value for name, value in gate.env.items() if name != "GRIDHALL_ALIPAY_SELLER_ID"}
    installation.env |= given | {"GRIDHALL_GATEWAYS": "demo,alipay", "GRIDHALL_PORT": "8299"}
    ended = installation.run(command, *(["--until-idle"] if command == "worker" else []), check=False)
    assert ended.returncode == 2
    assert "GRIDHALL_ALIPAY_SELLER_ID" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_gateway_that_does_not_exist_ends_the_start(installation: Any) -> None:
    installation.env |= {"GRIDHALL_GATEWAYS": "demo,alipai"}
    ended = installation.run("worker", "--until-idle", check=False)
    assert ended.returncode != 0
    assert "GRIDHALL_GATEWAYS" in ended.stderr


def test_keys_are_read_as_gateways_tools_write_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own = key()
    file = tmp_path / "key"
    monkeypatch.setenv("GRIDHALL_K_FILE", str(file))
    for form in (PrivateFormat.PKCS8, PrivateFormat.TraditionalOpenSSL):
        for encoding in (Encoding.PEM, Encoding.DER):
            data = own.private_bytes(encoding, form, NoEncryption())
            file.write_bytes(base64.b64encode(data) + b"\n" if encoding is Encoding.DER else data)
            assert settings.private_key("GRIDHALL_K_FILE").private_numbers() == own.private_numbers()
    public = own.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    file.write_bytes(base64.b64encode(public))
    assert settings.public_key("GRIDHALL_K_FILE").public_numbers() == own.public_key().public_numbers()


def test_weak_and_other_keys_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "key"
    monkeypatch.setenv("GRIDHALL_K_FILE", str(file))
    weak = rsa.generate_private_key(public_exponent=65537, key_size=1024)
    for other in (weak, ec.generate_private_key(ec.SECP256R1())):
        file.write_bytes(other.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        with pytest.raises(SettingInvalid) as refused:
            settings.private_key("GRIDHALL_K_FILE")
        assert refused.value.path == "GRIDHALL_K_FILE"
        file.write_bytes(other.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
        with pytest.raises(SettingInvalid):
            settings.public_key("GRIDHALL_K_FILE")


@pytest.mark.parametrize("value", ["0", "-1", "ten", "61", "1e1"])
def test_patience_is_a_number_of_seconds(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("GRIDHALL_GATEWAY_SECONDS", value)
    with pytest.raises(SettingInvalid, match="GRIDHALL_GATEWAY_SECONDS"):
        settings.seconds()
