"""The files that ``percept init`` writes: percept.toml from the table of settings, workflows, .gitignore."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterator
from pathlib import Path

from percept_cli._project import DOCS
from percept_cli.errors import InvalidSetting
from percept_cli.judging.keys import KEYS
from percept_cli.judging.schema import ADDRESS
from percept_cli.recipes.keys import Key, Table

WORKFLOWS = {"github": Path(".github", "workflows", "percept.yml"), "gitlab": Path(".gitlab-ci.yml")}
"""Where each service looks for its workflow."""
REPORT = "percept-report"
"""What the reports are called that workflows write, and that a person is told to write; its endings vary."""
IGNORED = (f"/{REPORT}.*", "/percept-heatmaps/")
"""Patterns of .gitignore for what percept makes."""
_IGNORED_TITLE = "# Reports and heat maps of percept"
_TOP = ("preset", "alpha")
_CHECK = ("noise", "colour", "changed-pixels", "ignore", "mask", "max-shift", "new", "missing", "size-mismatch")
_OVERRIDE = ("match", "noise", "max-shift", "references")
"""Settings that most projects ask for first; the others are in the docs."""
_WIDTH = 88
_HEAD = f"""\
#:schema {ADDRESS}
# Settings of percept for the images in this folder. Paths are relative to this file.
# Lines that start with # and a name are examples: remove the # to use one.
# All settings: {DOCS}/reference/settings.html
"""


def settings_text(baseline: str, current: str) -> str:
    """A percept.toml for two folders, with useful settings as comments.

    Raises:
        InvalidSetting: for a folder whose name is no text.
    """
    folders = {"baseline": baseline, "current": current}
    parts = [_HEAD, *(_example(key) for key in _keys("", _TOP)), "[check]\n"]
    for key in _keys("check", tuple(folders)):
        parts[-1] += f"{_comment(key.what)}{key.name} = {toml_string(folders[key.name])}\n"
    parts += [_example(key) for key in _keys("check", _CHECK)]
    override = "".join(f"#{key.name} = {key.example}\n" for key in _keys("override", _OVERRIDE))
    about = (
        "Other rules for some images. You can write several of these tables; for each key, the last match that "
        "sets it counts."
    )
    parts.append(f"{_comment(about)}#[[override]]\n{override}")
    return "\n".join(parts)


def _keys(table: Table, names: tuple[str, ...]) -> Iterator[Key]:
    known = {key.name: key for key in KEYS if table in key.tables}
    yield from (known[name] for name in names)


def _example(key: Key) -> str:
    values = f" Values: {key.values}." if key.words or key.form.startswith("limit") else ""
    return f"{_comment(f'{key.what}{values}'.replace('`', ''))}#{key.name} = {key.example}\n"


def _comment(text: str) -> str:
    return textwrap.fill(text, _WIDTH, initial_indent="# ", subsequent_indent="# ", break_on_hyphens=False) + "\n"


def toml_string(text: str) -> str:
    """A string as TOML has it.

    Raises:
        InvalidSetting: if it is no text: the bytes of a name that are not UTF-8.
    """
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        raise InvalidSetting(
            f"{text!r}: cannot be written to percept.toml, since its name is not UTF-8", hint="rename the folder."
        ) from None
    # As in JSON, but for the one control character that JSON leaves as it is.
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def workflow(service: str) -> bytes:
    """The workflow for one of ``WORKFLOWS``."""
    return (Path(__file__).parent / "templates" / f"{service}.yml").read_bytes()


def missing_patterns(content: bytes) -> list[str]:
    """Those of ``IGNORED`` that a .gitignore does not have, whatever its encoding."""
    lines = {line.strip() for line in content.splitlines()}
    return [pattern for pattern in IGNORED if pattern.encode() not in lines]


def with_patterns(content: bytes, patterns: list[str]) -> bytes:
    """A .gitignore with further patterns at its end, and the line breaks that it has."""
    line_break = b"\r\n" if b"\r\n" in content else b"\n"
    lines = [line.encode() for line in (_IGNORED_TITLE, *patterns)]
    before = content + (b"" if not content or content.endswith(b"\n") else line_break)
    before += line_break if before else b""
    return before + b"".join(line + line_break for line in lines)
