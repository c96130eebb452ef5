"""What decoders raise, as errors that name the file; what is no fault of the file goes on."""

from __future__ import annotations

import struct

import pytest
from PIL import Image

from percept_cli.errors import PerceptError, SizeMismatch, UnreadableImage, UnsupportedImage
from percept_cli.formats.faults import damaged, decoder_errors, reason_of


def turned(error: BaseException, *, anything: bool = False) -> PerceptError:
    with pytest.raises(PerceptError) as caught, decoder_errors("a.png", anything=anything):
        raise error
    return caught.value


@pytest.mark.parametrize(
    ("error", "kind", "words"),
    [
        (SyntaxError("broken PNG file"), UnreadableImage, "damaged or truncated: broken PNG file"),
        (struct.error("unpack requires 4 bytes"), UnreadableImage, "unpack requires 4 bytes"),
        (EOFError(), UnreadableImage, "damaged or truncated: EOFError"),
        (OSError(28, "No space left"), UnreadableImage, "No space left"),
        (ValueError("compression 7 is not supported"), UnsupportedImage, "cannot be read"),
        (MemoryError(), UnsupportedImage, "does not fit into the memory"),
        (Image.DecompressionBombError("too large"), UnsupportedImage, "too many pixels: too large"),
        (ValueError("Decompressed data too large for PngImagePlugin.MAX_TEXT_CHUNK"), UnsupportedImage, "a text"),
    ],
)
def test_what_libraries_raise_names_the_file(error: Exception, kind: type, words: str) -> None:
    found = turned(error)
    assert type(found) is kind
    assert str(found).startswith("a.png: ")
    assert words in str(found)
    assert found.hint


def test_errors_of_percept_get_the_name_once_and_stay_what_they_are() -> None:
    assert str(turned(SizeMismatch("two sizes"))) == "a.png: two sizes"
    assert str(turned(SizeMismatch("a.png: two sizes"))) == "a.png: two sizes"
    assert type(turned(SizeMismatch("two sizes"))) is SizeMismatch


def test_a_defect_of_percept_is_not_hidden() -> None:
    with pytest.raises(AssertionError), decoder_errors("a.png"):
        raise AssertionError
    assert isinstance(turned(AssertionError("of tifffile"), anything=True), UnreadableImage)


def test_ctrl_c_goes_on_and_a_panic_of_rust_does_not() -> None:
    with pytest.raises(KeyboardInterrupt), decoder_errors("a.png", anything=True):
        raise KeyboardInterrupt
    panic = type("PanicException", (BaseException,), {})
    assert isinstance(turned(panic("index out of range")), UnreadableImage)


def test_reasons_are_on_one_line_and_harmless() -> None:
    assert reason_of(ValueError("one\n  two\x1b[2J")) == reason_of(ValueError("one two\x1b[2J"))
    assert "\x1b" not in reason_of(ValueError("\x1b[2J"))
    assert str(damaged("no end", "b.png")).startswith("b.png: the image is damaged")
