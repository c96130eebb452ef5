"""Words of printed commands, as Windows' shells take them; tests/reports/html has bash read the others."""

from __future__ import annotations

import json
import os
import pty
import re
import struct
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from percept_cli.system.names import harmless, printable, shell_quoted, word_quoted
from tests.conftest import Percept, clean_environment


@pytest.mark.parametrize(
    ("text", "typed"),
    [
        ("out/a-1.png", "out/a-1.png"),
        ("C:\\out\\a.png", "C:\\out\\a.png"),
        ("größer.png", "größer.png"),
        ("", '""'),
        ("a b.png", '"a b.png"'),
        ("it's.png", '"it\'s.png"'),
        ("black & white.png", '"black & white.png"'),
        ("charts/**", '"charts/**"'),
        ("my folder\\", '"my folder\\\\"'),
        ("$home`.png", '"`$home``.png"'),
        ('test[a"b]', '"test[a`"b]"'),
        ("a\u200eb.png", '"a`u{200e}b.png"'),
    ],
)
def test_a_word_for_windows(text: str, typed: str) -> None:
    assert word_quoted(text, windows=True) == typed
    assert typed.isprintable()


def test_a_file_is_never_an_option() -> None:
    assert shell_quoted("-o", windows=True) == shell_quoted("-o", windows=False) == "./-o"
    assert shell_quoted("-o x", windows=True) == '"./-o x"'
    assert shell_quoted("-o x", windows=False) == "'./-o x'"
    assert word_quoted("--alpha", windows=True) == word_quoted("--alpha", windows=False) == "--alpha"


C0, DEL, C1 = [chr(code) for code in range(32) if chr(code) != "\n"], ["\x7f"], [*map(chr, range(0x80, 0xA0))]
BIDI = [*map(chr, range(0x202A, 0x202F)), *map(chr, range(0x2066, 0x206A)), "\u061c", "\u200e", "\u200f"]
SEPARATORS = ["\u2028", "\u2029"]
HALVES = [*map(chr, range(0xDC80, 0xDD00))]
"""Bytes of a name that are no UTF-8, as Python has them."""
OBEYED = [*C0, *DEL, *C1, *BIDI, *SEPARATORS, *HALVES]
IN_NAMES = [char for char in OBEYED if char != "\0"]
FORMATS = ("table", "score", "markdown", "github", "tap", "junit")

ESCAPE = "\x1b]0;owned\x07\x1b[31m"


def obeyed_in(text: str) -> list[str]:
    """What a terminal would obey; line breaks aside, and tabs, which stand in scores."""
    return [char for char in text if char in OBEYED and char != "\t"]


@pytest.mark.parametrize("char", [*OBEYED, "\ud800", "\udfff"], ids=lambda char: f"U+{ord(char):04X}")
def test_every_character_that_a_terminal_obeys_is_written_out(char: str) -> None:
    # A tab does no harm in a message; in a name it would end a column.
    assert harmless(f"a{char}b\nc") == ("a\tb\nc" if char == "\t" else f"a{printable(char)}b\nc")
    assert printable(char).isascii()
    assert printable(char).isprintable()
    assert shell_quoted(f"a{char}b").isprintable()


