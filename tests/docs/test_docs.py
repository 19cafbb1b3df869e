"""What the documentation says is so: pages fresh, commands known, links whole, examples true."""

from __future__ import annotations

import ast
import importlib
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml

import jalon
from jalon.catalogue.catalogue import built_in, load
from jalon.cli.app import build
from jalon.measure.example import check_examples
from jalon.state import settings

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "docs" / "guides" / "exemples"
GUIDES = sorted((ROOT / "docs" / "guides").glob("*.md"))
READMES = [ROOT / "README.md", ROOT / "README.en.md"]
PAGES = [*READMES, ROOT / "CHANGELOG.md", *GUIDES, *sorted((ROOT / "docs").glob("*.md"))]
PAGES += sorted((ROOT / "docs" / "methods").glob("*.md"))
QUOTING = [*READMES, *GUIDES, ROOT / "docs" / "demo.md"]
FENCE = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)


def named(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def blocks(path: Path, language: str) -> list[str]:
    found = FENCE.findall(path.read_text(encoding="utf-8"))
    return [body for kind, body in found if kind == language]


# --- generated pages ----------------------------------------------------------------------------


def test_generated_pages_are_fresh() -> None:
    command = [sys.executable, str(ROOT / "docs" / "write.py"), "--check"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


# --- commands -----------------------------------------------------------------------------------


@cache
def commands() -> dict[tuple[str, ...], set[str]]:
    """Every command with its options."""
    app: Any = build()
    return dict(_walk(typer.main.get_command(app), ()))


def _walk(group: Any, before: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], set[str]]]:
    options = {option for each in group.params for option in (*each.opts, *each.secondary_opts)}
    yield before, {each for each in options if each.startswith("-")} | {"--help"}
    for name, each in getattr(group, "commands", {}).items():
        yield from _walk(each, (*before, name))


def quoted(path: Path) -> list[str]:
    """The commands that a page quotes: after a prompt in a block, or as code in a sentence."""
    text = path.read_text(encoding="utf-8")
    lines = [line for _, body in FENCE.findall(text) for line in body.splitlines()]
    found = [line.removeprefix("$ ") for line in lines if re.match(r"(\$ )?jalon ", line)]
    return found + re.findall(r"`(jalon [^`\n]+)`", FENCE.sub("", text))


def wrong(command: str) -> str | None:
    """What a quoted command has that the application does not know."""
    words = shlex.split(command, comments=True)[1:]
    if ">" in words:
        words = words[: words.index(">")]
    name: tuple[str, ...] = ()
    while words and (*name, words[0]) in commands():
        name, words = (*name, words[0]), words[1:]
    if not name and not (words and words[0].startswith("-")):
        return f"no command in {command!r}"
    unknown = [w for w in words if w.startswith("--") and w.split("=")[0] not in commands()[name]]
    return f"{unknown} of {command!r}" if unknown else None


@pytest.mark.parametrize("path", QUOTING, ids=named)
def test_quoted_commands_are_known(path: Path) -> None:
    found = quoted(path)
    assert found
    assert [why for each in found if (why := wrong(each))] == []


@pytest.mark.parametrize("path", QUOTING, ids=named)
def test_quoted_kpis_and_dimensions_are_known(path: Path) -> None:
    known = built_in()
    for command in quoted(path):
        words = shlex.split(command, comments=True)
        if words[1] not in ("measure", "rows"):
            continue
        kpis = [
            w for w in words[2:] if re.fullmatch(r"[a-z]+(_[a-z]+)*", w) and w in known.public()
        ]
        assert kpis or "gros_paniers" in words, command
        if "--by" in words and kpis:
            for dimension in words[words.index("--by") + 1].split(","):
                assert dimension in known[kpis[0]].dimensions, command
        if "--part" in words and kpis:
            assert words[words.index("--part") + 1] in known[kpis[0]].parts, command


# --- Python -------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", QUOTING, ids=named)
def test_python_snippets_import_what_exists(path: Path) -> None:
    for body in blocks(path, "python"):
        for node in ast.walk(ast.parse(body)):
            if isinstance(node, ast.Import):
                for each in node.names:
                    importlib.import_module(each.name)
            elif isinstance(node, ast.ImportFrom) and node.module:
                module = importlib.import_module(node.module)
                assert all(hasattr(module, each.name) for each in node.names)
            elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
                assert node.value.id != "jalon" or hasattr(jalon, node.attr)


