"""Manifests and streams → pairs: CSV, TSV or JSON Lines with one pair per line, or a Parquet file."""

from __future__ import annotations

import csv
import io
import json
import os
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import Any, BinaryIO

from percept_cli.errors import InvalidSetting, UnusablePair
from percept_cli.pairs import Pair, Pairs
from percept_cli.pairs.fields import REQUIRED, Fields, check_columns
from percept_cli.pairs.sharding import Sharded, sharded
from percept_cli.pairs.tables import MAGIC, ParquetList
from percept_cli.results.extra import check_depth
from percept_cli.results.shard import Shard
from percept_cli.storage.address import check_typed, is_remote
from percept_cli.storage.inputs import brought
from percept_cli.system.names import counted, printable, shown

STDIN = "-"
_DELIMITERS = "\t,;"
_NO_BEGINNING = UnusablePair(
    "neither JSON nor a header that names the columns reference and candidate",
    hint='write {"reference": "…", "candidate": "…"}.',
)


def read_manifest(name: str, shard: Shard | None = None, *, remote: bool = False) -> Pairs:
    """The pairs that a manifest lists, or that another program writes to standard input.

    Parquet is recognised by its first bytes, text by its first line: a JSON object begins JSON Lines; anything
    else is the header of CSV (separated by commas or semicolons) or TSV. UTF-8, with or without a byte order mark.
    A line that names no pair becomes a pair with its trouble; the lines after it are read all the same. Blank
    lines are nothing, anywhere.

    Args:
        name: a file, whose folder relative paths start from; or ``-`` for standard input, which like any pipe is
            read as it comes, and whose relative paths start from the current folder; or an address.
        shard: which of its pairs; all of them by default.
        remote: whether addresses that a list of this machine names may be fetched; those of one that was itself
            named by an address may.

    Raises:
        InvalidSetting: if the file cannot be read, or its header does not name the columns.
    """
    if name == STDIN:
        if sys.stdin is None:
            raise InvalidSetting("standard input is closed", hint="pipe the pairs into it, or give a file.")
        lines = _Manifest("standard input", Path(), live=True, remote=remote)
        return sharded(Pairs(lines.pairs(sys.stdin.buffer), live=True), shard)
    check_typed(name)
    path = Path(name)
    if is_remote(path):
        return _read_file(brought(path, InvalidSetting), shard, listed_as=path, remote=True)
    try:
        if path.is_dir():
            raise InvalidSetting(
                f"{shown(path)} is a folder, not a list of pairs", hint="give two folders instead."
            )
        if path.exists() and not path.is_file():  # a pipe cannot be read twice
            lines = _Manifest(shown(path), Path(), live=True, remote=remote)
            return sharded(Pairs(lines.pairs(path.open("rb")), live=True), shard)
        return _read_file(path, shard, listed_as=path, remote=remote)
    except (OSError, ValueError) as error:
        reason = (isinstance(error, OSError) and error.strerror) or str(error)
        raise InvalidSetting(
            f"{shown(path)}: cannot be read: {reason}", hint="check the spelling of the path."
        ) from None


def _read_file(path: Path, shard: Shard | None, *, listed_as: Path, remote: bool) -> Pairs:
    """The pairs of a file, which messages call as it was given."""
    # A redirected file under the system's name for standard input has no folder of its own.
    base = Path() if path.as_posix().startswith(("/dev/", "/proc/")) else listed_as.parent
    with path.open("rb") as file:
        is_table = file.read(len(MAGIC)) == MAGIC or listed_as.suffix.lower() == ".parquet"
        lines = (ParquetList if is_table else _Manifest)(shown(listed_as), base, remote=remote)
        file.seek(0)
        names, notes = _survey(listed_as, lines.pairs(file))

    def again() -> Iterator[Pair]:
        try:
            file = path.open("rb")
        except OSError as error:
            raise InvalidSetting(
                f"{shown(listed_as)}: can no longer be read: {error.strerror}",
                hint="do not move or delete it while percept runs.",
            ) from None
        with file:
            pairs = lines.pairs(file)
            yield from _mark_shared(iter(pairs if shard is None else Sharded(pairs, shard)))

    found = Pairs(again(), total=names.total(), inputs=(listed_as,), notes=notes)
    if shard is None:
        return found
    mine = sum(count for name, count in names.items() if shard.holds(name))
    return replace(found, total=mine, shard=replace(shard, whole=names.total()))


