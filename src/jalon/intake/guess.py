"""Which canonical table a text table fills, and which column is which field."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import PurePath

from jalon.intake import words
from jalon.intake.keys import DECLARED, DIGEST, Candidates, Chosen, choose
from jalon.intake.map_file import Entry, MapFile, unique_headers, values_of
from jalon.intake.mapping import Combine, FieldMap, How, TableMap
from jalon.intake.preset import NOWHERE, Match, matches
from jalon.intake.stage_columns import as_known, history_of, stage_columns
from jalon.intake.text_table import ColumnProfile, Content, TextTable
from jalon.model.problems import InputError, Problem, Where
from jalon.model.tables import TABLES, Column, Kind, Table
from jalon.store.keys import Key

FILES = "files"
"""The source of keys where neither a preset nor the user names one."""

Distinct = Callable[[int], Sequence[str]]
"""All the different values of a column, by its index."""

Count = Callable[[int], int]
"""The exact number of different values of a column: profiles only estimate large ones."""

Together = Callable[[Sequence[int]], int]
"""The exact number of different rows of several columns."""

_MOST_VALUES = 500
_ESTIMATED_FROM = 1000
_ESTIMATE = 0.9
_STAND_IN = 0.3
_EMAIL = re.compile(r"^[^@\s]+@[^@\s]+\.[a-zA-Z]{2,}$")
_PHONE = re.compile(r"^\+?[\d .()\-/]{9,20}$")
_NAF = re.compile(r"^\d{2}\.?\d{2}[A-Z]$")
_DAY = re.compile(r"^(19|20)\d{6}$")
_NUMBERS = frozenset({Content.INTEGER, Content.DECIMAL, Content.EMPTY, Content.FLAG})
_CLOSED = ("won", "lost", "no_decision")
_TRUE = frozenset({"true", "1", "yes", "oui", "vrai", "y", "o", "x"})
_FALSE = frozenset({"false", "0", "no", "non", "faux", "n"})


@dataclass(frozen=True)
class Guess:
    """The canonical tables that a text table fills.

    ``why``: where there is none, the reason. ``notes``: what was taken for granted. ``unmapped``:
    by table map, the columns that are read for no field.
    """

    table: TextTable
    maps: tuple[TableMap, ...]
    why: Problem | None = None
    notes: tuple[Problem, ...] = ()

    @property
    def unmapped(self) -> tuple[tuple[int, ...], ...]:
        """By table map, the columns that are read for no field."""
        return tuple(self._unread(each) for each in self.maps)

    def _unread(self, mapped: TableMap) -> tuple[int, ...]:
        if mapped.stages:
            return ()
        read = {index for each in mapped.fields for index in each.columns}
        read |= {index for each in self.maps for index in each.stages}
        return tuple(
            i for i, name in enumerate(self.table.headers) if name.strip() and i not in read
        )


@dataclass(frozen=True)
class _View:
    """A text table as the guess looks at it."""

    table: TextTable
    profiles: Mapping[int, ColumnProfile]
    distinct: Distinct | None = None
    count: Count | None = None
    together: Together | None = None
    keys: Mapping[tuple[str, str], Key] = field(default_factory=dict)
    barred: frozenset[int] = frozenset()
    stages: Mapping[int, str] = field(default_factory=dict)
    known: dict[int, tuple[str, ...]] = field(default_factory=dict, compare=False)
    counted: dict[int, int] = field(default_factory=dict, compare=False)

    @property
    def headers(self) -> tuple[str, ...]:
        return self.table.headers

    @cached_property
    def stem(self) -> str:
        return PurePath(self.table.file).name.split(".")[0]

    @cached_property
    def title(self) -> str:
        return f"{self.stem} {self.table.sheet or ''}"

    @cached_property
    def columns(self) -> tuple[int, ...]:
        return tuple(
            i for i, name in enumerate(self.headers) if name.strip() and i not in self.barred
        )

    @cached_property
    def records(self) -> int:
        return self.table.rows - len(self.table.rejected)

    def content(self, index: int) -> Content:
        return self.profiles[index].content if index in self.profiles else Content.EMPTY

    def all_seen(self, index: int) -> bool:
        profile = self.profiles.get(index)
        if profile is None or profile.distinct <= len(profile.examples):
            return True
        return self.distinct is not None and profile.distinct <= _MOST_VALUES

    def values(self, index: int) -> tuple[str, ...]:
        profile = self.profiles.get(index)
        if profile is None:
            return ()
        if profile.distinct <= len(profile.examples) or not self.all_seen(index):
            return profile.examples
        if index not in self.known and self.distinct:
            self.known[index] = tuple(value for value in self.distinct(index) if value)
        return self.known[index]

    def full(self, index: int) -> bool:
        """Whether the column has no blank cell."""
        profile = self.profiles.get(index)
        return profile is not None and profile.filled >= self.records

    def unique(self, columns: Sequence[int], share: float = 1.0) -> bool:
        """Whether the columns, full, tell every row from the others."""
        if len(columns) > 1 and self.records and all(map(self.full, columns)):
            return self.together is not None and self.together(columns) >= self.records
        profile = self.profiles.get(columns[0]) if len(columns) == 1 else None
        if profile is None or not self.records:
            return False
        if profile.filled < self.records:
            return False
        return self.kinds(profile) >= share * profile.filled

    def kinds(self, profile: ColumnProfile) -> float:
        """How many different values the column has, counted where the estimate leaves a doubt."""
        if profile.distinct <= _ESTIMATED_FROM or profile.distinct < _ESTIMATE * profile.filled:
            return profile.distinct
        if self.count is None:
            return profile.distinct / _ESTIMATE
        if profile.index not in self.counted:
            self.counted[profile.index] = self.count(profile.index)
        return self.counted[profile.index]


@dataclass(frozen=True)
class _Draft:
    """A table map in the making."""

    table: Table
    fields: tuple[FieldMap, ...] = ()
    constants: Mapping[str, str] = field(default_factory=dict)
    match: Match | None = None
    notes: tuple[Problem, ...] = ()

    @property
    def taken(self) -> frozenset[str]:
        return frozenset(each.field for each in self.fields) | frozenset(self.constants)

    @property
    def told(self) -> frozenset[str]:
        """The fields that something in the file tells, stand-ins aside."""
        sure = (each.field for each in self.fields if each.certainty > _STAND_IN)
        return frozenset(sure) | frozenset(self.constants)

    @property
    def columns(self) -> frozenset[int]:
        return frozenset(index for each in self.fields for index in each.columns)

    def of(self, name: str) -> FieldMap | None:
        return next((each for each in self.fields if each.field == name), None)

    def plus(self, *more: FieldMap) -> _Draft:
        return replace(self, fields=(*self.fields, *(m for m in more if m.field not in self.taken)))

    def noting(self, code: str, **facts: object) -> _Draft:
        note = Problem(code, facts)
        return self if note in self.notes else replace(self, notes=(*self.notes, note))


def guess(
    table: TextTable,
    profiles: Sequence[ColumnProfile],
    *,
    table_name: str | None = None,
    source: str | None = None,
    map_file: MapFile | None = None,
    distinct: Distinct | None = None,
    count: Count | None = None,
    together: Together | None = None,
    keys: Mapping[tuple[str, str], Key] | None = None,
    preset: str | None = None,
) -> Guess:
    """The canonical tables that this text table fills, and how.

    ``table_name`` is the user's word for the table, ``source`` for the origin of keys. ``preset``
    is the one that knows the other files of the folder. ``distinct``, ``count`` and ``together``
    look at columns beyond their profile. ``keys``: by source and table, what the keys of the last
    import were made of. Raises InputError for a mapping file that
    names a header which is not there.
    """
    seen = {each.index: each for each in profiles}
    stages = {} if table.shape else stage_columns(table.headers)
    barred = frozenset(stages)
    view = _View(table, seen, distinct, count, together, keys or {}, barred, stages=stages)
    if table.shape and table.shape.why:
        return _guessed(view, [], table.shape.why)
    entries = map_file.entries_for(table.file, table.sheet) if map_file else ()
    if entries and map_file:
        return _mapped(view, map_file, entries, source, preset)
    drafts, why = _automatic(view, table_name, preset)
    return _guessed(view, [(each, _finished(view, each, source, preset)) for each in drafts], why)


def _guessed(
    view: _View, pairs: Sequence[tuple[_Draft, tuple[_Draft, TableMap]]], why: Problem | None
) -> Guess:
    shape = view.table.shape
    where = Where(file=view.table.file, sheet=None if shape else view.table.sheet)
    known = shape.notes if shape else ()
    drawn = (note for _, (done, _) in pairs for note in done.notes)
    notes = [replace(note, where=where) for note in (*known, *drawn)]
    maps, lacking = _with_history(view, [made for _, (_, made) in pairs])
    notes += [replace(each, where=where) for each in lacking]
    told = replace(why, where=where) if why and not maps else None
    return Guess(view.table, maps, told, tuple(notes))


def _with_history(
    view: _View, maps: Sequence[TableMap]
) -> tuple[tuple[TableMap, ...], list[Problem]]:
    """The tables, with the stage history that the deals' own columns tell, and what bars it."""
    deal = next((each for each in maps if each.table == "deal"), None)
    told = next((each for each in maps if each.table == "stage_change"), None)
    stages = dict(view.stages)
    if told:
        entered, named = told.of("entered_at"), stage_columns(view.headers)
        read = entered.columns if entered and _is_history(view, told) else ()
        stages = {index: named.get(index, view.headers[index]) for index in read}
    if not stages or deal is None:
        return tuple(maps), []
    stage = deal.of("stage")
    if stage:
        stages = as_known(stages, (v for index in stage.columns for v in view.values(index)))
    history = history_of(deal, stages)
    others = [each for each in maps if each is not told]
    if history is None:
        return tuple(others), [Problem("stages_without_key", {"stages": list(stages.values())})]
    place = maps.index(told) if told else maps.index(deal) + 1
    return (*others[:place], history, *others[place:]), []


