"""A JSON report, read back piece by piece, or refused by name."""

from __future__ import annotations

import json
import tracemalloc
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from percept_cli.errors import ExitCode
from percept_cli.reports import Style
from percept_cli.reports import render as pieces_of
from percept_cli.reports.data.reading import UnreadableReport, read_run
from percept_cli.results.found import HeatMap
from percept_cli.results.run import Run
from percept_cli.system.whole import encoded
from tests.support.report_files import LINES, TEXT, changed, written, zeros
from tests.support.reported import BROKEN, MANY, NOT_A_NUMBER, NOTE, PASSED, UNDECODABLE, render
from tests.support.runs import CHECKED, PAIR, RUN


@pytest.mark.parametrize(
    "run",
    [
        RUN,
        MANY,
        CHECKED,
        replace(RUN, results=(NOTE, NOT_A_NUMBER, BROKEN, UNDECODABLE)),
        replace(MANY, kind="batch", complete=False, ended_with=ExitCode.INTERRUPTED, origin=("a.png", "out")),
        replace(CHECKED, allow_empty=True, allow_unmatched=True, results=()),
    ],
)
def test_what_was_read_is_written_as_it_was(tmp_path: Path, run: Run) -> None:
    text = render(run, "json", Style())
    found = read_run(written(run, tmp_path / "run.json"))
    assert render(found, "json", Style()) == text
    assert found.spec == run.spec
    assert found.summary == run.summary
    assert replace(found, results=run.results, ended_with=run.ended_with) == run
    if run is RUN:
        shapes = [(layer.channels, layer.height, layer.width) for layer in next(iter(found.results)).layers]
        assert shapes == [(layer.channels, layer.height, layer.width) for layer in PAIR.layers]


def document(**changes: Any) -> str:
    whole = json.loads(render(CHECKED, "json", Style()))
    return json.dumps(whole | changes)


SPEC = json.loads(TEXT)["spec"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "it is not a JSON document"),
        ("name,distance\n", "it is not a JSON document"),
        ("[1, 2]", "it was not written by percept"),
        ('{"a": 1}', "it was not written by percept"),
        ('{"a": [], ' + '"b": [' * 100_000, "run.json"),
        (TEXT[: len(TEXT) // 2], ": not JSON: the file is cut off"),
        (LINES, "JSON Lines"),
        (LINES.splitlines()[0], "JSON Lines"),
        (document(schema_version=1), "its schema_version is 1, and this percept reads 2"),
        (document(fingerprint="0123456789ab"), "fingerprint 0123456789ab there, "),
        (document(spec=SPEC | {"backbone": "vgg99"}), "unknown backbone 'vgg99'"),
        (document(spec=SPEC | {"layers": SPEC["layers"][:2]}), "this version computes its recipe differently"),
        (document(spec={}), "something is missing or has the wrong type: no 'layers'"),
        (document(results=[{"name": "a.png"}]), "result 1 is not valid: no 'layers'"),
        (document(results=[7]), "result 1 is not valid"),
        (document(results=7), "its results are not a list"),
        (document(folders=3), "something is missing or has the wrong type"),
    ],
)
def test_what_is_no_report_is_refused_by_name(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "run.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(UnreadableReport) as caught:
        read_run(path)
    assert str(caught.value).startswith(str(path))
    assert message in str(caught.value)
    assert caught.value.hint


def test_a_heat_map_that_was_damaged_is_refused(tmp_path: Path) -> None:
    whole = json.loads(TEXT)
    whole["results"][0]["evidence"]["heat"]["values"] = "AAAA"
    path = tmp_path / "run.json"
    path.write_text(json.dumps(whole))
    with pytest.raises(UnreadableReport, match="result 1 is not valid"):
        read_run(path)


@pytest.mark.parametrize(
    ("heat", "message"),
    [
        ({"values": zeros(1 << 26)}, "the heat map does not have the size that it states"),
        ({"width": 8192, "height": 8192, "values": zeros(1 << 26)}, "a heat map of 8192 × 8192 values is not one"),
        ({"width": 1 << 70}, "is not a 64-bit whole number"),
        ({"width": 0, "values": zeros(0)}, "a heat map of 0 × 2 values is not one"),
        ({"width": -3, "height": -2}, "a heat map of -3 × -2 values is not one"),
        ({"values": zeros(6)[:8]}, "the heat map does not have the size that it states"),
        ({"stride": 0}, "is not one that percept writes"),
        ({"top": 0}, "no finite end"),
        ({"top": "10"}, "is not a number"),
    ],
)  # fmt: skip
def test_a_heat_map_is_unpacked_as_far_as_its_size_says(
    tmp_path: Path, heat: dict[str, Any], message: str
) -> None:
    """64 MB pack into 64 kB; 10 MB are more than all of this needs."""
    path = changed(tmp_path / "run.json", heat=heat)
    tracemalloc.start()
    try:
        with pytest.raises(UnreadableReport, match=message):
            read_run(path)
        assert tracemalloc.get_traced_memory()[1] < 10e6
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    "bands",
    [[], [{"axis": "rows", "kind": "inserted", "size": 7, "reference": 0, "candidate": 0}], [{"axis": "rows"}]],
)
def test_two_sizes_that_their_bands_do_not_fit_are_refused(tmp_path: Path, bands: list[dict[str, Any]]) -> None:
    whole = json.loads(TEXT)
    whole["results"][0]["evidence"]["fit"] = {
        "reference": [9, 9],
        "candidate": [9, 12],
        "aligned": "bands",
        "bands": bands,
        "rest": "equal",
    }
    path = tmp_path / "run.json"
    path.write_text(json.dumps(whole))
    with pytest.raises(UnreadableReport, match="result 1 is not valid"):
        read_run(path)


