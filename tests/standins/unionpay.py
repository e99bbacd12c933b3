"""UnionPay's online gateway 5.1.0 as its documentation tells it, with a certificate authority of its own."""

import base64
import hashlib
import html
import io
import zipfile
import zlib
from datetime import UTC, date, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, pkcs12
from tests.standins.serving import BEIJING, Asked, Refunded, StandIn, Told, Trade, is_signed, key, run, signed

COMPANY = "中国银联股份有限公司"
WIDTHS = (
    3, 11, 11, 6, 10, 19, 12, 4, 2, 21, 2, 32, 2, 6, 10, 13, 13, 4, 15, 2, 2, 6, 2, 4, 32, 1, 21, 15, 1, 15, 32, 13, 13,
    8, 32, 13, 13, 12, 2, 1, 32, 98,
)  # fmt: skip


class Authority:
    """A root, an authority below it, and what that one issues."""

    def __init__(self) -> None:
        self.root_key, self.middle_key = key(), key()
        self.root = certificate("CFCA ROOT", self.root_key, "CFCA ROOT", self.root_key)
        self.middle = certificate("CFCA OCA", self.middle_key, "CFCA ROOT", self.root_key)

    def issue(self, name: str, of: rsa.RSAPrivateKey, **changed: Any) -> x509.Certificate:
        return certificate(name, of, "CFCA OCA", self.middle_key, **changed)


def certificate(
    name: str, of: rsa.RSAPrivateKey, issuer: str, by: rsa.RSAPrivateKey, *, until: datetime | None = None
) -> x509.Certificate:
    """A certificate."""
    now = datetime.now(UTC)

    def named(text: str) -> x509.Name:
        return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, text)])

    return (
        x509.CertificateBuilder()
        .subject_name(named(name))
        .issuer_name(named(issuer))
        .public_key(of.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=400))
        .not_valid_after(until or now + timedelta(days=400))
        .sign(by, hashes.SHA256())
    )


def pfx(of: rsa.RSAPrivateKey, holder: x509.Certificate, password: str) -> bytes:
    """A key with its certificate as UnionPay hands it out."""
    return pkcs12.serialize_key_and_certificates(b"acp", of, holder, None, BestAvailableEncryption(password.encode()))


