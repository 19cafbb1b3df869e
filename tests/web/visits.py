"""A visit of a page as a person makes it, with all that the browser complains of."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import axe_playwright_python
from playwright.sync_api import Browser, Page

from .sites import Site

AXE = Path(axe_playwright_python.__file__).parent / "axe.min.js"
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
VISIBLE = ["color-contrast", "target-size", "scrollable-region-focusable"]
WIDE, PHONE = {"width": 1440, "height": 900}, {"width": 390, "height": 844}
Looks = Sequence[tuple[str, str]]
LOOKS: Looks = (("1440", "light"), ("1440", "dark"), ("390", "light"), ("390", "dark"))
#: Notes what the page's policy refuses, before any of its own scripts.
WATCH = """
window.refusedByPolicy = [];
document.addEventListener("securitypolicyviolation", (event) => {
  window.refusedByPolicy.push(`${event.violatedDirective} ${event.blockedURI}`);
});
"""
OVERFLOW = """() => {
  const root = document.documentElement;
  if (root.scrollWidth <= root.clientWidth) return [];
  const beyond = [...document.querySelectorAll("main *")].filter((each) =>
    each.getBoundingClientRect().right > root.clientWidth + 1 &&
    !each.closest(".scroll, .chart, .menu, pre"));
  return [`${root.scrollWidth} > ${root.clientWidth}`,
    ...beyond.slice(0, 4).map((each) => `${each.tagName}.${each.getAttribute("class")}`)];
}"""
#: Rows beyond the tenth are like those above them.
AUDIT = """async (only) => {
  const context = {include: [document], exclude: [["tbody tr:nth-child(n+11)"]]};
  const found = await axe.run(context, {runOnly: only, resultTypes: ["violations"]});
  return found.violations.map((each) => ({
    rule: each.id, help: each.help,
    nodes: each.nodes.slice(0, 4).map((node) => node.html.slice(0, 160)),
  }));
}"""


@dataclass
class Complaints:
    """What went wrong while a page was visited."""

    found: list[str] = field(default_factory=list)

    def listen(self, page: Page, host: str) -> None:
        """Note errors, dialogs, and requests that leave this machine."""
        page.on("console", lambda each: self._console(each.type, each.text))
        page.on("pageerror", lambda each: self.found.append(f"script error: {each}"))
        page.on("requestfailed", lambda each: self._failed(each.url, each.failure))
        page.on("request", lambda each: self._asked(each.url, host))

        def dialog(each: Any) -> None:
            self.found.append(f"dialog: {each.message}")
            each.dismiss()

        page.on("dialog", dialog)

    def _console(self, kind: str, text: str) -> None:
        if kind == "error" and "the server responded with a status of 4" not in text:
            self.found.append(f"console: {text[:300]}")

    def _failed(self, url: str, why: str | None) -> None:
        # A page left while its icon is still coming: the browser gave it up, nothing went wrong.
        if why != "net::ERR_ABORTED":
            self.found.append(f"failed: {url[:200]} {why}")

    def _asked(self, url: str, host: str) -> None:
        if urlsplit(url).netloc != host and not url.startswith("data:"):
            self.found.append(f"outside: {url[:200]}")


@contextlib.contextmanager
def visiting(browser: Browser, site: Site, **options: Any) -> Iterator[tuple[Page, Complaints]]:
    """A page of a fresh context, with what it complains of."""
    context = browser.new_context(viewport=options.pop("viewport", WIDE), **options)
    try:
        if options.get("java_script_enabled", True):
            context.add_init_script(WATCH)
            context.add_init_script(path=AXE)
        page = context.new_page()
        complaints = Complaints()
        complaints.listen(page, urlsplit(site.url).netloc)
        yield page, complaints
    finally:
        context.close()


def look(page: Page, width: str, scheme: str) -> None:
    """The page as it is at that width, light or dark."""
    page.set_viewport_size(WIDE if width == "1440" else PHONE)  # type: ignore[arg-type]
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]


def audited(page: Page, *, whole: bool) -> list[Any]:
    """What axe finds wrong: by all its rules, or by those that depend on width and colours."""
    only = {"type": "tag", "values": TAGS} if whole else {"type": "rule", "values": VISIBLE}
    return list(page.evaluate(AUDIT, only))


def inspect(
    site: Site, browser: Browser, path: str, picture: Path, looks: Looks, status: int = 200
) -> None:
    """A page at several widths, light and dark: fails with all that is wrong with it.

    ``picture``: where its pictures go, without the width.
    """
    with visiting(browser, site) as (page, complaints):
        answer = page.goto(site.url + path)
        assert answer is not None
        assert answer.status == status
        wrong: list[object] = []
        for width, scheme in looks:
            look(page, width, scheme)
            name = f"{picture.name}-{width}-{scheme}.png"
            page.screenshot(path=picture.with_name(name), full_page=True)
            wrong += [(width, each) for each in page.evaluate(OVERFLOW)]
            if (width, scheme) != LOOKS[-1]:
                first = (width, scheme) == looks[0]
                wrong += [(width, scheme, each) for each in audited(page, whole=first)]
        wrong += page.evaluate("() => window.refusedByPolicy")
        wrong += complaints.found
        assert not wrong, "\n".join(map(ascii, wrong))
