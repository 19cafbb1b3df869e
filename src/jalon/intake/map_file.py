"""The mapping file: what the user decides about files, written by us and edited by them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError, field_validator
from rapidfuzz import fuzz, process

from jalon.intake.mapping import Combine, FieldMap, How, TableMap
from jalon.intake.words import fold, fold_value, without_accents
from jalon.model.problems import InputError, JalonError, Where
from jalon.model.tables import OUTCOMES, TABLES

if TYPE_CHECKING:
    from jalon.intake.guess import Guess

_EVERY = "*"
_NULLS = frozenset({"", "~", "null", "Null", "NULL"})
_MAX_BYTES = 4_000_000
_OPTIONS = ("encoding", "delimiter", "header_row", "sheet")
_HEAD = """\
# How these files are read. Change it and give it back: jalon import ... --map THIS_FILE
# columns: header of the file -> field (null: not read); values: what is found -> what it means.
"""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ColumnRule(_Strict):
    """What a column is read for. ``order``: its place among the columns of one field."""

    field: str
    only: tuple[str, ...] = ()
    combine: Combine | None = None
    order: int | None = None

    @field_validator("only")
    @classmethod
    def _are_outcomes(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if set(value) - set(OUTCOMES):
            raise ValueError(f"one of {', '.join(OUTCOMES)} is expected")
        return value


class Entry(_Strict):
    """A file (its name, or a glob) and one table that it fills; a null table leaves it out."""

    file: str
    sheet: str | None = None
    table: str | None = None
    source: str | None = None
    encoding: str | None = None
    delimiter: str | None = None
    header_row: int | None = None
    date_order: Mapping[str, Literal["DMY", "MDY", "YMD"]] = {}
    decimal: Mapping[str, Literal[",", "."]] = {}
    columns: Mapping[str, tuple[ColumnRule, ...]] = {}
    values: Mapping[str, Mapping[str, str]] = {}
    const: Mapping[str, str] = {}
    key: tuple[str, ...] | None = None
    links: Mapping[str, Mapping[str, str]] = {}
    lines: bool | None = None
    empty: Mapping[str, tuple[str, ...]] = {}

    @field_validator("date_order", "decimal", mode="before")
    @classmethod
    def _for_every_column(cls, value: Any) -> Any:
        return {_EVERY: value} if isinstance(value, str) else value

    @field_validator("columns", mode="before")
    @classmethod
    def _column_rules(cls, value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        return {header: _as_rules(written) for header, written in value.items()}

    @property
    def ignored(self) -> bool:
        """Whether the user leaves the file out."""
        return "table" in self.model_fields_set and self.table is None


class _Written(_Strict):
    """``learnt``: where a file that was remembered comes from; it changes nothing here."""

    files: tuple[Entry, ...]
    learnt: Any = None


def _as_rules(written: Any) -> Any:
    if written is None:
        return ()
    several = written if isinstance(written, list) else [written]
    return tuple({"field": each} if isinstance(each, str) else each for each in several)


@dataclass(frozen=True)
class MapFile:
    """A mapping file as read. ``lines`` finds the line of a key in the file, by its path.

    ``partial``: it says what changes, over what is remembered of such files.
    """

    partial: ClassVar[bool] = False

    path: str
    entries: tuple[Entry, ...]
    lines: Mapping[tuple[str | int, ...], int] = field(default_factory=dict)

    def entries_for(self, file: str, sheet: str | None = None) -> tuple[Entry, ...]:
        """What is said of that file (and sheet), a table each."""
        return tuple(each for each in self._about(file) if each.sheet in (None, sheet))

    def reading(self, file: str) -> dict[str, Any]:
        """What is said of reading that file, under the names of ``ReadOptions``."""
        said: dict[str, Any] = {}
        for each in self._about(file):
            said |= {name: at for name in _OPTIONS if (at := getattr(each, name)) is not None}
            marks = {"date_order": each.date_order, "decimal": each.decimal}
            said |= {name: by[_EVERY] for name, by in marks.items() if _EVERY in by}
        if len({each.sheet for each in self._about(file)}) > 1:
            said.pop("sheet", None)
        return said

    def fields_of(self, entry: Entry, headers: Sequence[str]) -> tuple[FieldMap, ...]:
        """The fields that the user gives to these columns (headers made unique)."""
        groups: dict[tuple[str, tuple[str, ...]], list[tuple[int, int, Combine]]] = {}
        for place, (header, rules) in enumerate(entry.columns.items()):
            index = self.index(entry, header, headers, "columns", header)
            for rule in rules:
                at = (
                    place if rule.order is None else rule.order,
                    index,
                    rule.combine or Combine.FIRST,
                )
                groups.setdefault((rule.field, rule.only), []).append(at)
        return tuple(_field_map(name, only, at) for (name, only), at in groups.items())

    def columns_of(self, entry: Entry, headers: Sequence[str]) -> frozenset[int]:
        """The columns of which the user says something."""
        return frozenset(
            self.index(entry, each, headers, "columns", each) for each in entry.columns
        )

    def key_of(self, entry: Entry, headers: Sequence[str]) -> tuple[int, ...] | None:
        """The columns of the key that the user gives, if any."""
        if entry.key is None:
            return None
        return tuple(self.index(entry, each, headers, "key", i) for i, each in enumerate(entry.key))

    def index(self, entry: Entry, header: str, headers: Sequence[str], *path: str | int) -> int:
        """The column of that header. Raises InputError with the nearest headers."""
        for plain in (str, fold, _bare):
            found = [i for i, each in enumerate(headers) if each and plain(each) == plain(header)]
            if found:
                return found[0]
        place = ("files", self.entries.index(entry), *path)
        facts = {"header": header, "of": entry.file, "nearest": _nearest(header, headers)}
        raise InputError.of("map_unknown_header", self._where(place), **facts)

    def empty_of(self, entry: Entry, headers: Sequence[str]) -> dict[str, tuple[str, ...]]:
        """By header of the file, the values that mean that nothing is said there."""
        found = {}
        for header, values in entry.empty.items():
            found[headers[self.index(entry, header, headers, "empty", header)]] = values
        return found

    def _about(self, file: str) -> Iterable[Entry]:
        return [each for each in self.entries if _is_file(each.file, file)]

    def _where(self, place: Sequence[str | int]) -> Where:
        return Where(file=self.path, row=_line(self.lines, place), column=_dotted(place))


def _field_map(
    name: str, only: tuple[str, ...], places: Sequence[tuple[int, int, Combine]]
) -> FieldMap:
    ordered = sorted(places)
    combine = next((c for _, _, c in ordered if c is not Combine.FIRST), Combine.FIRST)
    return FieldMap(name, tuple(index for _, index, _ in ordered), How.MAP, combine, only)


def _bare(text: str) -> str:
    return without_accents(fold(text))


def _is_file(pattern: str, file: str) -> bool:
    path = PurePath(file.replace("\\", "/"))
    shapes = (path.name, path.as_posix())
    if any(shape == pattern or fnmatchcase(shape, pattern) for shape in shapes):
        return True
    return path.as_posix().endswith(f"/{pattern}")


def unique_headers(headers: Sequence[str]) -> tuple[str, ...]:
    """The headers as the mapping file names them: the second ``Région`` is ``Région#2``."""
    seen: dict[str, int] = {}
    named = []
    for header in headers:
        plain = " ".join(header.split())
        seen[plain] = seen.get(plain, 0) + 1
        named.append(plain if seen[plain] == 1 or not plain else f"{plain}#{seen[plain]}")
    return tuple(named)