# --- without a mapping file ---------------------------------------------------


def _automatic(
    view: _View, name: str | None, preset: str | None
) -> tuple[list[_Draft], Problem | None]:
    """The drafts of a text table, and why there is none."""
    model = _by_model(view, name)
    if model:
        return [model], None
    known = matches(view.headers, view.title, preset)
    if known and name is None and known[0].body.table == NOWHERE:
        return [], Problem(known[0].body.why or "no_place", {"preset": known[0].preset.label})
    fitting = [m for m in known if name in (None, m.body.table) and m.body.table != NOWHERE]
    if fitting:
        return [_by_preset(view, each) for each in fitting], None
    return _by_names(view, name)


def _by_model(view: _View, name: str | None) -> _Draft | None:
    """A table with the model's own column names: its reader says so, the user, or its name."""
    shape = view.table.shape
    called = (shape and shape.table) or name or words.bare(view.stem).replace(" ", "_")
    if called not in TABLES:
        return None
    table = TABLES[called]
    found = [(i, f) for i in view.columns if (f := _own_name(table, view.headers[i]))]
    if not shape and (len(found) < 2 or len(found) * 2 < len(view.columns)):
        return None
    return _Draft(table).plus(*(FieldMap(f, (i,), How.MODEL) for i, f in found))


