"""The receipt on paper: a typst template of the content folder."""

import json
from datetime import datetime
from pathlib import Path
from typing import Any, Final, Literal
from urllib.parse import urlencode

from django.conf import settings
from django.db import connection

from gridhall.contexts.accounts import queries as accounts
from gridhall.contexts.billing.operations import chinese_font, square_code
from gridhall.contexts.payments.errors import ReceiptNotPrinted
from gridhall.contexts.payments.ports import gateways
from gridhall.contexts.payments.queries.genuine import receipt_code, receipt_number
from gridhall.contexts.payments.queries.receipts import receipt
from gridhall.contexts.payments.rules.capitals import capitals
from gridhall.contexts.payments.types import TakenReceipt
from gridhall.kernel.money import yuan
from gridhall.runtime.content import content
from gridhall.runtime.localtime import local

#: Embedded in the typesetter; without Chinese characters.
_LATIN: Final = ("Libertinus Serif", "New Computer Modern")
#: Ways to pay that no gateway names.
_METHODS: Final = {
    "counter.cash": ("柜台现金", "Cash at the counter"),
    "counter.pos": ("柜台刷卡", "Card at the counter"),
    "counter.cheque": ("柜台支票", "Cheque at the counter"),
}
_PARTS: Final = """
    SELECT a.id, a.number, a.customer_id, o.name FROM accounts_customeraccount a
    JOIN accounts_organisation o ON o.id = a.organisation_id WHERE a.id = ANY(%s)
"""


def write_receipt(
    id: int, output: Path, *, now: datetime, language: str = "zh-Hans", check_url: str | None = None
) -> None:
    """This will print a receipt to a file: PDF, or with the suffix ``.png`` a picture.

    Args:
        language: ``zh-Hans``, which needs a Chinese font, or ``en``, which does not.
        check_url: the page where anybody checks the receipt; ``settings.PUBLIC_URL`` says it when left out. Where
            neither does, the receipt names the page without its address.

    Raises:
        NotFound: when there is no such receipt.
        ReceiptNotPrinted: no font with Chinese characters, an unknown language, or a template that cannot be set.
    """
    import typst

    if language not in ("zh-Hans", "en"):
        raise ReceiptNotPrinted(f"There is no receipt in {language!r}.", path="language", remedy="Use zh-Hans or en.")
    folder, family = chinese_font()
    if family is None and language == "zh-Hans":
        raise ReceiptNotPrinted(
            "No font with Chinese characters was found.", path="GRIDHALL_FONTS",
            remedy="Install one (Debian: fonts-noto-cjk), or print in English.",
        )  # fmt: skip
    shown = document(receipt(id), [*([family] if family else []), *_LATIN], language, now, check_url)
    if family is None:
        # What cannot be set is left out rather than printed as empty boxes.
        shown = {key: "" if isinstance(text, str) and not text.isascii() else text for key, text in shown.items()}
        shown["parts"] = [part | {"customer": ""} for part in shown["parts"]]
    form: Literal["pdf", "png"] = "png" if output.suffix.lower() == ".png" else "pdf"
    try:
        made: Any = typst.compile(  # type: ignore[misc]  # the wheel's stub cannot be solved
            content("billing", "receipt.typ").read_bytes(), font_paths=[str(folder)] if folder else [],
            ignore_system_fonts=True, format=form, ppi=144.0,
            sys_inputs={"receipt": json.dumps(shown, ensure_ascii=False)},
        )  # fmt: skip
    except typst.TypstError as error:
        raise ReceiptNotPrinted(f"The template cannot be set: {error}", path="billing/receipt.typ") from error
    output.write_bytes(made[0] if isinstance(made, list) else made)


def document(
    found: TakenReceipt, fonts: list[str], language: str, now: datetime, check_url: str | None
) -> dict[str, Any]:
    """What the template is given: every figure as the text that is printed."""
    with connection.cursor() as cursor:
        cursor.execute(_PARTS, [[part.account for part in found.parts]])
        known = {id: row for id, *row in cursor.fetchall()}
    return {
        "language": language, "fonts": fonts, "organisation": known[found.parts[0].account][2],
        "number": receipt_number(found.id, found.value_date), "paid": _moment(found.paid_at),
        "printed": _moment(now), "method": _method(found, chinese=language == "zh-Hans"),
        "reference": found.reference, "order": found.order_number, "total": f"{yuan(found.amount_fen):,}",
        "back": f"{yuan(found.gone_back_fen):,}" if found.gone_back_fen else "", "capitals": capitals(found.amount_fen),
        **_check(found, check_url),
        "parts": [
            {
                "account": known[part.account][0], "customer": accounts.masked_customer_name(known[part.account][1]),
                "amount": f"{yuan(part.amount_fen):,}",
            }
            for part in found.parts
        ],
    }  # fmt: skip


def _check(found: TakenReceipt, url: str | None) -> dict[str, str]:
    """The code that proves the paper genuine, where to try it, and that address with both as a square code."""
    code = receipt_code(found)
    page = url if url is not None else f"{settings.PUBLIC_URL}/verify/" if settings.PUBLIC_URL else ""
    asked = urlencode({"number": receipt_number(found.id, found.value_date), "code": code})
    return {"check_code": code, "check_url": page, "check_square": square_code(f"{page}?{asked}") if page else ""}


def _method(found: TakenReceipt, *, chinese: bool) -> str:
    at = gateways().get(found.gateway)
    for method in at.methods if at else ():
        if method.code == found.method:
            return method.names["zh-Hans" if chinese else "en"]
    return _METHODS.get(found.method, (found.method, found.method))[0 if chinese else 1]


def _moment(at: datetime) -> str:
    return f"{local(at):%Y-%m-%d %H:%M}"
