"""Walking through the house as a person does: by what is written on it, in Chinese, with an eye for what goes wrong."""

import os
from pathlib import Path
from typing import Any

from django.utils import translation

ROOT = Path(__file__).resolve().parents[2]
SCREENSHOTS = ROOT / "docs" / "screenshots"


def zh(english: str, context: str | None = None, **values: object) -> str:
    """What the pages say in Chinese where the code says this in English."""
    with translation.override("zh-hans"):
        said = translation.pgettext(context, english) if context else translation.gettext(english)
    return said % values if values else said


def window(browser: Any, size: dict[str, int], url: str, **options: Any) -> Any:
    """A page in a browser of its own, of somebody who speaks Chinese; errors of its scripts fail the walk."""
    context = browser.new_context(
        viewport=size, locale="zh-CN", timezone_id="Asia/Shanghai", base_url=url, reduced_motion="reduce",
        accept_downloads=True, device_scale_factor=2 if os.environ.get("GRIDHALL_SCREENSHOTS") else 1,
        has_touch=size["width"] < 600, **options,
    )  # fmt: skip
    context.set_default_timeout(15_000)
    tab = context.new_page()
    tab.problems = []
    tab.on("pageerror", lambda error: tab.problems.append(str(error)))
    tab.on("response", lambda answer: tab.problems.append(answer.url) if answer.status >= 500 else None)
    tab.on(
        "request",
        lambda asked: None if asked.url.startswith((url, "data:", "blob:")) else tab.problems.append(asked.url),
    )
    return tab


def sign_in(tab: Any, site: Any, phone: str) -> None:
    """By a code to the phone."""
    tab.goto("/")
    tab.get_by_label(zh("Mobile number"), exact=True).first.fill(phone)
    tab.get_by_role("button", name=zh("Send me a code")).click()
    tab.get_by_label(zh("6-digit code")).fill(site.code(phone))
    tab.get_by_role("button", name=zh("Go on")).click()
    tab.wait_for_url("**/homes/**")


def shot(tab: Any, name: str) -> None:
    """The picture of a page as it is, for the README; made when asked for, so that a test leaves nothing behind."""
    if os.environ.get("GRIDHALL_SCREENSHOTS"):
        tab.wait_for_load_state("networkidle")
        tab.evaluate("document.fonts.ready.then(() => document.getElementById('notices').replaceChildren())")
        tab.wait_for_timeout(700)
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        tab.screenshot(path=SCREENSHOTS / f"{name}.png")
