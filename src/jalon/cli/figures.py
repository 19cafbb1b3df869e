"""Figures, rows and definitions on a terminal: value, interval, n, a bar."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import typer

from jalon import locale
from jalon.cli.words import said
from jalon.locale import numbers
from jalon.measure.standing import standing
from jalon.relations.columns import label
from jalon.views import groups

if TYPE_CHECKING:
    import pyarrow as pa
    from rich.table import Table

    from jalon.catalogue.catalogue import Catalogue
    from jalon.catalogue.definition import Definition
    from jalon.measure.figure import Answer, Results
    from jalon.measure.reconcile import Reconciliation
    from jalon.measure.standing import Standing

WIDTH = 18
#: Characters that a column of rows needs to be read.
CELL = 16
#: What names a row to a person, most telling first.
TELLING = (
    "source_id", "account", "company", "name", "owner", "outcome", "status", "amount", "net_amount",
    "score", "closed_at", "due_at", "happened_at", "first_at", "created_at", "sector", "source",
)  # fmt: skip
#: Narrower terminals have no room for the bars.
ROOMY = 96


def show_results(answers: Results, catalogue: Catalogue, lang: str) -> None:
    """One table for single figures, then one for each KPI with several."""
    from rich.console import Console

    console = Console(highlight=False)
    single = [each for each in answers if len(each) == 1 and not each.groups]
    if single:
        _show_single(single, catalogue, lang, console)
    for answer in answers:
        if answer in single:
            continue
        _show_series(answer, catalogue, lang, console)


def show_reconciliation(found: Reconciliation, catalogue: Catalogue, lang: str) -> None:
    """Their figure, the rules that lead to ours, ours; then other ways."""
    from rich.console import Console

    from jalon.views.reconcile import Words

    console, words = Console(highlight=False), Words(catalogue, lang)
    console.print(f"\n{catalogue[found.kpi].label.of(lang)}", style="bold", markup=False)
    names = ("head", "rows", "effect", "value")
    heads = [locale.text(f"reconcile.{name}", lang) for name in names]
    table = _table((heads[0], "left"), *((head, "right") for head in heads[1:]))
    for row in words.rows(found):
        change = row.figure.change.text if row.figure.change else ""
        value = numbers.figure(row.figure.value or 0.0, found.unit, lang)
        table.add_row(row.label, row.figure.counted, change, value)
    console.print(table)
    console.print(words.reading(found), markup=False)
    if found.others:
        console.print(locale.text("reconcile.others", lang), markup=False)
    for each in found.others:
        console.print(f"  – {words.way(each)}", markup=False)
    if not found.exact and (found.steps or abs(found.left) > found.theirs.slack):
        console.print(locale.text("reconcile.check", lang), markup=False)


def _show_single(answers: Sequence[Answer], catalogue: Catalogue, lang: str, console: Any) -> None:
    table = _table(
        (said("col.kpi"), "left"),
        (said("col.value"), "right"),
        (said("col.interval"), "left"),
        (said("col.n"), "right"),
    )
    compared = any(each.compare for each in answers)
    if compared:
        table.add_column(said("col.compare"))
    for answer in answers:
        cells = [_title(answer, catalogue, lang), *_cells(answer, 0, lang)]
        if compared:
            cells.append(_difference(answer, 0, lang))
        table.add_row(*cells)
    console.print(table)
    for answer in answers:
        _show_notes(answer, lang, console)


def _show_series(answer: Answer, catalogue: Catalogue, lang: str, console: Any) -> None:
    console.print(f"\n{_title(answer, catalogue, lang)}", style="bold", markup=False)
    periods = len(set(answer.periods)) > 1
    heads = [(said("col.period"), "left")] if periods else []
    heads += [(label(name, lang), "left") for name in answer.groups]
    crowded = answer.compare or (periods and answer.groups)
    roomy = console.width >= ROOMY or not crowded
    stood = standing(answer)
    drawn = stood if console.width >= ROOMY else None
    heads += [
        (said("col.value"), "right"),
        (said("col.interval"), "left"),
        (said("col.n"), "right"),
    ]
    heads += [("", "left")] if roomy else []
    heads += [(locale.text("groups.shrunk", lang), "right")] if drawn else []
    if answer.maturity is not None:
        heads.append((said("col.maturity"), "right"))
    if answer.compare:
        heads.append((said("col.compare"), "left"))
    table = _table(*heads)
    # Names give way, figures never do.
    named = int(periods) + len(answer.groups)
    for place, each in enumerate(table.columns):
        each.no_wrap = not (periods and 0 < place < named)
    scale = _scale(answer)
    for row in range(len(answer)):
        cells = [numbers.period(answer.periods[row], lang)] if periods else []
        cells += [
            _group(catalogue.named(name, labels[row], lang), lang)
            for name, labels in answer.groups.items()
        ]
        cells += _cells(answer, row, lang)
        cells += [_bar(answer, row, scale)] if roomy else []
        cells += [_shrunk(answer, drawn, row, lang)] if drawn else []
        if answer.maturity is not None:
            cells.append(numbers.figure(float(answer.maturity[row]), "percent", lang))
        if answer.compare:
            cells.append(_difference(answer, row, lang))
        table.add_row(*cells)
    console.print(table)
    if stood is not None:
        console.print(f"  {groups.told(answer, stood, lang)}", markup=False)
    _show_notes(answer, lang, console)


def _shrunk(answer: Answer, stood: Standing, row: int, lang: str) -> str:
    """A group's rate drawn towards that of all, with its interval."""
    found = groups.shrunk(answer, row, stood, lang)
    return f"{found.text} ({found.between})" if found else ""