def _own_name(table: Table, header: str) -> str | None:
    plain = words.fold(header)
    if plain == "at" and "happened_at" in table:
        return "happened_at"
    fillable = {each.name for each in table.fillable()}
    return plain if plain == "source_id" or plain in fillable else None


def _by_preset(view: _View, match: Match) -> _Draft:
    fields = tuple(each for each in match.fields if not set(each.columns) & view.barred)
    draft = _Draft(TABLES[match.body.table], fields, dict(match.body.constants), match)
    if match.body.beside:
        return draft
    return draft.plus(*_named(view, draft, match.ignored, near=False))


def _by_names(view: _View, name: str | None) -> tuple[list[_Draft], Problem | None]:
    if name is not None:
        return [_complete(view, _named_draft(view, TABLES[name]))], None
    drafts = [_complete(view, _named_draft(view, table)) for table in TABLES.values()]
    fit = [each for each in drafts if _has_place(view, each)]
    if not fit:
        return [], _nothing(view, drafts)
    best = max(fit, key=lambda each: _weight(view, each))
    twin = [each for each in fit if {each.table.name, best.table.name} == {"campaign", "spend"}]
    return [best, *twin], None


def _nothing(view: _View, drafts: Sequence[_Draft]) -> Problem:
    nearest = max(drafts, key=lambda each: _weight(view, each))
    if not nearest.fields:
        return Problem("no_table_recognised", {"headers": [h for h in view.headers if h.strip()]})
    needs = _needs(view, nearest.table)
    lacks = min((sorted(each - nearest.told) for each in needs), key=len, default=[])
    required = [c.name for c in nearest.table.columns if c.required and c.name not in nearest.taken]
    facts = {"nearest": nearest.table.name, "lacks": list(dict.fromkeys([*required, *lacks]))}
    return Problem(
        "no_table_recognised", {"headers": [h for h in view.headers if h.strip()]} | facts
    )


