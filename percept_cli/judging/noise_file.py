"""``percept-noise.json``: what ``percept learn`` has learned, as text that is kept with the baselines."""

from __future__ import annotations

import json
import re
import stat
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from percept_cli.errors import PerceptError
from percept_cli.evidence.blocks import MOST_BLOCKS
from percept_cli.geometry import FileStamp
from percept_cli.judging.learned import ALPHABET, NONE, LearnedImage
from percept_cli.system.names import printable, shown

NAME = "percept-noise.json"
"""What it is called unless someone says otherwise."""
VERSION = 1
"""Of the format, and of how gates are measured: it goes up with either."""
MOST_BYTES = 1 << 30
"""Of a file; one of 50,000 images has 50 MB."""
_MOST = 1e30  # of a value: limits that follow from it are finite, also in single precision
_ROW = re.compile(f"[{NONE}{ALPHABET}]{{0,{MOST_BLOCKS}}}")
_SIZE = re.compile(r"([1-9]\d{0,9})x([1-9]\d{0,9})")
_AGAIN = "learn it again with: percept learn BASELINE RUN RUN --overwrite"


class UnreadableNoiseFile(PerceptError):
    """A file is no noise file of percept, or not one that this version can read."""


@dataclass(frozen=True)
class NoiseFile:
    """All that it holds."""

    path: Path
    fingerprint: str
    """Of the recipe by which it was learned."""
    images: Mapping[str, LearnedImage]
    """By name: the path relative to the baseline folder."""

    def entry_for(
        self, name: str, baseline: FileStamp | None, fingerprint: str, size: tuple[int, int]
    ) -> LearnedImage | str | None:
        """What was learned of an image; in words why it does not count; None where nothing was learned of it."""
        entry = self.images.get(name)
        if entry is None:
            return None
        learned_by = entry.fingerprint or self.fingerprint
        if learned_by != fingerprint:
            why = f"by another recipe ({learned_by}, and this is {fingerprint})"
        elif baseline is None or baseline.sha256 != entry.baseline:
            why = "with another baseline"
        elif size != (entry.width, entry.height):
            why = f"at another size ({entry.width}×{entry.height})"
        else:
            return entry
        return f"{shown(self.path.name)} was learned {why}, so it is not used for this image"


def read_noise_file(path: Path) -> NoiseFile:
    """Read one.

    Raises:
        UnreadableNoiseFile: if it is missing, no regular file, damaged, of another program or of a newer percept.
    """
    name = shown(path)
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            what = "a folder" if stat.S_ISDIR(status.st_mode) else "a device or pipe, not a file"
            raise UnreadableNoiseFile(f"{name}: the noise file is {what}", hint="name the file itself.")
        if status.st_size > MOST_BYTES:
            raise UnreadableNoiseFile(
                f"{name}: the noise file has {status.st_size:,} bytes, more than percept ever writes",
                hint=f"it holds something else: correct the path, or {_AGAIN}",
            )
        return _read(path, status.st_mtime_ns, status.st_size)
    except FileNotFoundError:
        raise UnreadableNoiseFile(
            f"{name}: no such noise file", hint="write it with: percept learn BASELINE RUN RUN"
        ) from None
    except (OSError, ValueError) as error:
        reason = (isinstance(error, OSError) and error.strerror) or str(error)
        raise UnreadableNoiseFile(
            f"{name}: the noise file cannot be read: {reason}", hint="check the path."
        ) from None


def check_noise_file(path: Path, fingerprint: str, named_by: str = "") -> list[str]:
    """Refuse one that cannot be read, and say so where nothing in it holds for a recipe.

    Args:
        path: of the file.
        fingerprint: of the recipe.
        named_by: the table and file of settings that name it, in words.

    Raises:
        UnreadableNoiseFile: as ``read_noise_file``, also saying who names it.
    """
    try:
        found = read_noise_file(path)
    except UnreadableNoiseFile as error:
        if not named_by:
            raise
        raise UnreadableNoiseFile(f"{error} (the noise-file of {named_by})", hint=error.hint) from None
    if fingerprint in {found.fingerprint, *(entry.fingerprint for entry in found.images.values())}:
        return []
    return [
        f"{shown(path)} was learned by another recipe ({found.fingerprint}, and this is {fingerprint}), so it is "
        "not used"
    ]


