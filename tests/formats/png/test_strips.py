"""PNG in strips: what is behind the pixels, and what is missing."""

from __future__ import annotations

import zlib

import pytest

from percept_cli.errors import UnreadableImage
from percept_cli.formats.decode import decode
from percept_cli.images import joining
from tests.support.large_files import COLOURS, HEIGHT, RGB, WIDTH, by_pillow, chunk, plain
from tests.support.large_files import small as small

pytestmark = pytest.mark.usefixtures("small")


def test_too_little_packed_data_is_an_error() -> None:
    data = by_pillow(RGB, "PNG")
    start = data.index(b"IDAT") - 4
    pixels = chunk(b"IDAT", zlib.compress(bytes(HEIGHT * (3 * WIDTH + 1) - 1)))
    with pytest.raises(UnreadableImage) as error:
        decode(data[:start] + pixels + data[-12:], "x.png")
    words = "only 38,217 of its 38,218 bytes of pixels are present"
    assert str(error.value) == f"x.png: the image is damaged or truncated: {words}"


@pytest.mark.parametrize("large", [5000, 1 << 30])
def test_chunks_of_colours_behind_the_pixels_do_not_count(large: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """The specification has them before the pixels, and libpng does not look at them elsewhere."""
    monkeypatch.setattr(joining, "LARGE", large)
    data = by_pillow(RGB, "PNG")
    for late in (chunk(b"gAMA", (100_000).to_bytes(4, "big")), chunk(b"tRNS", bytes(6))):
        found = decode(data[:-12] + late + data[-12:], "x")
        assert found.frames == decode(data, "x").frames or plain(found)[:4] == plain(decode(data, "x"))[:4]
        assert found.notes == (f"its {late[4:8].decode()} chunk comes after the pixel data and is ignored",)
    assert decode(data[:-12] + chunk(b"tEXt", b"Comment\0late") + data[-12:], "x").notes == ()


def test_rows_behind_the_last_are_passed_over() -> None:
    """A file of two megabytes could go on for gigabytes."""
    data = by_pillow(RGB, "PNG")
    start = data.index(b"IDAT") - 4
    rows = b"".join(b"\0" + row.tobytes() for row in COLOURS[..., :3])
    pixels = chunk(b"IDAT", zlib.compress(rows + bytes(1 << 24)))
    found = decode(data[:start] + pixels + data[-12:], "x")
    assert found.frames[0].colours[:] == COLOURS[..., :3].tobytes()


@pytest.mark.parametrize("large", [5000, 1 << 30])
def test_a_palette_that_is_missing_is_an_error(large: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(joining, "LARGE", large)
    data = by_pillow(RGB.quantize(13), "PNG")
    start = data.index(b"PLTE") - 4
    length = int.from_bytes(data[start : start + 4], "big")
    with pytest.raises(UnreadableImage, match=r"^x\.png: .*its palette is missing"):
        decode(data[:start] + data[start + 12 + length :], "x.png")
