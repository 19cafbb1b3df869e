"""Files dropped on a page: kept apart until they are loaded, bounded, and never half there."""

from __future__ import annotations

import re
import secrets
import shutil
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, ClassVar

import yaml

from jalon.charts.hygiene import printable
from jalon.intake.map_file import MapFile, parse
from jalon.intake.pipeline import Brief
from jalon.model.problems import InputError, RequestError, Where

MAX_FILES = 20
MAX_BYTES = 512 * 2**20
#: A deposit that nobody loads is removed after a day.
KEPT = 24 * 3600
SAID = "said.yaml"
_NAME = re.compile(r"[^\w .()\-+@&,;=']")


@dataclass(frozen=True)
class Told(MapFile):
    """What the user has corrected. ``readings``: by file, how to read it, of whatever table."""

    partial: ClassVar[bool] = True

    readings: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def reading(self, file: str) -> dict[str, Any]:
        """What is said of reading that file, under the names of ``ReadOptions``."""
        return super().reading(file) | dict(self.readings.get(file, {}))


@dataclass(frozen=True)
class Deposit:
    """The files of one upload, and what the user has corrected of how they were understood."""

    id: str
    folder: Path

    @property
    def files(self) -> Path:
        """The folder of the files."""
        return self.folder / "files"

    @property
    def names(self) -> list[str]:
        """The files' names, in order."""
        return sorted(each.name for each in self.files.iterdir())

    def said(self) -> dict[str, Any]:
        """What the user has corrected: entries of a mapping file, and readings by file."""
        path = self.folder / SAID
        found = yaml.safe_load(path.read_text(encoding="utf-8")) if path.exists() else None
        return found or {"files": [], "readings": {}}

    def correct(self, said: Mapping[str, Any]) -> None:
        """Keep what the user corrects. Raises InputError where it says what cannot be."""
        _told(said)
        draft = self.folder / f"{SAID}.new"
        draft.write_text(yaml.safe_dump(dict(said), sort_keys=False), encoding="utf-8")
        draft.replace(self.folder / SAID)

    def brief(self, zone: str) -> Brief:
        """What the user says beside the files."""
        said = self.said()
        told = _told(said) if said["files"] or said["readings"] else None
        return Brief(map_file=told, zone=zone, full=bool(said.get("full")))


class Deposits:
    """The deposits of a workspace, in its folder ``uploads``."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "uploads"
        self._sweep()

    def __getitem__(self, name: str) -> Deposit:
        """The deposit of that id. Raises RequestError ``unknown_deposit``."""
        if re.fullmatch(r"[0-9a-f]{16}", name) and (self.folder / name).is_dir():
            return Deposit(name, self.folder / name)
        raise RequestError.of("unknown_deposit", Where(value=name[:40]))

    def receive(self, files: Iterable[tuple[str, IO[bytes]]]) -> Deposit:
        """Keep files; whole, or none of them. Raises InputError where there is none."""
        self._sweep()
        name = secrets.token_hex(8)
        draft = self.folder / f"{name}.part"
        (draft / "files").mkdir(parents=True)
        try:
            for shown, content in files:
                with (draft / "files" / _free(draft / "files", shown)).open("xb") as out:
                    shutil.copyfileobj(content, out, 2**20)
            empty = not any((draft / "files").iterdir())
            if not empty:
                draft.replace(self.folder / name)
        finally:
            shutil.rmtree(draft, ignore_errors=True)
        if empty:
            raise InputError.of("upload_empty")
        return Deposit(name, self.folder / name)

    def remove(self, deposit: Deposit) -> None:
        """Forget the files of a deposit."""
        shutil.rmtree(deposit.folder, ignore_errors=True)

    def _sweep(self) -> None:
        """Remove what a dead process left, and what nobody came back for."""
        if not self.folder.is_dir():
            return
        for each in self.folder.iterdir():
            old = time.time() - each.stat().st_mtime > KEPT
            if old or (each.suffix == ".part" and time.time() - each.stat().st_mtime > 3600):
                shutil.rmtree(each, ignore_errors=True)

    def forget_drafts(self) -> None:
        """At start: no upload is under way, what is half there is a dead one's."""
        for each in self.folder.glob("*.part"):
            shutil.rmtree(each, ignore_errors=True)


def _told(said: Mapping[str, Any]) -> Told:
    found = parse(yaml.safe_dump({"files": said["files"]}, sort_keys=False), "map.yaml")
    return Told(found.path, found.entries, found.lines, said["readings"])


def _free(folder: Path, shown: str) -> str:
    """A name that any system takes, that says the same, and that no other file has."""
    plain = _NAME.sub("_", printable(re.split(r"[\\/]", shown)[-1])).strip(" .")[-100:]
    plain = plain.lstrip(" .-") or "fichier"
    found, number = plain, 2
    while (folder / found).exists():
        stem, dot, suffix = plain.rpartition(".")
        found = f"{stem}-{number}{dot}{suffix}" if dot else f"{plain}-{number}"
        number += 1
    return found
