"""Parquet → pairs: one pair per row. Needs pyarrow, which is the package's extra ``parquet``."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from percept_cli.errors import InvalidSetting, MissingLibrary, UnusablePair
from percept_cli.pairs import Pair
from percept_cli.pairs.fields import KNOWN, REQUIRED, Fields, check_columns
from percept_cli.results.extra import check_depth
from percept_cli.system.names import printable

if TYPE_CHECKING:
    import pyarrow as pa

MAGIC = b"PAR1"
"""What a Parquet file begins and ends with."""

_ROWS = 256  # that are held at once
_NUMBERS = ("threshold", "weight")
_MOST_COLUMNS_TOLD = 10


class ParquetList:
    """A list of pairs as a Parquet file.

    Args:
        name: of the file, as messages have it.
        base: what relative paths start from.
        remote: as of ``Fields``.
    """

    def __init__(self, name: str, base: Path, *, remote: bool = False) -> None:
        self._name = name
        self._fields = Fields(name, base, "row", remote=remote)

    def pairs(self, file: BinaryIO) -> Iterator[Pair]:
        """The pair of each row; some rows are held at a time.

        Raises:
            MissingLibrary: without pyarrow.
            InvalidSetting: if the file is damaged, or its columns are not those of a list.
        """
        try:
            import pyarrow as pa
            import pyarrow.parquet as pq
        except ImportError:
            raise MissingLibrary(
                f"{self._name}: reading Parquet needs pyarrow, which is not installed",
                hint="pip install 'percept-cli[parquet]', or save the list as CSV.",
            ) from None
        number = 0
        try:
            table = pq.ParquetFile(file)
            names = self._names(table.schema_arrow)
            for batch in table.iter_batches(_ROWS, use_threads=False):
                columns = [self._values(batch, index) for index in range(batch.num_columns)]
                for values in zip(*columns, strict=True):
                    number += 1
                    yield self._pair(number, dict(zip(names, values, strict=True)))
        except (pa.ArrowException, OSError, ValueError) as error:
            where = f" after row {number}" if number else ""
            reason = printable(str(error).splitlines()[0].rstrip(".") if str(error) else "damaged")
            raise InvalidSetting(
                f"{self._name}: not a whole Parquet file{where}: {reason}",
                hint="write it again, or copy it again if it was copied.",
            ) from None

    def _names(self, schema: pa.Schema) -> list[str]:
        """The names of the columns, written as in CSV, if pairs can be read from them."""
        names = [name.strip().lower() for name in schema.names]
        for column in REQUIRED:
            if column not in names:
                told = ", ".join(map(printable, names[:_MOST_COLUMNS_TOLD])) or "none"
                more = ", …" if len(names) > _MOST_COLUMNS_TOLD else ""
                raise InvalidSetting(
                    f"{self._name}: it has no column {column}; its columns are: {told}{more}",
                    hint="name two columns reference and candidate; each row is a pair.",
                )
        check_columns(names, self._name)
        for name, field in zip(names, schema, strict=True):
            self._check_type(name, field.type)
        return names

    def _check_type(self, name: str, kind: pa.DataType) -> None:
        wanted = _wanted(name)
        if wanted is None and _is_writable(kind):
            return
        if wanted is not None and wanted[1](kind):
            return
        if wanted is None:
            raise InvalidSetting(
                f"{self._name}: the column {printable(name)} has the type {kind}, which a report cannot hold",
                hint="leave the column out.",
            )
        raise InvalidSetting(
            f"{self._name}: the column {name} must hold {wanted[0]}, but has the type {kind}",
            hint=f"convert the column to {wanted[0]}.",
        )

    def _values(self, batch: pa.RecordBatch, index: int) -> Sequence[Any]:
        try:
            return batch.column(index).to_pylist()  # type: ignore[no-any-return]
        except UnicodeDecodeError as error:
            raise ValueError(f"its text is not UTF-8: {error.reason}") from None

    def _pair(self, number: int, row: Mapping[str, Any]) -> Pair:
        fields = {name: value for name, value in row.items() if name in KNOWN and value is not None}
        fields = dict.fromkeys(REQUIRED) | fields
        try:
            for name, value in row.items():
                if name not in KNOWN and not _is_nothing(value):
                    check_depth(value)
                    fields[name] = _plain(value)
        except (ValueError, RecursionError) as error:
            return self._fields.unusable(number, fields, UnusablePair(f"{printable(name)}: {error}"))
        return self._fields.pair(number, fields)


def _wanted(name: str) -> tuple[str, Callable[[pa.DataType], bool]] | None:
    """What a column of a list must hold, in words, and what looks whether a type is that; None for any other."""
    if name in _NUMBERS:
        return "numbers", _is_number
    return ("text", _is_text) if name in KNOWN else None


def _is_text(kind: pa.DataType) -> bool:
    import pyarrow.types as types

    if types.is_dictionary(kind):
        kind = kind.value_type
    # A column that is null throughout has no other type; each of its rows says what is missing.
    texts = (types.is_string, types.is_large_string, types.is_string_view, types.is_null)
    return any(is_it(kind) for is_it in texts)


def _is_number(kind: pa.DataType) -> bool:
    import pyarrow.types as types

    if types.is_dictionary(kind):
        kind = kind.value_type
    return any(is_it(kind) for is_it in (types.is_integer, types.is_floating, types.is_decimal, types.is_null))


def _is_writable(kind: pa.DataType) -> bool:
    """Whether what is of a type can be copied to a report."""
    import pyarrow.types as types

    if isinstance(kind, types.lib.BaseExtensionType):
        return False
    if types.is_dictionary(kind):
        kind = kind.value_type
    if types.is_nested(kind):
        return all(_is_writable(kind.field(index).type) for index in range(kind.num_fields))
    return _is_text(kind) or _is_number(kind) or types.is_boolean(kind) or types.is_temporal(kind)


def _is_nothing(value: object) -> bool:
    # Data frames write NaN for a number that is not there.
    return value is None or (isinstance(value, float) and math.isnan(value))


def _plain(value: Any) -> Any:
    """A value as JSON has it: dates and decimal numbers as text, a number that is none as null."""
    if isinstance(value, Mapping):
        return {str(key): _plain(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(entry) for entry in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None if math.isnan(value) else str(value)
    if isinstance(value, date | time):
        return value.isoformat()
    return str(value) if isinstance(value, Decimal | timedelta) else value
