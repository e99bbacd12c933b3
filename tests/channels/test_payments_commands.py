"""Guards: days of gateways are reconciled, closed and summed from the command line as from the console."""

import json

import pytest
from typer.testing import CliRunner

from gridhall.channels.cli.app import app

RUN = CliRunner()


def told(*words: str) -> tuple[int, dict]:
    result = RUN.invoke(app, ["payments", *words, "--json"])
    return result.exit_code, json.loads(result.stdout)


@pytest.mark.django_db
def test_refusals_name_what_is_the_matter(tmp_path, monkeypatch):
    monkeypatch.setattr("gridhall.channels.cli.payments_books.with_database", lambda: None)
    broken = tmp_path / "demo.csv"
    broken.write_bytes(b"<html>")
    code, said = told("statement", "demo", "2026-03-02", "--file", str(broken))
    assert (code, said["error"]["code"], said["error"]["path"]) == (2, "statement_invalid", "statement:1")
    code, said = told("statement", "nobody", "2026-03-02", "--file", str(broken))
    assert (code, said["error"]["code"]) == (2, "not_found")
    code, said = told("close-day", "demo", "2026-03-02")
    assert (code, said["error"]["code"]) == (2, "reconciliation_no_statement")
    code, said = told("reopen-day", "demo", "2026-03-02", "--reason", "x")
    assert (code, said["error"]["code"]) == (2, "not_found")


@pytest.mark.django_db
def test_a_summary_of_nothing_is_a_file_with_its_columns(tmp_path, monkeypatch):
    monkeypatch.setattr("gridhall.channels.cli.payments_books.with_database", lambda: None)
    file = tmp_path / "ledger.csv"
    assert RUN.invoke(app, ["payments", "ledger-summary", "2026-03-02", "--csv", str(file)]).exit_code == 0
    assert file.read_bytes().startswith(b"\xef\xbb\xbfday,unit,")
    assert RUN.invoke(app, ["payments", "ledger-summary", "2026-03-02", "--json"]).stdout.strip() == "[]"
