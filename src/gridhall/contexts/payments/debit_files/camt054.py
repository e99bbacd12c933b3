"""Reads ISO 20022 ``camt.054``: what a bank booked on the utility's account, debits paid and debits returned.

Source: ISO 20022 message definition report Bank-to-Customer Cash Management; versions 001.02 to 001.08 are alike in
what is read here.
"""

import re
from collections.abc import Iterator
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any, Final, cast

from lxml import etree

from gridhall.contexts.payments.creditor import DebitRules
from gridhall.contexts.payments.debit_files import Answered, BankAnswer, LineOutcome
from gridhall.contexts.payments.errors import DebitRefused

_NAMESPACE: Final = re.compile(r"urn:iso:std:iso:20022:tech:xsd:camt\.054\.001\.0[2-8]")


def read(content: bytes, rules: DebitRules) -> BankAnswer:
    """The movements of a notification, all of it or none.

    Raises:
        DebitRefused: no well-formed camt.054, of another account, or with sums that do not agree; with the line.
    """
    root = _parsed(content)
    namespace = etree.QName(root).namespace or ""
    if not _NAMESPACE.fullmatch(namespace) or etree.QName(root).localname != "Document":
        raise _wrong(root, "It is XML, but no camt.054.")
    ns = {"c": namespace}
    message = _text(root, "c:BkToCstmrDbtCdtNtfctn/c:GrpHdr/c:MsgId", ns)
    notifications = root.findall("c:BkToCstmrDbtCdtNtfctn/c:Ntfctn", ns)
    if not notifications:
        raise _wrong(root, "It notifies of nothing.")
    lines: list[Answered] = []
    for notification in notifications:
        _of_us(notification, rules, ns)
        entries = notification.findall("c:Ntry", ns)
        _totals(notification, entries, ns)
        for entry in entries:
            lines += _entry(entry, rules, ns)
    return BankAnswer(message, tuple(lines))


def _parsed(content: bytes) -> "etree._Element":
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        root = etree.fromstring(content, parser)
    except etree.XMLSyntaxError as error:
        raise DebitRefused(f"It is no well-formed XML: {error.msg}.", path=f"line {error.lineno or 1}") from error
    if cast(Any, root.getroottree().docinfo).doctype:
        raise _wrong(root, "A document type is not accepted.")
    return root


def _of_us(notification: "etree._Element", rules: DebitRules, ns: dict[str, str]) -> None:
    found = notification.find("c:Acct/c:Id/c:IBAN", ns)
    if found is None:
        found = notification.find("c:Acct/c:Id/c:Othr/c:Id", ns)
    if found is None or (found.text or "").replace(" ", "") != rules.creditor.account:
        raise _wrong(notification if found is None else found, "It is of another creditor's account.")


def _totals(notification: "etree._Element", entries: list["etree._Element"], ns: dict[str, str]) -> None:
    said = notification.find("c:TxsSummry/c:TtlNtries", ns)
    if said is None:
        return
    count, total = said.findtext("c:NbOfNtries", None, ns), said.findtext("c:Sum", None, ns)
    if count is not None and count.strip() != str(len(entries)):
        raise _wrong(said, f"It says {count} entries and has {len(entries)}.")
    found = sum(_fen(entry, entry.findtext("c:Amt", "", ns)) for entry in entries)
    if total is not None and _fen(said, total) != found:
        raise _wrong(said, "The entries do not add up to the sum it says.")


def _entry(entry: "etree._Element", rules: DebitRules, ns: dict[str, str]) -> Iterator[Answered]:
    amount = entry.find("c:Amt", ns)
    if amount is None or amount.get("Ccy") != rules.currency:
        raise _wrong(entry, f"An entry is not in {rules.currency}.")
    if (entry.findtext("c:Sts/c:Cd", "", ns) or entry.findtext("c:Sts", "", ns)).strip() != "BOOK":
        raise _wrong(entry, "An entry is not booked yet.")
    direction = _text(entry, "c:CdtDbtInd", ns)
    if direction not in ("CRDT", "DBIT"):
        raise _wrong(entry, "An entry is neither credit nor debit.")
    booked = _day(entry, entry.findtext("c:BookgDt/c:Dt", "", ns) or entry.findtext("c:BookgDt/c:DtTm", "", ns)[:10])
    details = entry.findall("c:NtryDtls/c:TxDtls", ns)
    if not details:
        raise _wrong(entry, "An entry names no payments.")
    sums = 0
    for detail in details:
        own = detail.findtext("c:AmtDtls/c:TxAmt/c:Amt", None, ns) or detail.findtext("c:Amt", None, ns)
        if own is None and len(details) > 1:
            raise _wrong(detail, "A payment of several has no amount of its own.")
        fen = _fen(detail, own if own is not None else amount.text or "")
        sums += fen
        reason = detail.findtext("c:RtrInf/c:Rsn/c:Cd", "", ns)
        more = detail.findtext("c:RtrInf/c:AddtlInf", "", ns)
        yield Answered(
            line=_at(detail), end_to_end=_text(detail, "c:Refs/c:EndToEndId", ns), amount_fen=fen,
            outcome=LineOutcome.PAID if direction == "CRDT" else LineOutcome.RETURNED,
            reference=(detail.findtext("c:Refs/c:AcctSvcrRef", "", ns) or entry.findtext("c:AcctSvcrRef", "", ns)),
            booked=booked, reason=" ".join(filter(None, (reason, more)))[:200],
        )  # fmt: skip
    if sums != _fen(entry, amount.text or ""):
        raise _wrong(entry, "The payments of an entry do not add up to it.")


def _text(parent: "etree._Element", path: str, ns: dict[str, str]) -> str:
    found = (parent.findtext(path, "", ns) or "").strip()
    if not found or len(found) > 35:
        raise _wrong(parent, f"{path.rpartition(':')[2]} is missing or too long.")
    return found


def _fen(where: "etree._Element", text: str) -> int:
    try:
        fen = Decimal(text.strip()) * 100
    except InvalidOperation:
        raise _wrong(where, "An amount is none.") from None
    if not fen.is_finite() or fen < 0 or fen != fen.to_integral_value():
        raise _wrong(where, "An amount is none.")
    return int(fen)


def _day(where: "etree._Element", text: str) -> date:
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        raise _wrong(where, "An entry has no day of booking.") from None


def _wrong(where: "etree._Element", what: str) -> DebitRefused:
    return DebitRefused(what, path=f"line {_at(where)}")


def _at(where: "etree._Element") -> int:
    return int(cast(Any, where).sourceline or 1)