@lru_cache(maxsize=2)
def _read(path: Path, modified_ns: int, size: int) -> NoiseFile:  # noqa: ARG001 - the key of the cache
    name, data = shown(path), path.read_bytes()
    try:
        document = json.loads(data.decode("utf-8"), object_pairs_hook=_without_doubles)
    except UnicodeDecodeError:
        raise _damaged(name, "it is not UTF-8 text") from None
    except json.JSONDecodeError as error:
        why = "it has the marks of a merge conflict" if b"\n<<<<<<<" in data else f"line {error.lineno}: not JSON"
        raise _damaged(name, why) from None
    except (ValueError, RecursionError) as error:
        raise _damaged(name, printable(str(error))[:200]) from None
    if not isinstance(document, dict) or "version" not in document:
        raise _damaged(name, "it has no version, so percept did not write it")
    version = document["version"]
    if version != VERSION or isinstance(version, bool):
        raise UnreadableNoiseFile(
            f"{name}: the noise file has version {printable(repr(version))[:50]}; this percept reads {VERSION}",
            hint=f"use the version of percept that wrote it, or {_AGAIN}",
        )
    try:
        fingerprint, images = document["fingerprint"], document["images"]
        if not isinstance(fingerprint, str) or not isinstance(images, dict):
            raise TypeError("fingerprint must be a string and images an object")
        read = dict[str, LearnedImage]()
        for image in images:
            read[image] = _entry_of(images[image], image)
            images[image] = None  # one of both is enough, where there are many
        return NoiseFile(path, fingerprint, read)
    except (KeyError, TypeError, ValueError) as error:
        why = f"no {error}" if isinstance(error, KeyError) else str(error)
        raise _damaged(name, printable(why)[:200]) from None


def _damaged(name: str, why: str) -> UnreadableNoiseFile:
    return UnreadableNoiseFile(
        f"{name}: the noise file is damaged: {why}", hint=f"take it from version control again, or {_AGAIN}"
    )


def _without_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"{twice!r} is there twice")
    return found


def _entry_of(row: Any, name: str) -> LearnedImage:
    """An entry, of which nothing is believed unseen.

    Raises:
        KeyError, TypeError, ValueError: if it is none.
    """
    if not isinstance(row, dict):
        raise TypeError(f"the entry of {name} is not an object")
    size = _SIZE.fullmatch(row["size"]) if isinstance(row["size"], str) else None
    own = row.get("fingerprint")
    texts = [row["baseline"], *(() if own is None else (own,))]
    if size is None or not all(isinstance(text, str) for text in texts):
        raise ValueError(f"the entry of {name} has no size or baseline")
    runs, changed = row["runs"], row["changed-pixels"]
    if not all(type(number) is int and 0 <= number < 1 << 63 for number in (runs, changed)) or not runs:
        raise ValueError(f"the entry of {name} has no count of runs or of changed pixels")
    overall, peak, colour, ink = (
        _number(row[key], f"{key} of {name}") for key in ("overall", "peak", "colour", "ink")
    )
    return LearnedImage(
        row["baseline"],
        int(size[1]),
        int(size[2]),
        runs,
        overall,
        peak,
        colour,
        ink,
        changed_pixels=changed,
        peaks=_rows(row["peaks"], name),
        colours=_rows(row["colours"], name),
        fingerprint=own,
    )


def _number(value: Any, what: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= _MOST:
        raise ValueError(f"the {what} is not a number from 0 to {_MOST:.0e}")
    return float(value)


def _rows(value: Any, name: str) -> tuple[str, ...]:
    if not isinstance(value, list) or len(value) > MOST_BLOCKS:
        raise ValueError(f"a map of {name} is not a list of at most {MOST_BLOCKS} rows")
    if not all(isinstance(row, str) and _ROW.fullmatch(row) for row in value):
        raise ValueError(f"a map of {name} has a row that is not of at most {MOST_BLOCKS} letters and dots")
    return tuple(value)


def written(fingerprint: str, images: Iterable[tuple[str, LearnedImage]]) -> Iterator[str]:
    """The text of the file, piece by piece: the same for the same entries, a line for each thing that can change.

    Args:
        fingerprint: of the recipe.
        images: by name, sorted.
    """
    yield f'{{\n "version": {VERSION},\n "fingerprint": {json.dumps(fingerprint)},\n "images": {{'
    before = "\n"
    for name, entry in images:
        text = json.dumps(_row_of(entry), indent=1).replace("\n", "\n  ")
        yield f"{before}  {json.dumps(name, ensure_ascii=False)}: {text}"
        before = ",\n"
    yield "\n }\n}\n" if before != "\n" else "}\n}\n"


def _row_of(entry: LearnedImage) -> dict[str, Any]:
    row: dict[str, Any] = {
        "baseline": entry.baseline,
        "size": f"{entry.width}x{entry.height}",
        "runs": entry.runs,
        "overall": entry.overall,
        "peak": entry.peak,
        "colour": entry.colour,
        "ink": entry.ink,
        "changed-pixels": entry.changed_pixels,
        "peaks": list(entry.peaks),
        "colours": list(entry.colours),
    }
    return row if entry.fingerprint is None else row | {"fingerprint": entry.fingerprint}
