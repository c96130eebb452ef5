"""Reports, whole outputs: golden files whose update is a reviewed diff (PERCEPT_UPDATE_GOLDEN=1 pytest)."""

from __future__ import annotations

import csv
import io
import json
import math
import os
import re
from dataclasses import replace
from pathlib import Path

import jsonschema
import pytest

import percept_cli.reports
from percept_cli.names import printable
from percept_cli.reports import FORMATS, Style, format_of_file, render
from percept_cli.results import PairResult, Run
from tests.runs import PAIR, RUN

GOLDEN = Path(__file__).parent / "golden"
SCHEMA = json.loads((Path(percept_cli.reports.__file__).parent / "run.schema.json").read_text(encoding="utf-8"))

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
UNDECODABLE = replace(PAIR, name="tab\there\nand \udcff.png", reference="<b>&\"'.png", candidate="\x1b[31mred.png")


def check_golden(name: str, text: str) -> None:
    path = GOLDEN / name
    if os.environ.get("PERCEPT_UPDATE_GOLDEN"):
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")


@pytest.mark.parametrize("form", FORMATS)
def test_every_format_renders_every_kind_of_run(form: str) -> None:
    for pairs in ((), (PAIR,), (PAIR, NOTE, NOT_A_NUMBER, UNDECODABLE)):
        for wide in (False, True):
            text = render(replace(RUN, results=pairs), form, Style(wide=wide))
            assert not pairs or text.endswith("\n")
            text.encode("utf-8", "surrogateescape")


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


def test_json() -> None:
    check_golden("run.json", render(replace(RUN, results=(PAIR, NOTE, NOT_A_NUMBER)), "json", Style()))


@pytest.mark.parametrize("pair", [PAIR, NOTE, NOT_A_NUMBER, UNDECODABLE])
def test_json_keeps_its_schema(pair: PairResult) -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    document = json.loads(render(replace(RUN, results=(pair,)), "json", Style()))
    jsonschema.validate(document, SCHEMA)
    assert list(document) == SCHEMA["required"]
    assert list(document["results"][0]) == SCHEMA["properties"]["results"]["items"]["required"]


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
    assert found[5]["name"] == UNDECODABLE.name


def test_wide_csv_has_one_row_per_pair() -> None:
    check_golden("run-wide.csv", render(RUN, "csv", Style(wide=True)))
    found = rows(replace(RUN, results=(PAIR, NOT_A_NUMBER)), wide=True)
    assert [float(found[0][tap]) for tap in RUN.spec.taps] == [layer.distance for layer in PAIR.layers]
    assert float(found[0]["distance"]) == PAIR.distance
    assert (found[1]["distance"], found[1]["threshold"]) == ("nan", "")


@pytest.mark.parametrize(
    ("name", "form"), [("a.json", "json"), ("A.CSV", "csv"), ("x.txt", "table"), ("x.png", None)]
)
def test_the_ending_of_a_file_says_the_format(name: str, form: str | None) -> None:
    assert format_of_file(name) == form
