"""What is wrong with a text that should be YAML, as a person who typed it can mend it."""

from __future__ import annotations

import yaml

from jalon.model.problems import Problem, Where

#: What the parser says, and the code of what is most often meant by it.
_MEANT = (
    ("mapping values are not allowed", "yaml_colon"),
    ("did not find expected ',' or", "yaml_open"),
    ("expected ',' or", "yaml_open"),
    ("end of stream", "yaml_open"),
    ("<stream end>", "yaml_open"),
    ("did not find expected node content", "yaml_open"),
    ("did not find expected key", "yaml_margin"),
    ("expected <block end>", "yaml_margin"),
    ("could not find expected ':'", "yaml_no_colon"),
)


def fault(error: yaml.YAMLError | UnicodeDecodeError, text: str, file: str) -> Problem:
    """The problem of a text that cannot be read, at its line."""
    if isinstance(error, UnicodeDecodeError):
        return Problem("yaml_not_utf8", {}, Where(file=file))
    mark = getattr(error, "problem_mark", None)
    detail = str(getattr(error, "problem", None) or str(error).splitlines()[0])
    where = Where(file=file, row=mark.line + 1 if mark else None)
    lines = text.splitlines()
    typed = lines[mark.line] if mark and mark.line < len(lines) else ""
    if "\t" in typed[: len(typed) - len(typed.lstrip())]:
        return Problem("yaml_tab", {}, where)
    code = next((code for said, code in _MEANT if said in detail), "yaml_malformed")
    return Problem(code, {"detail": detail}, where)
