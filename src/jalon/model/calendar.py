"""Working days in France: Monday to Friday but for the eleven public holidays, worked out."""

from __future__ import annotations

import datetime as dt
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


def working_days(start: dt.date, end: dt.date) -> int:
    """The working days from ``start`` to the day before ``end``; 0 where it is not after."""
    days = (start + dt.timedelta(days=i) for i in range(max((end - start).days, 0)))
    return sum(day.weekday() < 5 and day not in holidays(day.year) for day in days)
