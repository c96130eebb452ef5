"""Parquet: one row per pair, for data frames. Needs pyarrow, which is the package's extra ``parquet``."""

from __future__ import annotations

import io
from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING, Any

from percept_cli.errors import MissingLibrary
from percept_cli.recipes.spec import DistanceSpec
from percept_cli.reports import Style
from percept_cli.reports.data.rows import dumps
from percept_cli.results.run import PairResult, Run

if TYPE_CHECKING:
    import pyarrow as pa

_ROWS_PER_GROUP = 10_000


def check() -> None:
    """See whether pyarrow is there, before any work.

    Raises:
        MissingLibrary: if it is not.
    """
    try:
        import pyarrow.parquet  # noqa: F401 - only whether it is there
    except ImportError:
        raise MissingLibrary(
            "writing Parquet needs pyarrow, which is not installed", hint="pip install 'percept-cli[parquet]'"
        ) from None


def render(run: Run, style: Style) -> Iterator[bytes]:  # noqa: ARG001 - every format has the same signature
    """The columns of the wide CSV, typed: numbers are float64 or int64, absent ones null; layers by tap name."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    schema = _schema(run.spec)
    sink = _Sink()
    results = iter(run.results)
    with pq.ParquetWriter(sink, schema) as writer:
        while group := [_row(result, run.spec) for result in islice(results, _ROWS_PER_GROUP)]:
            writer.write_table(pa.Table.from_pylist(group, schema=schema))
            yield sink.taken()
    yield sink.taken()


def _schema(spec: DistanceSpec) -> pa.Schema:
    import pyarrow as pa

    text, number, whole = pa.string(), pa.float64(), pa.int64()
    columns: list[tuple[str, Any]] = [
        *((name, text) for name in ("name", "reference", "candidate")),
        *((name, whole) for name in ("width", "height")),
        *((name, text) for name in ("status", "reason", "view")),
        *((name, number) for name in ("distance", "threshold", "weight", *spec.taps, "seconds")),
        *((name, text) for name in ("fingerprint", "extra")),
    ]
    return pa.schema(columns)


def _row(result: PairResult, spec: DistanceSpec) -> dict[str, Any]:
    row = {
        "name": _text(result.name),
        "reference": _text(result.reference),
        "candidate": _text(result.candidate),
        "width": result.width,
        "height": result.height,
        "status": result.status,
        "reason": _text("; ".join((result.reason, *result.notes))),
        "view": str(result.view) if result.views else None,
        "distance": result.distance if result.compared else None,
        "threshold": result.threshold,
        "weight": result.weight,
        "seconds": round(result.seconds, 6),
        "fingerprint": result.fingerprint or spec.fingerprint,
        "extra": dumps(dict(result.extra)) if result.extra else None,
    }
    return row | {layer.name: layer.distance for layer in result.layers}


def _text(value: str | None) -> str | None:
    # Parquet's strings are UTF-8; bytes of a name that are no text become \udcXX, as in JSON.
    return None if value is None else value.encode("utf-8", "backslashreplace").decode("utf-8")


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
