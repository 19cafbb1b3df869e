"""The encoding of a text file, judged on all its bytes, and a UTF-8 copy where it needs one."""

from __future__ import annotations

import codecs
import hashlib
import itertools
import re
import tempfile
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Any

import numpy as np
import pyarrow as pa

from jalon.intake.sources.kinds import is_wide
from jalon.model.problems import InputError, Where

BLOCK = 1 << 23
#: No-break spaces, wide and narrow, in UTF-8.
BROAD_BLANKS = ("\u00a0".encode(), "\u202f".encode())
TAIL = 1 << 12
PIECE = 1 << 20
#: A longer line is no record of a table.
MAX_LINE = 1 << 26
#: Blocks looked into for what is no UTF-8.
SPOILT = 1
# Controls other than tab and line ends, C1 included, and the characters that are none.
BAD_CHARACTERS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufffe\uffff]")
BAD_PAIRS = re.compile(rb"\xc2[\x80-\x9f]|\xef\xbf[\xbe\xbf]")


@dataclass(frozen=True)
class Survey:
    """What all the bytes of a text file say.

    ``path`` is a UTF-8 file without control characters: the file itself where it is one.
    ``lines`` counts physical lines up to the last that is not empty, None where a bare carriage
    return makes the count unsure. ``blanks``: whether there are other blanks than spaces.
    """

    path: Path
    encoding: str
    digest: str
    lines: int | None
    because: str
    certainty: float = 1.0
    replaced: int = 0
    blanks: bool = True


@dataclass
class _Counts:
    feeds: int = 0
    returns: int = 0
    pairs: int = 0
    valid: bool = True
    controls: bool = False
    blanks: bool = False
    trailing: int = 0
    size: int = 0


def survey(path: Path, encoding: str | None, directory: Path, name: str) -> Survey:
    """Read all the bytes once; where they are not clean UTF-8, write a clean copy.

    Raises InputError ``too_large`` for a line longer than any table has.
    """
    with path.open("rb") as file:
        head = file.read(TAIL)
    if encoding is None and head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return _transcoded(path, "utf-16", "byte_order_mark", directory, name)
    if encoding is None and (wide := is_wide(head)):
        return replace(_transcoded(path, wide, "zeros_between", directory, name), certainty=0.9)
    if encoding is not None and codecs_name(encoding, name) not in ("utf-8", "utf-8-sig"):
        return _transcoded(path, codecs_name(encoding, name), "given", directory, name)
    counts, digest = _count(path, name)
    found = "utf-8-sig" if head.startswith(codecs.BOM_UTF8) else "utf-8"
    if not counts.valid:
        return _not_utf8(path, encoding, directory, name)
    because = "byte_order_mark" if found == "utf-8-sig" else "all_bytes_valid"
    if counts.controls:
        return _transcoded(path, found, because, directory, name)
    return Survey(path, found, digest, _lines(counts), because, blanks=counts.blanks)


def codecs_name(encoding: str, name: str) -> str:
    """Python's own name of an encoding, or an error that says it is unknown."""
    try:
        return codecs.lookup(encoding).name
    except LookupError:
        raise InputError.of(
            "unreadable_encoding", Where(file=name), encoding=encoding, reason="unknown"
        ) from None


def _blocks(path: Path, name: str) -> Iterator[bytes]:
    """The bytes by whole lines."""
    carry = b""
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            joined = carry + block
            cut = max(joined.rfind(b"\n"), joined.rfind(b"\r")) + 1
            carry = joined[cut:]
            if len(carry) > MAX_LINE:
                raise InputError.of("too_large", Where(file=name), reason="line", limit=MAX_LINE)
            if cut:
                yield joined[:cut]
    if carry:
        yield carry


def _count(path: Path, name: str) -> tuple[_Counts, str]:
    """What the bytes say, up to the first that is no UTF-8; and the digest of them all."""
    counts, digest = _Counts(), hashlib.sha256()
    with ThreadPoolExecutor(1) as beside:
        hashed: Future[None] | None = None
        for block in _blocks(path, name):
            if hashed:
                hashed.result()
            hashed = beside.submit(digest.update, block)
            _add(counts, block)
            if not counts.valid:
                break
    return counts, digest.hexdigest()


def _add(counts: _Counts, block: bytes) -> None:
    if not block:
        return
    counts.feeds += (feeds := block.count(b"\n"))
    counts.size += len(block)
    counts.valid = counts.valid and _valid(block)
    low = int(np.count_nonzero(np.frombuffer(block, "u1") < 32))
    if low != feeds:
        low -= _add_returns(counts, block)
    counts.blanks = counts.blanks or _has_broad_blank(block)
    counts.controls = counts.controls or low != feeds or b"\x7f" in block or _has_bad_pair(block)
    rest = block[-TAIL:].rstrip(b"\r\n")
    ending = block[-TAIL:][len(rest) :].count(b"\n")
    counts.trailing = ending if rest else counts.trailing + ending


