"""The bill on paper: a typst template of the content folder, set with a font that has Chinese characters."""

import importlib.util
import json
import os
import sys
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, Final, Literal
from urllib.parse import urlencode

import qrcode  # type: ignore[import-untyped]
from django.conf import settings

from gridhall.contexts.accounts import queries as accounts
from gridhall.contexts.billing.errors import FontMissing, PrintingFailed
from gridhall.contexts.billing.models import BillStatus
from gridhall.contexts.billing.queries.genuine import check_code
from gridhall.contexts.billing.rules import numbering
from gridhall.contexts.billing.types import BillView, Explanation, Printable, TierPosition
from gridhall.kernel.energy import kwh
from gridhall.kernel.money import yuan
from gridhall.runtime.content import content
from gridhall.runtime.localtime import local

#: Families with Chinese characters, best first, with what their files' names contain.
_FAMILIES: Final = {
    "Noto Sans SC": "notosanssc",
    "Noto Sans CJK SC": "notosanscjk",
    "Source Han Sans SC": "sourcehansans",
    "PingFang SC": "pingfang",
    "Microsoft YaHei": "msyh",
    "WenQuanYi Micro Hei": "wqy-microhei",
    "WenQuanYi Zen Hei": "wqy-zenhei",
    "Droid Sans Fallback": "droidsansfallback",
}
#: Embedded in the typesetter; without Chinese characters.
_LATIN: Final = ("Libertinus Serif", "New Computer Modern")
_SYSTEM: Final = {
    "linux": ("/usr/share/fonts", "/usr/local/share/fonts", "~/.local/share/fonts", "~/.fonts"),
    "darwin": ("/System/Library/Fonts", "/Library/Fonts", "~/Library/Fonts"),
    "win32": ("C:/Windows/Fonts",),
}
#: Python packages that carry such a font under the Open Font License, and where.
_PACKAGES: Final = (("justmytype_intl_cjk", "fonts/ofl/notosanssc"),)
_SYMBOLS: Final = {"CNY": "¥", "GBP": "£", "USD": "$", "EUR": "€", "TWD": "NT$"}


def write_pdf(
    explanation: Explanation | Printable, output: Path, *, language: str = "zh-Hans", check_url: str | None = None
) -> None:
    """This will print a bill to a file: PDF, or with the suffix ``.png`` a picture of its first page.

    Args:
        explanation: the bill, explained or just as it is printed.
        language: ``zh-Hans``, which needs a Chinese font, or ``en``, which does not.
        check_url: the page where the check code is tried; None: the installation's own, where it has a public address.

    Raises:
        FontMissing: no font with Chinese characters was found, with where to get one.
        PrintingFailed: the template cannot be set, or the language is not one of its own.
    """
    import typst

    if language not in ("zh-Hans", "en"):
        raise PrintingFailed(f"There is no bill in {language!r}.", path="--language", remedy="Use zh-Hans or en.")
    folder, family = chinese_font()
    if folder is None and language == "zh-Hans":
        raise FontMissing(
            "No font with Chinese characters was found.",
            path="GRIDHALL_FONTS",
            remedy="Install one (Debian: fonts-noto-cjk; Python: justmytype-intl-cjk) or name a folder that has one in "
            "GRIDHALL_FONTS; or print in English with --language en.",
        )
    fonts = [*([family] if family else []), *_LATIN]
    shown = document(explanation, fonts, language, check_url)
    if family is None:
        # What cannot be set is left out rather than printed as empty boxes.
        for name in ("organisation", "customer", "address", "reason", "cancelled_reason"):
            shown[name] = shown[name] if shown[name].isascii() else ""
    form: Literal["pdf", "png"] = "png" if output.suffix.lower() == ".png" else "pdf"
    try:
        made = typst.compile(  # type: ignore[misc]  # the wheel's stub cannot be solved
            content("billing", "bill.typ").read_bytes(),
            font_paths=[str(folder)] if folder else [],
            ignore_system_fonts=True,
            format=form,
            ppi=144.0,
            sys_inputs={"bill": json.dumps(shown, ensure_ascii=False)},
        )
    except typst.TypstError as error:
        raise PrintingFailed(f"The template cannot be set: {error}", path="billing/bill.typ") from error
    pages: Any = made  # a picture of several pages comes as a list
    output.write_bytes(pages[0] if isinstance(pages, list) else pages)


def chinese_font() -> tuple[Path | None, str | None]:
    """The folder and family of a font with Chinese characters, the utility's own first; None where there is none."""
    for folder in _folders():
        files = {path.name.lower().replace("-", "").replace("_", ""): path for path in _fonts_in(folder)}
        for family, part in _FAMILIES.items():
            wanted = part.replace("-", "")
            regular = [path for name, path in sorted(files.items()) if wanted in name and "mono" not in name]
            if regular:
                return regular[0].parent, family
    return None, None


def _folders() -> Iterator[Path]:
    own = os.environ.get("GRIDHALL_FONTS")
    if own:
        yield Path(own)
    for package, place in _PACKAGES:
        spec = importlib.util.find_spec(package)
        for root in (spec.submodule_search_locations or ()) if spec else ():
            yield Path(root) / place
    for system, folders in _SYSTEM.items():
        if sys.platform.startswith(system):
            yield from (Path(folder).expanduser() for folder in folders)