# --- links and names ----------------------------------------------------------------------------


@pytest.mark.parametrize("path", [*PAGES, ROOT / "bench" / "README.md"], ids=named)
def test_relative_links_resolve(path: Path) -> None:
    text = FENCE.sub("", path.read_text(encoding="utf-8"))
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if "://" in target:
            continue
        file, _, anchor = target.partition("#")
        found = (path.parent / file) if file else path
        assert found.exists(), f"{named(path)}: {target}"
        if anchor:
            assert f'id="{anchor}"' in found.read_text(encoding="utf-8"), f"{named(path)}: {target}"


KEPT = ("src", "tests", "bench", "docs", ".ci")
TEXTS = (".py", ".md", ".yaml", ".yml", ".toml", ".lock", ".cfg", ".ini", ".csv", "")
#: Split, so that this file does not name them itself.
FORBIDDEN = (
    *(
        "pypi" + ".org",
        "python" + "hosted",
        "index" + "-url",
        "npm" + "js.org",
        "proxy.golang" + ".org",
    ),
    *("/" + "work/", "/" + "tmp/", "/" + "root/", "/" + "home/"),
)


def _sources() -> Iterator[Path]:
    yield from (each for each in ROOT.iterdir() if each.is_file() and each.suffix in TEXTS)
    for folder in KEPT:
        for each in (ROOT / folder).rglob("*"):
            if each.is_file() and each.suffix in TEXTS and "__pycache__" not in each.parts:
                yield each


def test_no_file_names_a_registry_or_a_place_of_this_machine() -> None:
    found = []
    for path in _sources():
        text = path.read_text(encoding="utf-8", errors="replace")
        allowed = text.replace("--no-emit-index-url", "")
        found += [f"{named(path)}: {each}" for each in FORBIDDEN if each in allowed]
    assert found == []


# --- examples -----------------------------------------------------------------------------------


def test_the_readme_import_gives_what_it_shows(workspace: Any) -> None:
    with workspace() as found:
        done = found.import_(EXAMPLES / "mon-export")
        counts = {each["table"]: _counts(each) for each in done.record["files"]}
        assert counts == {"deal": (6, 5, 1), "meeting": (4, 3, 1)}
        (rate,) = found.measure("win_rate").records()
        assert (rate["numerator"], rate["denominator"]) == (3, 4)


def _counts(each: dict[str, Any]) -> tuple[int, int, int]:
    return each["rows_read"], each["rows_added"], each["rows_quarantined"]


def test_the_mapping_of_the_guide_does_what_it_shows(workspace: Any) -> None:
    written = yaml.safe_load((EXAMPLES / "correspondance.yaml").read_text(encoding="utf-8"))
    guide = blocks(ROOT / "docs" / "guides" / "importer.md", "yaml")
    assert yaml.safe_load(guide[0]) == written
    with workspace() as found:
        done = found.import_(EXAMPLES / "ventes", map=EXAMPLES / "correspondance.yaml")
        counts = {each["table"]: _counts(each) for each in done.record["files"]}
        assert counts == {"account": (4, 4, 0), "deal": (5, 4, 1)}
        rates = {
            each["group"]["source"]: each["value"] for each in found.measure("win_rate", "source")
        }
        assert rates == {"Salon": 1.0, "Site web": 0.0}
        linked = found.rows("created_win_rate", where="account = 'Menuiserie Aubin'")
        assert linked.num_rows == 2


def test_the_own_kpis_of_the_guide_are_right() -> None:
    page = ROOT / "docs" / "guides" / "indicateurs-maison.md"
    written = yaml.safe_load((EXAMPLES / "indicateurs.yaml").read_text(encoding="utf-8"))
    assert yaml.safe_load(blocks(page, "yaml")[0]) == written
    known = load([EXAMPLES / "indicateurs.yaml"], built_in(), own=True)
    check_examples([known[name] for name in written], known)


def test_the_settings_of_the_guide_are_accepted(tmp_path: Path) -> None:
    (body,) = blocks(ROOT / "docs" / "guides" / "reglages.md", "yaml")
    path = tmp_path / "settings.yaml"
    path.write_text(body, encoding="utf-8")
    told = settings.load(path)
    table = (ROOT / "docs" / "guides" / "reglages.md").read_text(encoding="utf-8")
    assert told.fiscal_year_start == 10
    assert all(f"| `{name}` |" in table for name in settings.Settings.model_fields)
