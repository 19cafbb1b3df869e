"""The addresses of the pages."""

from __future__ import annotations

from jalon.views.asking import Asked

OVERVIEW = "/"
CATALOGUE = "/indicateurs"
DATA = "/donnees"
QUARANTINE = "/donnees/quarantaine"
PATTERNS = "/modeles"
SETTINGS = "/reglages"
FORMATS = ("csv", "xlsx", "json")


def kpi(name: str) -> str:
    """The page of a KPI."""
    return f"{CATALOGUE}/{name}"


def rows(name: str) -> str:
    """The rows behind a KPI."""
    return f"{CATALOGUE}/{name}/lignes"


def reconcile(name: str) -> str:
    """Another tool's figure of a KPI beside ours."""
    return f"{CATALOGUE}/{name}/ecart"


def as_format(path: str, form: str, asked: Asked, **more: str | int | None) -> str:
    """The same page in another form."""
    stem = "/accueil" if path == OVERVIEW else path
    return asked.href(f"{stem}.{form}", **more)
