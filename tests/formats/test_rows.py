"""Damaged files are the same picture in strips and whole, or the same kind of error.

More by hand: python -m tests.formats.test_rows COUNT
"""

from __future__ import annotations

import random
import sys
import warnings
from unittest.mock import patch

import pytest

from percept_cli.errors import PerceptError
from percept_cli.formats.decode import decode
from percept_cli.formats.tiff import strips as tiff
from percept_cli.images import joining
from tests.fuzz.files import damaged
from tests.fuzz.parts import damaged_in_parts
from tests.test_strips import DEEP, GREY, HEIGHT, RGB, WIDTH, by_pillow, plain, pngs, tiffs

LARGE, STRIP = 5000, 700  # pixels


def sound() -> dict[str, list[bytes]]:
    """PNG, TIFF, PGM and PPM in every kind that comes in strips.

    But for faxes: of damaged ones libtiff leaves in a strip what was in its memory, which is the strip before.
    """
    with pytest.MonkeyPatch.context() as patches:
        tiffs_ = [data for name, data in tiffs(patches).items() if "group4" not in name]
    deep = b"P5 %d %d 65535\n" % (WIDTH, HEIGHT) + DEEP[..., 0].astype(">u2").tobytes()
    return {
        "PNG": list(pngs().values()),
        "TIFF": tiffs_,
        "PNM": [by_pillow(RGB, "PPM"), by_pillow(GREY, "PPM"), deep],
    }


def case(number: int, files: dict[str, list[bytes]]) -> bytes:
    """The damaged file of a number."""
    rng = random.Random(number)
    kind = files[rng.choice(sorted(files))]
    data = rng.choice(kind)
    return damaged_in_parts(rng, data) if rng.random() < 0.7 else damaged(rng, data, kind)


def outcome(data: bytes) -> object:
    """What a file holds, or the type of its error."""
    try:
        found = decode(data, "x")
    except PerceptError as error:
        return type(error).__name__
    return plain(found) if len(found.frames) == 1 else found


def disagreements(first: int, count: int) -> list[str]:
    """What is another thing in strips, of so many damaged files."""
    files, found, read = sound(), list[str](), 0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Pillow's, about what it repairs
        for number in range(first, first + count):
            data = case(number, files)
            whole = outcome(data)
            with (
                patch.object(joining, "LARGE", LARGE),
                patch.object(tiff, "LARGE", LARGE),
                patch.object(joining, "_STRIP", STRIP),
            ):
                strips = outcome(data)
            read += not isinstance(whole, str)
            if strips != whole:
                words = [said if isinstance(said, str) else "a picture" for said in (whole, strips)]
                found.append(f"case {number}: {words[0]} whole, {words[1]} in strips")
    assert count / 10 < read < count * 9 / 10  # or the damage would be of the wrong kind
    return found


def test_strips_and_whole_agree_on_damage() -> None:
    assert disagreements(0, 150) == []


@pytest.mark.slow
def test_strips_and_whole_agree_on_much_damage() -> None:
    assert disagreements(1000, 4000) == []


if __name__ == "__main__":
    findings = disagreements(0, int(sys.argv[1]))
    print(*findings, f"{len(findings)} of {sys.argv[1]}", sep="\n")
