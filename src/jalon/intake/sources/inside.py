"""The tables inside a ZIP archive, read as the files of a folder are."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from jalon.engines.duckdb import DuckDB
from jalon.intake import sources
from jalon.intake.sources.archive import MAX_MEMBERS, Bounds, Member, members, nothing_inside
from jalon.intake.sources.kinds import kind_of
from jalon.intake.sources.options import ReadOptions
from jalon.intake.text_table import TextTable
from jalon.model.problems import InputError, MustAskError, Problem, Where

#: What is said of reading a file, by the name it is shown under, as options.
Said = Callable[[str], Mapping[str, Any]]


@dataclass
class _Inside:
    """Tables found so far; invoices wait, unpacked: they make one table together."""

    engine: DuckDB
    options: ReadOptions
    said: Said
    bounds: Bounds
    ignored: list[Problem] = field(default_factory=list)
    tables: list[TextTable] = field(default_factory=list)
    invoices: list[tuple[Path, str]] = field(default_factory=list)

    def walk(self, path: Path, shown: str, folder: Path, nested: bool = False) -> None:
        """Read the members of an archive, and of those directly inside it."""
        for member in members(path, folder, replace(self.options, name=shown), self.bounds):
            if member.problem:
                self.ignored.append(member.problem)
                continue
            try:
                self._take(member, folder, nested)
            except MustAskError:
                raise
            except InputError as error:
                self.ignored += [
                    one.at(file=one.where.file or member.name) for one in error.problems
                ]
            if (member.path, member.name) not in self.invoices[-1:]:
                member.path.unlink()

    def gather(self, shown: str) -> None:
        """Read the invoices, as one."""
        if not self.invoices:
            return
        options = replace(self.options, name=shown)
        found = sources.gather(self.invoices, self.engine, options)
        self.tables += found.tables
        self.ignored += found.ignored

    def _take(self, member: Member, folder: Path, nested: bool) -> None:
        if kind_of(member.path) == "zip":
            if nested:
                raise InputError.of("nested_archive", Where(file=member.name))
            inner = folder / f"{member.path.name}.members"
            inner.mkdir()
            self.walk(member.path, member.name, inner, nested=True)
        elif sources.is_invoice(member.path):
            self.invoices.append((member.path, member.name))
        else:
            self._read(member, folder)

    def _read(self, member: Member, folder: Path) -> None:
        own = {**self.said(member.name), "name": member.name, "directory": folder}
        options = replace(self.options, max_bytes=max(self.bounds.bytes, 1), **own)
        try:
            self.tables += sources.read(member.path, self.engine, options)
        except MustAskError:
            raise
        except InputError as error:
            raise InputError(one.at(file=member.name) for one in error.problems) from error


def read(
    path: Path, engine: DuckDB, options: ReadOptions, said: Said, ignored: list[Problem]
) -> list[TextTable]:
    """The tables of an archive's members; what is no table is added to ``ignored``.

    Raises InputError where the archive is broken, beyond its bounds, or holds no table.
    """
    shown = options.name or path.name
    inside = _Inside(engine, options, said, Bounds(MAX_MEMBERS, options.max_bytes))
    with TemporaryDirectory(prefix="jalon-", dir=options.directory) as folder:
        inside.walk(path, shown, Path(folder))
        inside.gather(shown)
    if not inside.tables:
        raise nothing_inside(shown, inside.ignored)
    ignored += inside.ignored
    return inside.tables
