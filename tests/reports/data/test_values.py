"""Values of JSON become those of dataclasses, or are refused."""

from __future__ import annotations

import math
from typing import Any

import pytest

from percept_cli.geometry import Box, FileStamp, View
from percept_cli.reports.data.values import number_or_nan, reader_of
from percept_cli.results.found import Gate, Region

GATE = {"name": "peak", "value": 2, "unit": "", "warn": None, "fail": 1.5, "source": "auto", "status": "fail"}


def test_a_dataclass_is_read_by_the_types_of_its_fields() -> None:
    at = {"x": 1, "y": 2, "width": 3, "height": 4}
    assert reader_of(Gate)(GATE | {"at": at}) == Gate("peak", 2.0, "", None, 1.5, "auto", "fail", Box(1, 2, 3, 4))
    assert reader_of(FileStamp | None)(None) is None
    assert reader_of(View)({}) == View()
    numbers = {"pixels": 5, "distance": 1.0, "share": 0.5, "peak": 2.0, "colour": 0.0}
    region = reader_of(Region)({"box": at, **numbers, "layers": {"relu1_1": 1}, "shift": [1, -2], "allowed": True})
    assert (region.layers, region.shift, region.status) == ({"relu1_1": 1.0}, (1, -2), "pass")
    assert (region.kind, region.allowed) == ("detail-changed", True)
    for wrong in ({"allowed": 1}, {"allowed": None}, {"kind": "vanished"}):
        with pytest.raises((TypeError, ValueError)):
            reader_of(Region)({"box": at, **numbers, **wrong})


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": "width"},
        {"status": ["fail"]},
        {"value": None},
        {"value": True},
        {"value": "2"},
        {"value": math.inf},
        {"unit": 7},
        {"at": 7},
        {"at": {"x": 1.5, "y": 2, "width": 3, "height": 4}},
        {"at": {"x": 1 << 70, "y": 2, "width": 3, "height": 4}},
        {"another": 1},
    ],
    ids=str,
)
def test_what_is_no_value_of_its_type_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises((KeyError, TypeError, ValueError, AttributeError)):
        reader_of(Gate)(GATE | wrong)


def test_null_stands_for_a_number_that_json_has_not() -> None:
    assert math.isnan(number_or_nan(None))
    assert number_or_nan(1) == 1.0
