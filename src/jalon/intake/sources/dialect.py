"""How a text is cut into records and cells: its delimiter, its quotes and their escape."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from jalon.intake.sources.header import Record, typed

__all__ = ["BLANKS", "Dialect", "Record", "find_dialect", "lines_in", "records", "sampled"]

BLANKS = " "
USUAL = (";", "\t", "|", ",")
#: Marks that some systems use, and that stand in ordinary cells too.
RARE = (":", "^", "~", "¤", "§", "¦")
MARKS = re.escape("".join(USUAL))
QUOTED = {
    quote: re.compile(rf"(?:^|[{MARKS} :])\s?{quote}(?:[^{quote}]|{quote}{quote}){{0,2000}}{quote}"
                      rf"(?=\s?(?:[{MARKS} :]|$))", re.MULTILINE)
    for quote in ("\"", "'")
}  # fmt: skip
SPACED = re.compile(r"[,;|] +[\"']")
IN_NUMBER = re.compile(r"(?<=\d),(?=\d)")
SAMPLE = 200
#: The share of records that a rare delimiter must cut alike, and how much better it must be.
SURE, MUCH = 0.95, 1.3
#: The share of the commas that stand between digits where the comma is the mark of numbers.
IN_NUMBERS = 0.8
#: How near the score of another delimiter makes it a rival, and of how many lines at least.
NEAR, FEWEST = 0.95, 3
#: What is left of a score where quotes are not all where quotes belong.
UNCLOSED = 0.9
#: The shares of records that a usual one must cut alike: to be sure of it, and at least.
HALF, LEAST = 0.5, 0.3
csv.field_size_limit(1 << 30)


@dataclass(frozen=True)
class Dialect:
    """How the cells of a text are told apart.

    ``delimiter`` None: one column; BLANKS: any run of blanks, no quotes. ``quote`` None: no cell
    is quoted. ``escape`` is the mark before a quote inside a quoted cell where it is not doubled.
    ``spaced``: a space may stand before an opening quote. ``share`` of the records have ``width``
    cells. ``rivals``: other delimiters that cut the records as well.
    """

    delimiter: str | None
    quote: str | None = '"'
    escape: str | None = None
    spaced: bool = False
    share: float = 1.0
    width: int = 1
    rivals: tuple[str, ...] = ()

    @property
    def blanks(self) -> bool:
        """Whether cells stand apart by any run of blanks."""
        return self.delimiter == BLANKS and self.quote is None

    def reader(self, lines: Iterable[str], *, strict: bool = False) -> Iterator[list[str]]:
        """The cells of each record, by the library's own reader."""
        assert self.delimiter is not None
        return csv.reader(
            lines,
            delimiter=self.delimiter,
            quotechar=self.quote,
            quoting=csv.QUOTE_NONE if self.quote is None else csv.QUOTE_MINIMAL,
            doublequote=self.escape is None,
            escapechar=self.escape,
            skipinitialspace=self.spaced,
            strict=strict,
        )


def records(lines: Iterable[str], dialect: Dialect, first: int = 1) -> Iterator[Record]:
    """The records of a text whose first line is ``first``; blank lines are left out.

    ``broken``: a quote opened in it is not closed where a cell ends, so that it took other records.
    """
    if dialect.blanks or dialect.delimiter is None:
        yield from _unquoted(lines, dialect, first)
        return
    taken: list[str] = []
    for cells in dialect.reader(_taking(lines, taken)):
        count = len(taken)
        if count == 1:
            if cells:
                yield Record(first, cells)
        elif any(cells):
            yield Record(first, cells, count, not _closes(taken, dialect))
        first += count
        taken.clear()


def lines_in(text: str) -> list[str]:
    """The lines of a text with their ends: those of a file, and no other mark that splits."""
    return list(io.StringIO(text, newline=""))


def sampled(lines: Sequence[str], dialect: Dialect) -> list[Record]:
    """The records of the first lines of a text; each line alone where a quote took others."""
    found = list(records(lines, dialect))
    if not any(record.broken for record in found):
        return found
    alone = (records([line], dialect, at) for at, line in enumerate(lines, start=1))
    return [record for each in alone for record in each]


def find_dialect(sample: Sequence[str], given: str | None = None) -> Dialect:
    """The dialect that cuts the records of a sample into the most regular and plainest cells;
    ``given`` is the user's word on the delimiter."""
    sample = sample[:SAMPLE]
    bases = _bases("".join(sample))
    if given is not None:
        return _of_given(sample, given, bases)
    best = _best(sample, [replace(one, delimiter=mark) for mark in _usual(sample) for one in bases])
    # The comma alone of the usual marks stands in ordinary amounts.
    if best and best.share >= HALF and best.delimiter != ",":
        return best
    blank = _measured(sample, Dialect(BLANKS, None))
    marks = RARE if blank.share >= SURE else (*RARE, " ")
    other = _best(sample, [blank, *(replace(one, delimiter=m) for m in marks for one in bases)])
    # Marks that stand in ordinary cells are delimiters where they alone cut every record alike.
    if other and other.share >= SURE and _score(sample, other) > MUCH * _scored(sample, best):
        return other
    return best if best and best.share >= LEAST else Dialect(None, None)


