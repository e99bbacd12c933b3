"""WeChat Pay v3 as its documentation tells it: signed requests and answers, notices under AES-256-GCM."""

import base64
import hashlib
import json
import re
import secrets
import time
from datetime import date, datetime
from typing import Any
from urllib.parse import unquote

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
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

_AUTHORIZATION = re.compile(
    r'WECHATPAY2-SHA256-RSA2048 mchid="(.+?)",nonce_str="(.+?)",signature="(.+?)",timestamp="(\d+)",serial_no="(.+?)"'
)
_HEAD = (
    "交易时间,公众账号ID,商户号,特约商户号,设备号,微信订单号,商户订单号,用户标识,交易类型,交易状态,付款银行,货币种类,应结订单金额,"
    "代金券金额,微信退款单号,商户退款单号,退款金额,充值券退款金额,退款类型,退款状态,商品名称,商户数据包,手续费,费率,订单金额,"
    "申请退款金额,费率备注"
)
_SUMS = "总交易单数,应结订单总金额,退款总金额,充值券退款总金额,手续费总金额,订单总金额,申请退款总金额"


class WeChatStandIn(StandIn):
    """Native, JSAPI and H5 payments, query, close, refunds that take until they are asked about, trade bills."""

    code = "wechat"
    mchid = "1900000109"
    appid = "wxd678efh567hg6787"
    apiv3_key = "0123456789abcdefghijklmnopqrstuv"
    serial = "7132D72A03E93CDDF8C03BBD1F37EEDF00000001"
    public_key_id = "PUB_KEY_ID_0119000001092026"
    secret = "7813490da6f1265e4901ffb80afaa36f"
    openid = "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o"

    def settings(self) -> dict[str, str]:
        #: Codes that were handed to browsers, each with whether it was used.
        self.codes: dict[str, bool] = {}
        self.merchant, self.own = key(), key()
        (self.folder / "apiclient_key.pem").write_bytes(private_pem(self.merchant))
        (self.folder / "pub_key.pem").write_bytes(public_pem(self.own))
        return {
            "GRIDHALL_WECHAT_MERCHANT_ID": self.mchid,
            "GRIDHALL_WECHAT_APP_ID": self.appid,
            "GRIDHALL_WECHAT_SERIAL_NUMBER": self.serial,
            "GRIDHALL_WECHAT_PRIVATE_KEY_FILE": str(self.folder / "apiclient_key.pem"),
            "GRIDHALL_WECHAT_APIV3_KEY": self.apiv3_key,
            "GRIDHALL_WECHAT_PUBLIC_KEY_FILE": str(self.folder / "pub_key.pem"),
            "GRIDHALL_WECHAT_PUBLIC_KEY_ID": self.public_key_id,
            "GRIDHALL_WECHAT_APP_SECRET": self.secret,
            "GRIDHALL_WECHAT_URL": self.url,
            "GRIDHALL_WECHAT_OPEN_URL": self.url,
            "GRIDHALL_WECHAT_API_URL": self.url,
        }

    def asked(self, asked: Asked) -> Told:
        if asked.path.startswith(("/h5/", "/scan/")):
            trade = self.trades[asked.path.rsplit("/", 1)[1]]
            trade.return_url = unquote(asked.parameters.get("redirect_url", ""))
            return self.payer_page(trade)
        if asked.path == "/connect/oauth2/authorize":
            return self._authorize(asked.parameters)
        if asked.path == "/sns/oauth2/access_token":
            return self._access_token(asked.parameters)
        told = _AUTHORIZATION.fullmatch(asked.headers.get("authorization", ""))
        if not told:
            return self._failed(401, "SIGN_ERROR")
        mchid, nonce, signature, timestamp, serial = told.groups()
        target = asked.path + (f"?{asked.query}" if asked.query else "")
        text = f"{asked.method}\n{target}\n{timestamp}\n{nonce}\n{asked.body.decode()}\n"
        if mchid != self.mchid or serial != self.serial or abs(time.time() - int(timestamp)) > 300:
            return self._failed(401, "SIGN_ERROR")
        if not is_signed(self.merchant.public_key(), text, signature):
            return self._failed(401, "SIGN_ERROR")
        content = json.loads(asked.body) if asked.body else {}
        with self.lock:
            return self._do(asked, content)

    def _authorize(self, asked: dict[str, str]) -> Told:
        wanted = {"appid": self.appid, "response_type": "code", "scope": "snsapi_base"}
        known = {name: asked.get(name) for name in wanted}
        if known != wanted or not re.fullmatch(r"[0-9A-Za-z]{1,128}", asked.get("state", "")):
            return self.no("10003", Told("参数错误".encode(), status=400))
        code = secrets.token_hex(16)
        self.codes[code] = False
        back = f"{asked['redirect_uri']}?code={code}&state={asked['state']}"
        return Told(status=302, headers={"Location": back})

    def _access_token(self, asked: dict[str, str]) -> Told:
        def wrong(code: int) -> Told:
            return self.no(str(code), Told(json.dumps({"errcode": code, "errmsg": "no"}).encode(), "text/plain"))

        code = asked.get("code", "")
        if asked.get("appid") != self.appid:
            return wrong(40013)
        if asked.get("secret") != self.secret or asked.get("grant_type") != "authorization_code":
            return wrong(40125)
        with self.lock:
            if code not in self.codes:
                return wrong(40029)
            if self.codes[code]:
                return wrong(40163)
            self.codes[code] = True
        told = {"access_token": "ACCESS", "expires_in": 7200, "openid": self.openid, "scope": "snsapi_base"}
        return Told(json.dumps(told).encode(), "text/plain")

    def _do(self, asked: Asked, content: dict[str, Any]) -> Told:
        pieces = asked.path.strip("/").split("/")[1:]
        match pieces:
            case ["pay", "transactions", ("native" | "jsapi" | "h5") as kind]:
                return self._announce(kind, content)
            case ["pay", "transactions", "out-trade-no", number, *rest]:
                trade = self.trades.get(number)
                if trade is None:
                    return self._failed(404, "ORDER_NOT_EXIST")
                if rest == ["close"]:
                    if trade.status == "paid":
                        return self._failed(400, "ORDERPAID")
                    trade.status = "closed"
                    return self._answer(b"", 204)
                return self._answer(json.dumps(self.about(trade)).encode())
            case ["refund", "domestic", "refunds"]:
                return self._refund(content)
            case ["refund", "domestic", "refunds", number]:
                for trade in self.trades.values():
                    if number in trade.refunds:
                        return self._answer(json.dumps(self._about(trade, trade.refunds[number], "SUCCESS")).encode())
                return self._failed(404, "RESOURCE_NOT_EXISTS")
            case ["bill", "tradebill"]:
                return self._bill(asked.parameters["bill_date"])
            case ["billdownload", "file"]:
                return Told(self.statement(date.fromisoformat(asked.parameters["token"])), kind="text/plain")
        return self._failed(404, "NOT_FOUND")

    def _announce(self, kind: str, content: dict[str, Any]) -> Told:
        number = content["out_trade_no"]
        if content["appid"] != self.appid or content["mchid"] != self.mchid:
            return self._failed(400, "APPID_MCHID_NOT_MATCH")
        wanted = Trade(number, content["amount"]["total"], content["notify_url"], "", content["description"], kind)
        if kind == "jsapi" and content.get("payer") != {"openid": self.openid}:
            return self._failed(400, "PARAM_ERROR")
        trade = self.trades.setdefault(number, wanted)
        if trade.amount_fen != wanted.amount_fen:
            return self._failed(400, "INVALID_REQUEST")
        if trade.status == "paid":
            return self._failed(400, "ORDERPAID")
        told = {
            "native": {"code_url": f"{self.url}/scan/{number}"},
            "h5": {"h5_url": f"{self.url}/h5/{number}?prepay_id=wx1"},
            "jsapi": {"prepay_id": f"wx{number}"},
        }[kind]
        return self._answer(json.dumps(told).encode())

    def _refund(self, content: dict[str, Any]) -> Told:
        trade = next((t for t in self.trades.values() if t.reference == content.get("transaction_id")), None)
        if trade is None:
            return self._failed(404, "RESOURCE_NOT_EXISTS")
        amount = content["amount"]
        known = trade.refunds.get(content["out_refund_no"])
        wrong = known is not None and known.amount_fen != amount["refund"]
        refund = self.refund(trade, content["out_refund_no"], amount["refund"])
        if wrong or refund is None or amount["total"] != trade.amount_fen:
            return self._failed(400, "INVALID_REQUEST")
        return self._answer(json.dumps(self._about(trade, refund, "PROCESSING")).encode())

    def about(self, trade: Trade) -> dict[str, Any]:
        """A trade in WeChat's words."""
        state = {"waiting": "NOTPAY", "paid": "REFUND" if trade.refunds else "SUCCESS", "closed": "CLOSED"}[
            trade.status
        ]
        told: dict[str, Any] = {
            "appid": self.appid, "mchid": self.mchid, "out_trade_no": trade.number, "trade_state": state,
            "trade_state_desc": "状态", "amount": {"total": trade.amount_fen, "currency": "CNY"},
        }  # fmt: skip
        if trade.paid_at:
            told |= {"transaction_id": trade.reference, "success_time": moment(trade.paid_at), "trade_type": "NATIVE"}
            told["amount"] |= {"payer_total": trade.amount_fen, "payer_currency": "CNY"}
        return told

    def _about(self, trade: Trade, refund: Refunded, status: str) -> dict[str, Any]:
        told = {
            "refund_id": refund.reference, "out_refund_no": refund.number, "transaction_id": trade.reference,
            "out_trade_no": trade.number, "channel": "ORIGINAL", "status": status,
            "amount": {"total": trade.amount_fen, "refund": refund.amount_fen, "currency": "CNY"},
        }  # fmt: skip
        return told | ({"success_time": moment(refund.at)} if status == "SUCCESS" else {})

    def _bill(self, day: str) -> Told:
        if day >= f"{self.clock().astimezone(BEIJING):%Y-%m-%d}":
            return self._failed(400, "NO_STATEMENT_EXIST")
        digest = hashlib.sha1(self.statement(date.fromisoformat(day))).hexdigest()
        url = f"{self.url}/v3/billdownload/file?token={day}"
        told = {"hash_type": "SHA1", "hash_value": digest, "download_url": url}
        return self._answer(json.dumps(told).encode())

    def _answer(self, body: bytes, status: int = 200) -> Told:
        return Told(body, "application/json; charset=utf-8", status, self.signature(body))

    def signature(self, body: bytes, timestamp: str = "") -> dict[str, str]:
        """The headers of a signed message."""
        timestamp = timestamp or str(int(self.clock().timestamp()))
        nonce = secrets.token_hex(16)
        return {
            "Wechatpay-Nonce": nonce, "Wechatpay-Timestamp": timestamp, "Wechatpay-Serial": self.public_key_id,
            "Wechatpay-Signature": signed(self.own, f"{timestamp}\n{nonce}\n".encode() + body + b"\n"),
            "Wechatpay-Signature-Type": "WECHATPAY2-SHA256-RSA2048",
        }  # fmt: skip

    def _failed(self, status: int, code: str) -> Told:
        body = json.dumps({"code": code, "message": "失败"}).encode()
        return self.no(code, Told(body, "application/json; charset=utf-8", status, self.signature(body)))

    def notice(self, number: str, **changed: Any) -> tuple[dict[str, str], bytes]:
        timestamp = changed.pop("_timestamp", "")
        return self.sealed(self.about(self.trades[number]) | changed, "transaction", "TRANSACTION.SUCCESS", timestamp)

    def refund_notice(self, number: str, refund: str, **changed: Any) -> tuple[dict[str, str], bytes]:
        """The notice about a refund."""
        trade = self.trades[number]
        told = self._about(trade, trade.refunds[refund], "SUCCESS")
        told["refund_status"] = told.pop("status")
        return self.sealed(told | {"mchid": self.mchid} | changed, "refund", "REFUND.SUCCESS")

    def sealed(self, content: Any, kind: str, event: str, timestamp: str = "") -> tuple[dict[str, str], bytes]:
        """A notice of that content."""
        nonce = secrets.token_hex(6)
        cipher = AESGCM(self.apiv3_key.encode()).encrypt(nonce.encode(), json.dumps(content).encode(), kind.encode())
        body = json.dumps(
            {
                "id": secrets.token_hex(18), "create_time": moment(self.clock()), "resource_type": "encrypt-resource",
                "event_type": event, "summary": "支付成功",
                "resource": {
                    "original_type": kind, "algorithm": "AEAD_AES_256_GCM", "nonce": nonce, "associated_data": kind,
                    "ciphertext": base64.b64encode(cipher).decode(),
                },
            }
        ).encode()  # fmt: skip
        return {"Content-Type": "application/json"} | self.signature(body, timestamp), body

    def statement(self, day: date) -> bytes:
        rows = []
        for trade in self.trades.values():
            if trade.paid_at and trade.paid_at.astimezone(BEIJING).date() == day:
                rows.append(self.row(trade, None))
            rows += [self.row(trade, r) for r in trade.refunds.values() if r.at.astimezone(BEIJING).date() == day]
        return bill(rows)

    def row(self, trade: Trade, refund: Refunded | None) -> list[str]:
        """A line of the trade bill."""
        at = refund.at if refund else trade.paid_at
        assert at is not None
        paid = "0.00" if refund else f"{trade.amount_fen / 100:.2f}"
        back = f"{refund.amount_fen / 100:.2f}" if refund else "0.00"
        fee = (-refund.amount_fen if refund else trade.amount_fen) * 6 / 100000
        return [
            f"{at.astimezone(BEIJING):%Y-%m-%d %H:%M:%S}", self.appid, self.mchid, "0", "", trade.reference,
            trade.number, self.openid, "NATIVE", "REFUND" if refund else "SUCCESS", "CMB_CREDIT",
            "CNY", paid, "0.00", refund.reference if refund else "0", refund.number if refund else "0", back, "0.00",
            "ORIGINAL" if refund else "", "SUCCESS" if refund else "", trade.subject, "", f"{fee:.5f}", "0.60%", paid,
            back, "",
        ]  # fmt: skip


def bill(rows: list[list[str]]) -> bytes:
    """A trade bill of these rows."""
    cents = [[round(float(row[at]) * 100) for at in (12, 16, 24, 25)] for row in rows]
    sums = [sum(column) / 100 for column in zip(*cents, strict=True)] or [0, 0, 0, 0]
    fees = sum(float(row[22]) for row in rows)
    last = [
        str(len(rows)),
        f"{sums[0]:.2f}",
        f"{sums[1]:.2f}",
        "0.00",
        f"{fees:.5f}",
        f"{sums[2]:.2f}",
        f"{sums[3]:.2f}",
    ]
    lines = [_HEAD, *(",".join(f"`{cell}" for cell in row) for row in rows), _SUMS, ",".join(f"`{x}" for x in last)]
    return ("\ufeff" + "\r\n".join(lines) + "\r\n").encode()


def moment(at: datetime) -> str:
    """A moment as WeChat writes it."""
    return at.astimezone(BEIJING).isoformat(timespec="seconds")


if __name__ == "__main__":
    run(WeChatStandIn)
