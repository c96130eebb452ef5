"""Reports, whole outputs: golden files whose update is a reviewed diff (PERCEPT_UPDATE_GOLDEN=1 pytest)."""

from __future__ import annotations

import csv
import io
import json
import math
import os
import re
import sys
from dataclasses import replace
from pathlib import Path

import jsonschema
import pytest

from percept_cli import reports
from percept_cli.errors import MissingLibrary
from percept_cli.reports import REPORTS, Report, RowReport, Style, check_format, format_of_file
from percept_cli.reports.data.rows import dumps, from_row, to_row
from percept_cli.results.run import PairResult, Run
from percept_cli.system.names import printable
from percept_cli.system.whole import encoded
from tests.runs import CHECKED, PAIR, RUN

GOLDEN = Path(__file__).parent / "golden"
SCHEMA = json.loads((Path(reports.__file__).parent / "run.schema.json").read_text(encoding="utf-8"))

NOTE = replace(PAIR, notes=("8×8 pixels are too few for relu5_3: both pictures were extended",))
NOT_A_NUMBER = replace(
    PAIR,
    status="error",
    reason="the distance is nan",
    distance=math.nan,
    threshold=None,
    threshold_source="",
    layers=tuple(
        replace(layer, distance=math.nan, contribution=math.nan, share=math.nan) for layer in PAIR.layers
    ),
)
BROKEN = replace(
    PAIR,
    name="out/broken.png",
    candidate="out/broken.png",
    width=None,
    height=None,
    status="error",
    reason="out/broken.png: the picture is damaged or cut off: truncated; make or copy the file anew.",
    distance=math.nan,
    layers=(),
    seconds=0.0,
    reference_file=None,
    candidate_file=None,
)
NEW = replace(BROKEN, name="new.png", reference=None, status="new", reason="there is no reference of this name")
MISSING = replace(BROKEN, name="gone.png", candidate=None, status="missing", reason="there is no candidate")
UNUSABLE = replace(BROKEN, name="line 7", reference=None, candidate=None, reason="pairs.csv, line 7: not CSV")
PASSED = replace(
    PAIR,
    name="out/fine.png",
    candidate="out/fine.png",
    status="pass",
    distance=PAIR.distance / 8,
    layers=tuple(
        replace(layer, distance=layer.distance / 8, contribution=layer.contribution / 8) for layer in PAIR.layers
    ),
    weight=2.0,
    extra={"id": 7, "note": "é\n"},
)
IDENTICAL = replace(
    PASSED,
    name="out/same.png",
    candidate="out/same.png",
    distance=0.0,
    layers=tuple(replace(layer, distance=0.0, contribution=0.0, share=0.0) for layer in PAIR.layers),
)
MANY = replace(RUN, kind="batch", results=(IDENTICAL, PASSED, PAIR, NEW, BROKEN, MISSING))
UNDECODABLE = replace(PAIR, name="tab\there\nand \udcff.png", reference="<b>&\"'.png", candidate="\x1b[31mred.png")


def render(run: Run, form: str, style: Style) -> str:
    """A whole report as text."""
    return b"".join(map(encoded, reports.render(run, form, style))).decode("utf-8")


def check_golden(name: str, text: str) -> None:
    path = GOLDEN / name
    if os.environ.get("PERCEPT_UPDATE_GOLDEN"):
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")


@pytest.mark.parametrize("form", REPORTS)
def test_every_format_is_a_report_in_one_table(form: str) -> None:
    kind = REPORTS[form].load()
    assert issubclass(kind, Report)
    assert kind.__doc__  # what it is, in a line
    assert all(format_of_file(f"name{suffix}") == form for suffix in REPORTS[form].suffixes)
    check_format(form)
    if issubclass(kind, RowReport):  # what is written while the run goes on is what is written behind it
        report = kind(MANY, Style())
        assert "".join((report.head(), *map(report.rows, MANY.results))) == render(MANY, form, Style())


def test_a_format_whose_library_is_missing_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(MissingLibrary, match="writing Parquet needs pyarrow") as error:
        check_format("parquet")
    assert error.value.hint == "pip install 'percept-cli[parquet]'"


def test_a_pair_that_was_not_compared_is_counted_as_such_wherever_pairs_are_counted() -> None:
    unseen = replace(BROKEN, status="pass", reason="other sizes, which may differ; nothing was compared")
    run = replace(CHECKED, results=(unseen, *CHECKED.results))
    assert (run.summary.passed, run.summary.within, run.summary.not_compared) == (2, 1, 1)
    assert "0 identical, 1 more passed, 1 not compared, 1 warned" in render(run, "table", Style())
    markdown = render(run, "markdown", Style())
    assert "| passed | not compared | warned | failed | new | missing | errors |" in markdown
    assert "| 1 | 1 | 1 | 1 | 1 | 1 | 1 |" in markdown
    assert "not compared |" not in render(CHECKED, "markdown", Style())