def _survey(path: Path, pairs: Iterable[Pair]) -> tuple[Counter[str], tuple[str, ...]]:
    """How many pairs of a manifest have each name, and what a person should know before they are compared."""
    folder, outside, first, names = _lexical(path.parent), 0, "", Counter[str]()
    for pair in pairs:
        names[pair.name] += 1
        for side in (pair.reference, pair.candidate):
            if side is None or is_remote(side) != is_remote(path):
                continue
            if not _lexical(side).is_relative_to(folder):
                first, outside = first or shown(side), outside + 1
    notes = []
    if outside:
        notes.append(f"{shown(path)} names {counted(outside, 'file')} outside its own folder, such as {first}")
    twice = [name for name, count in names.items() if count > 1]
    if twice:
        notes.append(
            f"{shown(path)} uses {counted(len(twice), 'name')} for more than one pair, such as "
            f"{printable(twice[0])}; all pairs are compared"
        )
    return names, tuple(notes)


def _lexical(path: Path) -> Path:
    # Not Path.resolve: a link inside the folder is inside it, wherever it leads.
    return Path(os.path.abspath(path))  # noqa: PTH100 - for the same reason


def _mark_shared(pairs: Iterator[Pair]) -> Iterator[Pair]:
    """Mark neighbours with one reference."""
    held = next(pairs, None)
    before = None
    while held is not None:
        after = next(pairs, None)
        mine = held.reference
        same = mine is not None and (mine == before or (after is not None and mine == after.reference))
        yield replace(held, shared=True) if same else held
        held, before = after, mine


_Record = list[str] | UnusablePair
_LONGEST = 1 << 24
"""Characters of a line."""


