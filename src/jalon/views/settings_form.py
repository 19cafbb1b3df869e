"""The form of the settings: what it shows of a file, and what a file becomes by it.

A name of the form is that of the setting (``company.siren``), or of a line of it (``dim.0.of``).
Each setting is shown as texts and read back from them; one whose texts did not change is left in
the file as it is written there.
"""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from jalon.model.problems import Problem

Texts = Mapping[str, str]
#: A form's name and what is wrong with what it says.
Wrong = tuple[str, Problem]
#: A value for the file (None: not said there), and what could not be read.
Read = tuple[Any, list[Wrong]]

WEEK = range(1, 8)
_LINE = re.compile(r"^(?P<name>[^\s=:]+)(?:\s*[=:]\s*|\s+)(?P<value>\S.*)$")
_PLACE = re.compile(r"dim\.(\d{1,3})\.")


@dataclass(frozen=True)
class Part:
    """A setting of the form: its ``name`` in the file, how it is shown and read."""

    name: str
    show: Callable[[Any, str], dict[str, str]]
    read: Callable[[Texts, str], Read]


def shown(raw: Mapping[str, Any], lang: str) -> dict[str, str]:
    """What the form says of the settings as written in their file, right or wrong."""
    found: dict[str, str] = {}
    for part in PARTS:
        found |= part.show(raw.get(part.name), lang)
    return found


def changed(form: Texts, raw: Mapping[str, Any], lang: str) -> tuple[dict[str, Any], list[Wrong]]:
    """The settings that a form changes (None: back to the default), and what cannot be read."""
    changes: dict[str, Any] = {}
    wrong: list[Wrong] = []
    for part in PARTS:
        value, problems = part.read(form, lang)
        if _same(part, form, raw.get(part.name), lang):
            continue
        wrong += problems
        if not problems and (value is not None or part.name in raw):
            changes[part.name] = value
    return changes, wrong


def _same(part: Part, form: Texts, value: Any, lang: str) -> bool:
    """Whether a form says of a setting what is shown of it."""
    said = part.show(value, lang)
    mine = {name for name in form if name == part.name or name.startswith(_prefix(part.name))}
    return all(form.get(name, "").strip() == said.get(name, "").strip() for name in mine | {*said})


def _prefix(name: str) -> str:
    return "dim." if name == "dimensions" else f"{name}."


def place(column: str | None, form: Texts) -> str:
    """The name in the form of a setting that is wrong; empty where the form has none."""
    if not column:
        return ""
    steps = column.split(".")
    if steps[0] == "dimensions" and len(steps) > 1:
        for at in places(form):
            known = form.get(f"dim.{at}.name") or slug(form.get(f"dim.{at}.label", ""))
            if known.strip() == steps[1]:
                return f"dim.{at}.{steps[2] if len(steps) > 2 else 'label'}"
        return "dim"
    if column == "working_days.week":
        return "working_days.week.1"
    near = (".".join(steps[:size]) for size in range(len(steps), 0, -1))
    return next((name for name in near if name in form), "")


def places(form: Texts) -> list[int]:
    """The places that the form has for dimensions."""
    return sorted({int(cut[1]) for name in form if (cut := _PLACE.match(name))})


# -- numbers, days, names ------------------------------------------------------------------------


def number(text: str) -> float | int | None:
    """The number that a text says, with a decimal comma or point; None where it says none."""
    plain = re.sub(r"[\s\u00a0\u202f]", "", text).replace(",", ".")
    if not re.fullmatch(r"-?\d+(\.\d+)?", plain):
        return None
    return int(plain) if "." not in plain else float(plain)


def day(text: str) -> dt.date | None:
    """The day that a text says: 24/12/2026 or 2026-12-24; None where it says none."""
    for form in ("%d/%m/%Y", "%Y-%m-%d"):
        try:
            return dt.datetime.strptime(text.strip(), form).date()
        except ValueError:
            continue
    return None


def slug(label: str) -> str:
    """A name that a setting may bear, out of one that a person reads."""
    plain = unicodedata.normalize("NFKD", label).encode("ascii", "ignore").decode().casefold()
    found = re.sub(r"[^a-z0-9]+", "_", plain).strip("_")
    return found if found[:1].isalpha() or not found else f"d_{found}"


def _number(value: Any, lang: str) -> str:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return "" if value is None else str(value)
    text = f"{value:.12g}"
    return text.replace(".", ",") if lang == "fr" else text


def _day(value: Any, lang: str) -> str:
    if isinstance(value, dt.date):
        return f"{value:%d/%m/%Y}" if lang == "fr" else value.isoformat()
    return "" if value is None else str(value)


def _text(value: Any) -> str:
    return "" if value is None else str(value).strip()


def _lines(text: str) -> Iterator[tuple[int, str]]:
    for row, line in enumerate(text.splitlines(), 1):
        if line.strip():
            yield row, line.strip()


