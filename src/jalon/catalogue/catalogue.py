"""Reading definitions: from YAML, checked all at once, with the file and line of each problem."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from functools import cached_property, lru_cache
from importlib import resources
from pathlib import Path
from typing import Any

import sqlglot
import yaml
from pydantic import ValidationError
from sqlglot import exp

from jalon.catalogue.definition import Definition, Measure
from jalon.catalogue.faults import faults
from jalon.catalogue.own_checks import check_own, meant
from jalon.estimates.estimator import parts_of
from jalon.estimates.registry import estimators
from jalon.model.problems import JalonError, Problem, RequestError, Where
from jalon.model.tables import GROUPED, TABLES, Kind
from jalon.relations.columns import named
from jalon.relations.expression import condition, names_in, parse, unknown
from jalon.state.yaml_faults import fault


class DefinitionError(RequestError):
    """A definition is wrong: every problem of the file at once."""


#: A KPI at a version: ``win_rate@1`` as asked, ``win_rate__1`` where a formula names it.
_AT = re.compile(r"^(?P<kpi>.+?)(?:@|__)(?P<version>[0-9]{1,6})$")


@dataclass(frozen=True)
class Catalogue:
    """All the KPIs known to a workspace, by id. ``former``: their versions as kept, in JSON, by id
    and number."""

    definitions: Mapping[str, Definition]
    former: Mapping[tuple[str, int], str] = field(default_factory=dict)

    def __getitem__(self, name: str) -> Definition:
        """The definition of that id, of a former version with ``@`` and its number.

        Raises RequestError ``unknown_kpi`` with the nearest ids, ``unknown_version`` with those
        that are kept.
        """
        found = self.definitions.get(name)
        if found is None:
            asked = _AT.match(name)
            if asked is None or asked["kpi"] not in {*self.definitions, *self._names()}:
                raise unknown(name, self.public(), "unknown_kpi")
            return self._at(name, asked["kpi"], int(asked["version"]))
        return found

    def _names(self) -> set[str]:
        return {name for name, _ in self.former}

    def _at(self, name: str, kpi: str, version: int) -> Definition:
        """A KPI as it was at a version, combining others as they were then."""
        now = self.definitions.get(kpi)
        if now is not None and now.version == version:
            return now.model_copy(update={"id": name})
        kept = self.former.get((kpi, version))
        if kept is None:
            known = sorted(number for each, number in self.former if each == kpi)
            known = known or ([now.version] if now else [])
            raise RequestError.of("unknown_version", kpi=kpi, version=version, known=known)
        said = json.loads(kept)
        then = {
            one: f"{one}__{number}"
            for one, number in said["operands"].items()
            if one not in self.definitions or self.definitions[one].version != number
        }
        try:
            return Definition.model_validate(
                {**_renamed(said["definition"], then), "id": name, "version": version}
            )
        except ValidationError:
            raise RequestError.of("version_unreadable", kpi=kpi, version=version) from None

    def public(self) -> list[str]:
        """The ids that a user may ask for, in the order of the files."""
        return [name for name, each in self.definitions.items() if not each.internal]

    def named(self, group: str, label: Any, lang: str) -> Any:
        """The label of a group for a person: a KPI by its name where groups are KPIs (targets)."""
        if group == "kpi" and label in self.definitions:
            return self.definitions[label].label.of(lang)
        return label

    def operands(self, formula: str) -> list[str]:
        """The ids that a formula combines."""
        return sorted(names_in(formula))


def _renamed(said: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    """A definition as written, with other names for the KPIs that it combines."""
    made = dict(said)
    for name in ("formula", "against", "matured_by"):
        if isinstance(made.get(name), str):
            words = made[name]
            made[name] = re.sub(r"\w+", lambda each: names.get(each[0], each[0]), words)
    if made.get("parts"):
        made["parts"] = {part: _renamed(each, names) for part, each in made["parts"].items()}
    if made.get("bases"):
        made["bases"] = [_renamed(each, names) for each in made["bases"]]
    return made


@lru_cache(maxsize=1)
def built_in() -> Catalogue:
    """The KPIs that come with Jalon."""
    folder = resources.files("jalon.catalogue")
    paths = sorted(
        (Path(str(each)) for each in folder.iterdir() if each.name.endswith(".yaml")),
        key=lambda path: path.name,
    )
    return load(paths)


def catalogue(folder: Path | None = None) -> Catalogue:
    """The built-in KPIs and a company's own, from the YAML files of ``folder``."""
    known = built_in()
    own = sorted(folder.glob("*.yaml")) if folder and folder.is_dir() else []
    return load(own, known, own=True) if own else known


