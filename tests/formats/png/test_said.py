"""Texts of a PNG up to the limit and beyond."""

from __future__ import annotations

import io
import zlib

import numpy as np
import pytest
from PIL import Image

from percept_cli.images.limits import parse_limits
from percept_cli.images.policy import ImagePolicy
from tests.conftest import as_picture, drawing
from tests.support import deep_files
from tests.support.pictures import seen
from tests.support.views import refusal


def text_chunk(kind: str, content: bytes) -> bytes:
    """A text of a PNG, as one of the three chunks for that."""
    plain, packed = b"workflow\0", zlib.compress(content)
    return {
        "tEXt": deep_files.chunk(b"tEXt", plain + content),
        "zTXt": deep_files.chunk(b"zTXt", plain + b"\0" + packed),
        "iTXt": deep_files.chunk(b"iTXt", plain + b"\0\0en\0\0" + content),
        "iTXt, packed": deep_files.chunk(b"iTXt", plain + b"\1\0en\0\0" + packed),
    }[kind]


@pytest.mark.parametrize("behind", [False, True], ids=["before", "behind"])
@pytest.mark.parametrize("bits", [8, 16])
@pytest.mark.parametrize("kind", ["tEXt", "zTXt", "iTXt", "iTXt, packed"])
def test_texts_up_to_the_limit_move_no_pixel(kind: str, bits: int, *, behind: bool) -> None:
    """A turn that stands in a small one counts beside them."""
    levels = np.asarray(drawing(40, 30))
    turn = b"XML:com.adobe.xmp\0\0\0\0\0<rdf tiff:Orientation='3'/>".replace(b"'", b'"')
    texts = [text_chunk(kind, b"x" * 3_000_000), deep_files.chunk(b"iTXt", turn)]
    if bits == 16:
        values = levels.astype(np.uint16) * 257
        data = deep_files.png(values, behind=texts) if behind else deep_files.png(values, before=texts)
    else:
        file = io.BytesIO()
        drawing(40, 30).save(file, "PNG")
        place = -12 if behind else 33  # before the last chunk, or behind the first
        data = file.getvalue()[:place] + b"".join(texts) + file.getvalue()[place:]
    turned = as_picture(drawing(40, 30).transpose(Image.Transpose.ROTATE_180))
    assert seen(data, "x") == turned
    assert seen(data, "x", ImagePolicy(limits=parse_limits("metadata=off"))) == turned
    if not behind or bits == 16:  # a text of 8 bits behind the pixels is read when those are unpacked
        assert "profiles, EXIF and texts are" in refusal(data, None, "metadata=2M")[0]


def test_texts_beyond_all_that_pillow_holds() -> None:
    file = io.BytesIO()
    drawing(40, 30).save(file, "PNG")
    text = text_chunk("zTXt", bytes(1_000_000))
    data = file.getvalue()[:33] + 70 * text + file.getvalue()[33:]
    assert seen(data, "x", ImagePolicy(limits=parse_limits("metadata=off"))) == as_picture(drawing(40, 30))
    wanted = "x.tif: its profiles, EXIF and texts are more than the limit of 16,000,000 bytes"
    assert refusal(data, None, "pixels=off")[0] == wanted
