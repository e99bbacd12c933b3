"""A bank for direct debits: checks a pain.008 file as banks do, and answers with camt.054; the same for the text form.

The rules that a file has to keep are written here once more, from the message definition: what the writer and this
reader agree on is not by the same code.
"""

import re
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from lxml import etree

PAIN = "urn:iso:std:iso:20022:tech:xsd:pain.008.001.02"
CAMT = "urn:iso:std:iso:20022:tech:xsd:camt.054.001.02"
#: The children of each element, in order; ``?`` may be left out, ``+`` comes once or more.
SHAPE = {
    "Document": "CstmrDrctDbtInitn",
    "CstmrDrctDbtInitn": "GrpHdr PmtInf+",
    "GrpHdr": "MsgId CreDtTm NbOfTxs CtrlSum InitgPty",
    "InitgPty": "Nm",
    "PmtInf": "PmtInfId PmtMtd NbOfTxs CtrlSum PmtTpInf ReqdColltnDt Cdtr CdtrAcct CdtrAgt ChrgBr CdtrSchmeId"
    " DrctDbtTxInf+",
    "PmtTpInf": "SvcLvl LclInstrm SeqTp",
    "DrctDbtTxInf": "PmtId InstdAmt DrctDbtTx DbtrAgt Dbtr DbtrAcct RmtInf",
    "PmtId": "EndToEndId",
    "DrctDbtTx": "MndtRltdInf",
    "MndtRltdInf": "MndtId DtOfSgntr",
    "CdtrAgt": "FinInstnId",
    "DbtrAgt": "FinInstnId",
    "FinInstnId": "BIC",
    "Cdtr": "Nm",
    "Dbtr": "Nm",
    "RmtInf": "Ustrd",
}
#: What stands in an element without children.
TEXT = {
    "MsgId": r"[A-Za-z0-9/\-?:().,'+ ]{1,35}", "PmtInfId": r"[A-Za-z0-9/\-?:().,'+ ]{1,35}",
    "EndToEndId": r"[A-Za-z0-9/\-?:().,'+ ]{1,35}", "MndtId": r"[A-Za-z0-9/\-?:().,'+ ]{1,35}",
    "CreDtTm": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", "NbOfTxs": r"[1-9]\d{0,14}", "CtrlSum": r"\d{1,15}\.\d\d",
    "InstdAmt": r"\d{1,15}\.\d\d", "PmtMtd": "DD", "SeqTp": "FRST|RCUR", "ChrgBr": "SLEV",
    "ReqdColltnDt": r"\d{4}-\d\d-\d\d", "DtOfSgntr": r"\d{4}-\d\d-\d\d", "BIC": r"[A-Z0-9]{8,14}",
    "IBAN": r"[A-Z]{2}\d\d[A-Z0-9]{11,30}", "Nm": r".{1,70}", "Ustrd": r".{1,140}",
}  # fmt: skip


class FileRefused(Exception):
    """The bank sends a file back; nothing of it is done."""