def _called(view: _View, table: Table) -> bool:
    return words.mentions(view.title, words.table_words()[table.name].words) is not None


def _needs(view: _View, table: Table) -> tuple[frozenset[str], ...]:
    known = words.table_words()[table.name]
    return (*known.named, *known.alone) if _called(view, table) else known.alone


def _has_place(view: _View, draft: _Draft) -> bool:
    lacking = [c.name for c in draft.table.columns if c.required and c.name not in draft.taken]
    return not lacking and any(each <= draft.told for each in _needs(view, draft.table))


def _weight(view: _View, draft: _Draft) -> float:
    seen = {index: each.certainty for each in draft.fields for index in each.columns}
    return sum(seen.values()) + (2 if _called(view, draft.table) else 0)


# --- by names, then content ---------------------------------------------------


def _named_draft(view: _View, table: Table) -> _Draft:
    draft = _Draft(table)
    draft = draft.plus(*_people(view, draft))
    draft = draft.plus(*_closing(view, draft))
    draft = draft.plus(*_named(view, draft, frozenset(), near=True))
    return draft.plus(*_contents(view, draft))


def _named(
    view: _View, draft: _Draft, ignored: frozenset[int], *, near: bool
) -> tuple[FieldMap, ...]:
    """The fields found by name in the columns left, each column and field once, nearest first."""
    ranked = sorted(_candidates(view, draft, ignored, near=near), key=lambda each: each[0])
    found: dict[str, FieldMap] = {}
    used: set[int] = set()
    for _, each in ranked:
        if each.field not in found and each.columns[0] not in used:
            found[each.field] = each
            used.add(each.columns[0])
    return tuple(found.values())


def _candidates(
    view: _View, draft: _Draft, ignored: frozenset[int], *, near: bool
) -> Iterable[tuple[tuple[float, int], FieldMap]]:
    names = ["source_id", *(each.name for each in draft.table.fillable())]
    for index in view.columns:
        if index in draft.columns or index in ignored:
            continue
        for name in (each for each in names if each not in draft.taken):
            like = words.likeness(draft.table.name, name, view.headers[index])
            if (
                like.score
                and (like.exact or near)
                and _agrees(view, draft.table, name, index, like)
            ):
                how = How.NAME if like.exact else How.FUZZY
                rank = _rank(view, draft.table, name, index, like)
                yield (-rank, index), FieldMap(name, (index,), how, certainty=like.score)


def _rank(view: _View, table: Table, name: str, index: int, like: words.Likeness) -> float:
    """The likeness, less where the column is mostly empty or is a seller's number."""
    profile = view.profiles.get(index)
    filled = profile.filled / max(view.records, 1) if profile else 0
    rank = like.score - (0.05 if filled < 0.5 and name in ("owner", "account") else 0)
    numbered = set(words.tokens(view.headers[index])) & words.listed("id")
    return rank - (0.02 if name == "owner" and numbered else 0)


def _agrees(view: _View, table: Table, name: str, index: int, like: words.Likeness) -> bool:
    """Whether what the column holds can be that field."""
    if name == "source_id":
        return _tells_rows(view, table, index)
    column = table.column(name)
    if not _holds(view, column, index):
        return False
    if column.values:
        return _recognised(view, table, name, index)
    few = column.kind is not Kind.CODE or like.exact or not view.unique([index], 0.9)
    return few or view.records < 50


def _tells_rows(view: _View, table: Table, index: int) -> bool:
    profile = view.profiles.get(index)
    if profile is None or profile.content is Content.DATE:
        return False
    if table.name == "invoice" or view.table.lines:
        return profile.filled >= 0.9 * view.records
    return view.unique([index], 0.98)


def _holds(view: _View, column: Column, index: int) -> bool:
    content = view.content(index)
    if content is Content.EMPTY:
        return True
    if column.kind is Kind.MOMENT:
        return content is Content.DATE or _looks(view, index, _DAY)
    if column.kind in (Kind.MONEY, Kind.NUMBER, Kind.INTEGER, Kind.SHARE):
        return content in _NUMBERS
    if column.kind in (Kind.CODE, Kind.TEXT) and content is Content.DECIMAL:
        return False
    # A period is a name, though « 2026-03 » or « T1 2026 » can be read as a day.
    return content is not Content.DATE or column.name == "period"


