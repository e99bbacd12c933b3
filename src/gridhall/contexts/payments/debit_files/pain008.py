"""Writes ISO 20022 ``pain.008.001.02``: customer direct debit initiation, as the EPC's core scheme uses it.

Source: ISO 20022 message definition report Payments Initiation; EPC130-08, customer-to-bank implementation guidelines
of the SEPA core direct debit scheme.
"""

import re
from collections.abc import Sequence
from typing import Final

from lxml import etree

from gridhall.contexts.payments.debit_files import DebitLine, DebitOrder
from gridhall.kernel.money import yuan

NAMESPACE: Final = "urn:iso:std:iso:20022:tech:xsd:pain.008.001.02"
_IBAN: Final = re.compile(r"[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}")


def written(order: DebitOrder) -> bytes:
    """The file: one block of payments for each sequence type, with its own number and sum."""
    document = etree.Element(_name("Document"), nsmap={None: NAMESPACE})  # type: ignore[dict-item]
    root = _add(document, "CstmrDrctDbtInitn")
    head = _add(root, "GrpHdr")
    _add(head, "MsgId", order.message_id)
    _add(head, "CreDtTm", f"{order.made_at:%Y-%m-%dT%H:%M:%S}")
    _sums(head, order.lines)
    _add(_add(head, "InitgPty"), "Nm", order.rules.creditor.name)
    for sequence in ("FRST", "RCUR"):
        lines = [line for line in order.lines if line.sequence == sequence]
        if lines:
            _block(root, order, sequence, lines)
    return etree.tostring(document, xml_declaration=True, encoding="UTF-8", pretty_print=True)


def is_iban(account: str) -> bool:
    """Whether an account number is an IBAN with a right check number (ISO 13616).

    >>> is_iban("DE89370400440532013000"), is_iban("DE88370400440532013000"), is_iban("6222020200001234567")
    (True, False, False)
    """
    if not _IBAN.fullmatch(account):
        return False
    turned = account[4:] + account[:4]
    return int("".join(str(int(letter, 36)) for letter in turned)) % 97 == 1


def _block(root: "etree._Element", order: DebitOrder, sequence: str, lines: Sequence[DebitLine]) -> None:
    creditor = order.rules.creditor
    block = _add(root, "PmtInf")
    _add(block, "PmtInfId", f"{order.message_id}-{sequence}"[:35])
    _add(block, "PmtMtd", "DD")
    _sums(block, lines)
    kind = _add(block, "PmtTpInf")
    _add(_add(kind, "SvcLvl"), "Cd", "SEPA")
    _add(_add(kind, "LclInstrm"), "Cd", "CORE")
    _add(kind, "SeqTp", sequence)
    _add(block, "ReqdColltnDt", order.collection.isoformat())
    _add(_add(block, "Cdtr"), "Nm", creditor.name)
    _account(_add(block, "CdtrAcct"), creditor.account)
    _add(_add(_add(block, "CdtrAgt"), "FinInstnId"), "BIC", creditor.bank)
    _add(block, "ChrgBr", "SLEV")
    other = _add(_add(_add(_add(block, "CdtrSchmeId"), "Id"), "PrvtId"), "Othr")
    _add(other, "Id", creditor.id)
    _add(_add(other, "SchmeNm"), "Prtry", "SEPA")
    for line in lines:
        _debit(_add(block, "DrctDbtTxInf"), line, order.rules.currency)


def _debit(debit: "etree._Element", line: DebitLine, currency: str) -> None:
    _add(_add(debit, "PmtId"), "EndToEndId", line.end_to_end)
    _add(debit, "InstdAmt", f"{yuan(line.amount_fen):.2f}").set("Ccy", currency)
    mandate = _add(_add(debit, "DrctDbtTx"), "MndtRltdInf")
    _add(mandate, "MndtId", line.mandate)
    _add(mandate, "DtOfSgntr", line.signed.isoformat())
    _add(_add(_add(debit, "DbtrAgt"), "FinInstnId"), "BIC", line.bank)
    _add(_add(debit, "Dbtr"), "Nm", line.name)
    _account(_add(debit, "DbtrAcct"), line.account)
    _add(_add(debit, "RmtInf"), "Ustrd", line.text)


def _account(parent: "etree._Element", account: str) -> None:
    identity = _add(parent, "Id")
    if is_iban(account):
        _add(identity, "IBAN", account)
    else:
        _add(_add(identity, "Othr"), "Id", account)


def _sums(parent: "etree._Element", lines: Sequence[DebitLine]) -> None:
    _add(parent, "NbOfTxs", str(len(lines)))
    _add(parent, "CtrlSum", f"{yuan(sum(line.amount_fen for line in lines)):.2f}")


def _add(parent: "etree._Element", name: str, text: str | None = None) -> "etree._Element":
    child = etree.SubElement(parent, _name(name))
    child.text = text
    return child


def _name(name: str) -> str:
    return f"{{{NAMESPACE}}}{name}"