def _add_returns(counts: _Counts, block: bytes) -> int:
    returns, tabs = block.count(b"\r"), block.count(b"\t")
    counts.returns += returns
    counts.pairs += block.count(b"\r\n") if returns else 0
    counts.blanks = counts.blanks or tabs > 0
    return returns + tabs


def _has_broad_blank(block: bytes) -> bool:
    # One byte is found far faster than several: most texts do not have even that one.
    return any(each[:1] in block and each in block for each in BROAD_BLANKS)


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
    wrong, right = _strays(path, name)
    if wrong * 10 < right:
        mixed = _transcoded(path, "utf-8", "mostly_utf8", directory, name, errors="jalon-strays")
        return replace(mixed, certainty=0.6)
    try:
        survey = _transcoded(path, "cp1252", "not_utf8", directory, name)
    except InputError:
        survey = _transcoded(path, "latin-1", "not_cp1252", directory, name)
        return replace(survey, certainty=0.5)
    return replace(survey, certainty=0.95)


def _strays(path: Path, name: str) -> tuple[int, int]:
    """How many bytes are not UTF-8, and how many characters beyond ASCII are, in the first blocks
    that have some of the former."""
    wrong = right = 0
    spoilt = (block for block in _blocks(path, name) if not _valid(block))
    for block in itertools.islice(spoilt, SPOILT):
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


def _transcoded(
    path: Path, encoding: str, because: str, directory: Path, name: str, *, errors: str = "strict"
) -> Survey:
    """A clean UTF-8 copy; its line ends are the original's, so its lines are too.

    Control characters are so rare that the text is only gone through again where some are seen.
    """
    copy, made = _copied(path, encoding, directory, name, errors, clean=False)
    if made.counts.controls:
        copy.unlink()
        copy, made = _copied(path, encoding, directory, name, errors, clean=True)
    counts, digest = made.counts, made.digest.hexdigest()
    return Survey(
        copy, encoding, digest, _lines(counts), because, 1.0, made.replaced, counts.blanks
    )


def _copied(
    path: Path, encoding: str, directory: Path, name: str, errors: str, *, clean: bool
) -> tuple[Path, _Copy]:
    with (
        tempfile.NamedTemporaryFile(dir=directory, suffix=".txt", delete=False) as copy,
        ThreadPoolExecutor(3) as beside,
    ):
        made = _Copy(copy, beside, clean)
        try:
            decoder = codecs.getincrementaldecoder(encoding)(errors)
            for block in _raw(path):
                # Beyond these bytes the two are the same, and this one decodes ten times faster.
                plain = encoding == "cp1252" and not _has_c1(block)
                text = block.decode("latin-1") if plain else decoder.decode(block)
                made.add(block, text, name)
            made.add(b"", decoder.decode(b"", final=True), name)
        except (UnicodeError, LookupError):
            raise InputError.of(
                "unreadable_encoding", Where(file=name), encoding=encoding, reason="invalid_bytes"
            ) from None
        made.settle()
    return Path(copy.name), made


def _has_c1(block: bytes) -> bool:
    """Whether some bytes are those of which cp1252 makes letters, and Latin-1 controls."""
    # As signed bytes, 0x80 to 0x9f are the lowest.
    return bool((np.frombuffer(block, "i1") < -96).any())


def _raw(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while block := file.read(PIECE):
            yield block


class _Copy:
    """A copy being written, its bytes counted and the original's hashed beside it."""

    def __init__(self, copy: IO[bytes], beside: ThreadPoolExecutor, clean: bool) -> None:
        self.copy, self.beside, self.clean = copy, beside, clean
        self.counts, self.digest = _Counts(), hashlib.sha256()
        self.replaced = 0
        self._carry = b""
        self._begun = False
        self._left: list[Future[Any]] = []

    def add(self, raw: bytes, text: str, name: str) -> None:
        """Write the next text, and count that of the whole lines before it."""
        shown = text if self._begun else text.removeprefix("\ufeff")
        self._begun = self._begun or bool(text)
        if self.clean:
            shown, times = BAD_CHARACTERS.subn("\ufffd", shown)
            self.replaced += times
        content = shown.encode("utf-8", "replace")
        joined = self._carry + content
        cut = max(joined.rfind(b"\n"), joined.rfind(b"\r")) + 1 if raw else len(joined)
        self._carry = joined[cut:]
        if len(self._carry) > MAX_LINE:
            raise InputError.of("too_large", Where(file=name), reason="line", limit=MAX_LINE)
        self.settle()
        self._left = [
            self.beside.submit(self.copy.write, content),
            self.beside.submit(self.digest.update, raw),
            self.beside.submit(_add, self.counts, joined[:cut]),
        ]

    def settle(self) -> None:
        """Wait for what is under way."""
        for each in self._left:
            each.result()
        self._left = []
