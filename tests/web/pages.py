"""The addresses that tests read, and what a page says, out of its HTML."""

from __future__ import annotations

import re
from html import unescape
from html.parser import HTMLParser

from jalon.views.subjects import SUBJECTS

SUBJECT_PAGES = {each.name: each.path for each in SUBJECTS}
KPI_PAGES = {
    "kpi-rate": "/indicateurs/win_rate",
    "kpi-sum": "/indicateurs/revenue",
    "kpi-classes": "/indicateurs/stated_loss_reasons",
    "kpi-lifetime": "/indicateurs/customer_lifetime",
    "kpi-score": "/indicateurs/nps",
}
FIGURES = {"overview": "/accueil", **SUBJECT_PAGES, **KPI_PAGES}
ALL = {
    "overview": "/",
    **SUBJECT_PAGES,
    **KPI_PAGES,
    "rows": "/indicateurs/win_rate/lignes",
    "reconcile": "/indicateurs/win_rate/ecart?theirs=35%20%25&period=all",
    "catalogue": "/indicateurs",
    "patterns": "/modeles",
    "settings": "/reglages",
}


def html_path(path: str) -> str:
    """The address of the page whose other forms begin so."""
    return "/" if path == "/accueil" else path


def links(html: str) -> list[str]:
    """Every address that a page leads to."""
    addresses = (given for tag, given in parts(html) if tag == "a")
    found = (given.get("href") or given.get("xlink:href") for given in addresses)
    return [each for each in found if each]


class _Parts(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def parts(html: str) -> list[tuple[str, dict[str, str | None]]]:
    """Every element of a page with its attributes."""
    parser = _Parts()
    parser.feed(html)
    return parser.found


def words(html: str) -> str:
    """A piece of HTML as it is read."""
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]*>", "", html))).strip()


def cards(html: str) -> list[tuple[str, str]]:
    """The label and the value with its unit, of each card."""
    found = []
    for card in re.findall(r'<article class="card.*?</article>', html, re.S):
        label = re.search(r"<h3><a[^>]*>(.*?)</a>", card, re.S)
        value = re.search(r'<p class="value">(.*?)</p>', card, re.S)
        assert label
        assert value
        found.append((words(label[1]), words(value[1])))
    return found
