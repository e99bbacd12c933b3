"""Alipay's open platform as its documentation tells it: one address, requests and answers signed RSA2."""

import csv
import io
import json
import secrets
import zipfile
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from tests.standins.serving import (
    BEIJING,
    Asked,
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

_MOMENT = "%Y-%m-%d %H:%M:%S"
_COLUMNS = (
    "支付宝交易号,商户订单号,业务类型,商品名称,创建时间,完成时间,门店编号,门店名称,操作员,终端号,对方账户,订单金额（元）,商家实收（元）,"
    "支付宝红包（元）,集分宝（元）,支付宝优惠（元）,商家优惠（元）,券核销金额（元）,券名称,商家红包消费金额（元）,卡消费金额（元）,"
    "退款批次号/请求号,服务费（元）,分润（元）,备注"
)


class AlipayStandIn(StandIn):
    """Page, WAP and QR payments, query, close, refunds, and bills as a zip of CSV in GBK."""

    code = "alipay"
    app_id = "2021000000000001"
    seller_id = "2088000000000001"

    def settings(self) -> dict[str, str]:
        self.merchant, self.own = key(), key()
        (self.folder / "app_private.pem").write_bytes(private_pem(self.merchant))
        (self.folder / "alipay_public.pem").write_bytes(public_pem(self.own))
        return {
            "GRIDHALL_ALIPAY_APP_ID": self.app_id,
            "GRIDHALL_ALIPAY_SELLER_ID": self.seller_id,
            "GRIDHALL_ALIPAY_PRIVATE_KEY_FILE": str(self.folder / "app_private.pem"),
            "GRIDHALL_ALIPAY_PUBLIC_KEY_FILE": str(self.folder / "alipay_public.pem"),
            "GRIDHALL_ALIPAY_URL": f"{self.url}/gateway.do",
        }

    def asked(self, asked: Asked) -> Told:
        if asked.path == "/bill":
            return Told(self.statement(date.fromisoformat(asked.parameters["day"])), kind="application/zip")
        if asked.path.startswith("/scan/"):
            return self.payer_page(self.trades[Path(asked.path).name])
        fields = asked.parameters | asked.form if asked.method == "POST" else asked.parameters
        signature = fields.pop("sign", "")
        text = "&".join(f"{name}={fields[name]}" for name in sorted(fields) if fields[name])
        method = fields.get("method", "")
        if fields.get("app_id") != self.app_id:
            return self._plain_error(method, "isv.invalid-app-id")
        if fields.get("sign_type") != "RSA2" or not is_signed(self.merchant.public_key(), text, signature):
            return self._plain_error(method, "isv.invalid-signature")
        # Beijing's time, wherever the asking machine is; by the machine's clock, as nobody else sets it.
        asked_at = datetime.strptime(fields.get("timestamp", "2000-01-01 00:00:00"), _MOMENT).replace(tzinfo=BEIJING)
        if abs(datetime.now(UTC) - asked_at) > timedelta(minutes=15):
            return self._plain_error(method, "isv.invalid-timestamp")
        content = json.loads(fields.get("biz_content", "{}"))
        with self.lock:
            return self._do(method, content, fields)

    def _do(self, method: str, content: dict[str, Any], fields: dict[str, str]) -> Told:
        if method in ("alipay.trade.page.pay", "alipay.trade.wap.pay", "alipay.trade.precreate"):
            number = content["out_trade_no"]
            wanted = Trade(
                number, round(float(content["total_amount"]) * 100), fields["notify_url"], fields.get("return_url", ""),
                content["subject"], method, extra={"expires": content.get("time_expire", "")},
            )  # fmt: skip
            trade = self.trades.setdefault(number, wanted)
            if method != "alipay.trade.precreate":
                return self.payer_page(trade)
            return self._answer(method, {"out_trade_no": number, "qr_code": f"{self.url}/scan/{number}"})
        if method == "alipay.data.dataservice.bill.downloadurl.query":
            day = content["bill_date"]
            if day >= f"{self.clock().astimezone(BEIJING):%Y-%m-%d}":
                return self._failed(method, "isp.bill_not_exist")
            return self._answer(method, {"bill_download_url": f"{self.url}/bill?day={day}"})
        trade = self.trades.get(content["out_trade_no"])
        if trade is None:
            return self._failed(method, "ACQ.TRADE_NOT_EXIST")
        known = {"out_trade_no": trade.number, "trade_no": trade.reference or "2026" + "0" * 24}
        if method == "alipay.trade.query":
            if trade.paid_at:
                known["send_pay_date"] = f"{trade.paid_at.astimezone(BEIJING):{_MOMENT}}"
            amount = f"{trade.amount_fen / 100:.2f}"
            return self._answer(method, known | {"trade_status": self.status(trade), "total_amount": amount})
        if method == "alipay.trade.close":
            if trade.status != "waiting":
                return self._failed(method, "ACQ.TRADE_STATUS_ERROR")
            trade.status = "closed"
            return self._answer(method, known)
        if method == "alipay.trade.refund":
            amount = round(float(content["refund_amount"]) * 100)
            fresh = content["out_request_no"] not in trade.refunds
            if self.refund(trade, content["out_request_no"], amount) is None:
                return self._failed(
                    method, "ACQ.SELLER_BALANCE_NOT_ENOUGH" if self.poor else "ACQ.REFUND_AMT_NOT_EQUAL_TOTAL"
                )
            total = f"{trade.refunded_fen / 100:.2f}"
            return self._answer(method, known | {"fund_change": "Y" if fresh else "N", "refund_fee": total})
        if method == "alipay.trade.fastpay.refund.query":
            refund = trade.refunds.get(content["out_request_no"])
            if refund is None:
                return self._answer(method, {})
            found = {
                "out_request_no": refund.number, "refund_amount": f"{refund.amount_fen / 100:.2f}",
                "refund_status": "REFUND_SUCCESS", "gmt_refund_pay": f"{refund.at.astimezone(BEIJING):{_MOMENT}}",
            }  # fmt: skip
            return self._answer(method, known | found)
        return self._failed(method, "isv.invalid-method")

    poor = False

    def status(self, trade: Trade) -> str:
        """The trade's status in Alipay's words."""
        if trade.status == "paid" and trade.refunded_fen == trade.amount_fen:
            return "TRADE_CLOSED"
        return {"waiting": "WAIT_BUYER_PAY", "paid": "TRADE_SUCCESS", "closed": "TRADE_CLOSED"}[trade.status]

    def _answer(self, method: str, fields: dict[str, Any], code: str = "10000") -> Told:
        content = json.dumps({"code": code, "msg": "Success" if code == "10000" else "Business Failed"} | fields)
        name = method.replace(".", "_") + "_response"
        body = f'{{"{name}":{content},"sign":"{signed(self.own, content)}"}}'
        return Told(body.encode(), kind="application/json;charset=utf-8")

    def _failed(self, method: str, reason: str) -> Told:
        return self.no(reason, self._answer(method, {"sub_code": reason, "sub_msg": "失败"}, "40004"))

    def _plain_error(self, method: str, reason: str) -> Told:
        name = method.replace(".", "_") + "_response"
        told = {name: {"code": "40002", "msg": "Invalid Arguments", "sub_code": reason, "sub_msg": "无效"}}
        return self.no(reason, Told(json.dumps(told).encode(), kind="application/json;charset=utf-8"))

    def notice(self, number: str, **changed: Any) -> tuple[dict[str, str], bytes]:
        trade = self.trades[number]
        fields = {
            "notify_time": f"{self.clock().astimezone(BEIJING):{_MOMENT}}", "notify_type": "trade_status_sync",
            "notify_id": secrets.token_hex(17), "app_id": self.app_id, "auth_app_id": self.app_id, "charset": "utf-8",
            "version": "1.0", "trade_no": trade.reference, "out_trade_no": number, "seller_id": self.seller_id,
            "trade_status": self.status(trade), "total_amount": f"{trade.amount_fen / 100:.2f}",
            "subject": trade.subject, "fund_bill_list": '[{"amount":"1.00","fundChannel":"ALIPAYACCOUNT"}]',
        }  # fmt: skip
        if trade.paid_at:
            fields["gmt_payment"] = f"{trade.paid_at.astimezone(BEIJING):{_MOMENT}}"
        fields |= changed
        fields = {name: value for name, value in fields.items() if value is not None}
        text = "&".join(f"{name}={fields[name]}" for name in sorted(fields))
        body = urlencode(fields | {"sign_type": "RSA2", "sign": signed(self.own, text)}).encode()
        return {"content-type": "application/x-www-form-urlencoded; charset=utf-8"}, body

    def statement(self, day: date) -> bytes:
        rows: list[list[str]] = []
        sums = {"交易": [0, 0], "退款": [0, 0]}

        def add(kind: str, trade: Trade, fen: int, at: Any, request: str) -> None:
            if at is not None and at.astimezone(BEIJING).date() == day:
                paid = trade.paid_at.astimezone(BEIJING) if trade.paid_at else at
                money = f"{fen / 100:.2f}"
                rows.append(
                    [f"{trade.reference}\t", f"{trade.number}\t", f"{kind}\t", trade.subject, f"{paid:{_MOMENT}}",
                     f"{at.astimezone(BEIJING):{_MOMENT}}", "\t", "\t", "\t", "\t", "*户(138******00)\t", money, money,
                     *["0.00"] * 5, "", "0.00\t", "0.00", f"{request}\t", f"{-fen * 6 / 100000:.2f}", "0.00", ""]
                )  # fmt: skip
                sums[kind][0] += 1
                sums[kind][1] += fen

        for trade in self.trades.values():
            add("交易", trade, trade.amount_fen, trade.paid_at, "")
            for refund in trade.refunds.values():
                add("退款", trade, -refund.amount_fen, refund.at, refund.number)
        return zipped(self.seller_id, day, bill_text(self.seller_id, day, rows, sums))


def bill_text(seller: str, day: date, rows: list[list[str]], sums: dict[str, list[int]]) -> str:
    """The detail file."""
    text = io.StringIO()
    end = day + timedelta(days=1)
    text.write(f"#支付宝业务明细查询\r\n#账号：[{seller}0156]\r\n")
    text.write(f"#起始日期：[{day:%Y年%m月%d日} 00:00:00]   终止日期：[{end:%Y年%m月%d日} 00:00:00]\r\n")
    text.write(f"#{'-' * 41}业务明细列表{'-' * 40}\r\n{_COLUMNS}\r\n")
    csv.writer(text).writerows(rows)
    (paid, came), (back, went) = sums["交易"], sums["退款"]
    text.write(f"#{'-' * 41}业务明细列表结束{'-' * 36}\r\n")
    text.write(f"#交易合计：{paid}笔，商家实收共{came / 100:.2f}元，商家优惠共0.00元\r\n")
    text.write(f"#退款合计：{back}笔，商家实收退款共{went / 100:.2f}元，商家优惠退款共0.00元\r\n")
    text.write(f"#导出时间：[{end:%Y年%m月%d日} 03:00:00]\r\n")
    return text.getvalue()


def zipped(seller: str, day: date, text: str) -> bytes:
    """The zip of details and summary, names and texts in GBK."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(f"{seller}0156_{day:%Y%m%d}_业务明细.csv", text.encode("gbk"))
        archive.writestr(f"{seller}0156_{day:%Y%m%d}_业务明细(汇总).csv", "#支付宝业务汇总查询\r\n".encode("gbk"))
    return out.getvalue()


if __name__ == "__main__":
    run(AlipayStandIn)