# --- reading ------------------------------------------------------------------------------------


def load(path: Path | str) -> MapFile:
    """The mapping file at that path. Raises InputError with the line that is wrong."""
    place = Path(path)
    try:
        raw = place.read_bytes()
    except OSError as error:
        raise InputError.of("map_unreadable", Where(file=str(path)), why=str(error)) from error
    if len(raw) > _MAX_BYTES:
        raise InputError.of("map_too_large", Where(file=str(path)), most=_MAX_BYTES)
    return parse(raw.decode("utf-8-sig", "replace"), str(path))


def parse(text: str, path: str = "map.yaml") -> MapFile:
    """The mapping file written in that text."""
    lines: dict[tuple[str | int, ...], int] = {}
    written = _plain(text, path, lines)
    try:
        found = _Written.model_validate(written)
    except ValidationError as error:
        raise _invalid(error, path, lines) from error
    map_file = MapFile(path, found.files, lines)
    for position, entry in enumerate(found.files):
        _check(map_file, position, entry)
    return map_file


def _plain(text: str, path: str, lines: dict[tuple[str | int, ...], int]) -> Any:
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        return _built(node, (), lines) if node else {"files": []}
    except yaml.MarkedYAMLError as error:
        row = error.problem_mark.line + 1 if error.problem_mark else None
        raise InputError.of("map_not_yaml", Where(path, row=row), why=str(error.problem)) from error
    except (yaml.YAMLError, RecursionError) as error:
        raise InputError.of("map_not_yaml", Where(path), why=str(error)) from error


