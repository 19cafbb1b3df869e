"""What a page refuses, and how it says so: in a sentence, with its status, in the form asked."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from jalon.model.problems import RequestError
from jalon.web.app import static
from jalon.web.guard import HEADERS
from jalon.web.serve import serve as serve_forever

from .conftest import Serve
from .pages import SUBJECT_PAGES
from .sites import Site

REFUSED = {
    "unknown kpi": ("/indicateurs/win_rat", 404, "unknown_kpi"),
    "unknown kpi's rows": ("/indicateurs/win_rat/lignes", 404, "unknown_kpi"),
    "unknown page": ("/nulle-part", 404, "page_unknown"),
    "unknown page below": ("/ventes/plus/loin", 404, "page_unknown"),
    "unknown period": ("/ventes?period=soon", 400, None),
    "impossible date": ("/ventes?from=2026-02-31&to=2026-03-01", 400, None),
    "reversed period": ("/ventes?from=2026-05-01&to=2026-03-01", 400, "period_reversed"),
    "unknown comparison": ("/ventes?compare=tomorrow", 400, None),
    "unknown dimension": ("/indicateurs/win_rate?by=shoe_size", 400, None),
    "unknown grain": ("/indicateurs/win_rate?grain=minute", 400, None),
    "unknown part": ("/indicateurs/win_rate?part=half", 400, None),
    "unknown sort": ("/indicateurs/win_rate/lignes?sort=shoe_size", 400, None),
    "unknown past": ("/indicateurs/win_rate?as_of=soon", 400, None),
    "too long a filter": ("/ventes?sector=" + "x" * 20_000, 400, None),
    "too many filters": ("/ventes?" + "&".join(f"sector=s{n}" for n in range(1_500)), 400, None),
}


@pytest.mark.parametrize(("path", "status", "code"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_shown_is_said(demo: Site, path: str, status: int, code: str | None) -> None:
    page = demo.get(path)
    assert page.status_code == status
    assert "<h1>" in page.text
    assert 'class="lead"' in page.text
    assert "Traceback" not in page.text
    stem, _, query = path.partition("?")
    record = demo.get(f"{stem}.json?{query}")
    assert record.status_code == status
    error = record.json()["error"]
    assert error["message"]
    assert code in (None, error["code"])
    assert error["code"] != "internal_error"


@pytest.mark.parametrize("name", ["demo", "empty"])
@pytest.mark.parametrize(
    "query",
    [
        "period=0001-01", "period=9999-12", "period=9999-S52", "from=9999-12-30&to=9999-12-31",
        "period=all", "period=12m", "page=99999", "page=0", "page=-1", "page=abc", "unknown=1",
        "sector=", "sector=%00", "sector=%ED%A0%80", "sector=%27%29%3B--", "add=shoe_size",
        "lang=xx", "as_of=1990-01-01", "sort=-amount", "compare=none", "q=%00",
    ],
)  # fmt: skip
def test_an_odd_question_is_answered(serve: Serve, name: str, query: str) -> None:
    site = serve(name)
    for path in ("/", "/indicateurs", "/indicateurs/win_rate"):
        assert site.get(f"{path}?{query}").status_code in (200, 400), path
    assert site.get(f"/indicateurs/win_rate/lignes?{query}").status_code in (200, 400)


@pytest.mark.parametrize("name", ["demo", "deals", "invoices", "hostile"])
@pytest.mark.parametrize("period", ["all", "2019", "2026-S40"])
def test_every_subject_has_a_page_for_every_period(serve: Serve, name: str, period: str) -> None:
    """Long, short and at the end of the data, before them."""
    site = serve(name)
    for path in SUBJECT_PAGES.values():
        assert site.get(f"{path}?period={period}").status_code == 200, path


@pytest.mark.parametrize("name", ["demo", "deals", "invoices", "empty", "hostile"])
def test_every_indicator_has_a_page_with_every_company(serve: Serve, name: str) -> None:
    site = serve(name)
    entries = site.get("/indicateurs.json").json()["groups"]
    kpis = [each["kpi"] for _, several in entries for each in several]
    assert len(kpis) > 30
    for kpi in kpis:
        assert site.get(f"/indicateurs/{kpi}?period=all&lang=en").status_code == 200, kpi


def test_a_name_that_is_not_ours_is_refused(demo: Site) -> None:
    port = urlsplit(demo.url).port
    for host in ("evil.example", f"evil.example:{port}", "127.0.0.1", f"127.0.0.1:{port}.evil", ""):
        answer = demo.get("/ventes.json", headers={"host": host})
        assert answer.status_code == 403, host
        assert "cards" not in answer.text


def test_a_change_asked_by_another_site_is_refused(demo: Site) -> None:
    for headers in (
        {"origin": "http://evil.example"},
        {"origin": "null"},
        {"origin": demo.url.replace("http:", "https:")},
        {"sec-fetch-site": "cross-site"},
    ):
        answer = httpx.post(demo.url + "/donnees", headers=headers)
        assert answer.status_code == 403, headers
    assert httpx.post(demo.url + "/ventes", headers={"origin": demo.url}).status_code == 405


@pytest.mark.parametrize(
    "path",
    ["/", "/ventes.json", "/ventes.csv", "/ventes.xlsx", "/nulle-part", "/openapi.json",
     static("jalon.css"), static("jalon.js"), "/static/none.css", "/static/../app.py"],
)  # fmt: skip
def test_every_answer_carries_the_headers_that_protect(demo: Site, path: str) -> None:
    answer = demo.get(path)
    for name, value in HEADERS.items():
        assert answer.headers.get(name) == value, name
    kept = answer.headers["cache-control"]
    assert ("immutable" in kept) == (path.startswith("/static/jalon"))
    assert "server" not in answer.headers or "uvicorn" in answer.headers["server"]
    policy = answer.headers["content-security-policy"]
    assert "unsafe" not in policy
    assert "default-src 'none'" in policy


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.4", "example.com", ""])
def test_no_other_machine_is_served(tmp_path: Path, host: str) -> None:
    with pytest.raises(RequestError) as refused:
        serve_forever(tmp_path / "w", host, 0)
    assert refused.value.problem.code == "host_refused"
