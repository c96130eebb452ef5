"""Rows of results, there and back."""

from __future__ import annotations

import json
from dataclasses import replace

import jsonschema
import pytest

from percept_cli.reports import Style
from percept_cli.reports.data.rows import dumps, from_row, to_row
from percept_cli.results.run import PairResult
from tests.support.reported import BROKEN, NOT_A_NUMBER, NOTE, SCHEMA, render
from tests.support.runs import CHECKED, PAIR


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