class UnionPayStandIn(StandIn):
    """The page, query, refunds that are accepted first and done when asked about, and files."""

    code = "unionpay"
    merchant_id = "777290058110048"

    def settings(self) -> dict[str, str]:
        self.authority = Authority()
        self.merchant, self.own = key(), key()
        self.holder = self.authority.issue("041@777290058110048@电力@1", self.merchant)
        self.signer = self.authority.issue(f"041@83100000000083040@{COMPANY}@00016494", self.own)
        files = {
            "acp_sign.pfx": pfx(self.merchant, self.holder, "000000"),
            "acp_root.cer": self.authority.root.public_bytes(Encoding.PEM),
            "acp_middle.cer": self.authority.middle.public_bytes(Encoding.PEM),
        }
        for name, data in files.items():
            (self.folder / name).write_bytes(data)
        return {
            "GRIDHALL_UNIONPAY_MERCHANT_ID": self.merchant_id,
            "GRIDHALL_UNIONPAY_PRIVATE_KEY_FILE": str(self.folder / "acp_sign.pfx"),
            "GRIDHALL_UNIONPAY_PRIVATE_KEY_PASSWORD": "000000",
            "GRIDHALL_UNIONPAY_ROOT_FILE": str(self.folder / "acp_root.cer"),
            "GRIDHALL_UNIONPAY_MIDDLE_FILE": str(self.folder / "acp_middle.cer"),
            "GRIDHALL_UNIONPAY_URL": f"{self.url}/gateway/api",
            "GRIDHALL_UNIONPAY_FILES_URL": f"{self.url}/files",
        }

    def fresh(self) -> str:
        return f"{self.clock().astimezone(BEIJING):%Y%m%d%H%M%S}{super().fresh()[-7:]}"

    def asked(self, asked: Asked) -> Told:
        fields = asked.form
        if fields.get("certId") != str(self.holder.serial_number) or not self._is_ours(fields):
            if asked.path.endswith("frontTransReq.do"):
                return self.no("11", Told("验签失败".encode(), status=400))
            return self.no("11", self._answer(fields, "11"))
        with self.lock:
            match asked.path.rsplit("/", 1)[1], fields["txnType"]:
                case "frontTransReq.do", "01":
                    trade = Trade(
                        fields["orderId"], int(fields["txnAmt"]), fields["backUrl"], fields["frontUrl"],
                        fields.get("orderDesc", ""), fields["channelType"], extra={"txnTime": fields["txnTime"]},
                    )  # fmt: skip
                    return self.payer_page(self.trades.setdefault(trade.number, trade))
                case "queryTrans.do", "00":
                    return self._query(fields)
                case "backTransReq.do", "04":
                    return self._refund(fields)
                case "", "76":
                    return self._file(fields)
        return self.no("10", self._answer(fields, "10"))

    def _is_ours(self, fields: dict[str, str]) -> bool:
        return is_signed(self.merchant.public_key(), digits(fields), fields.get("signature", ""))

    def _query(self, asked: dict[str, str]) -> Told:
        number = asked["orderId"]
        if trade := self.trades.get(number):
            if asked["txnTime"] != trade.extra.get("txnTime", asked["txnTime"]):
                return self._answer(asked, "34")
            code = {"waiting": "05", "paid": "00", "closed": "01"}[trade.status]
            return self._answer(asked, "00", self.about(trade) | {"origRespCode": code})
        for trade in self.trades.values():
            if number in trade.refunds:
                return self._answer(asked, "00", self._about(trade, trade.refunds[number]) | {"origRespCode": "00"})
        return self._answer(asked, "34")

    def _refund(self, asked: dict[str, str]) -> Told:
        trade = next((t for t in self.trades.values() if t.reference == asked["origQryId"]), None)
        if trade is None or self.refund(trade, asked["orderId"], int(asked["txnAmt"])) is None:
            return self.no("61", self._answer(asked, "61"))
        return self._answer(asked, "00")

    def _file(self, asked: dict[str, str]) -> Told:
        today = self.clock().astimezone(BEIJING).date()
        day = date.fromisoformat(f"{today.year}{asked['settleDate']}")
        day = day if day <= today else day.replace(year=day.year - 1)
        if day >= today:
            return self._answer(asked, "98")
        content = base64.b64encode(zlib.compress(self.statement(day))).decode()
        return self._answer(asked, "00", {"fileContent": content, "fileName": f"{self.merchant_id}_{day:%Y%m%d}.zip"})

    def about(self, trade: Trade) -> dict[str, str]:
        """A trade in UnionPay's words."""
        told = {
            "txnType": "01", "txnSubType": "01", "bizType": "000201", "accessType": "0", "merId": self.merchant_id,
            "orderId": trade.number, "txnTime": trade.number[:14], "txnAmt": str(trade.amount_fen),
            "currencyCode": "156", "reqReserved": "{a=1&b=2}",
        }  # fmt: skip
        if trade.paid_at:
            at = trade.paid_at.astimezone(BEIJING)
            told |= {"queryId": trade.reference, "traceTime": f"{at:%m%d%H%M%S}", "settleDate": f"{at:%m%d}"}
        return told

    def _about(self, trade: Trade, refund: Refunded) -> dict[str, str]:
        at = refund.at.astimezone(BEIJING)
        return self.about(trade) | {
            "txnType": "04", "txnSubType": "00", "orderId": refund.number, "txnTime": refund.number.lstrip("R")[:14],
            "txnAmt": str(refund.amount_fen), "queryId": refund.reference, "origQryId": trade.reference,
            "traceTime": f"{at:%m%d%H%M%S}",
        }  # fmt: skip

    def _answer(self, asked: dict[str, str], code: str, told: dict[str, str] | None = None) -> Told:
        known = {name: asked[name] for name in ("orderId", "txnTime", "txnType", "txnAmt") if name in asked}
        fields = known | {"merId": self.merchant_id, "respCode": code, "respMsg": "成功[0000000]"} | (told or {})
        text = "&".join(f"{name}={value}" for name, value in self.sign(fields).items())
        return Told(text.encode(), kind="text/html;charset=UTF-8")

    def sign(self, fields: dict[str, Any]) -> dict[str, Any]:
        """Fields with the certificate and the signature."""
        told = {"version": "5.1.0", "encoding": "UTF-8", "signMethod": "01"} | fields
        told["signPubKeyCert"] = told.get("signPubKeyCert") or self.signer.public_bytes(Encoding.PEM).decode()
        return told | {"signature": signed(self.own, digits(told))}

    def lead_back(self, trade: Trade) -> Told:
        # UnionPay's page sends the payer's browser back by POST, with the fields of the notice.
        fields = "".join(
            f'<input type=hidden name="{html.escape(name)}" value="{html.escape(value, quote=True)}">'
            for name, value in self.sign(self.about(trade) | {"respCode": "00"}).items()
        )
        return Told(
            f'<!doctype html><title>unionpay</title><form id=back method=post action="{html.escape(trade.return_url)}">'
            f"{fields}<button>Back</button></form><script>document.forms[0].submit()</script>".encode()
        )

    def notice(self, number: str, **changed: Any) -> tuple[dict[str, str], bytes]:
        fields = self.about(self.trades[number]) | {"respCode": "00", "respMsg": "成功"} | changed
        fields = {name: value for name, value in fields.items() if value is not None}
        return {"Content-Type": "application/x-www-form-urlencoded"}, urlencode(self.sign(fields)).encode()

    def refund_notice(self, number: str, refund: str, **changed: Any) -> tuple[dict[str, str], bytes]:
        """The notice about a refund."""
        trade = self.trades[number]
        fields = self._about(trade, trade.refunds[refund]) | {"respCode": "00", "respMsg": "成功"} | changed
        return {"Content-Type": "application/x-www-form-urlencoded"}, urlencode(self.sign(fields)).encode()

    def statement(self, day: date) -> bytes:
        rows = []
        for trade in self.trades.values():
            if trade.paid_at and trade.paid_at.astimezone(BEIJING).date() == day:
                rows.append(self.row(trade, None))
            rows += [self.row(trade, r) for r in trade.refunds.values() if r.at.astimezone(BEIJING).date() == day]
        return zipped(self.merchant_id, day, rows)

    def row(self, trade: Trade, refund: Refunded | None, merchant: str = "") -> bytes:
        """A line of the ZM file."""
        at = refund.at if refund else trade.paid_at
        assert at is not None
        amount = refund.amount_fen if refund else trade.amount_fen
        cells = dict.fromkeys(range(len(WIDTHS)), "") | {
            0: "S30" if refund else "S22", 1: "48270000", 2: "00049992", 3: "023180",
            4: f"{at.astimezone(BEIJING):%m%d%H%M%S}", 5: "6216261000000000018", 6: f"{amount:012}", 7: "4900",
            8: "07", 9: refund.reference if refund else trade.reference, 10: "00",
            11: refund.number if refund else trade.number, 12: "01", 15: f"{'C' if refund else 'D'}{amount // 200:012}",
            16: f"{'D' if refund else 'C'}{amount:012}", 19: "04" if refund else "01", 21: "000201",
            26: trade.reference if refund else "", 27: merchant or self.merchant_id, 34: "供电",
        }  # fmt: skip
        encoded = [cells[at].encode("gbk").ljust(width)[:width] for at, width in enumerate(WIDTHS)]
        return b" ".join(encoded) + b"\r\n"


def digits(fields: dict[str, Any]) -> str:
    """What is signed: the hex digits of the digest of the sorted fields."""
    text = "&".join(f"{name}={fields[name]}" for name in sorted(fields) if name != "signature")
    return hashlib.sha256(text.encode()).hexdigest()


def zipped(merchant: str, day: date, rows: list[bytes]) -> bytes:
    """The zip of a settlement day."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(f"INN{day:%y%m%d}88ZM_{merchant}", b"".join(rows))
        archive.writestr(f"INN{day:%y%m%d}88ZME_{merchant}", b"")
    return out.getvalue()


if __name__ == "__main__":
    run(UnionPayStandIn)
