"""ZIP archives (PKWARE APPNOTE 6.3): their members, unpacked one at a time within bounds."""

from __future__ import annotations

import re
import stat
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from jalon.intake.sources.gz import FREE, RATIO
from jalon.intake.sources.options import ReadOptions
from jalon.model.problems import InputError, JalonError, Problem, Where

MAX_MEMBERS = 10_000
#: What is said of a member that is a table and cannot be read.
REFUSED_TABLES = frozenset({"too_large", "truncated", "header_only"})
BLOCK = 1 << 22
UTF8 = 0x800
ENCRYPTED = 0x1
UNIX = 3
#: What French names are written with, besides ASCII.
FRENCH = frozenset("àâäçéèêëîïôöùûüÿœæÀÂÄÇÉÈÊËÎÏÔÖÙÛÜŸŒÆ°€«»’‘“”–—…\u00a0")
SKIPPED = frozenset({"__MACOSX", "Thumbs.db", "desktop.ini"})
SUFFIX = re.compile(r"\.[A-Za-z0-9]{1,10}")
BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError, ValueError)


@dataclass
class Bounds:
    """What is left to an archive and those inside it: members to look at, bytes to unpack."""

    members: int
    bytes: int


@dataclass(frozen=True)
class Member:
    """A member as it is shown, ``archive.zip/sub/clients.csv``, and where it lies unpacked.

    ``problem``: why it is not unpacked; ``path`` is then the archive's.
    """

    name: str
    path: Path
    problem: Problem | None = None


def members(path: Path, folder: Path, options: ReadOptions, bounds: Bounds) -> Iterator[Member]:
    """The members of an archive in order, each unpacked in ``folder`` under a name of ours.

    Folders and what systems hide are skipped. Raises InputError where the archive is broken or
    beyond its bounds; a bad member is told by its problem.
    """
    shown = options.name or path.name
    try:
        archive = zipfile.ZipFile(path)
    except BROKEN as error:
        raise InputError.of("truncated", Where(file=shown), reason=str(error)) from None
    with archive:
        found = [one for one in archive.infolist() if not one.is_dir()]
        _bound(found, bounds, shown)
        taken: Counter[str] = Counter()
        for number, one in enumerate(found):
            name = name_of(one)
            if _is_hidden(name):
                continue
            taken[name] += 1
            again = f" ({taken[name]})" if taken[name] > 1 else ""
            target = folder / f"{number:05}{_suffixes(name)}"
            yield _unpacked(archive, one, f"{shown}/{name}{again}", target, bounds)


def nothing_inside(shown: str, held: list[Problem]) -> JalonError:
    """The refusal of an archive without a table: why its tables cannot be read, else a word on
    what it holds."""
    if held and all(one.code == "member_encrypted" for one in held):
        return InputError.of("encrypted_archive", Where(file=shown))
    tables = [one for one in held if one.code in REFUSED_TABLES]
    if tables:
        return InputError(tables)
    names = [(one.where.file or "").removeprefix(f"{shown}/") for one in held]
    return InputError.of("archive_without_table", Where(file=shown), members=names)


def name_of(member: zipfile.ZipInfo) -> str:
    """The path of a member below the archive: its accents right, and never above or elsewhere."""
    name = _decoded(member).split("\0", 1)[0].replace("\\", "/")
    name = "".join(each if each.isprintable() else "\ufffd" for each in name)
    parts = [part for part in name.split("/") if part not in ("", ".", "..")]
    parts = [part for at, part in enumerate(parts) if at or not re.fullmatch("[A-Za-z]:", part)]
    return "/".join(parts) or "?"


def _decoded(member: zipfile.ZipInfo) -> str:
    """Without the UTF-8 flag a name is in the code page of the system that packed it."""
    if member.flag_bits & UTF8 or member.orig_filename.isascii():
        return member.orig_filename
    raw = member.orig_filename.encode("cp437")
    for encoding in ("utf-8", "cp850", "cp1252"):
        try:
            name = raw.decode(encoding)
        except UnicodeDecodeError:
            continue
        if encoding == "utf-8" or all(each.isascii() or each in FRENCH for each in name):
            return name
    return member.orig_filename


def _bound(found: list[zipfile.ZipInfo], bounds: Bounds, shown: str) -> None:
    bounds.members -= len(found)
    size = sum(one.file_size for one in found)
    if bounds.members < 0:
        raise InputError.of("too_large", Where(file=shown), reason="members", limit=MAX_MEMBERS)
    if size > bounds.bytes:
        limit = bounds.bytes
        raise InputError.of("too_large", Where(file=shown), reason="unpacked", limit=limit)


def _is_hidden(name: str) -> bool:
    parts = name.split("/")
    return any(part in SKIPPED or part.startswith((".", "~$")) for part in parts)


def _suffixes(name: str) -> str:
    """The extensions of a name, as far as they are plain: they tell between kinds of text."""
    suffixes = Path(name).suffixes
    kept = suffixes[-2:] if suffixes and suffixes[-1].lower() in (".gz", ".gzip") else suffixes[-1:]
    return "".join(each for each in kept if SUFFIX.fullmatch(each))


def _unpacked(
    archive: zipfile.ZipFile, one: zipfile.ZipInfo, name: str, target: Path, bounds: Bounds
) -> Member:
    try:
        _refuse(one)
        _copy(archive, one, target, bounds)
    except InputError as error:
        return Member(name, target, error.problem.at(file=name))
    except NotImplementedError:
        return Member(name, target, Problem("member_method", {}, Where(file=name)))
    except BROKEN as error:
        return Member(name, target, Problem("truncated", {"reason": str(error)}, Where(file=name)))
    return Member(name, target)


def _refuse(one: zipfile.ZipInfo) -> None:
    if one.create_system == UNIX and stat.S_ISLNK(one.external_attr >> 16):
        raise InputError.of("member_link")
    if one.flag_bits & ENCRYPTED:
        raise InputError.of("member_encrypted")


def _copy(archive: zipfile.ZipFile, one: zipfile.ZipInfo, target: Path, bounds: Bounds) -> None:
    bound, size = min(bounds.bytes, max(FREE, one.compress_size * RATIO)), 0
    with archive.open(one) as packed, target.open("wb") as copy:
        while block := packed.read(BLOCK):
            size += len(block)
            if size > bound:
                raise InputError.of("too_large", reason="packed", limit=bound)
            copy.write(block)
    bounds.bytes -= size