def _table(*heads: tuple[str, str]) -> Table:
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    table = Table(box=SIMPLE_HEAD, pad_edge=False, header_style="dim")
    for place, (name, justify) in enumerate(heads):
        # The first column names the row: it gives way, figures never do.
        table.add_column(name, justify=justify, no_wrap=place > 0)  # type: ignore[arg-type]
    return table


def _title(answer: Answer, catalogue: Catalogue, lang: str) -> str:
    definition = catalogue[answer.kpi]
    name = definition.label.of(lang)
    return f"{name} ({answer.part})" if answer.part and len(definition.parts) > 1 else name


def _cells(answer: Answer, row: int, lang: str) -> tuple[str, str, str]:
    figures, why = answer.figures, answer.why_missing(row)
    if why and math.isnan(figures.value[row]):
        return "–", "", numbers.count(figures.n[row], lang)
    value = numbers.figure(float(figures.value[row]), answer.unit, lang)
    low, high = float(figures.low[row]), float(figures.high[row])
    between = ""
    if not (math.isnan(low) or math.isnan(high)):
        low_text, high_text = (numbers.bound(each, answer.unit, lang) for each in (low, high))
        between = f"{low_text} {said('to')} {high_text}"
    return value, between, numbers.count(figures.n[row], lang)


def _difference(answer: Answer, row: int, lang: str) -> str:
    found = answer.compare
    if found is None or math.isnan(found.difference[row]):
        return ""
    difference = float(found.difference[row])
    sign = "▲" if difference > 0 else "▼" if difference < 0 else "="
    scaled = difference * 100 if answer.unit == "percent" else difference
    unit = "points" if answer.unit == "percent" else answer.unit
    text = numbers.figure(scaled, unit, lang)
    if answer.unit == "percent":
        text += " pts"
    return f"{sign} {text}" if found.conclusive[row] else f"≈ {text} ({said('noise')})"


def _group(name: Any, lang: str) -> str:
    return said("unknown") if name is None else str(name)


def _scale(answer: Answer) -> tuple[float, float]:
    figures = answer.figures
    known = [
        float(value)
        for values in (figures.value, figures.low, figures.high)
        for value in values
        if math.isfinite(value)
    ]
    low, high = (min(known), max(known)) if known else (0.0, 1.0)
    if answer.unit not in ("percent", "points"):
        low = min(low, 0.0)
    return low, high if high > low else low + 1


def _bar(answer: Answer, row: int, scale: tuple[float, float]) -> str:
    """The interval as a line, the value as a dot."""
    figures = answer.figures
    value = float(figures.value[row])
    if not math.isfinite(value):
        return ""
    low, high = float(figures.low[row]), float(figures.high[row])

    def place(at: float) -> int:
        share = (at - scale[0]) / (scale[1] - scale[0])
        return min(max(round(share * (WIDTH - 1)), 0), WIDTH - 1)

    cells = [" "] * WIDTH
    if math.isfinite(low) and math.isfinite(high):
        for at in range(place(low), place(high) + 1):
            cells[at] = "─"
    cells[place(value)] = "●"
    return "".join(cells)


