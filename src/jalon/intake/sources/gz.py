"""Files packed with gzip, unpacked within bounds."""

from __future__ import annotations

import gzip
import hashlib
import zlib
from pathlib import Path

from jalon.intake.sources.options import ReadOptions
from jalon.model.problems import InputError, Where

BLOCK = 1 << 22
RATIO = 200
FREE = 64 * 2**20


def unpack(path: Path, folder: Path, options: ReadOptions) -> tuple[Path, str]:
    """The file to read and, where it had to be unpacked, the digest of the packed one."""
    with path.open("rb") as file:
        if file.read(2) != b"\x1f\x8b":
            return path, ""
        file.seek(0)
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    target = folder / "unpacked"
    try:
        _copy(path, target, _bound(path, options), options.name or str(path))
    except EOFError:
        raise InputError.of("truncated", Where(file=options.name)) from None
    except (gzip.BadGzipFile, zlib.error) as error:
        raise InputError.of("truncated", Where(file=options.name), reason=str(error)) from None
    return target, digest


def _bound(path: Path, options: ReadOptions) -> int:
    return min(options.max_bytes, max(FREE, path.stat().st_size * RATIO))


def _copy(path: Path, target: Path, bound: int, name: str) -> None:
    size = 0
    with gzip.open(path) as packed, target.open("wb") as copy:
        while block := packed.read(BLOCK):
            size += len(block)
            if size > bound:
                raise InputError.of("too_large", Where(file=name), reason="packed", limit=bound)
            copy.write(block)
