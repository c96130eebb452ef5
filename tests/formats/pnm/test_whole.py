"""PGM, PPM and PAM of any number of levels."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.support.deep_files import Values, pam, pnm, values
from tests.support.deep_frames import EXACT, colours, frame, off


@pytest.mark.parametrize("largest", [256, 1000, 1023, 4095, 40_000, 65535])
@pytest.mark.parametrize(
    "write", [pnm, pam, lambda a, most: pnm(a, most, plain=True)], ids=["raw", "pam", "plain"]
)
def test_any_largest_value_is_white(largest: int, write: Callable[[Values, int], bytes]) -> None:
    pixels = values(3, largest)
    assert off(colours(frame(write(pixels, largest))), pixels * 255.0 / largest) < EXACT


def test_comments_in_pnm() -> None:
    pixels = values(3)
    plain = pnm(pixels, plain=True, header="# one\n#two 3\n")
    assert frame(pnm(pixels, header="# a comment\n")) == frame(plain) == frame(plain + b"# the end\n")
