"""Columns that tables of pairs have in common."""

from __future__ import annotations

from pathlib import Path

from percept_cli import reports
from percept_cli.reports import Style
from percept_cli.system.whole import encoded
from tests.support.reported import MANY, PASSED, rows
from tests.support.runs import PAIR


def test_parquet_has_the_columns_of_the_wide_csv(tmp_path: Path) -> None:
    import pyarrow.parquet as pq

    path = tmp_path / "run.parquet"
    path.write_bytes(b"".join(map(encoded, reports.render(MANY, "parquet", Style()))))
    found = pq.read_table(path)
    cells = rows(MANY, wide=True)
    assert set(found.column_names) == set(cells[0])
    assert found.column("distance").to_pylist()[1:] == [PASSED.distance, PAIR.distance, None, None, None]
    assert found.column("relu3_3").to_pylist()[2:5] == [0.5, None, None]
    assert found.column("extra").to_pylist() == [cell["extra"] or None for cell in cells]
    assert str(found.schema.field("width").type) == "int64"