def _line(row: int, value: str, expected: str) -> Problem:
    return Problem("setting_line", {"row": row, "value": value, "expected": expected})


def _wrong(name: str, expected: str) -> list[Wrong]:
    return [(name, Problem("settings_wrong", {"field": name, "expected": expected}))]


# -- each setting --------------------------------------------------------------------------------


def _plain(name: str, *, upper: bool = False) -> Part:
    """A setting that is one text."""

    def read(form: Texts, lang: str) -> Read:
        said = " ".join(form.get(name, "").split())
        return (said.upper() if upper else said) or None, []

    return Part(name, lambda value, lang: {name: _text(value)}, read)


def _condition(name: str) -> Part:
    """A condition, over as many lines as it was typed."""

    def read(form: Texts, lang: str) -> Read:
        said = "\n".join(line.rstrip() for line in form.get(name, "").strip().splitlines())
        return said or None, []

    return Part(name, lambda value, lang: {name: _text(value)}, read)


def _month(form: Texts, lang: str) -> Read:
    said = form.get("fiscal_year_start", "").strip()
    if said in ("", "1"):
        return None, []
    found = number(said)
    return found, [] if found else _wrong("fiscal_year_start", "setting_month")


def _show_rates(value: Any, lang: str) -> dict[str, str]:
    if not isinstance(value, Mapping):
        return {"rates": _text(value)}
    lines = (f"{name} = {_number(rate, lang)}" for name, rate in value.items())
    return {"rates": "\n".join(lines)}


def _read_rates(form: Texts, lang: str) -> Read:
    found: dict[str, float] = {}
    wrong: list[Wrong] = []
    for row, line in _lines(form.get("rates", "")):
        cut = _LINE.match(line)
        rate = number(cut["value"]) if cut else None
        code = cut["name"].upper() if cut else ""
        if rate is None or rate <= 0 or not re.fullmatch("[A-Z]{3}", code) or code in found:
            wrong.append(("rates", _line(row, line, "setting_rate")))
        else:
            found[code] = rate
    return found or None, wrong


def _show_working(value: Any, lang: str) -> dict[str, str]:
    said = value if isinstance(value, Mapping) else {}
    week = said.get("week", (1, 2, 3, 4, 5))
    days = week if isinstance(week, (list, tuple)) else ()
    closed = said.get("closed") or ()
    lines = [_day(each, lang) for each in closed] if isinstance(closed, list) else []
    return {
        **{f"working_days.week.{each}": "on" if each in days else "" for each in WEEK},
        "working_days.holidays": "" if said.get("holidays") is False else "on",
        "working_days.closed": "\n".join(lines),
    }


def _read_working(form: Texts, lang: str) -> Read:
    week = [each for each in WEEK if form.get(f"working_days.week.{each}")]
    closed: list[dt.date] = []
    wrong: list[Wrong] = [] if week else _wrong("working_days.week.1", "setting_week")
    for row, line in _lines(form.get("working_days.closed", "")):
        found = day(line)
        if found is None:
            wrong.append(("working_days.closed", _line(row, line, "setting_date")))
        else:
            closed.append(found)
    made: dict[str, Any] = {}
    if week != [1, 2, 3, 4, 5]:
        made["week"] = week
    if not form.get("working_days.holidays"):
        made["holidays"] = False
    if closed:
        made["closed"] = sorted(set(closed))
    return made or None, wrong


def _show_weights(value: Any, lang: str) -> dict[str, str]:
    said = value if isinstance(value, Mapping) else {}
    return {f"required_fields.{name}": _number(each, lang) for name, each in said.items()}


def _read_weights(form: Texts, lang: str) -> Read:
    found: dict[str, float] = {}
    wrong: list[Wrong] = []
    for name, said in form.items():
        if name.startswith("required_fields.") and said.strip():
            weight = number(said)
            if weight is None or weight <= 0:
                wrong += _wrong(name, "setting_weight")
            elif name:
                found[name.removeprefix("required_fields.")] = weight
    return found or None, wrong


def _show_bands(value: Any, lang: str) -> dict[str, str]:
    return {"amount_bands": _bands(value, lang)}


def _bands(value: Any, lang: str) -> str:
    if not isinstance(value, (list, tuple)):
        return _text(value)
    return " ; ".join(_number(each, lang) for each in value)


def _read_bands(form: Texts, lang: str) -> Read:
    return _limits(form, "amount_bands")


def _limits(form: Texts, name: str) -> Read:
    said = [each.strip() for each in re.split(r"[;\n]", form.get(name, "")) if each.strip()]
    found = [number(each) for each in said]
    if any(each is None for each in found):
        return None, _wrong(name, "setting_limits")
    return sorted({each for each in found if each is not None}) or None, []


def _show_through(value: Any, lang: str) -> dict[str, str]:
    said = value if isinstance(value, Mapping) else {}
    return {f"data_through.{name}": _day(each, "en") for name, each in said.items()}


