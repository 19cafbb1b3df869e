"""Write the pages that the code itself knows: the catalogue, the tables, the command line.

``python docs/write.py`` writes them; ``--check`` changes nothing, names the stale ones and exits 1.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from importlib import resources
from pathlib import Path
from typing import Any

# The command line chooses its language when it is imported, from the arguments and JALON_LANG.
ARGUMENTS, sys.argv[1:] = sys.argv[1:], []
os.environ["JALON_LANG"] = "fr"

import sqlglot  # noqa: E402
import typer  # noqa: E402
import yaml  # noqa: E402

from jalon import locale  # noqa: E402
from jalon.catalogue.catalogue import Catalogue, built_in  # noqa: E402
from jalon.catalogue.definition import Definition, Example, Measure  # noqa: E402
from jalon.cli.app import build  # noqa: E402
from jalon.measure.example import sql_of  # noqa: E402
from jalon.model.tables import (  # noqa: E402
    GROUPED,
    GROUPED_COLUMNS,
    SQL_TYPES,
    TABLES,
    Child,
    Column,
    Grouped,
    Table,
)

FOLDER = Path(__file__).resolve().parent
WARNING = "<!-- Écrit par docs/write.py : corriger le code, puis « make format ». -->"

TIMES = {
    "event": "événement / event",
    "cohort": "cohorte / cohort",
    "stock": "état / stock",
}
UNITS = {
    "percent": "pourcentage / percentage",
    "money": "montant, dans la devise des lignes / amount, in the rows' currency",
    "number": "nombre / number",
    "points": "points",
    "days": "jours / days",
    "months": "mois / months",
    "per_year": "par an / per year",
    "times": "fois / times",
}
DIRECTIONS = {
    "higher": "plus haut est mieux / higher is better",
    "lower": "plus bas est mieux / lower is better",
    "context": "selon le contexte / depends on the context",
}


# -- Markdown ------------------------------------------------------------------------------------


def code(text: object) -> str:
    """The text as code, on one line."""
    return "`" + " ".join(str(text).split()) + "`"


def cell(text: object) -> str:
    """The text in a table's cell."""
    return str(text).replace("|", "\\|")


def table(heads: Iterable[str], rows: Iterable[Iterable[object]]) -> Iterator[str]:
    """A table; nothing where there is no row."""
    lines = ["| " + " | ".join(map(cell, row)) + " |" for row in rows]
    if not lines:
        return
    names = list(heads)
    yield from ("| " + " | ".join(names) + " |", "|" + "---|" * len(names), *lines, "")


def listed(names: Iterable[object]) -> str:
    """Names as code, between commas; a dash where there is none."""
    return ", ".join(map(code, names)) or "–"


# -- The catalogue -------------------------------------------------------------------------------


def catalogue() -> Iterator[str]:
    """The KPIs, in the order of their files."""
    known = built_in()
    yield from (
        WARNING,
        "# Le catalogue des indicateurs · The KPI catalogue",
        "",
        "Chaque indicateur est défini par une entrée YAML de `src/jalon/catalogue/`, avec un "
        "exemple calculé à la main que les tests refont. La même chose dans le terminal : "
        "`jalon kpis show win_rate`. Les mots sont dans le [glossaire](GLOSSARY.md), les sortes "
        "de temps et les intervalles dans [mesurer](guides/mesurer.md).",
        "",
        "Each KPI is one YAML entry of `src/jalon/catalogue/`, with an example worked out by hand "
        "that the tests run again. *Among* says which rows count, *date* which of their dates "
        "places them in a period; the first basis that the data can feed is used.",
        "",
    )
    chapters = list(_chapters())
    for title, names in chapters:
        links = ", ".join(f"[{known[name].label.fr}](#{name})" for name in names)
        yield f"- **{title}** : {links}"
    yield ""
    for title, names in chapters:
        yield from (f"## {title}", "")
        for name in names:
            yield from _kpi(known[name], known)


