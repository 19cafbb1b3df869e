"""Writing ``settings.yaml`` again: the settings that change, and nothing else of the file."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from jalon.model.problems import WorkspaceError
from jalon.state.yaml_faults import fault


def read(path: Path) -> str:
    """The text of a file of settings; nothing where there is none.

    Raises WorkspaceError where it is not text in UTF-8.
    """
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return ""
    except UnicodeDecodeError as error:
        raise WorkspaceError(fault(error, "", str(path))) from None


def raw(text: str, file: str) -> dict[str, Any]:
    """The settings as written, right or wrong. Raises WorkspaceError where it is not YAML."""
    try:
        said = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise WorkspaceError(fault(error, text, file)) from None
    return {str(name): each for name, each in said.items()} if isinstance(said, dict) else {}


def digest(text: str) -> str:
    """What changes when a file's text does."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def rewritten(text: str, changes: Mapping[str, Any]) -> str:
    """The text with some settings changed; None takes one away.

    Comments and the settings that do not change stay as they are, wherever the text can be cut at
    the lines of its settings; a text that cannot (all on one line, aliases) is written anew.
    """
    wanted = {**raw(text, ""), **changes}
    wanted = {name: each for name, each in wanted.items() if each is not None}
    try:
        made = text
        for name, value in changes.items():
            made = _changed(made, name, value)
        if (yaml.safe_load(made) or {}) == wanted:
            return made
    except yaml.YAMLError:
        pass
    return "".join(_block(name, value) for name, value in wanted.items())


def write(path: Path, text: str) -> None:
    """Put a text in the place of a file, whole or not at all. Raises OSError."""
    draft = path.with_suffix(f".{os.getpid()}.new")
    try:
        with draft.open("w", encoding="utf-8", newline="") as out:
            out.write(text)
            out.flush()
            os.fsync(out.fileno())
        if path.exists():
            draft.chmod(path.stat().st_mode & 0o777)
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


def _changed(text: str, name: str, value: Any) -> str:
    """The text with one setting changed, in its place or at the end."""
    lines = text.splitlines(keepends=True)
    block = [] if value is None else _block(name, value).splitlines(keepends=True)
    found = _span(text, name)
    if found is None:
        ended = not lines or lines[-1].endswith("\n")
        return "".join([*lines, *([] if ended or not block else ["\n"]), *block])
    first, last, remark = found
    if remark and len(block) == 1:
        block = [f"{block[0].rstrip()}  {remark}\n"]
    return "".join([*lines[:first], *block, *lines[last + 1 :]])


def _span(text: str, name: str) -> tuple[int, int, str] | None:
    """The first and last lines of a setting, and the remark that ends its only line."""
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    if not isinstance(root, yaml.MappingNode):
        return None
    for key, value in root.value:
        if key.value == name:
            end = _end(value)
            line = end.line if end.column or end.line == key.start_mark.line else end.line - 1
            rest = text.splitlines()[line][end.column :].strip() if end.column else ""
            single = line == key.start_mark.line
            return key.start_mark.line, line, rest if single and rest.startswith("#") else ""
    return None


def _end(node: yaml.Node) -> yaml.Mark:
    """Where the last thing written of a node ends: a block's own mark lies beyond its remarks."""
    if isinstance(node, yaml.CollectionNode) and not node.flow_style and node.value:
        last = node.value[-1]
        return _end(last[1] if isinstance(last, tuple) else last)
    return node.end_mark


def _block(name: str, value: Any) -> str:
    """A setting as YAML: what holds plain values only stands on one line."""
    flow = None if isinstance(value, (dict, list)) else False
    block = {name: value}
    return str(
        yaml.safe_dump(
            block, allow_unicode=True, sort_keys=False, default_flow_style=flow, width=100
        )
    )
