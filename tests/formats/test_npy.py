"""Arrays as files: light, bytes, 16 bits, and what is refused."""

from __future__ import annotations

import math
import struct
import warnings

import numpy as np
import pytest

from percept_cli.errors import PerceptError, UnreadableImage, UnsupportedImage
from percept_cli.formats.npy import read_npy
from percept_cli.images.nonfinite import nonfinite
from tests.support.scenes import alpha_of, anything, case, colours_of, light, npy, only, refused

# --- numpy -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["<f2", ">f2", "<f4", ">f4", "<f8", ">f8"])
@pytest.mark.parametrize("channels", [None, 1, 3, 4])
@pytest.mark.parametrize("order", ["C", "F"])
def test_npy_of_floats_is_light(kind: str, channels: int | None, order: str) -> None:
    values = light(10, *(3, 5) if channels is None else (3, 5, channels)) / 16
    array = np.array(values, kind, order=order)  # type: ignore[call-overload]
    frame = only(read_npy(npy(array), "x", anything))
    shown = array.astype(np.float32).reshape(3, 5, -1)
    assert np.array_equal(colours_of(frame), np.broadcast_to(shown[..., :3], (3, 5, 3)))
    if channels == 4:
        assert np.array_equal(alpha_of(frame), np.clip(shown[..., 3], 0, 1) * np.float32(255))
    else:
        assert frame.alpha is None


@pytest.mark.parametrize("channels", [None, 1, 3, 4])
@pytest.mark.parametrize("order", ["C", "F"])
def test_npy_of_bytes_is_a_picture(channels: int | None, order: str) -> None:
    shape = (3, 5) if channels is None else (3, 5, channels)
    array = np.asarray(np.random.default_rng(0).integers(0, 256, shape, np.uint8), order=order)  # type: ignore[call-overload]
    wide = (array.astype(">u2") * 257).astype(">u2")
    for data in (npy(array), npy(wide)):  # whole levels, whatever they are stored as
        frame = only(read_npy(data, "x", anything), scene=False)
        assert not frame.deep
        shown = array.reshape(3, 5, -1)
        assert np.array_equal(colours_of(frame), np.broadcast_to(shown[..., :3], (3, 5, 3)))
        assert (frame.alpha is None) == (channels != 4)
        if channels == 4:
            assert np.array_equal(alpha_of(frame), shown[..., 3])


def test_npy_of_16_bits_is_deep() -> None:
    array = np.array([[[0, 1, 65535, 257]], [[65535, 300, 5, 65535]]], np.uint16)
    frame = only(read_npy(npy(array), "x", anything), scene=False)
    assert frame.deep
    assert np.array_equal(colours_of(frame), array[..., :3].astype(np.float32) / np.float32(257))
    assert alpha_of(frame).ravel().tolist() == [1, 255]
    array[..., 3] = 65535
    assert only(read_npy(npy(array), "x", anything), scene=False).alpha is None


def test_npy_of_more_than_float32_is_infinite() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        decoded = read_npy(npy(np.array([[1e300, -1e300, math.nan, 1]])), "x", anything)
    (kinds,) = nonfinite(decoded)
    assert kinds is not None
    assert kinds.tolist() == [[2, 3, 1, 0]]


def test_npy_of_other_writers_is_read() -> None:
    values = light(14, 2, 3)
    for text, version in (
        ("{'shape': (2, 3), 'fortran_order': False, 'descr': '<f4'}", 1),
        ('{"descr":"<f4","fortran_order":False,"shape":(2,3)}\n', 2),
        ("{'descr': '<f4', 'fortran_order': False, 'shape': (2L, 3L), }\n", 1),  # Python 2
    ):
        size = struct.pack("<H" if version == 1 else "<I", len(text))
        data = b"\x93NUMPY" + bytes([version, 0]) + size + text.encode() + values.tobytes()
        assert np.array_equal(colours_of(only(read_npy(data, "x", anything)))[..., 0], values)


def lied(shape: str, kind: str = "'<f4'", body: int = 16) -> bytes:
    text = f"{{'descr': {kind}, 'fortran_order': False, 'shape': {shape}, }}\n".encode()
    return b"\x93NUMPY\1\0" + struct.pack("<H", len(text)) + text + bytes(body)


@pytest.mark.parametrize(
    ("data", "kind", "words"),
    [
        (b"", UnreadableImage, []),
        (b"\x93NUMPY", UnreadableImage, []),
        (b"PK\3\4 an archive", UnreadableImage, []),
        (npy(np.ones((2, 2), bool)), UnsupportedImage, ["bool"]),
        (npy(np.ones((2, 2), complex)), UnsupportedImage, ["complex"]),
        (npy(np.ones((2, 2), np.int16)), UnsupportedImage, ["int16"]),
        (npy(np.ones((2, 2), np.uint32)), UnsupportedImage, ["uint32"]),
        (npy(np.array([[{}]], object), allow_pickle=True), UnsupportedImage, ["object"]),
        (npy(np.zeros((2, 2), [("a", "f4")])), UnsupportedImage, ["records"]),
        (lied("(2, 2)").replace(b"NUMPY\1", b"NUMPY\4"), UnreadableImage, ["header"]),
        (npy(np.zeros((2, 2), "S3")), UnsupportedImage, ["is not an image"]),
        (npy(np.ones(4, np.float32)), UnsupportedImage, ["shape"]),
        (npy(np.float32(1)), UnsupportedImage, ["shape"]),  # type: ignore[arg-type]
        (npy(np.ones((2, 2, 2), np.float32)), UnsupportedImage, ["shape"]),
        (npy(np.ones((1, 2, 2, 3), np.float32)), UnsupportedImage, ["shape"]),
        (npy(np.ones((0, 2, 3), np.float32)), UnsupportedImage, ["shape"]),
        (npy(np.ones((2, 2), np.float32))[:-1], UnreadableImage, ["16 bytes", "15"]),
        (npy(np.ones((2, 2), np.float32)) + b"\0", UnreadableImage, ["17"]),
        (lied("(100000, 100000, 4)"), UnreadableImage, ["160000000000 bytes"]),
        (lied("(-2, -2)"), UnreadableImage, ["header"]),
        (lied("(" + "1, " * 50 + ")"), UnsupportedImage, ["shape"]),
        (lied("(2, 2)" + " " * 20_000), UnreadableImage, ["header"]),
        (lied("('a', 2)"), UnreadableImage, []),
        (lied("(2, 2)", "'<f9'"), UnreadableImage, []),
        (lied("__import__('os')"), UnreadableImage, []),
    ],
    ids=case,
)
def test_npy_that_is_refused(data: bytes, kind: type[PerceptError], words: list[str]) -> None:
    refused(read_npy, data, kind, *words)
