"""The e-wallet of `gridhall.integrations.ewallet`, by its README."""

import json
import secrets
from datetime import date
from typing import Any

from tests.standins.serving import (
    BEIJING,
    Asked,
    Refunded,
    StandIn,
    Told,
    Trade,
    is_signed,
    key,
    private_pem,
    public_pem,
    run,
    signed,
)

_WINDOW = 300


class EWalletStandIn(StandIn):
    """Payments in the app and by code, query, close, refunds that are done at once, statements."""

    code = "ewallet"
    merchant_id = "900100000001"

    def settings(self) -> dict[str, str]:
        self.merchant, self.own = key(), key()
        (self.folder / "merchant.pem").write_bytes(private_pem(self.merchant))
        (self.folder / "wallet.pem").write_bytes(public_pem(self.own))
        return {
            "GRIDHALL_EWALLET_MERCHANT_ID": self.merchant_id,
            "GRIDHALL_EWALLET_PRIVATE_KEY_FILE": str(self.folder / "merchant.pem"),
            "GRIDHALL_EWALLET_PUBLIC_KEY_FILE": str(self.folder / "wallet.pem"),
            "GRIDHALL_EWALLET_URL": self.url,
        }

    def asked(self, asked: Asked) -> Told:
        if asked.path.startswith("/open/"):
            return self.payer_page(self.trades[asked.path.rsplit("/", 1)[1]])
        nonce, timestamp = asked.headers.get("x-nonce", ""), asked.headers.get("x-timestamp", "0")
        text = f"REQUEST\n{asked.path}\n{timestamp}\n{nonce}\n".encode() + asked.body + b"\n"
        if abs(int(timestamp) - self.clock().timestamp()) > _WINDOW:
            return self._answer(nonce, {"error": "expired"}, 401)
        if not is_signed(self.merchant.public_key(), text, asked.headers.get("x-signature", "")):
            return self._answer(nonce, {"error": "signature"}, 401)
        content = json.loads(asked.body)
        if content["merchant"] != self.merchant_id or asked.headers["x-merchant"] != self.merchant_id:
            return self._answer(nonce, {"error": "merchant"}, 403)
        with self.lock:
            return self._do(asked.path, content, nonce)

    def _do(self, path: str, content: dict[str, Any], nonce: str) -> Told:
        if path == "/v1/statements":
            day = date.fromisoformat(content["day"])
            if day >= self.clock().astimezone(BEIJING).date():
                return self._answer(nonce, {"error": "no_statement"}, 404)
            return self._sealed(nonce, self.statement(day), 200, "text/csv")
        number = content["number"]
        if path == "/v1/payments":
            trade = Trade(
                number, content["amount_fen"], content["notify_url"], content["return_url"], content["subject"],
                content["way"],
            )  # fmt: skip
            self.trades.setdefault(number, trade)
            return self._answer(
                nonce, {"merchant": self.merchant_id, "number": number, "link": f"{self.url}/open/{number}"}
            )
        if path.startswith("/v1/payments/"):
            trade_or_none = self.trades.get(number)
            if trade_or_none is None:
                return self._answer(nonce, {"merchant": self.merchant_id, "number": number, "state": "unknown"})
            if path.endswith("close") and trade_or_none.status == "waiting":
                trade_or_none.status = "closed"
            return self._answer(nonce, self.about(trade_or_none))
        of = self.trades.get(content.get("order", ""))
        refund = self.refund(of, number, content["amount_fen"]) if of else None
        if refund is None:
            return self._answer(nonce, {"merchant": self.merchant_id, "number": number, "state": "refused"})
        return self._answer(nonce, self._about(refund))

    def about(self, trade: Trade) -> dict[str, Any]:
        """A trade in the wallet's words."""
        told: dict[str, Any] = {"merchant": self.merchant_id, "number": trade.number, "state": trade.status}
        if trade.paid_at:
            at = trade.paid_at.astimezone(BEIJING).isoformat(timespec="seconds")
            told |= {"reference": trade.reference, "amount_fen": trade.amount_fen, "paid_at": at}
        return told

    def _about(self, refund: Refunded) -> dict[str, Any]:
        return {
            "merchant": self.merchant_id, "number": refund.number, "state": "done", "reference": refund.reference,
            "amount_fen": refund.amount_fen, "done_at": refund.at.astimezone(BEIJING).isoformat(timespec="seconds"),
        }  # fmt: skip

    def _answer(self, nonce: str, told: dict[str, Any], status: int = 200) -> Told:
        if status != 200:
            self.refused.append(told["error"])
        return self._sealed(nonce, json.dumps(told).encode(), status, "application/json")

    def _sealed(self, nonce: str, body: bytes, status: int, kind: str) -> Told:
        timestamp = str(int(self.clock().timestamp()))
        text = f"ANSWER\n{status}\n{timestamp}\n{nonce}\n".encode() + body + b"\n"
        return Told(body, kind, status, {"X-Timestamp": timestamp, "X-Signature": signed(self.own, text)})

    def notice(self, number: str, **changed: Any) -> tuple[dict[str, str], bytes]:
        timestamp = changed.pop("_timestamp", "")
        return self.sealed({"kind": "payment"} | self.about(self.trades[number]) | changed, timestamp)

    def refund_notice(self, number: str, refund: str, **changed: Any) -> tuple[dict[str, str], bytes]:
        """The notice about a refund."""
        return self.sealed({"kind": "refund"} | self._about(self.trades[number].refunds[refund]) | changed)

    def sealed(self, content: Any, timestamp: str = "") -> tuple[dict[str, str], bytes]:
        """A notice of that content."""
        body = json.dumps(content).encode()
        timestamp, nonce = timestamp or str(int(self.clock().timestamp())), secrets.token_hex(16)
        text = f"NOTICE\n{timestamp}\n{nonce}\n".encode() + body + b"\n"
        return {
            "Content-Type": "application/json", "X-Merchant": self.merchant_id, "X-Timestamp": timestamp,
            "X-Nonce": nonce, "X-Signature": signed(self.own, text),
        }, body  # fmt: skip

    def statement(self, day: date) -> bytes:
        rows, paid, back = [], 0, 0
        for trade in self.trades.values():
            if trade.paid_at and trade.paid_at.astimezone(BEIJING).date() == day:
                at = trade.paid_at.astimezone(BEIJING).isoformat()
                fee = trade.amount_fen // 200
                rows.append(f"payment,{trade.reference},{trade.number},{trade.amount_fen},{fee},{at}\n")
                paid += trade.amount_fen
            for refund in trade.refunds.values():
                if refund.at.astimezone(BEIJING).date() == day:
                    at = refund.at.astimezone(BEIJING).isoformat()
                    rows.append(f"refund,{refund.reference},{trade.number},{refund.amount_fen},0,{at}\n")
                    back += refund.amount_fen
        head = f"statement,{self.merchant_id},{day}\nkind,reference,order,amount_fen,fee_fen,at\n"
        return (head + "".join(rows) + f"end,{len(rows)},{paid},{back}\n").encode()


if __name__ == "__main__":
    run(EWalletStandIn)