def load(paths: Sequence[Path], beside: Catalogue | None = None, *, own: bool = False) -> Catalogue:
    """The definitions of these files, beside others.

    Raises DefinitionError with every problem of every file.
    """
    problems: list[Problem] = []
    found: dict[str, Definition] = dict(beside.definitions) if beside else {}
    places: dict[str, Place] = {}
    for path in paths:
        for place in entries(path, problems):
            if place.name in places:
                problems.append(place.problem("kpi_twice"))
                continue
            if own:
                problems.extend(place.twice())
            definition = _definition(place, own, problems)
            if definition:
                found[place.name], places[place.name] = definition, place
    for name, place in places.items():
        problems.extend(_check(found[name], place, found))
    if problems:
        raise DefinitionError(problems)
    return Catalogue(found)


@dataclass(frozen=True)
class Place:
    """An entry of a YAML file: its fields, its ``first`` line, its ``node``, and what of it is
    looked at (``inside``: ``parts.median``)."""

    path: Path
    name: str
    content: Mapping[str, Any]
    first: int
    node: yaml.Node
    inside: tuple[str, ...] = ()

    @cached_property
    def lines(self) -> Mapping[str, int]:
        """The line of each field, by its path, and under an empty name the entry's own."""
        found = {"": self.first}
        for _ in _lines(self.node, "", found):
            pass
        return found

    def twice(self) -> Iterator[Problem]:
        """The fields that are written twice: the last would be read."""
        for name, row in _lines(self.node, "", {}):
            where = Where(file=str(self.path), row=row, column=name)
            yield Problem("kpi_field_twice", {"kpi": self.name, "field": name}, where)

    def problem(self, code: str, at: str | None = None, /, **facts: Any) -> Problem:
        """A problem at the line of a field (``label.en``), else at that of what holds it."""
        steps = (at or "").split(".")
        names = [f"{each}.{at}" for each in self.inside]
        names += [".".join(steps[:size]) for size in range(len(steps), 0, -1)]
        line = next((self.lines[name] for name in names if name in self.lines), self.lines[""])
        where = Where(file=str(self.path), row=line, column=at)
        return Problem(code, {"kpi": self.name, **facts}, where)

    def of(self, measure: Measure) -> Place:
        """The same, for what a part measures on a basis: their own fields are looked at first."""
        bases = self.content.get("bases") or ()
        same = [
            f"bases.{at}"
            for at, each in enumerate(bases)
            if isinstance(each, dict) and measure.basis in (each.get("basis"), each.get("table"))
        ]
        return replace(self, inside=(f"parts.{measure.part}", *same))


def entries(path: Path, problems: list[Problem]) -> Iterator[Place]:
    """The entries of a YAML file of definitions; what is not one goes to ``problems``."""
    text = ""
    try:
        text = path.read_text(encoding="utf-8")
        root = yaml.compose(text, Loader=yaml.CSafeLoader)
        content = yaml.load(text, Loader=yaml.CSafeLoader) or {}
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        problems.append(fault(error, text, str(path)))
        return
    if root is None:
        return
    if not isinstance(content, dict):
        problems.append(Problem("kpis_no_names", {}, Where(file=str(path))))
        return
    for key, value in root.value:
        # A key such as 1 is a number to YAML: as a name it is the text that was written.
        body = {str(name): each for name, each in content.items()}.get(str(key.value))
        first = key.start_mark.line + 1
        if isinstance(body, dict):
            yield Place(path, str(key.value), body, first, value)
        else:
            where = Where(file=str(path), row=first)
            problems.append(Problem("kpi_empty", {"kpi": str(key.value)}, where))