def _show_notes(answer: Answer, lang: str, console: Any) -> None:
    said_already: set[str] = set()
    for row in range(len(answer)):
        for note in answer.notes(row):
            said_already.add(locale.sentence(note, lang))
    why = answer.missing or (answer.why_missing(0) if len(answer) == 1 else None)
    if why:
        said_already.add(locale.sentence(why, lang))
        advice = locale.hint(why, lang)
        if advice:
            said_already.add(advice)
    for text in sorted(said_already)[:6]:
        console.print(f"  {answer.kpi} · {text}", style="dim", markup=False)


def show_rows(table: pa.Table, total: int, lang: str) -> None:
    """Rows as a table, the columns that the terminal has room for; the whole count below."""
    from rich.console import Console

    console = Console(highlight=False)
    names = _most_telling(table.column_names, max(console.width // CELL, 3))
    shown = _table(*((name, "left") for name in names))
    for column in shown.columns:
        column.no_wrap, column.min_width, column.max_width = True, 6, 26
    for row in table.select(names).to_pylist():
        shown.add_row(*(_plain(cell) for cell in row.values()))
    console.print(shown)
    typer.echo(said("rows.total", shown=table.num_rows, total=numbers.count(total, lang)))
    left = [name for name in table.column_names if name not in names]
    if left:
        typer.echo(said("rows.left", listed=", ".join(left)))


def _most_telling(names: Sequence[str], room: int) -> list[str]:
    """As many columns as there is room for: what names a row first, then the order of the table."""
    first = [name for name in TELLING if name in names]
    rest = [name for name in names if name not in TELLING]
    return [*first, *rest][:room]


def _plain(cell: Any) -> str:
    if cell is None:
        return ""
    text = f"{cell:.2f}" if isinstance(cell, Decimal) else str(cell).removesuffix(" 00:00:00")
    return "".join(each if each.isprintable() else "\ufffd" for each in text).replace("[", "\\[")


def show_catalogue(listed: Sequence[Mapping[str, Any]], lang: str) -> None:
    """The KPIs, and what the others need."""
    from rich.console import Console

    table = _table(
        ("", "left"),
        (said("col.id"), "left"),
        (said("col.kpi"), "left"),
        (said("col.needs"), "left"),
    )
    for each in listed:
        mark = {True: "✓", False: "–", None: ""}[each["measurable"]]
        table.add_row(mark, each["id"], each["label"][lang], ", ".join(each["needs"]))
    Console(highlight=False).print(table)


def show_card(
    definition: Definition, record: Mapping[str, Any], known: Catalogue, lang: str
) -> None:
    """A definition in words, each part, then as it is computed."""
    from jalon.views import definition as worded

    typer.echo(f"{definition.label.of(lang)} ({definition.id})")
    typer.echo(definition.question.of(lang))
    several, colon = len(definition.parts) > 1, locale.text("page.colon", lang)
    shown: set[tuple[str, str]] = set()
    for part in definition.parts or (None,):
        if several and part:
            typer.echo(f"  {locale.text('page.term.part', lang)}{colon} {part}")
        for each in worded.terms(definition, definition.rules(part)[0], known, lang):
            # What one part has said is not said again by the others.
            if each not in shown:
                typer.echo(f"{'    ' if several else '  '}{each[0]}{colon} {each[1]}")
                shown.add(each)
    if definition.dimensions:
        names = ", ".join(definition.dimensions)
        typer.echo(f"  {locale.text('page.term.dimensions', lang)}{colon} {names}")
    if definition.caution:
        typer.echo(worded.spoken(definition.caution, lang))
    for change in definition.changes:
        typer.echo(worded.change(change, lang))
    for example in definition.examples[:1]:
        typer.echo(f"\n{locale.text('card.example', lang)}")
        for line in worded.example(example, definition.rules()[0], lang):
            typer.echo(f"  {line}")
    _show_rules(record)


def _show_rules(record: Mapping[str, Any]) -> None:
    """A definition as it is computed: the fields of each part and basis, then the queries."""
    for rule in record["rules"]:
        title = " · ".join(str(rule[name]) for name in ("part", "basis") if name in rule)
        typer.echo(f"\n  {title}:")
        for name, value in rule.items():
            if name not in ("part", "basis", "words"):
                typer.echo(f"    {name}: {' '.join(str(value).split())}")
    for sql in record["sql"]:
        typer.echo(f"\n{sql}")
