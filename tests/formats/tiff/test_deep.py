"""TIFF of any number of bits: channels, palettes, pages."""

from __future__ import annotations

import io
import logging
import subprocess
import sys
from typing import Any

import numpy as np
import pytest
import tifffile

from percept_cli.errors import UnreadableImage
from tests.conftest import ROOT
from tests.support.deep_files import png, tiff, tiff_by_tifffile, values
from tests.support.deep_frames import (
    EXACT,
    RGB,
    alpha,
    colours,
    frame,
    off,
    photometric,
    read,
    written_by_tifffile,
)


@pytest.mark.parametrize("bits", [9, 10, 11, 12, 13, 14, 15, 16, 32])
@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("order", ["<", ">"])
def test_tiff_of_other_depths(bits: int, channels: int, order: str) -> None:
    rng = np.random.default_rng(bits)
    pixels = rng.integers(0, 1 << bits, (9, 7, channels), dtype=np.uint32)
    pixels[0, 0], pixels[0, 1] = 0, (1 << bits) - 1
    found = frame(tiff(pixels, bits, photometric=photometric(pixels), order=order))
    assert off(colours(found), pixels.astype(float) * 255 / ((1 << bits) - 1)) < EXACT


def test_white_is_zero() -> None:
    pixels = values(1)
    assert off(colours(frame(tiff(pixels, photometric=0))), 255 - pixels / 257) < 2 * EXACT


def test_alpha_that_is_multiplied_into_the_colours_is_taken_out() -> None:
    straight = values(4)
    straight[..., 3] = np.maximum(straight[..., 3], 256)
    multiplied = straight.copy()
    multiplied[..., :3] = np.rint(straight[..., :3] * (straight[..., 3:] / 65535))
    found = frame(tiff(multiplied, photometric=RGB, tags={338: 1}))
    assert off(alpha(found), straight[..., 3] / 257) < EXACT
    # Rounding was up to half of 65535 before the division by alpha.
    assert np.all(np.abs(colours(found) - straight[..., :3] / 257) < 0.51 / 257 * 65535 / straight[..., 3:])
    multiplied[0, 0] = 0
    assert colours(frame(tiff(multiplied, photometric=RGB, tags={338: 1})))[0, 0].tolist() == [0, 0, 0]


@pytest.mark.parametrize(("kinds", "number"), [(0, None), ([0, 2], 1), ([2, 0], 0), (2, 0)])
def test_which_of_the_extra_channels_is_alpha(kinds: Any, number: int | None) -> None:
    count = 1 if isinstance(kinds, int) else len(kinds)
    pixels = np.concatenate([values(3), values(count, seed=1)], axis=2)
    found = frame(tiff(pixels, photometric=RGB, tags={338: kinds}))
    assert off(colours(found), pixels[..., :3] / 257) < EXACT
    if number is None:
        assert found.alpha is None
    else:
        assert off(alpha(found), pixels[..., 3 + number] / 257) < EXACT


def test_a_palette_has_16_bits() -> None:
    rng = np.random.default_rng(2)
    table = rng.integers(0, 65536, (3, 1 << 12)).astype(np.uint16)
    indices = values(1, (1 << 12) - 1)
    found = frame(tiff(indices, 12, photometric=3, tags={320: table.ravel().tolist()}))
    assert off(colours(found), table.T[indices[..., 0]] / 257) < EXACT


def test_pages_are_frames_without_thumbnails_and_masks() -> None:
    pages = [values(3, seed=seed)[: 11 - seed] for seed in range(4)]
    pages[3] = pages[3][..., 0] > 30_000
    kinds: list[dict[str, Any]] = [
        {},
        {"subfiletype": 1},
        {"subfiletype": 2},
        {"subfiletype": 4, "photometric": "mask"},
    ]
    found = read(tiff_by_tifffile(*pages, each=[{"photometric": "rgb"} | kind for kind in kinds]))
    assert [item.height for item in found.frames] == [11, 9]
    for item, number in zip(found.frames, (0, 2), strict=True):
        assert off(colours(item), pages[number] / 257) < EXACT
    assert found.durations is None
    alone = read(tiff_by_tifffile(pages[0], photometric="rgb", subfiletype=1))  # then there is nothing else
    assert len(alone.frames) == 1


def test_big_tiff() -> None:
    pixels = values(3)
    file = io.BytesIO()
    tifffile.imwrite(file, pixels, photometric="rgb", bigtiff=True)
    assert frame(file.getvalue()) == frame(png(pixels))


def test_libraries_say_nothing_on_stderr_and_a_user_can_listen(
    capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    data = tiff(values(3), photometric=RGB, tags={279: [1, 2, 3]})
    with caplog.at_level(logging.DEBUG), pytest.raises(UnreadableImage):
        read(data)
    assert "StripByteCounts" in caplog.text
    assert capfd.readouterr().err == ""
    code = f"from percept_cli.formats.decode import decode\ndecode({data!r}, 'x')"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.stderr.strip().splitlines()[-1].startswith("percept_cli.errors.UnreadableImage: x: ")
    assert "incorrect StripByteCounts" not in done.stderr


def test_no_threads_are_started() -> None:
    """tifffile would take half of the processors for files of many tiles."""
    data = written_by_tifffile(values(3, size=(300, 300)), tile=(16, 16), compression="zlib")
    code = (
        "import sys, threading\n"
        "from percept_cli.formats.decode import decode\n"
        "started, run = [], threading.Thread.start\n"
        "threading.Thread.start = lambda thread: (started.append(thread), run(thread))[1]\n"
        "decode(sys.stdin.buffer.read(), 'x')\n"
        "print(started)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, input=data, capture_output=True, check=True)
    assert done.stdout.strip() == b"[]"
