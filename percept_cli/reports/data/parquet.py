"""Parquet: one row per pair, for data frames. Needs pyarrow, which is the package's extra ``parquet``."""

from __future__ import annotations

import io
from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING, Any

from percept_cli.reports import Report
from percept_cli.reports.data.columns import PAIR, Cell, cells_of, tail_of
from percept_cli.results.pair import PairResult
from percept_cli.results.run import Run

if TYPE_CHECKING:
    import pyarrow as pa

_ROWS_PER_GROUP = 10_000


class ParquetReport(Report):
    """The columns of the wide CSV, typed: numbers are float64 or int64, absent ones null; layers by tap name."""

    def render(self) -> Iterator[bytes]:
        """The file, a group of rows at a time."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        schema = _schema(self.run)
        sink = _Sink()
        results = iter(self.run.results)
        with pq.ParquetWriter(sink, schema) as writer:
            while group := [_row(result, self.run) for result in islice(results, _ROWS_PER_GROUP)]:
                writer.write_table(pa.Table.from_pylist(group, schema=schema))
                yield sink.taken()
        yield sink.taken()


def _schema(run: Run) -> pa.Schema:
    import pyarrow as pa

    types = {str: pa.string(), int: pa.int64(), float: pa.float64()}
    columns = {**PAIR, **dict.fromkeys(run.spec.taps, float), **tail_of(run)}
    return pa.schema([(name, types[kind]) for name, kind in columns.items()])


def _row(result: PairResult, run: Run) -> dict[str, Cell]:
    row = {
        name: _text(value) if isinstance(value, str) else value for name, value in cells_of(result, run).items()
    }
    return row | {layer.name: layer.distance for layer in result.layers}


def _text(value: str) -> str:
    # Parquet's strings are UTF-8; bytes of a name that are no text become \udcXX, as in JSON.
    return value.encode("utf-8", "backslashreplace").decode("utf-8")


class _Sink(io.RawIOBase):
    """What pyarrow writes to: holds a group of rows until it is taken, and knows how much went before."""

    def __init__(self) -> None:
        self._held = bytearray()
        self._before = 0

    def writable(self) -> bool:
        return True

    def write(self, data: Any, /) -> int:
        self._held += data
        return len(memoryview(data).cast("B"))

    def tell(self) -> int:
        return self._before + len(self._held)

    def taken(self) -> bytes:
        """What was written since the last time."""
        data, self._held = bytes(self._held), bytearray()
        self._before += len(data)
        return data
