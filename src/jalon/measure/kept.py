"""The statistics kept while the data do not change, within a number of bytes."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol

Key = tuple[Any, ...]


class Weighed(Protocol):
    """What knows how many bytes it takes."""

    @property
    def nbytes(self) -> int:
        """Bytes in memory."""


@dataclass(frozen=True)
class Told:
    """What was answered, and the SQL that asked for it."""

    value: Any
    sql: tuple[str, ...]


class Kept:
    """Answers by key; those unused for longest give way when all take over ``most`` bytes.

    An answer that takes more than a quarter of them by itself is not kept.
    """

    def __init__(self, most: int) -> None:
        self.most = most
        self._told: OrderedDict[Key, Told] = OrderedDict()
        self._bytes = 0

    def get(self, key: Key) -> Told | None:
        """What was kept under a key."""
        told = self._told.get(key)
        if told is not None:
            self._told.move_to_end(key)
        return told

    def put(self, key: Key, value: Weighed, sql: tuple[str, ...]) -> None:
        """Keep an answer in the place of the former one under its key."""
        former = self._told.pop(key, None)
        self._bytes -= former.value.nbytes if former else 0
        if value.nbytes > self.most // 4:
            return
        self._told[key] = Told(value, sql)
        self._bytes += value.nbytes
        while self._bytes > self.most:
            _, oldest = self._told.popitem(last=False)
            self._bytes -= oldest.value.nbytes

    def items(self) -> Iterator[tuple[Key, Told]]:
        """Keys and answers, those used last at the end."""
        return iter(self._told.items())

    def clear(self) -> None:
        """Drop all."""
        self._told.clear()
        self._bytes = 0