def _built(
    node: yaml.Node, at: tuple[str | int, ...], lines: dict[tuple[str | int, ...], int]
) -> Any:
    """The node as lists, mappings and texts: ``no`` and ``1`` stay what they are in a file."""
    lines[at] = node.start_mark.line + 1
    if isinstance(node, yaml.SequenceNode):
        return [_built(each, (*at, i), lines) for i, each in enumerate(node.value)]
    if isinstance(node, yaml.MappingNode):
        return _built_mapping(node, at, lines)
    plain = isinstance(node, yaml.ScalarNode) and node.style is None
    return None if plain and node.value in _NULLS else str(node.value)


def _built_mapping(
    node: yaml.MappingNode, at: tuple[str | int, ...], lines: dict[tuple[str | int, ...], int]
) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for key, value in node.value:
        name = str(key.value)
        if name in made:
            raise yaml.MarkedYAMLError(problem=f"{name!r} twice", problem_mark=key.start_mark)
        made[name] = _built(value, (*at, name), lines)
        lines[*at, name] = key.start_mark.line + 1
    return made


def _invalid(
    error: ValidationError, path: str, lines: Mapping[tuple[str | int, ...], int]
) -> JalonError:
    first = error.errors()[0]
    place = first["loc"]
    where = Where(file=path, row=_line(lines, place), column=_dotted(place))
    if first["type"] != "extra_forbidden":
        return InputError.of("map_invalid", where, key=_dotted(place), why=first["msg"])
    known = list(ColumnRule.model_fields if "columns" in place else Entry.model_fields)
    name = str(place[-1])
    return InputError.of("map_unknown_key", where, key=name, nearest=_nearest(name, known))


def _line(lines: Mapping[tuple[str | int, ...], int], place: Sequence[str | int]) -> int | None:
    """The line of the nearest ancestor known."""
    steps = range(len(place), -1, -1)
    return next((lines[tuple(place[:n])] for n in steps if tuple(place[:n]) in lines), None)


def _dotted(place: Sequence[str | int]) -> str:
    return ".".join(map(str, place))


def _nearest(name: str, known: Iterable[str]) -> list[str]:
    choices = [each for each in known if each]
    found = process.extract(name, choices, scorer=fuzz.WRatio, limit=3, score_cutoff=50)
    return [each[0] for each in found]


def _check(map_file: MapFile, position: int, entry: Entry) -> None:
    """The tables, fields and values of an entry are the model's."""
    if entry.table is None:
        return
    if entry.table not in TABLES:
        _refuse(map_file, position, "map_unknown_table", ("table",), name=entry.table, known=TABLES)
    known = ["source_id", *(each.name for each in TABLES[entry.table].fillable())]
    said = [(("columns", h), r.field) for h, rules in entry.columns.items() for r in rules]
    said += [((part, name), name) for part in ("values", "const") for name in getattr(entry, part)]
    for place, name in said:
        if name not in (*known, *(("at",) if "happened_at" in known else ())):
            _refuse(map_file, position, "map_unknown_field", place, name=name, known=known)
    for target in (each for each in entry.links if each not in TABLES):
        _refuse(
            map_file, position, "map_unknown_table", ("links", target), name=target, known=TABLES
        )
    _check_values(map_file, position, entry)


def _check_values(map_file: MapFile, position: int, entry: Entry) -> None:
    pairs: list[tuple[tuple[str, ...], str, str]]
    pairs = [(("values", n, v), n, to) for n, by in entry.values.items() for v, to in by.items()]
    pairs += [(("const", name), name, to) for name, to in entry.const.items()]
    for place, name, to in pairs:
        table = TABLES[entry.table or ""]
        allowed = table.column(name).values if name in table else ()
        if allowed and to not in allowed:
            _refuse(map_file, position, "map_unknown_value", place, name=to, known=allowed)