def _chapters() -> Iterator[tuple[str, list[str]]]:
    """Each file's title (its first comment) and the KPIs that it defines."""
    folder = resources.files("jalon.catalogue")
    files = [each for each in folder.iterdir() if each.name.endswith(".yaml")]
    for file in sorted(files, key=lambda each: each.name):
        text = file.read_text(encoding="utf-8")
        first = text.split("\n", 1)[0]
        title = first.removeprefix("#").strip() if first.startswith("#") else file.name
        yield title, list(yaml.load(text, Loader=yaml.CSafeLoader))


def _kpi(definition: Definition, known: Catalogue) -> Iterator[str]:
    yield from (f'<a id="{definition.id}"></a>', f"### {definition.label.fr} · `{definition.id}`")
    yield from ("", f"{definition.question.fr}", "")
    yield from _words(definition)
    if definition.exclusions:
        yield from (f"**Laissés de côté** : {definition.exclusions.fr}", "")
    if definition.caution:
        yield from (f"**Attention** : {definition.caution.fr}", "")
    caution = f" *Caution*: {definition.caution.en}" if definition.caution else ""
    yield from (f"> **{definition.label.en}.** {definition.question.en}{caution}", "")
    yield from table(("", ""), _facts(definition))
    yield from _counted(definition)
    yield from _changes(definition)
    for example in definition.examples:
        yield from _example(example)
    yield from _sql(sql_of(definition, known))


def _words(definition: Definition) -> Iterator[str]:
    """The formula in words, of each part where they differ."""
    said = {part: definition.said(part) for part in definition.parts or (None,)}
    for part, words in said.items():
        if words:
            name = f" ({code(part)})" if len(said) > 1 else ""
            yield f"**Formule**{name} : {words.fr} · *{words.en}*"
            yield ""


def _changes(definition: Definition) -> Iterator[str]:
    yield from (f"Version {definition.version}.", "")
    for each in definition.changes:
        why = f"{each.why.fr} · {each.why.en}" if each.why else "sans raison donnée"
        yield f"- version {each.version}, {each.on.isoformat()} : {why}"
    if definition.changes:
        yield ""


def _facts(definition: Definition) -> Iterator[tuple[str, str]]:
    first = definition.rules()[0]
    times = [each.time.value for each in _measures(definition)]
    yield "Temps / time", ", ".join(TIMES[each] for each in dict.fromkeys(times))
    if definition.parts:
        yield "Parties / parts", listed(definition.parts)
    bases = [each.basis for each in _measures(definition) if each.basis]
    if definition.bases:
        yield "Bases, dans l'ordre / in order", listed(dict.fromkeys(bases))
    yield "Dimensions", listed(definition.dimensions)
    if first.classes:
        yield "Classes", listed(name for name, _ in first.classes)
    yield "Unité / unit", UNITS.get(first.unit, first.unit)
    yield "Sens / direction", DIRECTIONS[definition.better]
    if definition.internal:
        yield "Usage", "opérande de formules seulement / operand of formulas only"


def _measures(definition: Definition) -> Iterator[Measure]:
    for part in definition.parts or (None,):
        yield from definition.rules(part)


def _counted(definition: Definition) -> Iterator[str]:
    """For each part and basis: the table, the date, who counts, what is added up."""
    yield from ("Ce qui est compté · what is counted :", "")
    for measure in _measures(definition):
        names = [f"partie {code(measure.part)}"] if measure.part else []
        names += [f"base {code(measure.basis)}"] if definition.bases and measure.basis else []
        yield f"- {', '.join(names) + ' : ' if names else ''}{_rule(measure)}"
    yield ""


def _rule(measure: Measure) -> str:
    if measure.formula:
        return f"formule {code(measure.formula)}{_remark(measure)}"
    where = f"table {code(measure.table)}" + (
        f", date {code(measure.date)}" if measure.date else ""
    )
    among = measure.field("among")
    who = f" ; qui compte / among : {code(among)}" if among else " ; toutes les lignes / all rows"
    others = [f"{name} : {code(text)}" for name, text in measure.fields if name != "among"]
    what = f" ; {code(measure.estimate)}" + (f" ({', '.join(others)})" if others else "")
    return where + who + what + _remark(measure)


