"""JSON, held to its schema: golden files."""

from __future__ import annotations

import json
from dataclasses import replace

import jsonschema
import pytest

from percept_cli.reports import Style
from percept_cli.results.pair import PairResult
from tests.support.reported import (
    BROKEN,
    IDENTICAL,
    MISSING,
    NEW,
    NOT_A_NUMBER,
    NOTE,
    PASSED,
    SCHEMA,
    UNDECODABLE,
    UNUSABLE,
    check_golden,
    render,
)
from tests.support.runs import PAIR, RUN


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


def test_the_schema_refuses_what_is_not_a_run() -> None:
    document = json.loads(render(RUN, "json", Style()))
    for path, value in ((("schema_version",), 1), (("results", 0, "status"), "ok"), (("results", 0, "extra"), 1)):
        broken = json.loads(json.dumps(document))
        place = broken
        for key in path[:-1]:
            place = place[key]
        place[path[-1]] = value
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(broken, SCHEMA)
