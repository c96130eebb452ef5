"""Damaged files: what of a PNG must be sound, and that strips and the whole of a large picture give one answer."""

from __future__ import annotations

import random
import struct
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from percept_cli.errors import UnreadableImage, UnsupportedImage
from percept_cli.formats.decode import decode
from percept_cli.formats.tiff import strips as tiff
from percept_cli.images import joining
from tests import test_strips as large
from tests.conftest import Percept
from tests.deep_files import chunk
from tests.fuzz.files import damaged

WIDTH, HEIGHT = 33, 20
KINDS = {  # bits and colour type, and what else there is
    "RGB": (8, 2, ()),
    "RGBA": (8, 6, ()),
    "grey": (8, 0, ()),
    "grey with alpha": (8, 4, ()),
    "grey, one transparent": (8, 0, (chunk(b"tRNS", b"\0\7"),)),
    "palette": (8, 3, (chunk(b"PLTE", bytes(range(256)) * 3),)),
    "4 bits": (4, 3, (chunk(b"PLTE", bytes(range(48))),)),
    "1 bit": (1, 0, ()),
    "16 bits": (16, 2, ()),
    "16 bits of grey, one transparent": (16, 0, (chunk(b"tRNS", b"\0\7"),)),
    "16 bits with alpha": (16, 6, ()),
}
CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
END = chunk(b"IEND", b"")
ADAM7 = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))
in_both_readers = pytest.mark.parametrize("small", [1 << 30, 300], ids=["whole", "strips"])