def _remark(measure: Measure) -> str:
    said = []
    if measure.horizon:
        said.append(f"entrées depuis au moins {measure.horizon} jours seulement")
    if measure.mature:
        said.append(f"mûres si / mature if {code(measure.mature)}")
    if measure.needs:
        said.append(f"colonnes remplies à 80 % : {listed(measure.needs)}")
    if measure.some:
        said.append(f"colonnes non vides : {listed(measure.some)}")
    if measure.note:
        said.append(f"note : « {locale.text(measure.note, 'fr').rstrip('.')} »")
    return "".join(f" ; {each}" for each in said)


def _example(example: Example) -> Iterator[str]:
    held = ", ".join(f"{len(rows)} × {code(name)}" for name, rows in example.rows.items())
    if example.before:
        days = ", ".join(each.at.isoformat() for each in example.before)
        held += f" ; imports antérieurs / earlier imports: {days}"
    why = f" {example.why}" if example.why else ""
    yield from (f"**Exemple** ({held}).{why}", "")
    heads = ("demandé / asked", "valeur / value", "intervalle / interval", "n")
    yield from table(heads, (_given({**example.ask, **each}) for each in example.gives))


def _given(gives: Mapping[str, Any]) -> tuple[str, str, str, str]:
    asked = [f"{name} {_plain(gives[name])}" for name in _ASKED if gives.get(name) is not None]
    value = gives.get("value")
    shown = f"– ({gives['missing']})" if value is None and gives.get("missing") else _plain(value)
    ends = (gives.get("low"), gives.get("high"))
    between = "" if None in ends else f"{_plain(ends[0])} … {_plain(ends[1])}"
    return ", ".join(asked), shown, between, _plain(gives.get("n", ""))


_ASKED = ("part", "basis", "by", "group", "grain", "period", "from", "to", "as_of", "where")


def _plain(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, Mapping):
        return ", ".join(f"{name} = {_plain(each)}" for name, each in value.items())
    return "–" if value is None else str(value)


def _sql(statements: Iterable[str]) -> Iterator[str]:
    """The queries, folded away, one clause a line."""
    trees = [sqlglot.parse_one(each, dialect="duckdb") for each in statements]
    if not trees:
        return
    yield from ("<details><summary>SQL</summary>", "", "```sql")
    yield ";\n\n".join(tree.sql("duckdb", pretty=True) for tree in trees)
    yield from ("```", "", "</details>", "")


CHECKED = (
    "Une colonne « vérifiée » garde la valeur telle que trouvée ; à l'import s'y ajoutent sa forme "
    "normale (`…_normal`, vide si la valeur n'est pas valide) et sa validité (`…_state` : `valid`, "
    "`invalid`, `unchecked` quand aucune règle n'est connue, vide sans valeur). Une valeur non "
    "valide n'écarte jamais la ligne. E-mail : syntaxe seulement, sans interroger le domaine. "
    "Téléphone : plans de numérotation, France par défaut ou pays de la ligne. SIREN, SIRET, TVA : "
    "forme et clé, sans interroger l'INSEE ni VIES. NAF : les quatre chiffres existent en NAF "
    "rév. 2 ou en NAF 2025 ; la lettre n'est pas vérifiée. Code postal : forme et département, non "
    "la commune.",
    "",
    "A “checked” column keeps the value as found; at intake its normal form (`…_normal`, empty "
    "unless valid) and its state (`…_state`: `valid`, `invalid`, `unchecked` where no rule is "
    "known, empty without a value) are added. A value that is not valid never refuses its row. "
    "E-mail: syntax alone, the domain is not asked. Phone: numbering plans, France by default or "
    "the row's country. SIREN, SIRET, VAT: form and key, neither INSEE nor VIES is asked. NAF: the "
    "four digits exist in NAF rev. 2 or NAF 2025; the letter is not checked. Postcode: form and "
    "department, not the town.",
    "",
)


