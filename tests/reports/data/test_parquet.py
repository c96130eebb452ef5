"""Parquet has what the wide CSV has."""

from __future__ import annotations

from pathlib import Path

import pytest

from percept_cli import reports
from percept_cli.reports import Style
from percept_cli.system.whole import encoded
from tests.support.reported import MANY


def test_parquet_in_several_groups(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A stand-in for a run of tens of thousands: groups of two rows."""
    import pyarrow.parquet as pq

    monkeypatch.setattr("percept_cli.reports.data.parquet._ROWS_PER_GROUP", 2)
    path = tmp_path / "run.parquet"
    path.write_bytes(b"".join(map(encoded, reports.render(MANY, "parquet", Style()))))
    assert pq.ParquetFile(path).num_row_groups == 3
    assert pq.read_table(path).column("name").to_pylist() == [result.name for result in MANY.results]
