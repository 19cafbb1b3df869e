"""The encoding of a text file, judged on all its bytes, and a UTF-8 copy where it needs one."""

from __future__ import annotations

import codecs
import hashlib
import re
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from jalon.model.problems import InputError, Where

IntArray = npt.NDArray[np.int64]
BLOCK = 1 << 23
TAIL = 1 << 12
# Controls other than tab and line ends, C1 included, and the characters that are none.
BAD_CHARACTERS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufffe\uffff]")
BAD_PAIRS = re.compile(rb"\xc2[\x80-\x9f]|\xef\xbf[\xbe\xbf]")


@dataclass(frozen=True)
class Survey:
    """What all the bytes of a text file say.

    ``path`` is a UTF-8 file without control characters: the file itself where it is one.
    ``lines`` counts physical lines up to the last that is not empty, None where a bare carriage
    return makes the count unsure.
    """

    path: Path
    encoding: str
    digest: str
    lines: int | None
    because: str
    certainty: float = 1.0
    replaced: int = 0
    tabs: bool = True


@dataclass
class _Counts:
    feeds: int = 0
    returns: int = 0
    pairs: int = 0
    valid: bool = True
    controls: bool = False
    tabs: bool = False
    trailing: int = 0
    size: int = 0


def survey(path: Path, encoding: str | None, directory: Path, name: str) -> Survey:
    """Read all the bytes once; where they are not clean UTF-8, write a clean copy."""
    head = path.open("rb").read(4)
    if encoding is None and head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return _transcoded(path, "utf-16", "byte_order_mark", directory, name)
    if encoding is not None and codecs_name(encoding, name) not in ("utf-8", "utf-8-sig"):
        return _transcoded(path, codecs_name(encoding, name), "given", directory, name)
    counts, digest = _count(path)
    found = "utf-8-sig" if head.startswith(codecs.BOM_UTF8) else "utf-8"
    if not counts.valid:
        return _not_utf8(path, encoding, directory, name)
    because = "byte_order_mark" if found == "utf-8-sig" else "all_bytes_valid"
    if counts.controls:
        return _transcoded(path, found, because, directory, name)
    return Survey(path, found, digest, _lines(counts), because, tabs=counts.tabs)


def record_lines(path: Path) -> IntArray:
    """The physical lines where records begin: those that open with all quotes closed, and are not
    blank. Lines end with a line feed."""
    content = np.memmap(path, dtype="u1", mode="r")
    ends = np.flatnonzero(content == 10)
    if not len(ends) or ends[-1] != len(content) - 1:
        ends = np.append(ends, len(content))
    starts = np.concatenate(([0], ends[:-1] + 1))
    sizes = ends - starts
    blank = (sizes == 0) | ((sizes == 1) & (content[np.minimum(starts, len(content) - 1)] == 13))
    quotes = np.searchsorted(np.flatnonzero(content == 34), starts)
    return np.flatnonzero((quotes % 2 == 0) & ~blank) + 1


def codecs_name(encoding: str, name: str) -> str:
    """Python's own name of an encoding, or an error that says it is unknown."""
    try:
        return codecs.lookup(encoding).name
    except LookupError:
        raise InputError.of(
            "unreadable_encoding", Where(file=name), encoding=encoding, reason="unknown"
        ) from None


def _blocks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            yield block + file.readline()


def _count(path: Path) -> tuple[_Counts, str]:
    counts, digest = _Counts(), hashlib.sha256()
    for block in _blocks(path):
        digest.update(block)
        _add(counts, block)
    return counts, digest.hexdigest()


def _add(counts: _Counts, block: bytes) -> None:
    counts.feeds += (feeds := block.count(b"\n"))
    counts.size += len(block)
    counts.valid = counts.valid and _valid(block)
    low = int(np.count_nonzero(np.frombuffer(block, "u1") < 32))
    if low != feeds:
        low -= _add_returns(counts, block)
    counts.controls = counts.controls or low != feeds or b"\x7f" in block or _has_bad_pair(block)
    rest = block[-TAIL:].rstrip(b"\r\n")
    ending = block[-TAIL:][len(rest) :].count(b"\n")
    counts.trailing = ending if rest else counts.trailing + ending


