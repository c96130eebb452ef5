"""The chunks of a PNG: checksums, order, and what has to be understood."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from pathlib import Path

import pytest

from percept_cli.errors import UnreadableImage, UnsupportedImage
from percept_cli.formats.decode import decode
from tests.conftest import Percept
from tests.support.damaged_png import END, KINDS, in_both_readers, rows_of, written
from tests.support.damaged_png import readers as readers
from tests.support.deep_files import chunk


def wrong(data: bytes, name: bytes, which: int = 0) -> bytes:
    """With a wrong checksum of one chunk."""
    place = -1
    for _ in range(which + 1):
        place = data.index(name, place + 1)
    changed = bytearray(data)
    changed[place + 4 + int.from_bytes(data[place - 4 : place], "big")] ^= 0x40
    return bytes(changed)


@in_both_readers
def test_wrong_checksums_of_what_the_picture_is_made_of_are_errors(
    small: int, readers: Callable[[int], None]
) -> None:
    readers(small)
    for kind, (_, _, extra) in KINDS.items():
        data = written(kind, zlib.compress(b"".join(rows_of(kind))))
        for name in (b"IHDR", b"IDAT", b"IEND", *([b"PLTE"] if b"PLTE" in b"".join(extra) else [])):
            with pytest.raises(
                UnreadableImage, match=f"truncated: the checksum of its {name.decode()} chunk is wrong$"
            ):
                decode(wrong(data, name), "x")
    with pytest.raises(UnreadableImage, match="the checksum of its IDAT chunk is wrong"):
        decode(wrong(data, b"IDAT", data.count(b"IDAT") - 1), "x")


@in_both_readers
@pytest.mark.parametrize("kind", ["RGB", "grey, one transparent", "16 bits of grey, one transparent"])
def test_another_chunk_with_a_wrong_checksum_is_left_out(
    kind: str, small: int, readers: Callable[[int], None]
) -> None:
    readers(small)
    data = written(kind, zlib.compress(b"".join(rows_of(kind))))
    plain = data.replace(chunk(b"tRNS", b"\0\7"), b"")
    others = {
        b"gAMA": (10_000).to_bytes(4, "big"),
        b"tEXt": b"a\0b",
        b"pHYs": bytes(9),
        b"iCCP": b"any",
        b"prVt": b"",
    }
    if b"tRNS" in data:
        others = {b"tRNS": b""}
    for name, content in others.items():
        whole = data if name == b"tRNS" else data[:33] + chunk(name, content) + data[33:]
        found = decode(wrong(whole, name), "x")
        assert found.notes == (f"its {name.decode()} chunk has a wrong checksum and is ignored",)
        assert pixels(wrong(whole, name)) == pixels(plain)


def pixels(data: bytes) -> tuple[object, ...]:
    (frame,) = decode(data, "x").frames
    return frame.width, frame.height, frame.colours[:], frame.alpha and frame.alpha[:], frame.deep


@in_both_readers
@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda data: data[:-12], "the end of the file is missing"),
        (lambda data: data[:-4], "the end of the file is missing"),
        (lambda data: data.replace(b"IDAT", b"I AT", 1), "something other than chunks"),
        (lambda data: data[:33] + data[8:], "it has two headers"),
        (lambda data: data[:8] + data[33:], "the header is missing"),
        (lambda data: data[:33] + END, "it has no pixels"),
        (lambda data: data[:-12] + chunk(b"tEXt", b"a\0b") + chunk(b"IDAT", b"") + END, "other chunks interrupt"),
    ],
)
def test_a_broken_row_of_chunks_is_an_error(
    change: Callable[[bytes], bytes], words: str, small: int, readers: Callable[[int], None]
) -> None:
    readers(small)
    data = written("RGB", zlib.compress(b"".join(rows_of("RGB"))))
    with pytest.raises(UnreadableImage, match=f"^x: the image is damaged or truncated: .*{words}"):
        decode(change(data), "x")


@in_both_readers
def test_a_chunk_that_has_to_be_understood(small: int, readers: Callable[[int], None]) -> None:
    readers(small)
    data = written("RGB", zlib.compress(b"".join(rows_of("RGB"))))
    with pytest.raises(
        UnsupportedImage, match="its NEWs chunk is required to decode it, but percept does not know it"
    ):
        decode(data[:33] + chunk(b"NEWs", b"") + data[33:], "x")


def test_the_command_says_what_is_wrong_and_what_is_left_out(percept: Percept, tmp_path: Path) -> None:
    rows = rows_of("RGB")
    good = written("RGB", zlib.compress(b"".join(rows)))
    (tmp_path / "good.png").write_bytes(good)
    (tmp_path / "half.png").write_bytes(written("RGB", zlib.compress(b"".join(rows[:10]))))
    (tmp_path / "zero.png").write_bytes(good[:33] + chunk(b"cHRM", bytes(32)) + good[33:])
    done = percept("compare", "good.png", "half.png")
    assert done.returncode == 3
    assert "half.png: the image is damaged or truncated: only 1,000 of its 2,000" in done.stderr
    assert "re-export or re-download the file." in done.stderr
    done = percept("compare", "good.png", "zero.png")
    assert done.returncode == 0
    assert "zero.png: its cHRM chunk is invalid and is ignored" in done.stdout + done.stderr
