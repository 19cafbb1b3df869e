"""The texts of the command line, in the language of ``--lang``, JALON_LANG, else the system."""

from __future__ import annotations

import os
import sys
from functools import cache

from jalon import locale


@cache
def language() -> str:
    """French, unless English is asked or is the system's."""
    arguments = sys.argv
    for place, argument in enumerate(arguments):
        if argument == "--lang" and place + 1 < len(arguments):
            return arguments[place + 1]
        if argument.startswith("--lang="):
            return argument.removeprefix("--lang=")
    told = os.environ.get("JALON_LANG")
    system = os.environ.get("LC_ALL") or os.environ.get("LANG") or ""
    return told or ("en" if system.casefold().startswith("en") else "fr")


def said(code: str, **facts: object) -> str:
    """A text of the command line."""
    lang = language() if language() in locale.LANGUAGES else "fr"
    return locale.text(f"cli.{code}", lang, **facts)