class _Manifest:
    """One manifest, line by line."""

    def __init__(self, name: str, base: Path, *, live: bool = False, remote: bool = False) -> None:
        self._name, self._live = name, live
        self._fields = Fields(name, base, remote=remote)

    def pairs(self, file: BinaryIO) -> Iterator[Pair]:
        """Raise InvalidSetting for a header that does not name the columns."""
        # Names of files may hold bytes that are no UTF-8; they stand for themselves.
        with io.TextIOWrapper(file, encoding="utf-8-sig", errors="surrogateescape", newline="") as text:
            # Never reads ahead of a line that another program waits on, nor for ever in one that has no end.
            lines = iter(lambda: self._whole(text.readline(_LONGEST)), "")
            number, first = 1, next(lines, "")
            if first.startswith(MAGIC.decode()):
                raise InvalidSetting(
                    f"{self._name}: Parquet cannot be read from a stream, because it begins at its end",
                    hint="give the file: --pairs pairs.parquet",
                )
            while first and not self._begins(first):
                if first.strip():  # only in a stream, whose writer may wait for an answer
                    yield self._fields.unusable(number, {}, _NO_BEGINNING)
                number, first = number + 1, next(lines, "")
            if first.lstrip().startswith("{"):
                yield from self._json_lines(number, first, lines)
            elif first:
                yield from self._rows(number, first, lines)

    def _whole(self, line: str) -> str:
        if len(line) < _LONGEST or line.endswith("\n"):
            return line
        raise InvalidSetting(
            f"{self._name}: not a list of pairs: a line has more than {_LONGEST:,} characters",
            hint="write one pair per line.",
        )

    def _begins(self, line: str) -> bool:
        """Whether a line says what form the others have: in a file any text; a stream may begin with bad lines."""
        named = any(_has_required(_header(line, sign)) for sign in _DELIMITERS)
        return line.lstrip().startswith("{") or named or (not self._live and bool(line.strip()))

    def _json_lines(self, start: int, first: str, lines: Iterator[str]) -> Iterator[Pair]:
        for number, line in enumerate(chain([first], lines), start):
            if not line.strip():
                continue
            try:
                fields = json.loads(line, object_pairs_hook=_refuse_doubles)
                _check_json(fields)
            except (ValueError, RecursionError) as error:
                trouble = UnusablePair(f"invalid JSON: {error}", hint="write one JSON object per line.")
                yield self._fields.unusable(number, {}, trouble)
                continue
            if not isinstance(fields, dict):
                trouble = UnusablePair("not a JSON object", hint='write {"reference": "…", "candidate": "…"}.')
                yield self._fields.unusable(number, {}, trouble)
            else:
                yield self._fields.pair(number, fields)

    def _rows(self, start: int, first: str, lines: Iterator[str]) -> Iterator[Pair]:
        delimiter = next((sign for sign in _DELIMITERS if _has_required(_header(first, sign))), None)
        if delimiter is None:
            self._refuse_header(first)
        header = _header(first, delimiter or ",")
        check_columns(header, self._name)
        for number, row in self._records(start + 1, lines, delimiter or ","):
            if isinstance(row, UnusablePair):
                yield self._fields.unusable(number, {}, row)
                continue
            if not (delimiter or ",").join(row).strip():  # a blank line
                continue
            fields = {
                column: value for column, value in zip(header, row, strict=False) if value or column in REQUIRED
            }
            if len(row) > len(header):
                what = f"{len(row)} fields, but the header names {len(header)}"
                trouble = UnusablePair(what, hint="check the separators and quotes.")
                yield self._fields.unusable(number, fields, trouble)
            else:
                yield self._fields.pair(number, fields)

    def _records(self, number: int, lines: Iterator[str], delimiter: str) -> Iterator[tuple[int, _Record]]:
        """Each record with the number of its first line.

        In a stream each line is one: a line with an open quote must not wait for those after it.
        """
        while line := next(lines, ""):
            reader = csv.reader([line] if self._live else chain([line], lines), delimiter=delimiter, strict=True)
            try:
                yield number, next(reader)
            except csv.Error as error:
                to = f" up to line {number + reader.line_num - 1}" if reader.line_num > 1 else ""
                yield number, UnusablePair(f"invalid CSV{to}: {error}", hint="check the quotes.")
            number += reader.line_num

    def _refuse_header(self, first: str) -> None:
        if "\0" in first or "\ufffe" in first:
            raise InvalidSetting(f"{self._name}: not UTF-8 text", hint="save it as CSV in UTF-8.")
        found = ", ".join(map(printable, _header(first, ",")))
        raise InvalidSetting(
            f"{self._name}: the first line must name the columns reference and candidate, but it has: "
            f"{found[:200]}",
            hint="write reference,candidate on the first line, then one pair per line.",
        )


def _refuse_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) != len(pairs):
        twice = next(key for key, _ in pairs if [name for name, _ in pairs].count(key) > 1)
        raise ValueError(f"{printable(twice)} is given twice")
    return fields


def _check_json(value: object) -> None:
    """What is carried through must be writable as JSON again: finite numbers, whole characters, no deep nesting.

    Raises:
        ValueError: if it is not.
    """
    check_depth(value)
    json.dumps(value, ensure_ascii=False, allow_nan=False).encode("utf-8", "surrogateescape")


def _header(line: str, delimiter: str) -> list[str]:
    try:
        columns = next(csv.reader([line], delimiter=delimiter), [])
    except csv.Error:
        return []
    return [column.strip().lower() for column in columns]


def _has_required(header: list[str]) -> bool:
    return all(column in header for column in REQUIRED)