# -- The tables ----------------------------------------------------------------------------------


def tables() -> Iterator[str]:
    """The canonical tables, as declared."""
    yield from (
        WARNING,
        "# Les tables · The tables",
        "",
        "Toute source est ramenée à ces tables, déclarées une fois dans "
        "`src/jalon/model/tables.py`. Un fichier nommé d'après une table et qui porte ces noms de "
        "colonnes (`deal.csv` : `source_id`, `account`, `outcome`…) s'importe sans correspondance.",
        "",
        "Every source is brought to these tables, declared once in `src/jalon/model/tables.py`. "
        "A file called after a table, with these column names as headers, needs no mapping.",
        "",
        *CHECKED,
    )
    yield from table(("nature / kind", "SQL"), ((code(k), code(v)) for k, v in SQL_TYPES.items()))
    for each in TABLES.values():
        yield f"- [{each.fr} / {each.en}](#{each.name}) {code(each.name)}"
    for group in GROUPED.values():
        yield f"- [{group.fr} / {group.en}](#{group.name}) {code(group.name)}"
    yield ""
    for each in TABLES.values():
        yield from _table(each)
    for group in GROUPED.values():
        yield from _grouped(group)


def _table(each: Table) -> Iterator[str]:
    yield from (f'<a id="{each.name}"></a>', f"## {each.fr} / {each.en} · `{each.name}`", "")
    if each.born:
        yield f"- une ligne existe depuis / a row exists from : {code(each.born)}"
    if each.natural:
        yield f"- nom par lequel on la désigne / named by : {code(each.natural)}"
    if each.customer:
        yield f"- client, dans l'ordre / customer, in order : {listed(each.customer)}"
    yield ""
    names = ("colonne / column", "français", "English", "nature / kind", "")
    yield from table(names, map(_column, each.columns))
    paths = ((code(name), " → ".join(map(code, found))) for name, found in each.paths.items())
    yield from table(("dimension", "cherchée dans l'ordre / looked for in order"), paths)
    heads = ("compté des lignes liées / from child rows", "calcul / figure")
    yield from table(heads, ((code(c.name), _child(c)) for c in each.children))
    derived = ((code(d.name), f"{d.fr} / {d.en}", code(d.expression)) for d in each.derived)
    yield from table(("déduite / derived", "", "expression"), derived)


def _column(each: Column) -> tuple[str, str, str, str, str]:
    kind = f"{code(each.kind)} → [{each.to}](#{each.to})" if each.to else code(each.kind)
    return code(each.name), each.fr, each.en, kind, " ; ".join(_marks(each))


def _marks(each: Column) -> Iterator[str]:
    if each.required:
        yield "**obligatoire / required**"
    if each.values:
        yield "valeurs / values : " + listed(each.values)
    if each.default is not None:
        yield f"sinon / default {code(str(each.default).lower())}"
    if each.check:
        yield f"vérifiée / checked : {code(each.check)}"
    if each.of:
        yield f"tirée de / worked out of {code(each.of)}"
    if each.personal:
        yield "personnelle / personal"
    if each.event:
        yield "événement / event"
    if each.dated_by:
        before = f", avant / before {code(each.before)}" if each.before else ""
        yield f"datée par / dated by {code(each.dated_by)}{before}"


def _child(each: Child) -> str:
    figure = f"{each.does}({each.column or '*'})"
    where = f" where {each.where}" if each.where else ""
    return f"{code(figure)} de/from [{each.table}](#{each.table}) par/by {code(each.by)}" + (
        f", {code(where.strip())}" if where else ""
    )


