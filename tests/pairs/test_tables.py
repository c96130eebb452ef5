"""Lists of pairs as Parquet files: as CSV has them, with types, and every fault in words."""

from __future__ import annotations

import datetime
import math
import subprocess
import sys
import tracemalloc
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from percept_cli.errors import InvalidSetting
from percept_cli.pairs import Pair
from percept_cli.pairs.manifests import read_manifest
from percept_cli.results.shard import Shard
from tests.conftest import ROOT, Percept, Save, clean_environment
from tests.support.batches import CHEAP


def saved(path: Path, table: dict[str, Any] | pa.Table, **options: Any) -> str:
    pq.write_table(table if isinstance(table, pa.Table) else pa.table(table), path, **options)
    return str(path)


SIDES = {"reference": ["r/a.png", "r/b.png"], "candidate": ["c/a.png", "c/b.png"]}


def pairs_of(path: str) -> list[Pair]:
    return list(read_manifest(path).pairs)


def test_the_same_list_as_csv_and_as_parquet(tmp_path: Path) -> None:
    (tmp_path / "pairs.csv").write_text(
        "Reference,candidate,name,threshold,weight,note\nr/a.png,c/a.png,one,0.5,2,x\nr/b.png,c/b.png,,,,\n"
    )
    table = {
        "Reference": SIDES["reference"], " candidate ": SIDES["candidate"], "name": ["one", None],
        "threshold": [0.5, None], "weight": pa.array([2, None], pa.int8()), "note": ["x", None],
    }  # fmt: skip
    found = read_manifest(saved(tmp_path / "pairs.parquet", table))
    pairs, others = list(found.pairs), pairs_of(str(tmp_path / "pairs.csv"))
    assert (found.total, found.inputs) == (2, (tmp_path / "pairs.parquet",))
    assert [pair.threshold_source for pair in pairs] == [f"{tmp_path}/pairs.parquet, row 1", ""]
    for pair, other in zip(pairs, others, strict=True):
        for field in ("name", "reference", "candidate", "threshold", "weight", "extra", "shared"):
            assert getattr(pair, field) == getattr(other, field), field


def test_types_that_data_frames_write(tmp_path: Path) -> None:
    table = {
        "reference": pa.array(SIDES["reference"]).dictionary_encode(),
        "candidate": pa.array(SIDES["candidate"], pa.large_string()),
        "threshold": pa.array([Decimal("0.25"), None], pa.decimal128(5, 2)),
        "weight": pa.array([1.5, 0], pa.float32()),
        "day": [datetime.date(2026, 1, 2), None],
        "at": [datetime.datetime(2026, 1, 2, 3, 4, 5), None],
        "price": pa.array([Decimal("1.10"), None], pa.decimal128(5, 2)),
        "score": [math.nan, math.inf],
        "tags": [["a", "b"], None],
        "place": [{"x": 1, "y": math.nan}, None],
        "ok": [True, None],
    }
    first, second = pairs_of(saved(tmp_path / "list", table))  # by its content, whatever its name
    assert (first.trouble, first.threshold, first.weight) == (None, 0.25, 1.5)
    assert first.extra == {
        "day": "2026-01-02", "at": "2026-01-02T03:04:05", "price": "1.10", "tags": ["a", "b"],
        "place": {"x": 1, "y": None}, "ok": True,
    }  # fmt: skip
    assert (second.threshold, second.weight, second.extra) == (None, 0.0, {"score": "inf"})


def test_a_row_that_names_no_pair_is_an_error_of_its_own(tmp_path: Path) -> None:
    table = {
        "reference": [None, "r.png", "r.png", "r.png"], "candidate": ["c.png", "", "c.png", "c.png"],
        "weight": [1.0, 1.0, -1.0, math.nan], "name": [None, "two", None, None],
    }  # fmt: skip
    path = saved(tmp_path / "p.parquet", table)
    found = pairs_of(path)
    assert [pair.name for pair in found] == ["row 1", "two", "row 3", "row 4"]
    assert [str(pair.trouble).removeprefix(f"{path}, ") for pair in found] == [
        "row 1: reference is missing",
        "row 2: candidate is missing",
        "row 3: weight must be a finite number of at least 0, not -1.0",
        "row 4: weight must be a finite number of at least 0, not nan",
    ]


@pytest.mark.parametrize(
    ("table", "message", "hint"),
    [
        ({"reference": ["a"], "cand": ["b"]}, "has no column candidate; its columns are: reference, cand", "row"),
        ({}, "it has no column reference; its columns are: none", "two columns"),
        (SIDES | {"treshold": [1, 2]}, "unknown column 'treshold'", "did you mean threshold?"),
        (SIDES | {"Weight": [1, 2], "weight": [1, 2]}, "the column weight is given twice", "once"),
        (SIDES | {"reference": [1, 2]}, "column reference must hold text, but has the type int64", "to text"),
        (SIDES | {"reference": [b"a", b"b"]}, "column reference must hold text, but has the type binary", ""),
        (SIDES | {"name": [1, 2]}, "the column name must hold text, but has the type int64", "convert"),
        (SIDES | {"threshold": ["a", "b"]}, "threshold must hold numbers, but has the type string", "numbers"),
        (SIDES | {"weight": [True, False]}, "column weight must hold numbers, but has the type bool", "numbers"),
        (SIDES | {"photo": [b"\0", b"\1"]}, "photo has the type binary, which a report cannot hold", "leave"),
        (SIDES | {"some": [[b"x"], []]}, "some has the type list<element: binary>, which a report", "leave"),
    ],
)  # fmt: skip
def test_columns_that_make_no_list_are_refused_at_once(
    tmp_path: Path, table: dict[str, Any], message: str, hint: str
) -> None:
    with pytest.raises(InvalidSetting) as caught:
        read_manifest(saved(tmp_path / "p.parquet", table))
    assert message in str(caught.value)
    assert str(tmp_path) in str(caught.value)
    assert hint in caught.value.hint


