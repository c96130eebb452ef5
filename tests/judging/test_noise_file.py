"""percept-noise.json as text: what is written, and what is believed of what is read."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from percept_cli.geometry import FileStamp
from percept_cli.judging.learned import LearnedImage
from percept_cli.judging.noise_file import (
    MOST_BYTES,
    NoiseFile,
    UnreadableNoiseFile,
    check_noise_file,
    read_noise_file,
    written,
)

ENTRY = LearnedImage("ab" * 32, 480, 320, 5, 0.0544, 0.5072, 0.28, 0.43, 1049, ("", ".......klkll"), ())
OWN = LearnedImage("cd" * 32, 8, 8, 2, 0.0, 0.0, 0.0, 0.0, 0, fingerprint="0123456789ab")
TEXT = f"""\
{{
 "version": 1,
 "fingerprint": "aff7e4b89df6",
 "images": {{
  "charts/größe.png": {{
   "baseline": "{"ab" * 32}",
   "size": "480x320",
   "runs": 5,
   "overall": 0.0544,
   "peak": 0.5072,
   "colour": 0.28,
   "ink": 0.43,
   "changed-pixels": 1049,
   "peaks": [
    "",
    ".......klkll"
   ],
   "colours": []
  }},
  "hero.png": {{
   "baseline": "{"cd" * 32}",
   "size": "8x8",
   "runs": 2,
   "overall": 0.0,
   "peak": 0.0,
   "colour": 0.0,
   "ink": 0.0,
   "changed-pixels": 0,
   "peaks": [],
   "colours": [],
   "fingerprint": "0123456789ab"
  }}
 }}
}}
"""
IMAGES = {"charts/größe.png": ENTRY, "hero.png": OWN}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "percept-noise.json"
    path.write_text(TEXT, encoding="utf-8")
    return path


def test_the_text_of_the_file() -> None:
    """Golden: whoever changes it makes a diff of every project that has learned."""
    assert "".join(written("aff7e4b89df6", IMAGES.items())) == TEXT
    assert json.loads("".join(written("x", []))) == {"version": 1, "fingerprint": "x", "images": {}}


def test_what_was_written_is_read(path: Path) -> None:
    assert read_noise_file(path) == NoiseFile(path, "aff7e4b89df6", IMAGES)


def test_an_entry_of_the_largest_map_has_about_a_kilobyte() -> None:
    rows = ("z" * 16,) * 16
    entry = LearnedImage("ab" * 32, 4096, 4096, 12, 0.05443, 0.5072, 12.28, 0.4312, 104912, rows, rows)
    assert len("".join(written("x", [("screens/checkout/payment.png", entry)]))) < 1200


def test_a_name_of_bytes_that_are_no_text(path: Path) -> None:
    name = os.fsdecode(b"caf\xe9.png")
    text = "".join(written("x", [(name, OWN)])).encode("utf-8", "backslashreplace")
    path.write_bytes(text)
    assert list(read_noise_file(path).images) == [name]


def test_an_entry_counts_for_what_it_was_learned_with(path: Path) -> None:
    found = read_noise_file(path)
    stamp = FileStamp(1, 2, "ab" * 32)
    name = "charts/größe.png"
    assert found.entry_for(name, stamp, "aff7e4b89df6", (480, 320)) == ENTRY
    assert found.entry_for("hero.png", FileStamp(1, 2, "cd" * 32), "0123456789ab", (8, 8)) == OWN
    assert found.entry_for("other.png", stamp, "aff7e4b89df6", (480, 320)) is None
    told = "percept-noise.json was learned {}, so it is not used for this image"
    for stale, why in (
        ((FileStamp(1, 2, "cd" * 32), "aff7e4b89df6", (480, 320)), "with another baseline"),
        ((None, "aff7e4b89df6", (480, 320)), "with another baseline"),
        ((stamp, "aff7e4b89df6", (240, 160)), "at another size (480×320)"),
        ((stamp, "000000000000", (480, 320)), "by another recipe (aff7e4b89df6, and this is 000000000000)"),
    ):
        assert found.entry_for(name, *stale) == told.format(why)


def test_a_file_of_another_recipe_is_told_once(path: Path) -> None:
    assert check_noise_file(path, "aff7e4b89df6") == []
    assert check_noise_file(path, "0123456789ab") == []  # an image has this recipe of its own
    (told,) = check_noise_file(path, "000000000000")
    assert told.endswith(
        "was learned by another recipe (aff7e4b89df6, and this is 000000000000), so it is not used"
    )


def with_entry(**changes: Any) -> Callable[[str], str]:
    def change(text: str) -> str:
        document = json.loads(text)
        document["images"]["hero.png"] |= changes
        return json.dumps(document)

    return change


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda text: text[:200], "line 8: not JSON"),
        (lambda text: text.replace(' "images"', '<<<<<<< ours\n "images"'), "the marks of a merge conflict"),
        (lambda _: "", "line 1: not JSON"),
        (lambda _: "[]", "it has no version, so percept did not write it"),
        (lambda _: '{"images": {}}', "it has no version, so percept did not write it"),
        (lambda _: '{"version": 1}', "no 'fingerprint'"),
        (lambda _: "[" * 100_000, "recursion"),
        (lambda _: '{"version": ' + "1" * 5000 + "}", "Exceeds the limit"),
        (lambda text: text.replace('"hero.png"', '"charts/größe.png"'), "'charts/größe.png' is there twice"),
        (
            lambda _: '{"version": 1, "fingerprint": "x", "images": {"a.png": 3}}',
            "entry of a.png is not an object",
        ),
        (with_entry(peak=-1), "the peak of hero.png is not a number from 0 to 1e+30"),
        (with_entry(ink="1"), "the ink of hero.png is not a number from 0 to 1e+30"),
        (with_entry(colour=float("inf")), "the colour of hero.png is not a number from 0 to 1e+30"),
        (with_entry(peak=10**400), "the peak of hero.png is not a number from 0 to 1e+30"),
        (with_entry(overall=1e308), "the overall of hero.png is not a number from 0 to 1e+30"),
        (with_entry(runs=0), "no count of runs"),
        (with_entry(runs=True), "no count of runs"),
        (with_entry(size="8"), "no size or baseline"),
        (with_entry(baseline=None), "no size or baseline"),
        (with_entry(peaks=["a!"]), "a row that is not of at most 16 letters and dots"),
        (with_entry(peaks=["a" * 17]), "a row that is not of at most 16 letters and dots"),
        (with_entry(colours=[""] * 17), "not a list of at most 16 rows"),
    ],
)
def test_a_file_that_is_damaged(path: Path, change: Callable[[str], str], message: str) -> None:
    path.write_text(change(TEXT), encoding="utf-8")
    with pytest.raises(UnreadableNoiseFile, match="the noise file is damaged: ") as error:
        read_noise_file(path)
    assert message in str(error.value)
    assert error.value.hint.startswith("take it from version control again, or learn it again with: percept learn")


def test_a_file_that_is_none(path: Path, tmp_path: Path) -> None:
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(UnreadableNoiseFile, match="damaged: it is not UTF-8 text"):
        read_noise_file(path)
    with pytest.raises(UnreadableNoiseFile, match=r"gone\.json: no such noise file") as error:
        read_noise_file(tmp_path / "gone.json")
    assert error.value.hint == "write it with: percept learn BASELINE RUN RUN"
    with pytest.raises(UnreadableNoiseFile, match="the noise file is a folder"):
        read_noise_file(tmp_path)
    with pytest.raises(UnreadableNoiseFile, match="the noise file is a device or pipe"):
        read_noise_file(Path("/dev/zero"))
    with path.open("wb") as file:
        file.truncate(MOST_BYTES + 1)
    with pytest.raises(UnreadableNoiseFile, match="has 1,073,741,825 bytes, more than percept ever writes"):
        read_noise_file(path)


@pytest.mark.parametrize("version", [2, "1", True, None])
def test_a_file_of_another_version(path: Path, version: object) -> None:
    path.write_text(json.dumps(json.loads(TEXT) | {"version": version}), encoding="utf-8")
    with pytest.raises(UnreadableNoiseFile, match=r"the noise file has version .*; this percept reads 1") as error:
        read_noise_file(path)
    assert error.value.hint.startswith("use the version of percept that wrote it, or learn it again with")
