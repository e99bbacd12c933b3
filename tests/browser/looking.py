"""Looking at a page as its readers must be able to: with axe-core, on small and large screens, and at the wire.

`faults` says everything that is wrong with one page in words. One load for each language; within it the two screens, in
one theme each, so that all pairs of language, theme and screen are met.
"""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.world import Address, World, addresses, path

ROOT = Path(__file__).resolve().parents[2]
AXE = (ROOT / "node_modules" / "axe-core" / "axe.min.js").read_text(encoding="utf-8")
PHONE, DESK, NARROW = {"width": 390, "height": 844}, {"width": 1440, "height": 900}, {"width": 320, "height": 640}
#: What a screen of 1440 pixels leaves of the page at 200 %.
ZOOMED = {"width": 720, "height": 450}
#: WCAG 2.2 AA, and what axe calls best practices of landmarks and headings.
_RUN = """async () => (await axe.run(document, {
    runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"], resultTypes: ["violations"],
    rules: {"target-size": {enabled: true}},
})).violations.flatMap(each => each.nodes.map(
    node => `${each.id}: ${node.target.join(" ")} ${node.any.concat(node.all, node.none)[0]?.message ?? ""}`))"""
#: Only what theme and screen decide.
_RUN_AGAIN = re.sub(
    r"runOnly: \[.*?\]",
    'runOnly: {type: "rule", values: ["color-contrast", "target-size", "scrollable-region-focusable"]}',
    _RUN,
)
#: The page is no wider than its window, and no text is cut where nothing shows the rest.
_WIDTH = """() => {
    const found = [], width = document.documentElement.clientWidth;
    if (document.scrollingElement.scrollWidth > width) {
        const wide = [...document.body.querySelectorAll("*")].filter(each => {
            const box = each.getBoundingClientRect();
            return box.width && box.right > width + 1 && !each.closest(".table-scroll, [data-scrolls], .skip");
        }).slice(-3).map(each => each.outerHTML.slice(0, 100));
        found.push(`wider than its ${width} px: ${document.scrollingElement.scrollWidth} px, ${wide.join(" … ")}`);
    }
    for (const each of document.body.querySelectorAll("h1,h2,h3,p,a,button,span,td,th,dd,dt,label,summary,small")) {
        const style = getComputedStyle(each);
        if (/hidden|clip/.test(style.overflowX) && style.textOverflow !== "ellipsis" && each.clientWidth > 1
            && each.textContent.trim() && each.scrollWidth > each.clientWidth + 1
            && !each.closest(".visually-hidden"))
            found.push(`cut: ${each.outerHTML.slice(0, 120)}`);
    }
    return found;
}"""
#: Fingers: 44 px, 24 px for links within a line of text.
_TARGETS = """() => [...document.querySelectorAll(
        "a[href], button, input:not([type=hidden]), select, textarea, summary"
    )].filter(each => each.checkVisibility({visibilityProperty: true}) && !each.closest(".skip, .visually-hidden"))
    .flatMap(each => {
        const whole = each.matches("input[type=checkbox], input[type=radio]") && each.closest("label") || each;
        const box = whole.getBoundingClientRect();
        const inline = getComputedStyle(each).display === "inline";
        const within = inline || each.closest("td, th, dd, p, small, .form-hint, .table");
        const least = within ? 24 : 44;
        return box.width && box.height && (box.height < least - .5 || box.width < least - .5)
            ? [`small, ${Math.round(box.width)}×${Math.round(box.height)}: ${each.outerHTML.slice(0, 110)}`] : [];
    })"""
_INLINE = re.compile(
    r"<style|<[a-z][^>]*\sstyle\s*=|<[a-z][^>]*\son[a-z]+\s*=|javascript:"
    r"|<script(?![^>]*\ssrc=)(?![^>]*type=\"application/json\")",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Shown:
    """A page, and one of those who may see it."""

    name: str
    who: str
    where: str


def shown(world: World, address: Address) -> Shown | None:
    """The page of an address for the first who may see it; None where nobody gets a page: forms, files, redirects."""
    for who in ("owner", "manager", "tariffs", "nobody", "admin"):
        where = path(world, who, address)
        response = world.client(who).get(where)
        response.close()
        if response.status_code == 200 and response.headers["Content-Type"].startswith("text/html"):
            return Shown(address.name, who, where) if b"<html" in response.content else None
    return None


def names(*prefixes: str) -> list[str]:
    """The names of all addresses that begin so."""
    return sorted({each.name for each in addresses() if each.name.startswith(prefixes)})


class Looker:
    """Looks at pages of a site, with one window for each person and language, which keeps what it has fetched."""

    def __init__(self, site: Any, browser: Any) -> None:
        self.site, self.browser = site, browser
        self.windows: dict[tuple[str, str], Any] = {}
        self.said: list[str] = []

    def faults(self, page: Shown, *, fingers: bool) -> list[str]:
        """Everything that is wrong with a page, each in a line that begins with where it was seen."""
        found: list[str] = []
        for language, themes in (("zh-hans", ("light", "dark")), ("en", ("dark", "light"))):
            self.said.clear()
            tab = self.window(page.who, language, themes[0])
            tab.set_viewport_size(PHONE)
            response = tab.goto(self.site.url + page.where, wait_until="load")
            html = response.text()
            said = [f"inline: {match.group()[:100]}" for match in _INLINE.finditer(html)]
            said += _policy(response.headers)
            tab.evaluate(AXE)
            said += [f"phone {themes[0]}: {each}" for each in tab.evaluate(_RUN)]
            if fingers:
                said += [f"phone: {each}" for each in tab.evaluate(_TARGETS)]
            for size, name in ((NARROW, "320 px"), (ZOOMED, "200 %"), (DESK, "desk")):
                tab.set_viewport_size(size)
                said += [f"{name}: {each}" for each in tab.evaluate(_WIDTH)]
            tab.evaluate(f"document.documentElement.setAttribute('data-bs-theme', '{themes[1]}')")
            tab.evaluate("Promise.allSettled(document.getAnimations().map(each => each.finished))")
            said += [f"desk {themes[1]}: {each}" for each in tab.evaluate(_RUN_AGAIN)]
            found += [f"{language} {each}" for each in dict.fromkeys([*said, *self.said])]
        return found

    def window(self, who: str, language: str, theme: str) -> Any:
        """The window of somebody; whatever it asks for or complains about is kept in ``said``."""
        if (who, language) not in self.windows:
            context = self.browser.new_context(viewport=PHONE, locale="zh-CN", has_touch=True, is_mobile=True)
            context.add_cookies(self.site.cookies(who, language=language, theme=theme))
            context.route("**/echarts*", lambda route: route.fulfill(body="", content_type="text/javascript"))
            tab = context.new_page()
            tab.on("request", lambda request: self.said.extend(_elsewhere(request.url, self.site.url)))
            tab.on("console", lambda message: self.said.extend(_complaints(message.text)))
            self.windows[who, language] = tab
        return self.windows[who, language]


def _complaints(text: str) -> list[str]:
    return [f"console: {text}"] if "Content Security Policy" in text else []


def _elsewhere(url: str, own: str) -> list[str]:
    return [] if url.startswith((own, "data:", "blob:")) else [f"asked elsewhere: {url}"]


def _policy(headers: dict[str, str]) -> list[str]:
    policy = headers.get("content-security-policy", "")
    if "unsafe" in policy or "default-src 'none'" not in policy or "script-src 'self'" not in policy:
        return [f"weak policy: {policy!r}"]
    return []
