"""Reading definitions: from YAML, checked all at once, with the file and line of each problem."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import Any

import sqlglot
import yaml
from pydantic import ValidationError
from sqlglot import exp

from jalon.catalogue.definition import Definition, Measure
from jalon.estimates.registry import estimators
from jalon.model.problems import JalonError, Problem, RequestError, Where
from jalon.model.tables import GROUPED, TABLES
from jalon.relations.columns import named, readable
from jalon.relations.expression import condition, names_in, parse, unknown


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

    def operands(self, formula: str) -> list[str]:
        """The ids that a formula combines."""
        return sorted(names_in(formula))


def _renamed(said: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    """A definition as written, with other names for the KPIs that it combines."""
    made = dict(said)
    for name in ("formula", "against"):
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
    """An entry of a YAML file, with the line of each of its fields."""

    path: Path
    name: str
    content: Mapping[str, Any]
    lines: Mapping[str, int]

    def problem(self, code: str, at: str | None = None, /, **facts: Any) -> Problem:
        """A problem at the line of a field, else at the entry's first."""
        line = self.lines.get(at or "", self.lines[""])
        where = Where(file=str(self.path), row=line, column=at)
        return Problem(code, {"kpi": self.name, **facts}, where)


def entries(path: Path, problems: list[Problem]) -> Iterator[Place]:
    """The entries of a YAML file of definitions; what is not one goes to ``problems``."""
    try:
        text = path.read_text(encoding="utf-8")
        root = yaml.compose(text, Loader=yaml.CSafeLoader)
        content = yaml.load(text, Loader=yaml.CSafeLoader) or {}
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        mark = getattr(error, "problem_mark", None)
        where = Where(file=str(path), row=mark.line + 1 if mark else None)
        problems.append(Problem("yaml_malformed", {"detail": getattr(error, "problem", "")}, where))
        return
    if root is None:
        return
    if not isinstance(content, dict):
        problems.append(Problem("yaml_malformed", {"detail": ""}, Where(file=str(path))))
        return
    for key, value in root.value:
        lines = {"": key.start_mark.line + 1}
        if isinstance(value, yaml.MappingNode):
            lines |= {inner.value: inner.start_mark.line + 1 for inner, _ in value.value}
        # A key such as 1 is a number to YAML: as a name it is the text that was written.
        body = {str(name): each for name, each in content.items()}.get(str(key.value))
        if isinstance(body, dict):
            yield Place(path, str(key.value), body, lines)
        else:
            where = Where(file=str(path), row=lines[""])
            problems.append(Problem("yaml_malformed", {"detail": str(key.value)}, where))


def _definition(place: Place, own: bool, problems: list[Problem]) -> Definition | None:
    try:
        return Definition.model_validate({**place.content, "id": place.name, "own": own})
    except ValidationError as error:
        for each in error.errors():
            field = str(each["loc"][0]) if each["loc"] else ""
            path = ".".join(str(step) for step in each["loc"])
            problems.append(place.problem("kpi_field", field, field=path, detail=each["msg"]))
        return None


def _check(
    definition: Definition, place: Place, known: Mapping[str, Definition]
) -> Iterator[Problem]:
    """All that a schema cannot say: names, types, cycles."""
    seen: set[tuple[str, str]] = set()
    for part in definition.parts or (None,):
        for measure in definition.rules(part):
            for problem in _check_measure(measure, place, known):
                mark = (problem.code, str(dict(problem.facts)))
                if mark not in seen:
                    seen.add(mark)
                    yield problem
    if _cycle(definition.id, known, ()):
        yield place.problem("kpi_cycle", "formula")
    yield from _check_changes(definition, place)


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
    if measure.estimate == "formula":
        yield from _check_formula(measure, place, known)
        return
    if measure.estimate not in estimators():
        yield place.problem(
            "kpi_estimate", "estimate", found=measure.estimate, known=sorted(estimators())
        )
        return
    if measure.table not in TABLES and measure.table not in GROUPED:
        yield place.problem("kpi_table", "table", found=measure.table, known=sorted(TABLES))
        return
    columns = readable(measure.table)
    for name in (measure.date, *(column for _, column in measure.classes)):
        if name is not None and name not in columns:
            yield place.problem("kpi_column", found=name, table=measure.table)
    yield from _check_fields(measure, place)


def _check_fields(measure: Measure, place: Place) -> Iterator[Problem]:
    estimator, columns = estimators()[measure.estimate], named(measure.table)
    for name, kind in estimator.fields.items():
        text = measure.field(name)
        if text is None:
            if name not in estimator.optional:
                yield place.problem("kpi_lacks", name, field=name, estimate=measure.estimate)
            continue
        if kind == "word":
            continue
        try:
            (condition if kind == "condition" else parse)(text, columns, option=name)
        except JalonError as error:
            for each in error.problems:
                yield place.problem(each.code, name, **{**each.facts, "option": name})
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
        yield place.problem("expression_malformed", "formula", expression=measure.formula, near="")
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
        yield place.problem("expression_not_allowed", "formula", expression=measure.formula)
        return
    for name in sorted(names_in(measure.formula)):
        if name not in known:
            yield place.problem("unknown_kpi", "formula", name=name, nearest=[])


def _cycle(name: str, known: Mapping[str, Definition], above: tuple[str, ...]) -> bool:
    if name in above:
        return True
    definition = known.get(name)
    if definition is None:
        return False
    formulas = {
        rule.formula
        for part in (definition.parts or (None,))
        for rule in definition.rules(part)
        if rule.formula
    }
    operands = {each for formula in formulas for each in names_in(formula)}
    return any(_cycle(each, known, (*above, name)) for each in operands)
