"""JSON Lines: one row a result, in order."""

from __future__ import annotations

import json

from percept_cli.reports import Style
from tests.support.reported import MANY, render


def test_jsonl_has_one_line_per_result_in_order() -> None:
    lines = render(MANY, "jsonl", Style()).splitlines()
    documents = [json.loads(line) for line in lines]
    assert [document["name"] for document in documents] == [result.name for result in MANY.results]
    whole = json.loads(render(MANY, "json", Style()))["results"]
    assert documents == [row | {"fingerprint": MANY.fingerprint} for row in whole]
    assert documents[1]["extra"] == {"id": 7, "note": "é\n"}
