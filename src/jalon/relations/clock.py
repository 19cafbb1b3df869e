"""The two clocks: until when events exist, and which versions of the records are known."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from sqlglot import exp


@dataclass(frozen=True)
class Clock:
    """``as_of``: the last day whose events exist (None: today, nothing is hidden).

    ``known_at``: the number of the last import known (None: all). ``fallback``: a record that no
    import had brought by then is read in its earliest version instead of being absent.
    """

    as_of: dt.date | None = None
    known_at: int | None = None
    fallback: bool = False

    @property
    def is_now(self) -> bool:
        """Nothing is hidden: the flat current tables answer."""
        return self.as_of is None and self.known_at is None

    @property
    def instant(self) -> dt.datetime | None:
        """The end of the last known day: the first instant that is not known."""
        if self.as_of is None:
            return None
        return dt.datetime.combine(self.as_of, dt.time()) + dt.timedelta(days=1)


NOW = Clock()


def known_at() -> exp.Placeholder:
    """The number of the last import known: a parameter, so that each clock is not a new query."""
    return exp.Placeholder(this="known_at")