def test_a_column_without_any_value(tmp_path: Path) -> None:
    table = SIDES | {"threshold": pa.nulls(2), "name": pa.nulls(2)}
    assert [pair.name for pair in pairs_of(saved(tmp_path / "p.parquet", table))] == ["c/a.png", "c/b.png"]


def test_a_file_that_is_not_whole(tmp_path: Path) -> None:
    table = {side: [f"{side}/{index}.png" for index in range(5000)] for side in ("reference", "candidate")}
    path = Path(
        saved(tmp_path / "p.parquet", table, row_group_size=1000, compression="none", use_dictionary=False)
    )
    whole = path.read_bytes()
    broken = bytearray(whole)
    middle = len(whole) // 2
    broken[middle : middle + 3000] = b"\xff" * 3000
    for data in (whole[: len(whole) // 2], b"PAR1", b"", b"PAR1" + bytes(100) + b"PAR1", bytes(broken)):
        path.write_bytes(data)
        with pytest.raises(InvalidSetting, match=r"p\.parquet: not a whole Parquet file") as caught:
            read_manifest(str(path))
        assert "write it again" in caught.value.hint
        assert "\n" not in str(caught.value)


def test_a_stream_cannot_be_parquet(tmp_path: Path, percept: Percept) -> None:
    path = saved(tmp_path / "p.parquet", SIDES)
    with Path(path).open("rb") as file:
        done = subprocess.run(
            [sys.executable, "-m", "percept_cli", "batch", "--pairs", "-"],
            stdin=file, capture_output=True, text=True, check=False, cwd=tmp_path, env=clean_environment(),
        )  # fmt: skip
    assert done.returncode == 2
    assert "standard input: Parquet cannot be read from a stream" in done.stderr
    assert "--pairs pairs.parquet" in done.stderr
    assert percept is not None


def test_without_pyarrow_the_message_says_what_to_install(tmp_path: Path) -> None:
    path = saved(tmp_path / "p.parquet", SIDES)
    script = (
        "import sys; sys.modules['pyarrow'] = None\n"
        "from percept_cli.pairs.manifests import read_manifest\n"
        "from percept_cli.errors import MissingLibrary\n"
        f"try: read_manifest({path!r})\n"
        "except MissingLibrary as error: print(error, error.hint, int(error.exit_code))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False, cwd=ROOT)
    assert done.stdout == (
        f"{path}: reading Parquet needs pyarrow, which is not installed "
        "pip install 'percept-cli[parquet]', or save the list as CSV. 2\n"
    )


def test_pyarrow_is_loaded_for_parquet_alone() -> None:
    script = "import sys, percept_cli.pairs.manifests; print('pyarrow' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout == "False\n"


def test_shards_of_a_parquet_list_are_those_of_csv(tmp_path: Path) -> None:
    names = [f"{index}.png" for index in range(40)]
    table = {"reference": ["r.png"] * 40, "candidate": names}
    (tmp_path / "p.csv").write_text("reference,candidate\n" + "".join(f"r.png,{name}\n" for name in names))
    path = saved(tmp_path / "p.parquet", table, row_group_size=7)
    for index in (1, 2, 3):
        one, other = (list(read_manifest(p, Shard(index, 3)).pairs) for p in (path, str(tmp_path / "p.csv")))
        assert [pair.position for pair in one] == [pair.position for pair in other]
        assert [pair.name for pair in one] == [pair.name for pair in other] != []


def test_few_rows_are_held_at_a_time(tmp_path: Path) -> None:
    """Of long texts, one row group has 10 MB."""
    count = 2000
    table = {"reference": ["r.png"] * count, "candidate": ["c.png"] * count, "text": ["x" * 5000] * count}
    path = saved(tmp_path / "p.parquet", table)
    tracemalloc.start()
    try:
        assert sum(1 for _ in read_manifest(path).pairs) == count
        assert tracemalloc.get_traced_memory()[1] < 5_000_000
    finally:
        tracemalloc.stop()


def test_a_batch_of_a_parquet_list(tmp_path: Path, percept: Percept, save: Save) -> None:
    for side in ("r", "c"):
        (tmp_path / side).mkdir()
        save(f"{side}/a.png", 16, 16)
    save("r/b.png", 16, 16)
    saved(tmp_path / "p.parquet", SIDES | {"id": [7, 8]})
    done = percept("batch", "--pairs", "p.parquet", "--format", "csv", "--wide", *CHEAP)
    assert done.returncode == 3
    assert '"{""id"": 7}"' in done.stdout
    assert "c/b.png: no such file" in done.stderr
    done = percept("batch", "--pairs", "p.parquet", "-o", "p.parquet", *CHEAP)
    assert "would overwrite the input p.parquet" in done.stderr
    assert (tmp_path / "p.parquet").stat().st_size > 100