def _add_returns(counts: _Counts, block: bytes) -> int:
    returns, tabs = block.count(b"\r"), block.count(b"\t")
    counts.returns += returns
    counts.pairs += block.count(b"\r\n") if returns else 0
    counts.tabs = counts.tabs or tabs > 0
    return returns + tabs


def _has_bad_pair(block: bytes) -> bool:
    return (b"\xc2" in block or b"\xef" in block) and BAD_PAIRS.search(block) is not None


def _valid(block: bytes) -> bool:
    offsets = pa.py_buffer(np.array([0, len(block)], dtype="i8"))
    text = pa.Array.from_buffers(pa.large_string(), 1, [None, offsets, pa.py_buffer(block)])
    try:
        text.validate(full=True)
    except pa.ArrowInvalid:
        return False
    return True


def _lines(counts: _Counts) -> int | None:
    if counts.returns != counts.pairs:
        return None
    return counts.feeds - counts.trailing + (1 if counts.size else 0)


def _not_utf8(path: Path, given: str | None, directory: Path, name: str) -> Survey:
    """The bytes that are not UTF-8: a file in cp1252, or a UTF-8 file with a few strays."""
    if given is not None:
        raise InputError.of(
            "unreadable_encoding", Where(file=name), encoding=given, reason="invalid_bytes"
        )
    wrong, right = _strays(path)
    if wrong * 10 < right:
        mixed = _transcoded(path, "utf-8", "mostly_utf8", directory, name, errors="jalon-strays")
        return replace(mixed, certainty=0.6)
    try:
        survey = _transcoded(path, "cp1252", "not_utf8", directory, name)
    except InputError:
        survey = _transcoded(path, "latin-1", "not_cp1252", directory, name)
        return replace(survey, certainty=0.5)
    return replace(survey, certainty=0.95)


def _strays(path: Path) -> tuple[int, int]:
    """How many bytes are not UTF-8, and how many characters beyond ASCII are."""
    wrong = right = 0
    for block in _blocks(path):
        text = block.decode("utf-8", errors="surrogateescape")
        good = len(text.encode("utf-8", errors="ignore").decode())
        wrong += len(text) - good
        right += good - len(text.encode("ascii", errors="ignore"))
    return wrong, right


def _stray(error: UnicodeError) -> tuple[str, int]:
    assert isinstance(error, UnicodeDecodeError)
    bad = error.object[error.start : error.start + 1]
    return bad.decode("cp1252", errors="replace"), error.start + 1


codecs.register_error("jalon-strays", _stray)


def _cleaned(text: str) -> tuple[bytes, int]:
    """The text in UTF-8 without control characters, and how many were replaced."""
    content = text.encode("utf-8", "replace")
    low = int(np.count_nonzero(np.frombuffer(content, "u1") < 32))
    lines = sum(content.count(code) for code in (b"\n", b"\r", b"\t"))
    if low == lines and b"\x7f" not in content and not _has_bad_pair(content):
        return content, 0
    clean, times = BAD_CHARACTERS.subn("\ufffd", text)
    return clean.encode("utf-8", "replace"), times


def _transcoded(
    path: Path, encoding: str, because: str, directory: Path, name: str, *, errors: str = "strict"
) -> Survey:
    """A clean UTF-8 copy; its line ends are the original's, so its lines are too."""
    replaced = 0
    with tempfile.NamedTemporaryFile(dir=directory, suffix=".txt", delete=False) as copy:
        try:
            with path.open(encoding=encoding, errors=errors, newline="") as text:
                while block := text.read(BLOCK):
                    clean = block if copy.tell() else block.removeprefix("\ufeff")
                    content, times = _cleaned(clean)
                    replaced += times
                    copy.write(content)
        except (UnicodeError, LookupError):
            raise InputError.of(
                "unreadable_encoding", Where(file=name), encoding=encoding, reason="invalid_bytes"
            ) from None
    counts, _ = _count(Path(copy.name))
    digest = hashlib.file_digest(path.open("rb"), "sha256").hexdigest()
    return Survey(
        Path(copy.name), encoding, digest, _lines(counts), because, 1.0, replaced, counts.tabs
    )