def _grouped(each: Grouped) -> Iterator[str]:
    yield from (f'<a id="{each.name}"></a>', f"## {each.fr} / {each.en} · `{each.name}`", "")
    if each.beside:
        yield from (
            f"Les lignes de [{each.of}](#{each.of}), avec {code(each.beside)} en plus, parmi "
            f"{code(each.where)} / the rows of {code(each.of)} with that column more.",
            "",
        )
        return
    until = (
        f"fin / end : {code(each.until)}"
        if each.until
        else "fin / end : un silence plus long que neuf intervalles entre commandes sur dix / "
        "a silence longer than nine gaps between orders in ten"
    )
    yield from (
        f"Une ligne par client, déduite de [{each.of}](#{each.of}) / one row a customer.",
        "",
        f"- lignes qui comptent / rows that count : {code(each.where)}",
        f"- date : {code(each.at)} ; montant / amount : {code(each.amount)} ; {until}",
        "",
    )
    columns = ((code(name), code(kind)) for name, kind in GROUPED_COLUMNS.items())
    yield from table(("colonne / column", "nature / kind"), columns)


# -- The command line ----------------------------------------------------------------------------

COMMON = ("--workspace", "--lang", "--json", "--debug")


def command_line() -> Iterator[str]:
    """The commands, from the application's own help."""
    app: Any = build()
    root: Any = typer.main.get_command(app)
    yield from (
        WARNING,
        "# La ligne de commande",
        "",
        root.help,
        "",
        "État de sortie : 0 c'est fait (un chiffre manquant ou des lignes en quarantaine n'y "
        "changent rien) ; 1 la demande ne peut être satisfaite, le message dit pourquoi et que "
        "faire ; 2 la demande est mal posée (indicateur inconnu, expression fausse). Avec "
        "`--json`, une erreur est aussi du JSON. La variable `JALON_LANG` fixe la langue, "
        "`JALON_WORKSPACE` le dossier.",
        "",
        "## Options communes",
        "",
    )
    everywhere = {each.opts[0]: each for each in root.commands["imports"].params}
    yield from table(("option", ""), (_option(everywhere[name]) for name in COMMON))
    for name, command in sorted(_commands(root)):
        yield from _command(name, command)


def _commands(group: Any, before: str = "jalon") -> Iterator[tuple[str, Any]]:
    """Every command with its whole name, those of groups too."""
    for name, each in group.commands.items():
        if hasattr(each, "commands"):
            yield from _commands(each, f"{before} {name}")
        else:
            yield f"{before} {name}", each


def _command(name: str, command: Any) -> Iterator[str]:
    arguments = [each for each in command.params if each.param_type_name == "argument"]
    options = [each for each in command.params if each.param_type_name == "option"]
    usage = " ".join([name, *(each.metavar for each in arguments)])
    yield from (f"## {name}", "", command.help, "", "```", f"{usage} [OPTIONS]", "```", "")
    yield from table(("argument", ""), ((code(each.metavar), each.help) for each in arguments))
    own = [each for each in options if each.opts[0] not in COMMON]
    yield from table(("option", ""), map(_option, own))
    shared = [each.opts[0] for each in options if each.opts[0] in COMMON]
    yield from (f"Options communes : {listed(shared)}", "")


def _option(each: Any) -> tuple[str, str]:
    written = each.opts[0] if each.is_flag else f"{each.opts[0]} {each.metavar or 'N'}"
    preset = "" if each.default in (None, False) else f" ; par défaut {code(each.default)}"
    variable = f" ; variable {code(each.envvar)}" if each.envvar else ""
    return code(written), f"{each.help}{preset}{variable}"


# -- Files ---------------------------------------------------------------------------------------

PAGES: Mapping[str, Callable[[], Iterator[str]]] = {
    "catalogue.md": catalogue,
    "tables.md": tables,
    "cli.md": command_line,
}


def main(arguments: Iterable[str]) -> int:
    """Write the pages, or with ``--check`` say which are stale; the exit status."""
    stale = 0
    for name, page in PAGES.items():
        path, text = FOLDER / name, "\n".join(page()).rstrip() + "\n"
        if path.exists() and path.read_text(encoding="utf-8") == text:
            continue
        if "--check" in arguments:
            print(f"docs/{name} is stale: run `make format` to write it again", file=sys.stderr)
            stale = 1
        else:
            path.write_text(text, encoding="utf-8")
    return stale


if __name__ == "__main__":
    sys.exit(main(ARGUMENTS))
