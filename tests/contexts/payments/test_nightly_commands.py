"""Guards: what the schedule does for payments can be done by hand."""

import json

import pytest
from tests.conftest import Installation


@pytest.mark.parametrize("command", ["ask", "refunds", "late-charges", "autopay"])
def test_a_house_without_payments_has_nothing_to_do(installation: Installation, command: str) -> None:
    found = json.loads(installation.run("payments", command, "--json").stdout)
    assert not any(found.values())


def test_a_receipt_that_is_not_there(installation: Installation) -> None:
    refused = installation.run("payments", "receipt", "7", str(installation.home / "r.pdf"), check=False)
    assert refused.returncode == 2
    assert "There is no such receipt" in refused.stdout + refused.stderr