def test_no_more_than_one_heat_map_is_held(tmp_path: Path) -> None:
    """100 maps of 480×320 are 15 MB; what is held is one result, one piece of the file, and the spool's 4 MiB."""
    one = next(iter(CHECKED.results))
    assert one.evidence is not None
    evidence = replace(one.evidence, heat=HeatMap(1, 480, 320, bytes(480 * 319) + bytes(range(240)) * 2, 10.0))
    pair = replace(one, width=480, height=320, evidence=evidence)
    path = written(replace(CHECKED, results=(pair,) * 100), tmp_path / "run.json")
    for _ in range(2):  # the second time everything is imported
        tracemalloc.start()
        try:
            run = read_run(path)
            size = sum(len(encoded(piece)) for piece in pieces_of(run, "junit", Style()))
            most = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
    assert size > 50_000
    assert most < 10e6


DEEP = '{"a": ' * 500 + "1" + "}" * 500


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('"extra": {}', f'"extra": {DEEP}', "nested deeper than 64 levels"),
        ('"extra": {}', f'"extra": {DEEP * 30}', "cut off or was changed by hand"),
        ('"extra": {}', '"extra": ' + "[" * 100_000, "nested too deeply"),
        ('"seconds": 1.25', f'"seconds": {"9" * 5000}', "digits"),
        ('"seconds": 1.25', f'"seconds": {"9" * 4000}', "is not valid"),
        ('"seconds": 1.25', '"seconds": 1e999', "inf is not a number"),
        ('"seconds": 1.25', '"seconds": NaN', "NaN is not a JSON number"),
        ('"seconds": 1.25', '"seconds": true', "True is not a number"),
        ('"width": 48', f'"width": {10**30}', "width and height are not those of an image"),
        ('"width": 48', '"width": -1', "width and height are not those of an image"),
        ('"source": "limit of --noise cross-machine"', '"source": 7', "7 is not text"),
        ('"status": "pass"', '"status": ["pass"]', "is no"),
        ('"schema_version": 2', f'"schema_version": "{"x" * 300_000}"', "larger than any that percept writes"),
    ],
    ids=range(13),
)
def test_what_is_no_value_of_a_report_is_refused(
    tmp_path: Path, old: str, new: str, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("percept_cli.reports.data.members.MOST_OF_A_VALUE", 200_000)
    path = tmp_path / "run.json"
    assert old in TEXT
    path.write_text(TEXT.replace(old, new, 1))
    with pytest.raises(UnreadableReport, match=message):
        read_run(path)


@pytest.mark.parametrize("size", [1, 7, 64])
def test_a_report_is_read_piece_by_piece(tmp_path: Path, size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Wherever a piece ends, in the middle of a character, a number or a name: the same is read."""
    monkeypatch.setattr("percept_cli.reports.data.members._PIECE", size)
    run = replace(MANY, results=(PASSED, UNDECODABLE))
    assert render(read_run(written(run, tmp_path / "run.json")), "json", Style()) == render(run, "json", Style())