def _recognised(view: _View, table: Table, name: str, index: int) -> bool:
    values = view.values(index)
    known = sum(1 for each in values if words.canonical_value(table.name, name, each))
    return bool(values) and known * 2 >= len(values)


def _looks(view: _View, index: int, pattern: re.Pattern[str]) -> bool:
    examples = view.profiles[index].examples if index in view.profiles else ()
    return bool(examples) and sum(bool(pattern.match(e.strip())) for e in examples) >= 0.8 * len(
        examples
    )


def _listed(view: _View, name: str, entity: frozenset[str] = frozenset()) -> list[int]:
    """The columns whose header is of a list of the vocabulary, their table's name aside."""
    return [i for i in view.columns if _in_list(view.headers[i], name, entity)]


def _in_list(header: str, name: str, entity: frozenset[str]) -> bool:
    known = {" ".join(words.content_words(each)) for each in words.listed(name)}
    plain = words.content_words(header)
    rest = tuple(word for word in plain if word not in entity)
    return " ".join(plain) in known or " ".join(rest) in known


def _people(view: _View, draft: _Draft) -> Iterable[FieldMap]:
    """A person's name in two columns."""
    to = {"lead": "contact_name", "contact": "name", "rep": "name"}.get(draft.table.name)
    first, last = _listed(view, "first_names"), _listed(view, "last_names")
    if to and first and last:
        yield FieldMap(to, (first[0], last[0]), How.NAME, Combine.JOIN, certainty=0.97)


def _closing(view: _View, draft: _Draft) -> Iterable[FieldMap]:
    """The closing dates of deals: told by their name, or a forecast while the deal is open."""
    if draft.table.name != "deal":
        return
    entity = words.table_words()["deal"].entity
    told = [i for name in ("won_dates", "lost_dates") for i in _dates(view, name, entity)]
    if told:
        yield FieldMap("closed_at", tuple(told), How.NAME)
        return
    plain = _dates(view, "close_dates", entity)
    if not plain or _has_exact(view, "closed_at"):
        return
    if _has_exact(view, "expected_close_at"):
        yield FieldMap("closed_at", (plain[0],), How.NAME)
    else:
        yield FieldMap("closed_at", (plain[0],), How.NAME, only=_CLOSED)
        yield FieldMap("expected_close_at", (plain[0],), How.NAME, only=("open",))


def _dates(view: _View, name: str, entity: frozenset[str]) -> list[int]:
    moment = TABLES["deal"].column("closed_at")
    return [i for i in _listed(view, name, entity) if _holds(view, moment, i)]


def _has_exact(view: _View, name: str) -> bool:
    return any(words.likeness("deal", name, view.headers[i]).exact for i in view.columns)


def _contents(view: _View, draft: _Draft) -> Iterable[FieldMap]:
    """The fields that only what the cells hold tells."""
    left = [i for i in view.columns if i not in draft.columns]
    tests: tuple[tuple[str, Callable[[int], bool]], ...] = (
        ("email", lambda i: _looks(view, i, _EMAIL)),
        ("siret", lambda i: _checks(view, i, 14)),
        ("siren", lambda i: _checks(view, i, 9)),
        ("naf_code", lambda i: _looks(view, i, _NAF)),
        ("phone", lambda i: view.content(i) is Content.TEXT and _looks(view, i, _PHONE)),
    )
    for name, test in tests:
        found = [i for i in left if name in draft.table and name not in draft.taken and test(i)]
        if found:
            left.remove(found[0])
            yield FieldMap(name, (found[0],), How.CONTENT, certainty=0.6)


def _checks(view: _View, index: int, digits: int) -> bool:
    """Whether the examples are SIREN or SIRET numbers: digits with a right Luhn key."""
    examples = view.profiles[index].examples if index in view.profiles else ()
    plain = [re.sub(r"[\s.]", "", each) for each in examples]
    right = [each for each in plain if each.isdigit() and len(each) == digits and _luhn(each)]
    return len(plain) >= 3 and len(right) >= 0.8 * len(plain)


def _luhn(number: str) -> bool:
    doubled = (int(d) * (1 + i % 2) for i, d in enumerate(reversed(number)))
    return sum(d - 9 if d > 9 else d for d in doubled) % 10 == 0


# --- what follows from the fields found ---------------------------------------