@pytest.mark.parametrize("form", REPORTS)
def test_every_format_renders_every_kind_of_run(form: str) -> None:
    for pairs in ((), (PAIR,), (PAIR, NOTE, NOT_A_NUMBER, UNDECODABLE, BROKEN, NEW, MISSING, UNUSABLE)):
        for style in (Style(), Style(wide=True)):
            pieces = list(reports.render(replace(MANY, results=pairs), form, style))
            data = b"".join(map(encoded, pieces))
            if form == "parquet":
                assert data[:4] == data[-4:] == b"PAR1"
            else:
                assert not pairs or data.endswith(b"\n")
            if form != "parquet":  # no format drops a pair
                assert all(re.sub(r"\W.*", "", pair.name).encode() in data for pair in pairs)


@pytest.mark.parametrize("width", [80, 160])
def test_table(width: int) -> None:
    text = render(RUN, "table", Style(width=width))
    check_golden(f"table-{width}.txt", text)
    assert "expected/[red].png" in text
    assert max(map(len, text.splitlines())) <= width


def test_table_in_colour_differs_by_colour_only() -> None:
    coloured = render(RUN, "table", Style(colour=True))
    assert "\x1b[1;31mFAIL" in coloured
    plain = "".join(line.rstrip() + "\n" for line in re.sub(r"\x1b\[[0-9;]*m", "", coloured).splitlines())
    assert plain == render(RUN, "table", Style())


def test_table_in_ascii() -> None:
    text = render(replace(RUN, results=(NOTE,)), "table", Style(unicode=False))
    check_golden("table-ascii.txt", text)
    assert text.isascii()


def test_table_of_a_tiny_identical_pair() -> None:
    layers = tuple(replace(layer, distance=0.0, contribution=0.0, share=0.0) for layer in PAIR.layers)
    pair = replace(
        NOTE, distance=0.0, status="pass", reason="no threshold was given", threshold=None, layers=layers
    )
    check_golden("table-identical.txt", render(replace(RUN, device="none", results=(pair,)), "table", Style()))


def test_tiny_and_huge_numbers_fit_into_80_columns() -> None:
    layers = tuple(
        replace(layer, distance=1.23456e-10, weight=1.23456e-10, contribution=1.23456e-20) for layer in PAIR.layers
    )
    text = render(replace(RUN, results=(replace(PAIR, layers=layers),)), "table", Style(width=80))
    assert "…" not in text
    assert text.count("1.23456e-20") == 5


def test_a_long_name_is_folded_and_never_cut() -> None:
    name = "folder/" * 20 + "picture.png"
    text = render(replace(RUN, results=(replace(PAIR, reference=name),)), "table", Style())
    assert name in "".join(line.strip() for line in text.splitlines())


def test_hostile_names_cannot_steer_a_terminal() -> None:
    for form in ("table", "score"):
        text = render(replace(RUN, results=(UNDECODABLE,)), form, Style())
        assert "\x1b" not in text
        assert "\udcff" not in text
    assert render(replace(RUN, results=(UNDECODABLE,)), "score", Style()).count("\n") == 1
    assert printable("a\tb\x1b\n[red] ü") == "a\\tb\\x1b\\n[red] ü"


def test_score() -> None:
    assert render(RUN, "score", Style()) == f"{PAIR.distance!r}\tout/[red].png\n"
    found = [line.split("\t") for line in render(MANY, "score", Style()).splitlines()]
    scores = ["0.0", repr(PASSED.distance), repr(PAIR.distance), "new", "error", "missing"]
    assert [score for score, _ in found] == scores


@pytest.mark.parametrize("width", [80, 160])
def test_table_of_many(width: int) -> None:
    style = Style(width=width)
    many = replace(MANY, origin=("expected", "out"))
    text = render(many, "table", style)
    check_golden(f"table-many-{width}.txt", text)
    assert max(map(len, text.splitlines())) <= width
    coloured = render(many, "table", replace(style, colour=True))
    plain = re.sub(r"\x1b\[[0-9;]*m", "", coloured)
    assert [line.rstrip() for line in plain.splitlines()] == text.splitlines()
    ascii_only = render(many, "table", replace(style, unicode=False))
    assert ascii_only.isascii()
    assert max(map(len, ascii_only.splitlines())) <= width + 2  # three dots for one


def test_table_of_many_is_cut_only_with_a_word() -> None:
    text = render(MANY, "table", Style(top=2))
    assert "… and 4 that are no worse; --top all shows them" in text
    rows = text.split("name\n")[1].splitlines()
    assert rows[0].startswith("ERROR")
    assert [row.split()[0] for row in rows[:6] if row[:1].isupper()] == ["ERROR", "FAIL"]
    assert "no worse" not in render(MANY, "table", Style())


def test_jsonl_has_one_line_per_result_in_order() -> None:
    lines = render(MANY, "jsonl", Style()).splitlines()
    documents = [json.loads(line) for line in lines]
    assert [document["name"] for document in documents] == [result.name for result in MANY.results]
    whole = json.loads(render(MANY, "json", Style()))["results"]
    assert documents == [row | {"fingerprint": MANY.fingerprint} for row in whole]
    assert documents[1]["extra"] == {"id": 7, "note": "é\n"}


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