def test_only_colours_of_percepts_own_stay() -> None:
    assert harmless("\x1b[1;31mFAIL\x1b[0m \x1b[2J", coloured=True) == "\x1b[1;31mFAIL\x1b[0m \\x1b[2J"
    assert harmless("\x1b[1;31mFAIL") == "\\x1b[1;31mFAIL"
    assert harmless("naïve – 図 🙂 e\u0301\n") == "naïve – 図 🙂 e\u0301\n"


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two folders of empty files, whose names hold, one after the other, all that a terminal obeys."""
    root = tmp_path_factory.mktemp("hostile")
    for folder in ("base", "now"):
        (root / folder).mkdir()
        for start in range(0, len(IN_NAMES), 8):
            (root / folder / f"{start}{''.join(IN_NAMES[start : start + 8])}.png").touch()
    return root


@pytest.mark.parametrize("command", ["batch", "check"])
def test_names_of_files_are_harmless_in_every_report_for_people(
    hostile: Path, percept: Percept, command: str
) -> None:
    done = percept(command, "base", "now", "--format", "table", "--top", "all", cwd=hostile)
    assert done.returncode == 3
    assert len(re.findall(r"^ERROR", done.stdout, re.MULTILINE)) == len(list((hostile / "base").iterdir()))
    assert obeyed_in(done.stdout + done.stderr) == []
    endings = {"table": "txt", "score": "tsv", "markdown": "md", "github": "log", "tap": "tap", "junit": "xml"}
    outputs = [word for form in FORMATS for word in ("-o", f"{command}.{endings[form]}")]
    done = percept(command, "base", "now", "--format", "github", *outputs, cwd=hostile)
    assert done.returncode == 3
    assert obeyed_in(done.stdout + done.stderr) == []
    for form in FORMATS:
        text = (hostile / f"{command}.{endings[form]}").read_bytes().decode("utf-8", "surrogateescape")
        assert text
        assert obeyed_in(text) == [], form


@pytest.mark.parametrize("command", ["compare", "heatmap", "report", "approve", "check", "batch"])
def test_names_on_the_command_line_are_harmless(percept: Percept, command: str) -> None:
    name = "".join(IN_NAMES[:80]) + "".join(HALVES[:20])
    arguments = [name] if command in ("report", "approve") else [name, name]
    further = ["-o", "heat.png"] if command == "heatmap" else []
    done = percept(command, *arguments, *further, env={"CI": ""})
    assert done.returncode in (2, 3)
    assert "\\x1b" in re.sub(r"\s", "", done.stdout + done.stderr)
    assert obeyed_in(done.stdout + done.stderr) == []


def exr(name: str) -> bytes:
    """The beginning of an OpenEXR file, with an attribute of this name that is longer than the file."""
    return b"v/1\x01\x02\0\0\0" + name.encode() + b"\0string\0" + struct.pack("<i", 0x7FFFFFFF) + b"zz"


def npy(dtype: str) -> bytes:
    header = f"{{'descr': '{dtype}', 'fortran_order': False, 'shape': (4, 4, 3), }}"
    header = header.encode("latin-1", "replace").decode("latin-1")
    text = (header + " " * (118 - len(header) - 1) + "\n").encode("latin-1")
    return b"\x93NUMPY\x01\0" + struct.pack("<H", len(text)) + text + bytes(48)


IN_UTF8 = [char for char in (*C0, *DEL, *C1, *BIDI, *SEPARATORS) if char != "\0"]


@pytest.mark.parametrize("command", ["compare", "heatmap", "check", "batch", "approve"])
def test_contents_of_files_are_harmless(tmp_path: Path, percept: Percept, command: str) -> None:
    names = [f"a{ESCAPE}\nError: all is well", *("".join(IN_UTF8[at : at + 60]) for at in range(0, 90, 30))]
    for folder in ("base", "now"):
        (tmp_path / folder).mkdir()
        for number, name in enumerate(names):
            (tmp_path / folder / f"{number}.exr").write_bytes(exr(name))
        (tmp_path / folder / "dtype.npy").write_bytes(npy(f"<f4{ESCAPE}"[:18]))
        (tmp_path / folder / "kind.npy").write_bytes(npy("\x9b31m\x7f"))
    if command in ("compare", "heatmap"):
        further = ["-o", "heat.png"] if command == "heatmap" else []
        files = ["0.exr", "dtype.npy", "kind.npy"]
        told = [percept(command, f"base/{name}", f"now/{name}", *further) for name in files]
    else:
        told = [percept("batch" if command == "batch" else "check", "base", "now", "-o", "r.json", "-o", "r.txt")]
        told.append(percept("report", "r.json", "--format", "table"))
    if command == "approve":
        rows = json.loads((tmp_path / "r.json").read_text())
        for row in rows["results"]:
            row |= {"status": "new", "name": f"new/{row['name']}", "reference": None}
            row["files"]["reference"] = None
        (tmp_path / "r.json").write_text(json.dumps(rows))
        told = [percept("approve", "r.json", "--baseline", "base", "--current", "now", env={"CI": ""})]
    for done in told:
        assert obeyed_in(done.stdout + done.stderr) == []
        assert not re.search("^Error: all is well", done.stdout + done.stderr, re.MULTILINE)
    if command == "compare":
        assert told[0].returncode == 3
        assert (
            "its attribute a\\x1b]0;owned\\x07\\x1b[31m\\nError: all is well is longer than the file"
            in told[0].stderr
        )
    if command == "batch":
        assert obeyed_in((tmp_path / "r.txt").read_text()) == []


@pytest.mark.parametrize("form", ["table", "csv"])
def test_a_terminal_obeys_nothing_of_what_is_data_elsewhere(tmp_path: Path, form: str) -> None:
    """CSV is for programs and has names as they are; a person who looks at it is safe all the same."""
    hostile = "\x9b31m\u202e\x7f.npy"
    np.save(tmp_path / "light.npy", np.ones((8, 8, 3), np.float32))
    (tmp_path / "light.npy").rename(tmp_path / hostile)
    leader, follower = pty.openpty()
    command = [sys.executable, "-m", "percept_cli", "compare", hostile, hostile, "--format", form]
    process = subprocess.Popen(
        command, cwd=tmp_path, stdout=follower, stderr=follower, env=clean_environment(FORCE_COLOR="1")
    )
    os.close(follower)
    shown = b""
    while True:
        try:
            piece = os.read(leader, 1 << 16)
        except OSError:  # the other side is closed
            break
        shown += piece
    os.close(leader)
    assert process.wait(60) == 0
    text = re.sub(r"\x1b\[[0-9;]*m", "", shown.decode().replace("\r\n", "\n"))
    assert "\\x9b31m\\u202e\\x7f.npy" in text
    assert obeyed_in(text) == []


@pytest.mark.parametrize("name", ["a b.png", "it's.png", "$(rm).png", "-o", "tab\t.png", "\udcff\\'.png", "é"])
def test_shell_quoting_gives_the_name_back(name: str) -> None:
    done = subprocess.run(
        ["bash", "-c", f"printf '%s' {shell_quoted(name)}"], capture_output=True, check=True
    )  # fmt: skip
    assert done.stdout.decode("utf-8", "surrogateescape").removeprefix("./") == name