def _complete(view: _View, draft: _Draft) -> _Draft:
    """The draft with what its fields imply: the outcome, a name, an amount of lines."""
    steps: Mapping[str, Callable[[_View, _Draft], _Draft]] = {
        "deal": _with_outcome,
        "account": _with_name,
        "invoice": _with_amount,
        "survey_answer": _with_kind,
    }
    step = steps.get(draft.table.name)
    return step(view, draft) if step else draft


def _with_outcome(view: _View, draft: _Draft) -> _Draft:
    """The outcome where no column is one: flags, then a won date, then the stage."""
    if "outcome" in draft.taken:
        return draft
    flags = _flags(view, draft)
    if flags:
        return draft.plus(FieldMap("outcome", flags, How.NAME, Combine.JOIN, certainty=0.9))
    dates = _won_dates(view, draft)
    if dates and "stage" not in draft.taken:
        known = replace(draft, constants={**draft.constants, "outcome": "won"})
        return known.noting("all_rows_won", column=view.headers[dates[0]])
    stage = draft.of("stage")
    if stage:
        return draft.plus(replace(stage, field="outcome"))
    return draft.noting("outcome_unknown") if draft.fields else draft


def _flags(view: _View, draft: _Draft) -> tuple[int, ...]:
    free = [i for i in view.columns if i not in draft.columns and _is_flag(view, i)]
    won = [i for i in free if _in_list(view.headers[i], "won_flags", frozenset({"deal"}))]
    closed = [i for i in free if _in_list(view.headers[i], "closed_flags", frozenset({"deal"}))]
    return (closed[0], won[0]) if won and closed else tuple(won[:1])


def _is_flag(view: _View, index: int) -> bool:
    values = {words.bare(each) for each in view.values(index)}
    return bool(values) and values <= _TRUE | _FALSE


def _won_dates(view: _View, draft: _Draft) -> list[int]:
    closed = draft.of("closed_at")
    entity = words.table_words()["deal"].entity
    headers = [(i, view.headers[i]) for i in (closed.columns if closed else ())]
    won = [i for i, header in headers if _in_list(header, "won_dates", entity)]
    return won if len(won) == len(headers) and all(view.full(i) for i in won) else []


def _with_name(view: _View, draft: _Draft) -> _Draft:
    """An account that has only a number is called by it."""
    called = draft.of("source_id") or draft.of("siren")
    if "name" in draft.taken or called is None:
        return draft
    return draft.plus(FieldMap("name", called.columns, called.how, certainty=_STAND_IN))


def _with_amount(view: _View, draft: _Draft) -> _Draft:
    """An amount of lines that give a quantity and a unit price."""
    free = [i for i in view.columns if i not in draft.columns and view.content(i) in _NUMBERS]
    quantity = [i for i in free if _in_list(view.headers[i], "quantities", frozenset())]
    price = [i for i in free if _in_list(view.headers[i], "unit_prices", frozenset())]
    if "amount" in draft.taken or not (quantity and price):
        return draft
    columns = (quantity[0], price[0])
    return draft.plus(FieldMap("amount", columns, How.NAME, Combine.PRODUCT, certainty=0.9))


def _with_kind(view: _View, draft: _Draft) -> _Draft:
    """A survey's kind, from the words of its file and of its score."""
    score = draft.of("score")
    if "kind" in draft.taken or score is None:
        return draft
    title = f"{view.title} {view.headers[score.columns[0]]}"
    kind = words.mentions(title, ("nps", "csat", "ces"))
    if kind:
        return replace(draft, constants={**draft.constants, "kind": kind})
    return draft.noting("survey_kind_unknown", choices=["nps", "csat", "ces"], option="const: kind")


def _finished(
    view: _View, draft: _Draft, source: str | None, preset: str | None
) -> tuple[_Draft, TableMap]:
    """The table map of a draft."""
    full = _complete(view, draft)
    full, values = _valued(view, full)
    named = full.match.preset.name if full.match else None
    shape = view.table.shape
    origin = source or named or (shape and shape.source) or preset or FILES
    key = _key(view, full, origin)
    made = TableMap(
        full.table.name,
        named,
        origin,
        _in_order(full),
        values,
        full.constants,
        key.columns,
        lines=shape.lines if shape else _has_lines(view, full),
        score=_score(full),
        key_how=key.how,
        key_names=key.names,
    )
    return full.noting(key.note.code, **key.note.facts) if key.note else full, made


def _in_order(draft: _Draft) -> tuple[FieldMap, ...]:
    order = ["source_id", *(each.name for each in draft.table.columns)]
    return tuple(sorted(draft.fields, key=lambda each: order.index(each.field)))