def _lines(node: yaml.Node, above: str, found: dict[str, int]) -> Iterator[tuple[str, int]]:
    """Note the line of each field, by its path; gives those that are written twice."""
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            name, row = f"{above}{key.value}", key.start_mark.line + 1
            if name in found:
                yield name, row
            found[name] = row
            yield from _lines(value, f"{name}.", found)
    elif isinstance(node, yaml.SequenceNode):
        for at, value in enumerate(node.value):
            found[f"{above}{at}"] = value.start_mark.line + 1
            yield from _lines(value, f"{above}{at}.", found)


def _definition(place: Place, own: bool, problems: list[Problem]) -> Definition | None:
    try:
        return Definition.model_validate({**place.content, "id": place.name, "own": own})
    except ValidationError as error:
        for code, path, facts in faults(error):
            problems.append(place.problem(code, path, **facts))
        return None


def _check(
    definition: Definition, place: Place, known: Mapping[str, Definition]
) -> Iterator[Problem]:
    """All that a schema cannot say: names, types, cycles."""
    seen: set[tuple[str, str]] = set()
    for part in definition.parts or (None,):
        for measure in definition.rules(part):
            for problem in _check_measure(measure, place.of(measure), known):
                mark = (problem.code, str(dict(problem.facts)))
                if mark not in seen:
                    seen.add(mark)
                    yield problem
    if "kpi_formula" not in {code for code, _ in seen} and _cycle(definition.id, known, ()):
        yield place.problem("kpi_cycle", "formula")
    yield from _check_changes(definition, place)
    if definition.own:
        yield from check_own(definition, place)


def _check_changes(definition: Definition, place: Place) -> Iterator[Problem]:
    """Each version after the first says when and why; the last is the definition's."""
    versions = [each.version for each in definition.changes]
    if versions != sorted(set(versions)):
        yield place.problem("kpi_changes_order", "changes", versions=versions)
    elif versions and versions[-1] != definition.version:
        facts = {"version": definition.version, "last": versions[-1]}
        yield place.problem("kpi_changes_last", "version", **facts)
    for each in definition.changes:
        if each.why is None:
            yield place.problem("kpi_change_why", "changes", version=each.version)


def _check_measure(
    measure: Measure, place: Place, known: Mapping[str, Definition]
) -> Iterator[Problem]:
    if measure.matured_by:
        yield from _check_matured_by(measure.matured_by, place, known)
    if measure.estimate == "formula":
        yield from _check_formula(measure, place, known)
        return
    for name, value, names in (
        ("estimate", measure.estimate, [*estimators(), "formula"]),
        ("table", measure.table, [*TABLES, *GROUPED]),
    ):
        if not value:
            yield place.problem("kpi_field_missing", name, field=name)
            return
        if value not in names:
            near = get_close_matches(value, names, 3)
            facts = {"found": value, "nearest": near, "known": sorted(names)}
            yield place.problem(f"kpi_{name}", name, **facts)
            return
    yield from _check_columns(measure, place)
    yield from _check_fields(measure, place, known)


def _check_columns(measure: Measure, place: Place) -> Iterator[Problem]:
    """The columns that a measure names by themselves: its date, its classes, what it needs."""
    columns = named(measure.table)
    asked = [("date", measure.date), *(("needs", each) for each in measure.needs)]
    asked += [("classes", column) for _, column in measure.classes]
    for field_name, name in asked:
        if name is not None and name not in columns:
            near = get_close_matches(name, columns, 3)
            facts = {"found": name, "table": measure.table, "nearest": near}
            yield place.problem("kpi_column", field_name, **facts)
    if measure.date and columns.get(measure.date, Kind.MOMENT) is not Kind.MOMENT:
        dates = [name for name, kind in columns.items() if kind is Kind.MOMENT]
        yield place.problem("kpi_not_date", "date", found=measure.date, known=dates)


def _check_fields(
    measure: Measure, place: Place, known: Mapping[str, Definition]
) -> Iterator[Problem]:
    estimator = estimators()[measure.estimate]
    for name, kind in estimator.fields.items():
        text = measure.field(name)
        if text is not None:
            yield from _check_field(measure, place, name, (kind, text))
            strange = [each for each in kpis_in(text) if each not in known]
            if kind == "kpis":
                yield from (_unknown_kpi(place, name, each, known) for each in strange)
        elif name not in estimator.optional:
            yield place.problem("kpi_lacks", name, field=name, estimate=measure.estimate)
    yield from _check_conditions(measure, place)


