"""Pictures that are too much."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from PIL import Image

from percept_cli.errors import UnsupportedImage
from percept_cli.images.limits import Limits, parse_limits
from percept_cli.images.policy import ImagePolicy
from tests.conftest import Percept, drawing
from tests.support.pictures import seen
from tests.support.views import animation


def test_limits_are_read_as_they_are_written() -> None:
    assert parse_limits("pixels=2M,frames=off") == Limits(pixels=2_000_000, frames=None)
    assert parse_limits("file=1.5GB , metadata=10k").file == 1_500_000_000


@pytest.mark.parametrize(
    ("limits", "message"),
    [
        ("pixels=1199", "40×30 pixels are more than the limit of 1,199"),
        ("pixels=1200", None),
        ("metadata=5", "bytes of profiles, EXIF and texts are more than the limit of 5"),
        ("frames=1", None),
    ],
)
def test_pictures_beyond_a_limit_are_refused(limits: str, message: str | None) -> None:
    file = io.BytesIO()
    drawing(40, 30).save(file, "PNG", exif=b"Exif\0\0MM\0*\0\0\0\x08\0\0\0\0\0\0")
    policy = ImagePolicy(limits=parse_limits(limits))
    if message is None:
        seen(file.getvalue(), "x.png", policy)
        return
    with pytest.raises(UnsupportedImage, match=rf"^x\.png: .*{message}") as error:
        seen(file.getvalue(), "x.png", policy)
    assert "--limits" in error.value.hint


def test_frames_beyond_the_limit_are_refused() -> None:
    data = animation([0, 1, 2])
    with pytest.raises(UnsupportedImage, match=r"x\.gif: its 3 frames are more than the limit of 2"):
        seen(data, "x.gif", ImagePolicy(limits=parse_limits("frames=2")))
    with pytest.raises(UnsupportedImage, match=r"24×20 pixels in 3 frames are more than the limit of 1,000"):
        seen(data, "x.gif", ImagePolicy(limits=parse_limits("pixels=1000")))
    seen(data, "x.gif", ImagePolicy(limits=parse_limits("pixels=1000"), frame=2))


def test_what_unpacks_to_gigabytes_is_refused_before_it_does(percept: Percept, tmp_path: Path) -> None:
    """200,000 × 200,000 white pixels say so in a file of a few hundred bytes, which cannot hold them."""
    small = io.BytesIO()
    Image.new("1", (8, 8), 1).save(small, "PNG")
    data = bytearray(small.getvalue())
    data[16:24] = (200_000).to_bytes(4, "big") * 2
    import zlib

    data[29:33] = zlib.crc32(bytes(data[12:29])).to_bytes(4, "big")
    for name in ("a.png", "b.png"):
        (tmp_path / name).write_bytes(bytes(data))
    for limits in ("pixels=1G", "pixels=off"):
        done = percept("compare", "a.png", "b.png", "--limits", limits)
        assert done.returncode == 3
        assert (
            "a.png: the image is damaged or truncated: its 13 bytes of pixel data cannot hold the" in done.stderr
        )
