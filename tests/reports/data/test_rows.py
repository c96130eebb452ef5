"""Rows of results, there and back."""

from __future__ import annotations

import json
from dataclasses import replace

import jsonschema
import pytest

from percept_cli.reports import Style
from percept_cli.reports.data.rows import FAULTS, dumps, from_row, to_row
from percept_cli.results.likeness import Likeness
from percept_cli.results.pair import PairResult
from tests.support.reported import BROKEN, NOT_A_NUMBER, NOTE, SCHEMA, render
from tests.support.runs import CHECKED, IN_A_PLACE, LIKE, PAIR, RUN


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
    assert found.like == pair.like


@pytest.mark.parametrize("like", [LIKE, IN_A_PLACE, replace(IN_A_PLACE, value=None, steps=()), None])
def test_what_a_distance_is_like_is_read_back(like: Likeness | None) -> None:
    row = json.loads(dumps(to_row(replace(PAIR, like=like))))
    assert (row["like"] is None) == (like is None)
    assert from_row(row, RUN.spec).like == like
    del row["like"]  # as percept wrote it before
    assert from_row(row, RUN.spec).like is None


@pytest.mark.parametrize(
    "change",
    [
        {"kind": "part"},
        {"words": 7},
        {"share": None},
        {"value": "many"},
        {"steps": [{"words": "JPEG"}]},
        {"steps": {"words": 1}},
        {"colour": "red"},
    ],
)
def test_a_likeness_made_by_hand_is_not_believed(change: dict[str, object]) -> None:
    row = to_row(replace(PAIR, like=LIKE))
    row["like"] |= change
    with pytest.raises(FAULTS):
        from_row(row, RUN.spec)