def test_parquet_in_several_groups(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A stand-in for a run of tens of thousands: groups of two rows."""
    import pyarrow.parquet as pq

    monkeypatch.setattr("percept_cli.reports.data.parquet._ROWS_PER_GROUP", 2)
    path = tmp_path / "run.parquet"
    path.write_bytes(b"".join(map(encoded, reports.render(MANY, "parquet", Style()))))
    assert pq.ParquetFile(path).num_row_groups == 3
    assert pq.read_table(path).column("name").to_pylist() == [result.name for result in MANY.results]


def test_json() -> None:
    check_golden(
        "run.json", render(replace(RUN, results=(PAIR, NOTE, NOT_A_NUMBER, BROKEN, NEW)), "json", Style())
    )


@pytest.mark.parametrize(
    "pair", [PAIR, NOTE, NOT_A_NUMBER, UNDECODABLE, BROKEN, NEW, MISSING, UNUSABLE, PASSED, IDENTICAL]
)
def test_json_keeps_its_schema(pair: PairResult) -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    document = json.loads(render(replace(RUN, results=(pair,)), "json", Style()))
    jsonschema.validate(document, SCHEMA)
    assert list(document) == SCHEMA["required"]
    optional = {
        "threshold_source": bool(pair.threshold_source),
        "notes": bool(pair.notes),
    }
    required = SCHEMA["$defs"]["result"]["required"]
    assert list(document["results"][0]) == required + [key for key, is_there in optional.items() if is_there]
    assert list(document["summary"]) == SCHEMA["properties"]["summary"]["required"]


@pytest.mark.parametrize(
    "pair", [*CHECKED.results, PAIR, NOTE, NOT_A_NUMBER, BROKEN], ids=lambda pair: pair.status
)
def test_json_of_a_check_keeps_its_schema_and_can_be_read_back(pair: PairResult) -> None:
    run = replace(CHECKED, results=(pair,))
    document = json.loads(render(run, "json", Style()))
    jsonschema.validate(document, SCHEMA)
    row = document["results"][0]
    found = from_row(row, run.spec)
    assert json.loads(dumps(to_row(found))) == row
    assert found.evidence == pair.evidence


def test_the_schema_refuses_what_is_not_a_run() -> None:
    document = json.loads(render(RUN, "json", Style()))
    for path, value in ((("schema_version",), 2), (("results", 0, "status"), "ok"), (("results", 0, "extra"), 1)):
        broken = json.loads(json.dumps(document))
        place = broken
        for key in path[:-1]:
            place = place[key]
        place[path[-1]] = value
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(broken, SCHEMA)


def rows(run: Run, *, wide: bool) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(render(run, "csv", Style(wide=wide)))))


def test_csv_has_one_row_per_pair_and_layer() -> None:
    run = replace(RUN, results=(PAIR, UNDECODABLE))
    check_golden("run.csv", render(RUN, "csv", Style()))
    found = rows(run, wide=False)
    assert [row["layer"] for row in found] == [*RUN.spec.taps, *RUN.spec.taps]
    assert [float(row["layer_distance"]) for row in found[:5]] == [layer.distance for layer in PAIR.layers]
    assert {row["fingerprint"] for row in found} == {RUN.fingerprint}
    assert [row["layer"] for row in rows(MANY, wide=False)[15:]] == ["", "", ""]  # new, broken, missing
    assert found[5]["name"] == UNDECODABLE.name.replace("\udcff", r"\udcff")


@pytest.mark.parametrize("start", ["=1+1", "+1", "-1", "@a", "\t=1", "\r=1", "\n=1", "＝1"])
def test_no_cell_of_a_csv_is_a_formula(start: str) -> None:
    name = f"{start}.png"
    pair = replace(BROKEN, name=name, reference=name, candidate=f"out/{name}", reason=f"{name}: damaged")
    for wide in (False, True):
        (row,) = rows(replace(RUN, results=(pair,)), wide=wide)
        assert (row["name"], row["reference"], row["candidate"]) == (f"./{name}", f"./{name}", f"out/{name}")
        assert row["reason"] == f"./{name}: damaged"
        assert not any(str(cell).startswith(("=", "+", "-", "@", "\t", "\r", "\n")) for cell in row.values())


def test_wide_csv_has_one_row_per_pair() -> None:
    check_golden("run-wide.csv", render(RUN, "csv", Style(wide=True)))
    found = rows(replace(RUN, results=(PAIR, NOT_A_NUMBER)), wide=True)
    assert [float(found[0][tap]) for tap in RUN.spec.taps] == [layer.distance for layer in PAIR.layers]
    assert float(found[0]["distance"]) == PAIR.distance
    assert (found[1]["distance"], found[1]["threshold"]) == ("nan", "")


@pytest.mark.parametrize(
    ("name", "form"),
    [("a.json", "json"), ("A.CSV", "csv"), ("x.txt", "table"), ("x.ndjson", "jsonl"), ("x.png", None)],
)
def test_the_ending_of_a_file_says_the_format(name: str, form: str | None) -> None:
    assert format_of_file(name) == form