def rivals(sample: Sequence[str], best: Dialect) -> tuple[str, ...]:
    """The other usual delimiters that cut every record alike, the header too, and nearly as well.

    A mark that a space follows stands in words: « Nom, prénom » is one name.
    """
    lines = [line for line in sample[:SAMPLE] if line.strip()]
    if best.delimiter not in USUAL or len(lines) < FEWEST:
        return ()
    marks = [mark for mark in USUAL if mark != best.delimiter and mark in lines[0]]
    bases = _bases("".join(lines)) if marks else []
    found = (_best(lines, [replace(one, delimiter=mark) for one in bases]) for mark in marks)
    return tuple(
        each.delimiter
        for each in found
        if each
        and each.delimiter
        and each.share == 1.0
        and not _in_words(lines, each)
        and _score(lines, each) >= NEAR * _score(lines, best)
    )


def _in_words(lines: Sequence[str], dialect: Dialect) -> bool:
    return any(cell[:1] == " " for record in sampled(lines, dialect) for cell in record.cells)


def _usual(sample: Sequence[str]) -> Sequence[str]:
    """The usual marks, without the comma where it is that of numbers: it stands between digits, and
    only in lines that another mark cuts. Ragged rows may be more alike by their amounts."""
    lines = [line for line in sample if "," in line]
    commas = sum(line.count(",") for line in lines)
    inside = sum(len(IN_NUMBER.findall(line)) for line in lines)
    others = [mark for mark in USUAL if mark != ","]
    if inside >= IN_NUMBERS * commas and any(all(m in line for line in lines) for m in others):
        return others
    return USUAL


def _scored(sample: Sequence[str], dialect: Dialect | None) -> float:
    return _score(sample, dialect) if dialect else 0.0


def _of_given(sample: Sequence[str], given: str, bases: Sequence[Dialect]) -> Dialect:
    if given.isspace() and given != "\t":
        return replace(_measured(sample, Dialect(BLANKS, None)), share=1.0)
    found = _best(sample, [replace(one, delimiter=given) for one in bases])
    return replace(found, share=1.0) if found else Dialect(given, '"')


def _bases(text: str) -> list[Dialect]:
    """The ways of quoting that the text shows."""
    counts = {quote: len(pattern.findall(text)) for quote, pattern in QUOTED.items()}
    quotes = ['"', "'"] if counts["'"] else ['"']
    spaced = (False, True) if SPACED.search(text) else (False,)
    return [
        Dialect("", quote, escape, space)
        for quote in quotes
        for escape in ((None, "\\") if _is_escaped(text, quote) else (None,))
        for space in spaced
    ]


def _is_escaped(text: str, quote: str) -> bool:
    """Whether quotes stand after a backslash more often than they are doubled."""
    doubled = re.findall(rf"[^{MARKS}\n\\]{quote}{quote}", text)
    return text.count(f"\\{quote}") > len(doubled)


def _best(sample: Sequence[str], candidates: Sequence[Dialect]) -> Dialect | None:
    """The candidate of the best score; of equals the first."""
    found = (_measured(sample, one) for one in candidates)
    scored = [(one, _score(sample, one)) for one in found if one.width > 1]
    return max(scored, key=lambda pair: pair[1])[0] if scored else None


def _measured(sample: Sequence[str], dialect: Dialect) -> Dialect:
    counts = Counter(len(record.cells) for record in sampled(sample, dialect))
    wide = {width: times for width, times in counts.items() if width > 1}
    if not wide:
        return replace(dialect, share=0.0, width=0)
    width, times = max(wide.items(), key=lambda item: (item[1], item[0]))
    return replace(dialect, share=times / counts.total(), width=width)


def _score(sample: Sequence[str], dialect: Dialect) -> float:
    """Regular records, of several cells, in which few quotes are left."""
    found = [cell for record in sampled(sample, dialect) for cell in record.cells]
    left = sum(1 for cell in found if _left_over(cell))
    plain = sum(1 for cell in found if not cell or typed(cell))
    clean = 1 - left / max(len(found), 1)
    if not dialect.blanks and not _closes(sample, dialect):
        clean *= UNCLOSED
    return (
        dialect.share * (1 - 1 / dialect.width) * clean**2 * (1 + 0.1 * plain / max(len(found), 1))
    )


def _left_over(cell: str) -> bool:
    """Whether a cell begins or ends with a quote: marks that were not understood."""
    text = cell.strip()
    return text[:1] in ('"', "'") or (text[-1:] == "'" and len(text) > 1)


def _unquoted(lines: Iterable[str], dialect: Dialect, first: int) -> Iterator[Record]:
    for line, text in enumerate(lines, start=first):
        cells = text.split() if dialect.blanks else [text.rstrip("\r\n")]
        if any(cell.strip() for cell in cells):
            yield Record(line, cells)


def _taking(lines: Iterable[str], taken: list[str]) -> Iterator[str]:
    for line in lines:
        taken.append(line)
        yield line


def _closes(lines: Iterable[str], dialect: Dialect) -> bool:
    """Whether the quotes of a record of several lines are where quotes belong."""
    try:
        list(dialect.reader(lines, strict=True))
    except csv.Error:
        return False
    return True