def _check_field(
    measure: Measure, place: Place, name: str, told: tuple[str, str]
) -> Iterator[Problem]:
    """The expressions of one field: one, or those of a list."""
    kind, text = told
    for what, part in parts_of(kind, text):
        if not part:
            example = "name: condition; …" if kind == "conditions" else "column; column"
            yield place.problem("kpi_series", name, field=name, found=text, example=example)
            continue
        try:
            check = condition if what == "condition" else parse
            check(part, named(measure.table), option=name)
        except JalonError as error:
            for each in error.problems:
                code, facts = meant(each, measure.table)
                yield place.problem(code, name, **{**facts, "option": name})


def _check_conditions(measure: Measure, place: Place) -> Iterator[Problem]:
    """The expressions of a definition that are not its estimator's."""
    columns = named(measure.table)
    said = [("mature", measure.mature, condition)]
    if measure.doubt:
        said += [("doubt", each, condition) for each in (measure.doubt.when, measure.doubt.among)]
    for limit in (measure.limit, measure.doubt and measure.doubt.limit):
        if limit:
            said += [("limit", limit.value, parse), ("limit", limit.among, condition)]
    for name, told, check in said:
        if told is None:
            continue
        try:
            check(told, columns, option=name)
        except JalonError as error:
            yield place.problem(error.problem.code, name, **error.problem.facts)


def _check_formula(
    measure: Measure, place: Place, known: Mapping[str, Definition]
) -> Iterator[Problem]:
    if not measure.formula:
        yield place.problem("kpi_lacks", "formula", field="formula", estimate="formula")
        return
    try:
        tree = sqlglot.parse_one(measure.formula, into=exp.Condition, dialect="duckdb")
    except sqlglot.errors.SqlglotError:
        yield place.problem("kpi_formula", "formula", formula=measure.formula)
        return
    allowed = (
        exp.Add,
        exp.Sub,
        exp.Mul,
        exp.Div,
        exp.Paren,
        exp.Column,
        exp.Identifier,
        exp.Literal,
    )
    words = any(isinstance(node, exp.Literal) and node.is_string for node in tree.walk())
    strange = any(not isinstance(node, allowed) for node in tree.walk())
    if words or strange or not tree.find(exp.Column):
        yield place.problem("kpi_formula", "formula", formula=measure.formula)
        return
    for name in sorted(names_in(measure.formula)):
        if name not in known:
            yield _unknown_kpi(place, "formula", name, known)


def kpis_in(text: str) -> list[str]:
    """The ids of a field that names KPIs."""
    return [each.strip() for each in text.split(";")]


def _unknown_kpi(place: Place, field: str, name: str, known: Mapping[str, Definition]) -> Problem:
    """That a field names a KPI which is not there, with the nearest."""
    return place.problem("unknown_kpi", field, **unknown(name, known, "unknown_kpi").problem.facts)


def _check_matured_by(
    name: str, place: Place, known: Mapping[str, Definition]
) -> Iterator[Problem]:
    """The KPI whose maturity is taken exists, and says what is settled of its own rows."""
    if name not in known:
        near = get_close_matches(name, known, 3)
        yield place.problem("unknown_kpi", "matured_by", name=name, nearest=near)
    elif not all(each.mature for each in known[name].rules()):
        yield place.problem("kpi_no_maturity", "matured_by", found=name)


def _cycle(name: str, known: Mapping[str, Definition], above: tuple[str, ...]) -> bool:
    if name in above:
        return True
    definition = known.get(name)
    if definition is None:
        return False
    rules = [each for part in definition.parts or (None,) for each in definition.rules(part)]
    operands = {each for rule in rules for each in operands_of(rule)}
    return any(_cycle(each, known, (*above, name)) for each in operands)


def operands_of(measure: Measure) -> set[str]:
    """The KPIs that a measure rests on: those of its formula, or those that its fields name."""
    if measure.formula:
        return names_in(measure.formula)
    estimator = estimators().get(measure.estimate)
    fields = estimator.fields if estimator else {}
    texts = [text for name, text in measure.fields if fields.get(name) == "kpis"]
    return {each for text in texts for each in kpis_in(text)}
