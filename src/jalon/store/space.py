"""Whether an error says that there is no room left on the disk, whoever says it."""

from __future__ import annotations

from errno import EDQUOT, ENOSPC

#: What SQLite and DuckDB write of it: they raise errors of their own.
SAID = ("disk is full", "no space left", "out of disk", "disk quota exceeded")


def is_full(error: BaseException | None) -> bool:
    """Whether the error, or one that it comes from, is that of a full disk."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        if isinstance(error, OSError) and error.errno in (ENOSPC, EDQUOT):
            return True
        if any(words in str(error).lower() for words in SAID):
            return True
        error = error.__cause__ or error.__context__
    return False