def _read_through(form: Texts, lang: str) -> Read:
    found: dict[str, dt.date] = {}
    wrong: list[Wrong] = []
    for name, said in form.items():
        if name.startswith("data_through.") and said.strip():
            known = day(said)
            if known is None:
                wrong += _wrong(name, "setting_date")
            else:
                found[name.removeprefix("data_through.")] = known
    return found or None, wrong


def _show_bases(value: Any, lang: str) -> dict[str, str]:
    said = value if isinstance(value, Mapping) else {}
    return {f"bases.{name}": _text(each) for name, each in said.items()}


def _read_bases(form: Texts, lang: str) -> Read:
    found = {
        name.removeprefix("bases."): said.strip()
        for name, said in form.items()
        if name.startswith("bases.") and said.strip()
    }
    return found or None, []


def _show_company(value: Any, lang: str) -> dict[str, str]:
    said = value if isinstance(value, Mapping) else {}
    domains = said.get("domains") or ()
    listed = domains if isinstance(domains, (list, tuple)) else [domains]
    return {
        "company.siren": _text(said.get("siren")),
        "company.domains": " ; ".join(map(str, listed)),
    }


def _read_company(form: Texts, lang: str) -> Read:
    siren = re.sub(r"\s", "", form.get("company.siren", ""))
    domains = [each for each in re.split(r"[\s;,]+", form.get("company.domains", "")) if each]
    made: dict[str, Any] = {"siren": siren} if siren else {}
    if domains:
        made["domains"] = domains
    return made or None, []


def _show_dimensions(value: Any, lang: str) -> dict[str, str]:
    said = value if isinstance(value, Mapping) else {}
    found: dict[str, str] = {}
    for place, (name, each) in enumerate(said.items()):
        rule = each if isinstance(each, Mapping) else {}
        groups = rule.get("groups")
        lines = [_group(label, values) for label, values in groups.items()] if groups else []
        found |= {
            f"dim.{place}.name": str(name),
            f"dim.{place}.label": _text(rule.get("label")),
            f"dim.{place}.of": _text(rule.get("of")),
            f"dim.{place}.groups": "\n".join(lines),
            f"dim.{place}.bands": _bands(rule.get("bands"), lang),
        }
    return found


def _group(label: Any, values: Any) -> str:
    listed = [str(each) for each in values] if isinstance(values, (list, tuple)) else [str(values)]
    end = " ;" if len(listed) == 1 and "," in listed[0] else ""
    return f"{label} : {' ; '.join(listed)}{end}"


def _read_dimensions(form: Texts, lang: str) -> Read:
    found: dict[str, Any] = {}
    wrong: list[Wrong] = []
    for at in places(form):
        said = {
            key: form.get(f"dim.{at}.{key}", "").strip()
            for key in ("name", "label", "of", "groups", "bands", "drop")
        }
        if said["drop"] or not any(said.values()):
            continue
        name = said["name"] or slug(said["label"])
        rule, problems = _dimension(form, at, said)
        wrong += problems
        if not name or name in found:
            wrong += _wrong(f"dim.{at}.label", "setting_unique" if name else "setting_label")
        found[name] = rule
    return found or None, wrong


def _dimension(form: Texts, at: int, said: Texts) -> tuple[dict[str, Any], list[Wrong]]:
    """One dimension of the company's own, as its lines say it."""
    rule: dict[str, Any] = {"of": said["of"]}
    wrong: list[Wrong] = [] if said["of"] else _wrong(f"dim.{at}.of", "setting_of")
    if said["label"]:
        rule["label"] = said["label"]
    groups: dict[str, list[str]] = {}
    for row, line in _lines(said["groups"]):
        label, colon, rest = line.partition(":")
        values = [each.strip() for each in re.split(";" if ";" in rest else ",", rest)]
        values = [each for each in values if each]
        if not colon or not label.strip() or not values:
            wrong.append((f"dim.{at}.groups", _line(row, line, "setting_group")))
        else:
            groups.setdefault(label.strip(), []).extend(values)
    bands, problems = _limits(form, f"dim.{at}.bands")
    wrong += problems
    if groups:
        rule["groups"] = groups
    if bands:
        rule["bands"] = bands
    if bool(said["groups"]) == bool(said["bands"]):
        wrong += _wrong(f"dim.{at}.groups", "setting_one_way")
    return rule, wrong


PARTS = (
    _plain("currency", upper=True),
    Part("rates", _show_rates, _read_rates),
    Part("fiscal_year_start", lambda v, lang: {"fiscal_year_start": _text(v) or "1"}, _month),
    Part("working_days", _show_working, _read_working),
    _plain("zone"),
    _condition("icp"),
    Part("required_fields", _show_weights, _read_weights),
    _condition("excluded_deals"),
    Part("amount_bands", _show_bands, _read_bands),
    Part("dimensions", _show_dimensions, _read_dimensions),
    Part("data_through", _show_through, _read_through),
    Part("bases", _show_bases, _read_bases),
    Part("company", _show_company, _read_company),
)
