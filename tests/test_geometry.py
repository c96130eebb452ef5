"""Rectangles as people type them."""

from __future__ import annotations

import pytest

from percept_cli.errors import InvalidSetting
from percept_cli.geometry import parse_box


@pytest.mark.parametrize("text", ["1,2,3", "1,2,3,x", "-1,0,1,1", "0,0,0,5", "1,2,3,4,5", "", "9" * 12 + ",0,1,1"])
def test_what_is_no_rectangle(text: str) -> None:
    with pytest.raises(InvalidSetting, match="rectangle"):
        parse_box(text)