def _score(draft: _Draft) -> float:
    if draft.match:
        return draft.match.score
    certain = [each.certainty for each in draft.fields]
    return round(sum(certain) / max(len(certain), 1), 3)


def _is_history(view: _View, made: _Draft | TableMap) -> bool:
    """Whether the dates are those of entry into a stage each, and not a date a row."""
    entered = made.of("entered_at")
    named = stage_columns(view.headers)
    return entered is not None and (len(entered.columns) > 1 or entered.columns[0] in named)


def _key(view: _View, draft: _Draft, origin: str) -> Chosen:
    """What tells the rows apart, as at the last import of that source where it can be."""
    name = draft.table.name
    if _is_history(view, draft):
        return Chosen(DIGEST)
    fields = {each.field: each.columns for each in draft.fields}
    found = Candidates(name, unique_headers(view.headers), fields, view.unique)
    return choose(found, view.keys.get((origin, name)))


def _has_lines(view: _View, draft: _Draft) -> bool:
    key = draft.of("source_id")
    several = draft.table.name == "invoice" or view.table.lines
    return several and key is not None and not view.unique(key.columns)


# --- values -------------------------------------------------------------------


def _valued(view: _View, draft: _Draft) -> tuple[_Draft, dict[str, dict[str, str]]]:
    """What each value of the coded fields means."""
    values: dict[str, dict[str, str]] = {}
    strangers: list[str] = []
    for each in draft.fields:
        if each.field == "source_id" or not _is_coded(draft, each.field):
            continue
        found, unknown = _meanings(view, draft, each)
        values |= {each.field: found} if found else {}
        strangers += unknown
    if strangers:
        draft = draft.noting("stages_taken_as_open", values=sorted(set(strangers)))
    return draft, values


def _is_coded(draft: _Draft, name: str) -> bool:
    own = draft.match.body.values if draft.match else {}
    return name in own or words.has_values(draft.table.name, name)


def _meanings(view: _View, draft: _Draft, each: FieldMap) -> tuple[dict[str, str], list[str]]:
    if each.combine is Combine.JOIN:
        return _joined_meanings(view, draft, each), []
    means: dict[str, str] = {}
    if not all(view.all_seen(index) for index in each.columns):
        means |= words.vocabulary(draft.table.name, each.field)
    stage = draft.of("stage") if each.field == "outcome" else None
    of_stage = stage is not None and stage.columns == each.columns
    strangers = []
    for value in (value for index in each.columns for value in view.values(index)):
        meant = _means(view, draft, each, value)
        if meant is None and of_stage:
            strangers.append(value)
        if meant or of_stage:
            means[words.fold_value(value)] = meant or "open"
    return means, strangers


def _means(view: _View, draft: _Draft, each: FieldMap, value: str) -> str | None:
    own = draft.match.body.values.get(each.field, {}) if draft.match else {}
    by_preset = {words.bare(found): to for found, to in own.items()}.get(words.bare(value))
    if by_preset:
        return by_preset
    single = len(each.columns) == 1 and each.field == "outcome"
    if single and draft.table.name == "deal" and _is_flag(view, each.columns[0]):
        return "won" if words.bare(value) in _TRUE else "open"
    return words.canonical_value(draft.table.name, each.field, value)


def _joined_meanings(view: _View, draft: _Draft, each: FieldMap) -> dict[str, str]:
    """The outcome told by a flag and another column, for every pair of their values."""
    if each.field != "outcome" or draft.table.name != "deal" or len(each.columns) != 2:
        return {}
    flag, other = each.columns
    pairs = [(a, b) for a in view.values(flag) for b in (*view.values(other), "")]
    closing = _is_flag(view, other)
    return {
        words.fold_value(f"{a} {b}"): _paired(draft, each, a, b, closing=closing) for a, b in pairs
    }


def _paired(draft: _Draft, each: FieldMap, flag: str, other: str, *, closing: bool) -> str:
    own = draft.match.body.values.get(each.field, {}) if draft.match else {}
    told = {words.bare(found): to for found, to in own.items()}.get(words.bare(f"{flag} {other}"))
    if told:
        return told
    yes = words.bare(flag) in _TRUE
    if closing:
        return ("won" if words.bare(other) in _TRUE else "lost") if yes else "open"
    # A flag « active »: what is no longer so was lost, whatever its stage, unless it was won.
    stage = _stage_means(draft, each, other)
    return stage if yes or stage == "won" else "lost"