def _refuse(
    map_file: MapFile,
    position: int,
    code: str,
    place: Sequence[str | int],
    *,
    name: str,
    known: Iterable[str],
) -> None:
    choices = list(known)
    where = map_file._where(("files", position, *place))
    raise InputError.of(code, where, name=name, nearest=_nearest(name, choices), choices=choices)


# --- writing ------------------------------------------------------------------------------------


def write(guesses: Iterable[Guess]) -> str:
    """The mapping file that says what was guessed, for the user to correct."""
    entries = [text for guess in guesses for text in _entries(guess)]
    return _HEAD + ("files:\n" + "\n".join(entries) if entries else "files: []\n")


def _entries(guess: Guess) -> list[str]:
    """An entry a table; a file without a place in the model stays as a comment."""
    head = [f"  - file: {_text(PurePath(guess.table.file).name)}"]
    if guess.table.sheet is not None:
        head.append(f"    sheet: {_text(guess.table.sheet)}")
    if not guess.maps:
        why = guess.why.code if guess.why else ""
        return ["\n".join([*head, f"    table: null  # {why}"]) + "\n"]
    return ["\n".join([*head, *_entry(guess, each)]) + "\n" for each in guess.maps]


def _entry(guess: Guess, made: TableMap) -> list[str]:
    headers = unique_headers(guess.table.headers)
    note = f"  # preset: {made.preset}" if made.preset else ""
    lines = [f"    table: {made.table}{note}", f"    source: {_text(made.source)}"]
    for name, by in (("date_order", made.date_order), ("decimal", made.decimal)):
        lines += _block(name, by)
    lines += ["    columns:", *(f"      {_column(made, i, h)}" for i, h in enumerate(headers) if h)]
    lines += _nested("values", made.values) + _block("const", made.constants)
    lines += _listed("empty", made.empty)
    if made.key:
        lines.append(f"    key: [{', '.join(_text(headers[i]) for i in made.key)}]")
    lines += _nested("links", made.links)
    return [*lines, "    lines: true"] if made.lines else lines


def _column(made: TableMap, index: int, header: str) -> str:
    read = [each for each in made.fields if index in each.columns]
    if not read:
        return f"{_text(header)}: null"
    rules = [_rule(each, index) for each in read]
    said = rules[0] if len(rules) == 1 else f"[{', '.join(rules)}]"
    how = ", ".join(dict.fromkeys(_because(each) for each in read))
    return f"{_text(header)}: {said}  # {how}"


def _because(each: FieldMap) -> str:
    sure = "" if each.certainty >= 0.95 else f" {each.certainty:.0%}"
    return f"{each.how}{sure}"


def _rule(each: FieldMap, index: int) -> str:
    parts = [f"field: {each.field}"]
    if each.only:
        parts.append(f"only: [{', '.join(each.only)}]")
    if len(each.columns) > 1:
        parts += [f"combine: {each.combine}", f"order: {each.columns.index(index)}"]
    return each.field if len(parts) == 1 else f"{{{', '.join(parts)}}}"


def _nested(name: str, by: Mapping[str, Mapping[str, str]]) -> list[str]:
    rows = [row for key, inner in by.items() for row in _indented(_block(key, inner))]
    return [f"    {name}:", *rows] if rows else []


def _listed(name: str, by: Mapping[str, Sequence[str]]) -> list[str]:
    rows = [f"      {_text(k)}: [{', '.join(_text(v) for v in vs)}]" for k, vs in by.items()]
    return [f"    {name}:", *rows] if rows else []


def _indented(rows: Iterable[str]) -> list[str]:
    return [f"  {row}" for row in rows]


def _block(name: str, by: Mapping[str, str]) -> list[str]:
    rows = [f"      {_text(key)}: {_text(value)}" for key, value in by.items()]
    return [f"    {_text(name)}:", *rows] if rows else []


def _text(value: str) -> str:
    """The value as a YAML scalar on one line."""
    written = yaml.safe_dump(value, allow_unicode=True, width=10**9, default_style=None)
    plain = written.removesuffix("\n").removesuffix("\n...")
    return plain if "\n" not in plain and "," not in plain else _quoted(value)


def _quoted(value: str) -> str:
    written: str = yaml.safe_dump(value, allow_unicode=True, width=10**9, default_style='"')
    return written.rstrip("\n")


def values_of(entry: Entry) -> dict[str, dict[str, str]]:
    """The entry's values, folded as in ``TableMap.values``."""
    return {name: {fold_value(v): to for v, to in by.items()} for name, by in entry.values.items()}
