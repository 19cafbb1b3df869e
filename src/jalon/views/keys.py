"""What tells the rows of a file apart, in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jalon import locale


def key_said(key: Mapping[str, Any], lang: str) -> str:
    """The key of a file's rows, from ``FileReport.key``."""
    columns = locale.text("import.key.and", lang).join(key["columns"])
    return locale.text(f"import.key.{key['how']}", lang, columns=columns)