def _stage_means(draft: _Draft, each: FieldMap, stage: str) -> str:
    own = draft.match.body.values.get(each.field, {}) if draft.match else {}
    by_preset = {words.bare(found): to for found, to in own.items()}
    return (
        by_preset.get(words.bare(stage))
        or words.canonical_value("deal", "outcome", stage)
        or "open"
    )


# --- with a mapping file ------------------------------------------------------


def _mapped(
    view: _View,
    map_file: MapFile,
    entries: Sequence[Entry],
    source: str | None,
    preset: str | None,
) -> Guess:
    pairs = []
    for entry in entries:
        if entry.ignored:
            continue
        pairs += _by_entry(view, map_file, entry, source, preset)
        said = map_file.columns_of(entry, unique_headers(view.headers))
        left = {i: stage for i, stage in view.stages.items() if i not in said}
        view = view if entry.table == "stage_change" else replace(view, stages=left)
    why = None if pairs else Problem("ignored_by_map", {"map": map_file.path})
    return _guessed(view, [(draft, (draft, made)) for draft, made in pairs], why)


def _by_entry(
    view: _View, map_file: MapFile, entry: Entry, source: str | None, preset: str | None
) -> list[tuple[_Draft, TableMap]]:
    headers = unique_headers(view.headers)
    free = replace(view, barred=view.barred | map_file.columns_of(entry, headers))
    said = _Said(map_file, entry, headers, map_file.fields_of(entry, headers))
    source = source or entry.source
    made = []
    for name in [entry.table] if entry.table else _tables(view, map_file, entry, preset):
        draft = said.amend(_automatic(free, name, preset)[0][0])
        done, mapped = _finished(free, draft, source, preset)
        made.append((said.settled(done), said.amended(mapped)))
    return made


def _tables(view: _View, map_file: MapFile, entry: Entry, preset: str | None) -> list[str]:
    drafts, _ = _automatic(view, None, preset)
    if not drafts:
        where = Where(file=map_file.path, column=entry.file)
        raise InputError.of("map_needs_table", where, file=entry.file, choices=list(TABLES))
    return [each.table.name for each in drafts]


@dataclass(frozen=True)
class _Said:
    """What an entry of the mapping file says of a text table."""

    map_file: MapFile
    entry: Entry
    headers: tuple[str, ...]
    fields: tuple[FieldMap, ...]

    def amend(self, draft: _Draft) -> _Draft:
        """The draft with the user's fields in place of its own."""
        fields = [self._named(each, draft.table) for each in self.fields]
        given = {each.field for each in fields} | set(self.entry.const)
        kept = [each for each in draft.fields if each.field not in given]
        constants = {n: v for n, v in draft.constants.items() if n not in given}
        constants |= self.entry.const
        return replace(draft, fields=(*fields, *kept), constants=constants, notes=())

    def settled(self, draft: _Draft) -> _Draft:
        """The draft without the doubts about stages that the user has settled."""
        told = set(values_of(self.entry).get("outcome", {}))
        notes = []
        for note in draft.notes:
            doubted = note.facts.get("values", [])
            left = [each for each in doubted if words.fold_value(str(each)) not in told]
            if note.code != "stages_taken_as_open":
                notes.append(note)
            elif left:
                notes.append(replace(note, facts={**note.facts, "values": left}))
        return replace(draft, notes=tuple(notes))

    def _named(self, each: FieldMap, table: Table) -> FieldMap:
        return replace(each, field="happened_at") if each.field == "at" else each

    def amended(self, made: TableMap) -> TableMap:
        """The table map with the user's values, key, links and marks."""
        own = values_of(self.entry)
        values = {n: {**made.values.get(n, {}), **own.get(n, {})} for n in {**made.values, **own}}
        key = self.map_file.key_of(self.entry, self.headers)
        told = key is not None and key != made.key
        names = tuple(self.headers[index] for index in key or ())
        how = DECLARED if key else DIGEST
        links = {table: dict(by) for table, by in self.entry.links.items()}
        return replace(
            made,
            values=values,
            key=made.key if key is None else key,
            key_how=how if told else made.key_how,
            key_names=names if told else made.key_names,
            links=links,
            date_order=dict(self.entry.date_order),
            decimal=dict(self.entry.decimal),
            lines=made.lines if self.entry.lines is None else self.entry.lines,
            empty=self.map_file.empty_of(self.entry, self.headers),
        )
