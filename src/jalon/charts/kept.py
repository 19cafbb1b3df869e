"""Drawn charts kept by what they show: in memory, and in a folder, both bounded."""

from __future__ import annotations

import hashlib
import logging
import os
import tempfile
import threading
from collections import OrderedDict
from pathlib import Path

_LOG = logging.getLogger(__name__)
_SEAL = "\n<!--"


class Kept:
    """SVGs by key, a name fit for a file. Threads may share it.

    ``folder``: None keeps in memory alone. A file that was cut or changed is as one not there; a
    folder that cannot be written to is done without.
    """

    def __init__(self, folder: Path | None, memory_bytes: int, disk_bytes: int) -> None:
        self._folder, self._memory_bytes, self._disk_bytes = folder, memory_bytes, disk_bytes
        self._memory: OrderedDict[str, str] = OrderedDict()
        self._held = 0
        self._on_disk: int | None = None
        self._lock = threading.Lock()

    def get(self, key: str) -> str | None:
        """The SVG of a key; None where it is not kept."""
        with self._lock:
            if (svg := self._memory.get(key)) is not None:
                self._memory.move_to_end(key)
                return svg
        if (svg := self._read(key)) is not None:
            self._remember(key, svg)
        return svg

    def put(self, key: str, svg: str) -> None:
        """Keep an SVG."""
        self._remember(key, svg)
        if self._folder is None:
            return
        try:
            self._write(self._folder, key, svg)
        except OSError as wrong:
            _LOG.warning("charts are not kept in %s: %s", self._folder, wrong)

    def clear(self) -> None:
        """Forget all: what charts say may name persons."""
        with self._lock:
            self._memory.clear()
            self._held, self._on_disk = 0, None
        for file in _files(self._folder):
            file.unlink(missing_ok=True)

    def _remember(self, key: str, svg: str) -> None:
        with self._lock:
            self._held += len(svg) - len(self._memory.pop(key, ""))
            self._memory[key] = svg
            while self._held > self._memory_bytes:
                self._held -= len(self._memory.popitem(last=False)[1])

    def _read(self, key: str) -> str | None:
        if self._folder is None:
            return None
        try:
            found = (self._folder / f"{key}.svg").read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError):
            return None
        svg = found.rpartition(_SEAL)[0]
        return svg if svg and _sealed(svg) == found else None

    def _write(self, folder: Path, key: str, svg: str) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        sealed = _sealed(svg).encode()
        handle, name = tempfile.mkstemp(dir=folder, suffix=".tmp")
        with os.fdopen(handle, "wb") as file:
            file.write(sealed)
        Path(name).replace(folder / f"{key}.svg")
        with self._lock:
            known = self._on_disk
            self._on_disk = _weight(folder) if known is None else known + len(sealed)
            if self._on_disk > self._disk_bytes:
                self._on_disk = _lighten(folder, self._disk_bytes * 3 // 4)


def _sealed(svg: str) -> str:
    return f"{svg}{_SEAL}{hashlib.sha256(svg.encode()).hexdigest()[:32]}-->\n"


def _files(folder: Path | None) -> list[Path]:
    """The charts of a folder, and what writes that were cut short have left."""
    if folder is None or not folder.is_dir():
        return []
    return [each for each in folder.iterdir() if each.suffix in {".svg", ".tmp"}]


def _weight(folder: Path) -> int:
    return sum(each.stat().st_size for each in _files(folder))


def _lighten(folder: Path, most: int) -> int:
    """Remove the oldest charts; the bytes that are left."""
    found = sorted((each.stat().st_mtime_ns, each.stat().st_size, each) for each in _files(folder))
    total = sum(size for _, size, _ in found)
    for _, size, file in found:
        if total <= most:
            break
        file.unlink(missing_ok=True)
        total -= size
    return total