@dataclass
class Bank:
    """A bank that has opened an account for the creditor.

    Attributes:
        returns: end-to-end ids that fail, with the reason.
        seen: messages that were accepted.
        used: mandates that were debited before.
    """

    creditor: str = "DE89370400440532013000"
    merchant: str = "102290000001"
    today: date = date(2026, 3, 2)
    returns: dict[str, str] = field(default_factory=dict)
    seen: set[str] = field(default_factory=set)
    used: set[str] = field(default_factory=set)

    def check(self, content: bytes) -> list[dict[str, Any]]:
        """The debits of a pain.008 file, when the file is as it should be."""
        root = etree.fromstring(content)
        self._shape(root)
        head = root.find(".//{*}GrpHdr")
        debits = []
        for block in root.iter(f"{{{PAIN}}}PmtInf"):
            self._sums(block, block.findall("{*}DrctDbtTxInf"))
            if _at(block, "CdtrAcct/Id/IBAN") != self.creditor:
                raise FileRefused("another creditor's account")
            if date.fromisoformat(_at(block, "ReqdColltnDt")) <= self.today:
                raise FileRefused("the collection day is too near")
            for debit in block.findall("{*}DrctDbtTxInf"):
                mandate, sequence = _at(debit, "DrctDbtTx/MndtRltdInf/MndtId"), _at(block, "PmtTpInf/SeqTp")
                if (mandate in self.used) != (sequence == "RCUR"):
                    raise FileRefused(f"{mandate} is not to be {sequence}")
                iban = debit.findtext(".//{*}DbtrAcct/{*}Id/{*}IBAN")
                if iban and int("".join(str(int(c, 36)) for c in iban[4:] + iban[:4])) % 97 != 1:
                    raise FileRefused(f"{iban} has a wrong check number")
                debits.append(
                    {"end_to_end": _at(debit, "PmtId/EndToEndId"), "amount": _at(debit, "InstdAmt"), "mandate": mandate}
                )
        self._sums(head, debits)
        if len({debit["end_to_end"] for debit in debits}) != len(debits):
            raise FileRefused("an end-to-end id comes twice")
        if _at(head, "MsgId") in self.seen:
            raise FileRefused("this message was sent before")
        self.seen.add(_at(head, "MsgId"))
        self.used |= {debit["mandate"] for debit in debits if debit["end_to_end"] not in self.returns}
        return debits

    def collect(self, content: bytes, message: str = "ANS1") -> bytes:
        """What is booked for a file: its debits, and those that fail at once, as camt.054."""
        lines = [
            (each["end_to_end"], each["amount"], self.returns.get(each["end_to_end"])) for each in self.check(content)
        ]
        return self.camt(lines, message)

    def camt(self, lines: list[tuple[str, str, str | None]], message: str, account: str | None = None) -> bytes:
        """A camt.054: (end-to-end id, amount in yuan, why it was returned or None)."""
        entries = "".join(
            f"""
      <Ntry><Amt Ccy="CNY">{amount}</Amt><CdtDbtInd>{"DBIT" if reason else "CRDT"}</CdtDbtInd><Sts>BOOK</Sts>
        <BookgDt><Dt>2026-03-10</Dt></BookgDt><AcctSvcrRef>B{at:05}</AcctSvcrRef>
        <NtryDtls><TxDtls><Refs><EndToEndId>{number}</EndToEndId></Refs>
          {f"<RtrInf><Rsn><Cd>{reason}</Cd></Rsn></RtrInf>" if reason else ""}</TxDtls></NtryDtls></Ntry>"""
            for at, (number, amount, reason) in enumerate(lines)
        )
        total = sum((Decimal(amount) for _, amount, _ in lines), Decimal(0))
        return f"""<?xml version="1.0" encoding="UTF-8"?>
<Document xmlns="{CAMT}"><BkToCstmrDbtCdtNtfctn>
    <GrpHdr><MsgId>{message}</MsgId><CreDtTm>2026-03-10T18:00:00</CreDtTm></GrpHdr>
    <Ntfctn><Id>N1</Id><CreDtTm>2026-03-10T18:00:00</CreDtTm>
      <Acct><Id><IBAN>{account or self.creditor}</IBAN></Id></Acct>
      <TxsSummry><TtlNtries><NbOfNtries>{len(lines)}</NbOfNtries><Sum>{total}</Sum></TtlNtries></TxsSummry>{entries}
    </Ntfctn></BkToCstmrDbtCdtNtfctn></Document>
""".encode()

    def collect_text(self, content: bytes, message: str = "ANS1") -> bytes:
        """What a Chinese bank answers to the text form."""
        rows = [row.split("|") for row in content.decode("gb18030").splitlines()]
        head, *lines, foot = rows
        if head[:2] != ["H", self.merchant] or foot[0] != "T" or head[4:] != foot[1:]:
            raise FileRefused("head and foot")
        if foot[1:] != [str(len(lines)), str(sum(int(row[6]) for row in lines))]:
            raise FileRefused("the sums are wrong")
        answer = [["H", self.merchant, message, head[2], head[3], *foot[1:]]]
        for row in lines:
            reason = self.returns.get(row[2])
            answer.append(["R", row[1], row[2], row[6], "1001" if reason else "0000", f"B{row[1]}", reason or ""])
        return ("\r\n".join("|".join(row) for row in [*answer, foot]) + "\r\n").encode("gb18030")

    def _shape(self, element: Any) -> None:
        name = etree.QName(element).localname
        if etree.QName(element).namespace != PAIN:
            raise FileRefused(f"{name} is of another namespace")
        found = [etree.QName(child).localname for child in element]
        if name in SHAPE:
            pattern = "".join(
                f"({part.rstrip('+?')} ){part[-1] if part[-1] in '+?' else ''}" for part in SHAPE[name].split()
            )
            if not re.fullmatch(pattern, "".join(f"{each} " for each in found)):
                raise FileRefused(f"{name} has {found}")
        elif not found and name in TEXT and not re.fullmatch(TEXT[name], element.text or ""):
            raise FileRefused(f"{name} is {element.text!r}")
        for child in element:
            self._shape(child)

    def _sums(self, where: Any, debits: list[Any]) -> None:
        amounts = [debit["amount"] if isinstance(debit, dict) else _at(debit, "InstdAmt") for debit in debits]
        if _at(where, "NbOfTxs") != str(len(amounts)):
            raise FileRefused("the number of debits is wrong")
        if Decimal(_at(where, "CtrlSum")) != sum(map(Decimal, amounts)):
            raise FileRefused("the sum of debits is wrong")


def _at(element: Any, path: str) -> str:
    found = element.findtext("/".join(f"{{*}}{part}" for part in path.split("/")))
    if not found:
        raise FileRefused(f"{path} is missing")
    return str(found)
