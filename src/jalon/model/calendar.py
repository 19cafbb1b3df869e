"""Working days: by default those of France, Monday to Friday but for the eleven public holidays."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from functools import lru_cache

#: Month and day of the holidays that do not move.
FIXED = ((1, 1), (5, 1), (5, 8), (7, 14), (8, 15), (11, 1), (11, 11), (12, 25))
#: Days after Easter Sunday: Easter Monday, Ascension, Whit Monday.
MOVING = (1, 39, 50)


def easter(year: int) -> dt.date:
    """Easter Sunday in the Gregorian calendar (Meeus, Jones and Butcher's rule)."""
    century, rest = divmod(year, 100)
    golden = year % 19
    leap, odd = divmod(century, 4)
    moon = (19 * golden + century - leap - (century - (century + 8) // 25 + 1) // 3 + 15) % 30
    day = (32 + 2 * odd + 2 * (rest // 4) - moon - rest % 4) % 7
    late = (golden + 11 * moon + 22 * day) // 451
    month, before = divmod(moon + day - 7 * late + 114, 31)
    return dt.date(year, month, before + 1)


@lru_cache(maxsize=256)
def holidays(year: int) -> frozenset[dt.date]:
    """The public holidays of mainland France that year."""
    sunday = easter(year)
    fixed = {dt.date(year, month, day) for month, day in FIXED}
    return frozenset(fixed | {sunday + dt.timedelta(days=after) for after in MOVING})


@dataclass(frozen=True)
class Calendar:
    """The days that a company works. ``week``: those of the week, Monday being 1.
    ``french_holidays``: whether public holidays are days off. ``closed``: other days off."""

    week: frozenset[int] = frozenset({1, 2, 3, 4, 5})
    french_holidays: bool = True
    closed: frozenset[dt.date] = frozenset()

    def worked(self, day: dt.date) -> bool:
        """Whether that day is worked."""
        off = self.french_holidays and day in holidays(day.year)
        return day.isoweekday() in self.week and day not in self.closed and not off

    def working_days(self, start: dt.date, end: dt.date) -> int:
        """The days worked from ``start`` to the day before ``end``; 0 where it is not after."""
        days = (start + dt.timedelta(days=i) for i in range(max((end - start).days, 0)))
        return sum(map(self.worked, days))

    def up_to_rank(self, start: dt.date, end: dt.date, rank: int, idle: int = 0) -> dt.date:
        """The day after the ``rank``-th working day from ``start``, and no later than ``end``.

        ``idle``: as many days off that follow it at once are taken too (the Sunday that ends a
        week's sales belongs to them).
        """
        day, found = start, 0
        while day < end and found < rank:
            found += self.worked(day)
            day += dt.timedelta(days=1)
        while day < end and idle and not self.worked(day):
            day, idle = day + dt.timedelta(days=1), idle - 1
        return day


#: Where the company says nothing.
FRANCE = Calendar()