def _fonts_in(folder: Path) -> list[Path]:
    if not folder.is_dir():
        return []
    return [path for path in sorted(folder.rglob("*")) if path.suffix.lower() in (".ttf", ".otf", ".ttc", ".otc")]


def document(
    explanation: Explanation | Printable, fonts: list[str], language: str, check_url: str | None = None
) -> dict[str, Any]:
    """What the template is given: every figure as the text that is printed."""
    bill = explanation.bill
    point = accounts.usage_point_by_number(bill.usage_point)
    agreement = accounts.agreement_on(bill.usage_point, bill.span.start)
    chinese = language == "zh-Hans"
    labels = [line.source_label for line in bill.lines]
    named = [label.zh_hans if chinese else label.en for label in labels]
    sources = list(dict.fromkeys(named))
    lines = [
        {
            "label": line.label.zh_hans if chinese else line.label.en,
            "quantity": f"{line.quantity:,}",
            "unit": line.unit,
            "price": _plain(line.price),
            "amount": f"{line.amount:,}",
            "separate": line.settlement == "separate",
            "source": str(sources.index(source) + 1),
        }
        for line, source in zip(bill.lines, named, strict=True)
    ]
    last = (bill.span.end or bill.span.start) - timedelta(days=1)
    missing = bill.missing + (bill.span.days - bill.days_read) * (explanation.slots // bill.span.days)
    return {
        "language": language,
        "fonts": fonts,
        "number": bill.number,
        "usage_point": bill.usage_point,
        "account": bill.account,
        "customer": "" if agreement is None else accounts.masked_customer_name(agreement.customer),
        "address": accounts.masked_address(point.address) if point.address else "",
        "organisation": bill.organisation,
        "currency": bill.tariff.currency,
        "symbol": _SYMBOLS.get(bill.tariff.currency, bill.tariff.currency),
        "start": bill.span.start.isoformat(),
        "last": last.isoformat(),
        "days": str(bill.span.days),
        "total": f"{yuan(bill.total_fen):,}",
        "tax": f"{yuan(bill.tax_fen):,}" if bill.tax_fen else "",
        "status": bill.status,
        "cancelled_at": _moment(bill, cancelled=True),
        "cancelled_reason": bill.cancelled_reason if bill.status == BillStatus.CANCELLED else "",
        "replaces": bill.replaces,
        "reason": bill.reason,
        "issued": _moment(bill),
        "tariff": bill.tariff.name.zh_hans if chinese else bill.tariff.name.en,
        "version": " + ".join(bill.versions),
        "readings_version": str(bill.readings_version),
        "estimated": str(bill.estimated),
        "missing": str(missing),
        "slots": str(explanation.slots),
        "lines": lines,
        "tiers": None if explanation.tiers is None else _tiers(explanation.tiers),
        "sources": sources,
        **_check(bill, check_url),
    }


def _check(bill: BillView, url: str | None) -> dict[str, Any]:
    """The code that proves the paper genuine, where to try it, and that address with both as a square code."""
    number = numbering.read(bill.number)
    code = check_code(number, bill.total_fen, bill.issued_at, bill.status)
    page = url if url is not None else f"{settings.PUBLIC_URL}/verify/" if settings.PUBLIC_URL else ""
    square = square_code(f"{page}?{urlencode({'number': bill.number, 'code': code})}") if page else ""
    return {"check_code": code, "check_url": page, "check_square": square}


def square_code(text: str) -> str:
    """A QR code as SVG, for a typesetter's template."""
    made = qrcode.QRCode(border=0, error_correction=qrcode.ERROR_CORRECT_M)
    made.add_data(text)
    rows = made.get_matrix()
    dots = "".join(f"M{x} {y}h1v1h-1z" for y, row in enumerate(rows) for x, dark in enumerate(row) if dark)
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {len(rows)} {len(rows)}"><path d="{dots}"/></svg>'


def _tiers(tiers: TierPosition) -> dict[str, Any] | None:
    if not tiers.limits_wh:
        return None
    limits = [limit // 1000 for limit in tiers.limits_wh]
    after = tiers.used_after_wh // 1000
    return {
        "limits": limits,
        "limit_texts": [f"{limit:,}" for limit in limits],
        "before": tiers.used_before_wh // 1000,
        "after": after,
        # The last tier is open: it is drawn a fifth as long as those before it, and longer once the use is in it.
        "scale": max(limits[-1] * 6 // 5, after * 21 // 20),
        "from": tiers.since.isoformat(),
        "before_text": f"{kwh(tiers.used_before_wh):,}",
        "after_text": f"{kwh(tiers.used_after_wh):,}",
    }


def _moment(bill: BillView, *, cancelled: bool = False) -> str:
    moment = bill.cancelled_at if cancelled else bill.issued_at
    return "" if moment is None else f"{local(moment):%Y-%m-%d %H:%M}"


def _plain(price: Decimal) -> str:
    """A price with at least the places that people know it by."""
    return f"{price:f}"