@pytest.fixture
def readers(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Sets from how many pixels on a picture is read in strips."""

    def set_to(size: int) -> None:
        monkeypatch.setattr(joining, "LARGE", size)
        monkeypatch.setattr(tiff, "LARGE", size)
        monkeypatch.setattr(joining, "_STRIP", 120)

    return set_to


def rows_of(kind: str, *, interlaced: bool = False) -> list[bytes]:
    """Random rows, each with its filter; the last one is what Pillow's picture is filled with beforehand."""
    bits, colours, _ = KINDS[kind]
    rng = random.Random(kind)
    sizes = [(WIDTH, HEIGHT)]
    if interlaced:
        sizes = [(-(-(WIDTH - x) // right), -(-(HEIGHT - y) // down)) for x, y, right, down in ADAM7]
    each = bits * CHANNELS[colours]
    return [b"\0" + rng.randbytes(-(-width * each // 8)) for width, height in sizes for _ in range(height)]


def written(kind: str, packed: bytes, *, interlaced: bool = False, end: bytes = END) -> bytes:
    bits, colours, extra = KINDS[kind]
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", WIDTH, HEIGHT, bits, colours, 0, 0, int(interlaced)))
    pieces = [chunk(b"IDAT", packed[first : first + 200]) for first in range(0, len(packed), 200)]
    return b"".join([b"\x89PNG\r\n\x1a\n", header, *extra, *pieces, end])


def wrong(data: bytes, name: bytes, which: int = 0) -> bytes:
    """With a wrong checksum of one chunk."""
    place = -1
    for _ in range(which + 1):
        place = data.index(name, place + 1)
    changed = bytearray(data)
    changed[place + 4 + int.from_bytes(data[place - 4 : place], "big")] ^= 0x40
    return bytes(changed)


@in_both_readers
@pytest.mark.parametrize("interlaced", [False, True])
@pytest.mark.parametrize("kind", KINDS)
def test_rows_that_are_missing_are_errors(
    kind: str, interlaced: bool, small: int, readers: Callable[[int], None]
) -> None:
    readers(small)
    rows = rows_of(kind, interlaced=interlaced)
    needed = len(b"".join(rows))
    assert decode(written(kind, zlib.compress(b"".join(rows)), interlaced=interlaced), "x").notes == ()
    for there in (b"", b"".join(rows[: len(rows) // 2]), b"".join(rows[:-1]), b"".join(rows)[:-1]):
        with pytest.raises(UnreadableImage) as error:
            decode(written(kind, zlib.compress(there), interlaced=interlaced), "x.png")
        words = f"rows are missing: {len(there):,} of their {needed:,} bytes are there"
        assert str(error.value) == f"x.png: the picture is damaged or cut off: {words}"
        assert error.value.hint == "re-export or re-download the file."


@in_both_readers
@pytest.mark.parametrize("interlaced", [False, True])
@pytest.mark.parametrize("kind", KINDS)
def test_what_was_not_packed_so_is_an_error(
    kind: str, interlaced: bool, small: int, readers: Callable[[int], None]
) -> None:
    readers(small)
    packed = zlib.compress(b"".join(rows_of(kind, interlaced=interlaced)))
    cases = {
        packed[:-1] + bytes([packed[-1] ^ 1]): "the checksum of its unpacked pixels is wrong",
        packed[:-4]: "the end of its packed pixels is missing",
        b"xx" + packed[2:]: "its pixels cannot be unpacked: incorrect header check",
    }
    for bad, words in cases.items():
        with pytest.raises(UnreadableImage, match=f"^x: the picture is damaged or cut off: {words}$"):
            decode(written(kind, bad, interlaced=interlaced), "x")


@in_both_readers
def test_wrong_checksums_of_what_the_picture_is_made_of_are_errors(
    small: int, readers: Callable[[int], None]
) -> None:
    readers(small)
    for kind, (_, _, extra) in KINDS.items():
        data = written(kind, zlib.compress(b"".join(rows_of(kind))))
        for name in (b"IHDR", b"IDAT", b"IEND", *([b"PLTE"] if b"PLTE" in b"".join(extra) else [])):
            with pytest.raises(
                UnreadableImage, match=f"cut off: the checksum of its {name.decode()} chunk is wrong$"
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
        assert found.notes == (f"its {name.decode()} chunk has a wrong checksum and is left out",)
        assert pixels(wrong(whole, name)) == pixels(plain)


def pixels(data: bytes) -> tuple[object, ...]:
    (frame,) = decode(data, "x").frames
    return frame.width, frame.height, frame.colours[:], frame.alpha and frame.alpha[:], frame.deep


@in_both_readers
@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda data: data[:-12], "its end is missing"),
        (lambda data: data[:-4], "its end is missing"),
        (lambda data: data.replace(b"IDAT", b"I AT", 1), "something else than a chunk"),
        (lambda data: data[:33] + data[8:], "it has two headers"),
        (lambda data: data[:8] + data[33:], "it has no header"),
        (lambda data: data[:33] + END, "it has no pixels"),
        (lambda data: data[:-12] + chunk(b"tEXt", b"a\0b") + chunk(b"IDAT", b"") + END, "in two places"),
    ],
)
def test_a_broken_row_of_chunks_is_an_error(
    change: Callable[[bytes], bytes], words: str, small: int, readers: Callable[[int], None]
) -> None:
    readers(small)
    data = written("RGB", zlib.compress(b"".join(rows_of("RGB"))))
    with pytest.raises(UnreadableImage, match=f"^x: the picture is damaged or cut off: .*{words}"):
        decode(change(data), "x")


@in_both_readers
def test_a_chunk_that_has_to_be_understood(small: int, readers: Callable[[int], None]) -> None:
    readers(small)
    data = written("RGB", zlib.compress(b"".join(rows_of("RGB"))))
    with pytest.raises(UnsupportedImage, match="its NEWs chunk, which has to be understood, is not known"):
        decode(data[:33] + chunk(b"NEWs", b"") + data[33:], "x")


def test_a_last_row_like_what_pillow_is_given_is_counted() -> None:
    """The slow way, which finds nothing wrong."""
    for kind, last in {"RGB": (171, 86, 3), "grey": (171,), "RGBA": (171, 86, 3, 94), "1 bit": (255,)}.items():
        rows = rows_of(kind)
        rows[-1] = b"\0" + (bytes(last) * WIDTH)[: len(rows[-1]) - 1]
        assert len(decode(written(kind, zlib.compress(b"".join(rows))), "x").frames) == 1
        with pytest.raises(UnreadableImage, match="rows are missing"):
            decode(written(kind, zlib.compress(b"".join(rows[:-1]))), "x")


def test_the_command_says_what_is_wrong_and_what_is_left_out(percept: Percept, tmp_path: Path) -> None:
    rows = rows_of("RGB")
    good = written("RGB", zlib.compress(b"".join(rows)))
    (tmp_path / "good.png").write_bytes(good)
    (tmp_path / "half.png").write_bytes(written("RGB", zlib.compress(b"".join(rows[:10]))))
    (tmp_path / "zero.png").write_bytes(good[:33] + chunk(b"cHRM", bytes(32)) + good[33:])
    done = percept("compare", "good.png", "half.png")
    assert done.returncode == 3
    assert "half.png: the picture is damaged or cut off: rows are missing: 1,000 of their 2,000" in done.stderr
    assert "re-export or re-download the file." in done.stderr
    done = percept("compare", "good.png", "zero.png")
    assert done.returncode == 0
    assert "zero.png: its cHRM chunk describes nothing and counts as absent" in done.stdout + done.stderr


def sound_files(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[bytes]]:
    """By format: the files that come in strips, small."""
    with monkeypatch.context() as patch:
        patch.setattr(large, "HEIGHT", 37)
        patch.setattr(large, "WIDTH", 41)
        patch.setattr(large, "COLOURS", large.COLOURS[20:57, :41].copy())
        patch.setattr(large, "DEEP", large.DEEP[20:57, :41].copy())
        patch.setattr(large, "RGB", large.RGB.crop((0, 20, 41, 57)))
        patch.setattr(large, "GREY", large.GREY.crop((0, 20, 41, 57)))
        pngs, tiffs = [*large.pngs().values()], [*large.tiffs(patch).values()]
        pnms = [large.by_pillow(large.RGB, "PPM"), large.by_pillow(large.GREY, "PPM")]
        pnms.append(b"P5\n# words\n41 37\n65535\n" + large.DEEP[..., 0].astype(">u2").tobytes())
        pnms.append(b"P6 41 37 1000\n" + (large.DEEP[..., :3] % 1001).astype(">u2").tobytes())
        pnms.append(b"P6 41 37 100 " + (large.COLOURS[..., :3] % 101).tobytes())
    said = {
        b"gAMA": (55_556).to_bytes(4, "big"),
        b"cHRM": bytes(32),
        b"tEXt": b"a\0b",
        b"tRNS": bytes(6),
        b"pHYs": b"",
    }
    pngs += [pngs[0][:33] + chunk(name, content) + pngs[0][33:] for name, content in said.items()]
    pngs.append(pngs[0][:-12] + chunk(b"gAMA", said[b"gAMA"]) + chunk(b"tEXt", b"a\0b") + pngs[0][-12:])
    return {"PNG": pngs, "TIFF": tiffs, "PPM": pnms}


def chunks_of(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    place = 8
    while place + 12 <= len(data):
        size, name = struct.unpack_from(">I4s", data, place)
        yield name, data[place + 8 : place + 8 + size]
        place += 12 + size


def damaged_inside(rng: random.Random, data: bytes) -> bytes:
    """A PNG with chunks that are wrong, but for their checksums, or with rows that are wrong, but well packed."""
    chunks = [(name, content) for name, content in chunks_of(data) if len(name) == 4]
    for _ in range(rng.randint(1, 2)):
        place = rng.randrange(len(chunks))
        name, content = chunks[place]
        what = rng.randrange(6)
        if what == 0:
            packed = b"".join(content for name, content in chunks if name == b"IDAT")
            try:
                rows = bytearray(zlib.decompress(packed))
            except zlib.error:
                continue
            for _ in range(rng.randint(0, 4)):
                rows[rng.randrange(len(rows))] = rng.randrange(256)
            rows = rows[: rng.randint(len(rows) // 2, len(rows))] if rng.random() < 0.2 else rows
            rows += rng.randbytes(rng.choice((0, 0, 0, 1, 60, 500)))
            chunks = [one for one in chunks if one[0] != b"IDAT"]
            chunks.insert(-1, (b"IDAT", zlib.compress(bytes(rows), rng.randrange(10))))
        elif what == 1:
            chunks.insert(rng.randrange(len(chunks)), (name, content))
        elif what == 2:
            del chunks[place]
        elif what == 3:
            first = rng.randrange(len(content) + 1)
            chunks[place : place + 1] = [(name, content[:first]), (name, content[first:])]
        elif content:
            changed = bytearray(content)
            changed[rng.randrange(len(changed))] ^= 1 << rng.randrange(8)
            chunks[place] = name, bytes(changed)
        if not chunks:
            break
    data = data[:8] + b"".join(chunk(*one) for one in chunks)
    if rng.random() < 0.2 and len(data) > 60:
        place = rng.randrange(33, len(data))
        data = data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]
    return data


def outcome(data: bytes) -> tuple[object, ...]:
    """All that a file holds, or which error it is."""
    try:
        found = decode(data, "x")
    except (UnreadableImage, UnsupportedImage) as error:
        assert str(error).startswith("x: ")
        return (type(error).__name__,)
    frames = [
        (one.width, one.height, one.colours[:], one.alpha and one.alpha[:], one.deep) for one in found.frames
    ]
    return "picture", frames, found.scene, found.durations, found.notes


def both_answers_are_one(
    count: int, seed: int, readers: Callable[[int], None], monkeypatch: pytest.MonkeyPatch
) -> Counter[object]:
    files = sound_files(monkeypatch)
    others = [data for one in files.values() for data in one]
    found, unequal = Counter[object](), []
    for number in range(seed, seed + count):
        rng = random.Random(number)
        form = rng.choice(("PNG", "PNG", "TIFF", "PPM"))
        data = rng.choice(files[form])
        inside = form == "PNG" and rng.random() < 0.7
        data = damaged_inside(rng, data) if inside else damaged(rng, data, others)
        readers(1 << 30)
        whole = outcome(data)
        readers(500)
        if outcome(data) != whole:
            unequal.append(number)
        found[form, whole[0]] += 1
    assert unequal == []
    return found


@pytest.mark.filterwarnings("ignore::UserWarning:PIL")  # Pillow comments on damaged tags
def test_strips_and_the_whole_give_one_answer(
    readers: Callable[[int], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    found = both_answers_are_one(400, 0, readers, monkeypatch)
    for form in ("PNG", "TIFF", "PPM"):  # neither all are read nor all refused
        assert found[form, "picture"] > 10
        assert found[form, "UnreadableImage"] > 10


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::UserWarning:PIL")
def test_strips_and_the_whole_give_one_answer_of_many(
    readers: Callable[[int], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    both_answers_are_one(10_000, 100_000, readers, monkeypatch)


@pytest.mark.filterwarnings("ignore::UserWarning:PIL")
@pytest.mark.parametrize(
    "tags",
    [
        b"\x02\x01\x03\0\1\0\0\0\2\0\0\0",  # BitsPerSample once more, another one
        b"\x16\x01\x03\0\1\0\0\0\x34\0\0\0",  # RowsPerStrip once more, another one
        b"\x1c\x01\x03\0\1\0\0\0\x11\0\0\0",  # PlanarConfiguration 17
        b"\x06\x01\x03\0\x41\0\0\0\2\0\0\0",  # 65 photometric interpretations
    ],
    ids=["bits twice", "rows twice", "planes of kind 17", "many kinds of colours"],
)
def test_tags_that_libraries_understand_differently_are_for_one_of_them(
    tags: bytes, readers: Callable[[int], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """In place of the date and the like, so that each is in a sound file, twice or as the only one."""
    for data in sound_files(monkeypatch)["TIFF"]:
        if not data.startswith(b"II*\0"):
            continue
        place = struct.unpack_from("<I", data, 4)[0] + 2
        count = struct.unpack_from("<H", data, place - 2)[0]
        entries = [data[place + 12 * one : place + 12 * one + 12] for one in range(count)]
        last = next((one for one, entry in enumerate(entries) if entry[:2] in (tags[:2], b"\x31\x01")), None)
        if last is None:
            continue
        changed = data[: place + 12 * last] + tags + data[place + 12 * last + 12 :]
        readers(1 << 30)
        whole = outcome(changed)
        readers(500)
        assert outcome(changed) == whole


def test_the_numbers_of_rows_are_those_of_the_specification() -> None:
    """Against rows that are written here, by size and depth, interlaced too."""
    from percept_cli.formats.png.pixels import size_of_rows

    for width, height, bits in ((1, 1, 1), (3, 5, 4), (8, 8, 24), (9, 1, 2), (1, 9, 16), (33, 20, 64)):
        for interlaced in (False, True):
            steps = ADAM7 if interlaced else ((0, 0, 1, 1),)
            size = 0
            for x, y, right, down in steps:
                columns, rows = len(np.arange(width)[x::right]), len(np.arange(height)[y::down])
                size += rows * (1 + (columns * bits + 7) // 8) if columns else 0
            assert size_of_rows(width, height, bits, interlaced=interlaced) == size
