"""A row of a list → a pair: the columns that mean something, whatever the file's form."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from difflib import get_close_matches
from functools import lru_cache
from pathlib import Path
from typing import Any

from percept_cli.errors import InvalidSetting, PerceptError, UnusablePair
from percept_cli.pairs import Pair
from percept_cli.recipes.presets import check_threshold
from percept_cli.storage.address import check_typed, is_remote, parse_address
from percept_cli.system.addresses import is_address
from percept_cli.system.names import posix, printable, shown

REQUIRED = ("reference", "candidate")
KNOWN = (*REQUIRED, "name", "threshold", "weight")
"""Fields that mean something; others are carried through."""
_NO_MISSPELLINGS = ("height", "preference")
"""Fair names for columns, although they are nearly others."""


class Fields:
    """Rows of one list.

    Args:
        name: of the list, as messages have it.
        base: what relative paths start from.
        unit: what a row is called.
        remote: whether addresses in it may be fetched. A stranger's list must not make this machine ask servers.
    """

    def __init__(self, name: str, base: Path, unit: str = "line", *, remote: bool = False) -> None:
        self._name, self._base, self._unit, self._remote = name, base, unit, remote

    def unusable(self, number: int, fields: Mapping[str, Any], trouble: PerceptError) -> Pair:
        """A pair that cannot be compared, with why."""
        where = f"{self._name}, {self._unit} {number}"
        name = fields.get("name")
        error = UnusablePair(f"{where}: {printable(str(trouble))}", hint=trouble.hint)
        extra = {key: value for key, value in fields.items() if key not in KNOWN}
        name = name if isinstance(name, str) and name else f"{self._unit} {number}"
        return Pair(name, None, None, extra=extra, trouble=error)

    def _at(self, path: str) -> Path:
        """Where a file is that the list names.

        Raises:
            UnusablePair: for an address in a list that may name none.
            InvalidSetting: for an address that cannot be gone to.
        """
        if not is_address(path):
            check_typed(path)
            return straightened(self._base / path, path) if is_remote(self._base) else self._base / path
        if not self._remote:
            raise UnusablePair(
                f"{shown(path)} is not on this machine", hint="to fetch what this list names, add --remote."
            )
        check_typed(path)
        if not parse_address(path).key:
            raise UnusablePair(f"{shown(path)} names a bucket or host, but no image", hint="add its path.")
        return Path(path)

    def pair(self, number: int, fields: Mapping[str, Any]) -> Pair:
        """The pair of a row, or one with its trouble."""
        try:
            for column in fields:
                _refuse_near_miss(column, fields, "")
            reference, candidate = (_path(fields, key) for key in REQUIRED)
            threshold = _number(fields, "threshold")
            weight = _number(fields, "weight")
            if weight is not None and (not math.isfinite(weight) or weight < 0):
                raise UnusablePair(f"weight must be a finite number of at least 0, not {weight!r}")
            name = fields.get("name")
            if name is not None and not isinstance(name, str):
                raise UnusablePair(f"name must be text, not {name!r}", hint="write it in quotes.")
            return Pair(
                name or posix(candidate),
                self._at(reference),
                self._at(candidate),
                threshold=None if threshold is None else check_threshold(threshold),
                threshold_source="" if threshold is None else f"{self._name}, {self._unit} {number}",
                weight=1.0 if weight is None else weight,
                extra={key: value for key, value in fields.items() if key not in KNOWN},
            )
        except PerceptError as trouble:
            return self.unusable(number, fields, trouble)


def check_columns(columns: Sequence[str], where: str) -> None:
    """See whether the columns of a table can be read.

    Raises:
        InvalidSetting: for one that is given twice, or nearly has the name of another.
    """
    for column in columns:
        if columns.count(column) > 1:
            raise InvalidSetting(
                f"{where}: the column {printable(column)} is given twice", hint="give each column once."
            )
        _refuse_near_miss(column, columns, where)


def _refuse_near_miss(column: str, columns: Collection[str], where: str) -> None:
    """A misspelt threshold must not be carried through as if it were a remark."""
    if column in KNOWN or column in _NO_MISSPELLINGS:
        return
    close = [name for name in _nearly(column.lower()) if name not in columns]
    if close:
        place = f"{where}: " if where else ""
        raise InvalidSetting(
            f"{place}unknown column {printable(column)!r}",
            hint=f"did you mean {close[0]}? Columns with other names are copied to the report.",
        )


@lru_cache(1024)  # every row of a list asks for the same few, which takes longer than all else of a row
def _nearly(column: str) -> list[str]:
    return get_close_matches(column, KNOWN, n=1, cutoff=0.83)


def straightened(found: Path, told: str) -> Path:
    """A place beside a list that lives elsewhere, without the dots with which it is told.

    Raises:
        UnusablePair: if they lead out of the list's bucket or host.
    """
    parts = list[str]()
    for part in found.as_posix().split("/"):
        if part == "..":
            parts = parts[:-1]
        elif part != ".":
            parts.append(part)
    if parts[:2] != list(found.parts[:2]):
        raise UnusablePair(
            f"{printable(told)} leads out of the bucket or host of the list", hint="write its whole address."
        )
    return Path(*parts)


def _path(fields: Mapping[str, Any], key: str) -> str:
    value = fields.get(key)
    if value is None or value == "":
        raise UnusablePair(f"{key} is missing", hint="give reference and candidate.")
    if not isinstance(value, str):
        raise UnusablePair(f"{key} must be text, not {value!r}", hint="write the path of a file.")
    return value


def _number(fields: Mapping[str, Any], key: str) -> float | None:
    value = fields.get(key)
    if value is None or value == "":
        return None
    try:
        if isinstance(value, bool):
            raise TypeError
        return float(value)
    except (TypeError, ValueError, OverflowError):
        raise UnusablePair(f"{key} must be a number, not {value!r}", hint="write it as 0.5.") from None
