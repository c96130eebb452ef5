"""GitLab's code quality report, held to its schema."""

from __future__ import annotations

import json
from dataclasses import replace

import jsonschema
import pytest

from percept_cli.reports import Style
from tests.support.ci_runs import ALLOWED, RUNS, hostile
from tests.support.reported import render
from tests.support.runs import CHECKED

# GitLab: the fields that its documentation asks for.
CODE_QUALITY = {
    "type": "array",
    "items": {
        "type": "object",
        "required": ["description", "check_name", "fingerprint", "severity", "location"],
        "properties": {
            "description": {"type": "string", "minLength": 1},
            "check_name": {"type": "string", "minLength": 1},
            "fingerprint": {"type": "string", "pattern": "^[0-9a-f]{32}$"},
            "severity": {"enum": ["info", "minor", "major", "critical", "blocker"]},
            "location": {
                "type": "object",
                "required": ["path", "lines"],
                "properties": {
                    "path": {"type": "string", "minLength": 1, "pattern": "^(?!\\./)"},
                    "lines": {
                        "type": "object",
                        "required": ["begin"],
                        "properties": {"begin": {"type": "integer"}},
                    },
                },
            },
        },
    },
}


@pytest.mark.parametrize("run", RUNS)
def test_gitlab_keeps_its_schema(run: str) -> None:
    found = json.loads(render(RUNS[run], "gitlab", Style()))
    jsonschema.validate(found, CODE_QUALITY)
    fingerprints = [entry["fingerprint"] for entry in found]
    assert len(set(fingerprints)) == len(fingerprints)


def test_gitlab_has_what_did_not_pass() -> None:
    found = json.loads(render(CHECKED, "gitlab", Style()))
    assert [(entry["check_name"], entry["severity"]) for entry in found] == [
        ("percept-fail", "major"),
        ("percept-warn", "info"),
        ("percept-new", "minor"),
        ("percept-missing", "major"),
        ("percept-error", "critical"),
    ]
    assert [entry["check_name"] for entry in json.loads(render(ALLOWED, "gitlab", Style()))] == [
        "percept-fail",
        "percept-warn",
        "percept-error",
    ]


def test_gitlab_knows_a_difference_again() -> None:
    pair = hostile("a.png")
    first, moved, other, twice, again = (
        json.loads(render(replace(CHECKED, results=results), "gitlab", Style()))
        for results in (
            (pair,),
            (replace(pair, distance=7.0, reason="another"),),
            (replace(pair, name="b.png"),),
            (pair, pair),
            (replace(pair, status="warn"),),
        )
    )
    assert first[0]["fingerprint"] == moved[0]["fingerprint"] == twice[0]["fingerprint"]
    assert len({entry["fingerprint"] for entry in (*twice, *other, *again)}) == 4
