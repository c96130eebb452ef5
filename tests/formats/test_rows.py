"""Damaged files are the same picture in strips and whole, or the same kind of error.

More by hand: python -m tests.formats.test_rows COUNT
"""

from __future__ import annotations

import random
import struct
import sys
import warnings
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from unittest.mock import patch

import numpy as np
import pytest
from PIL import PngImagePlugin, TiffImagePlugin

from percept_cli.errors import PerceptError, UnreadableImage, UnsupportedImage
from percept_cli.formats.decode import decode
from percept_cli.formats.pages import Source
from percept_cli.formats.tiff import strips as tiff
from percept_cli.images import joining
from percept_cli.images.kept import Kept
from percept_cli.images.policy import ImagePolicy
from tests.fuzz.files import damaged
from tests.fuzz.parts import damaged_in_parts
from tests.support import large_files as large
from tests.support.damaged_png import readers as readers
from tests.support.deep_files import chunk
from tests.support.large_files import DEEP, GREY, HEIGHT, RGB, WIDTH, by_pillow, in_both_places, plain, pngs, tiffs
from tests.support.large_files import place as place
from tests.support.large_files import small as small

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


@pytest.mark.usefixtures("small")
def test_strips_are_the_whole(place: str, monkeypatch: pytest.MonkeyPatch) -> None:
    cases = pngs() | tiffs(monkeypatch)
    cases |= {
        "PPM": by_pillow(RGB, "PPM"),
        "PGM": by_pillow(GREY, "PPM"),
        "PGM, 16 bits": b"P5 %d %d 65535\n" % (WIDTH, HEIGHT) + DEEP[..., 0].astype(">u2").tobytes(),
    }
    for name, data in cases.items():
        with split() as parts:
            found = decode(data, "x")
        assert parts, name
        with monkeypatch.context() as whole_ones:
            whole_ones.setattr(joining, "LARGE", 1 << 30)
            whole_ones.setattr(tiff, "LARGE", 1 << 30)
            whole = decode(data, "x")
        assert plain(found) == plain(whole), name
        assert isinstance(found.frames[0].colours, Kept) == (place == "file"), name


@contextmanager
def split() -> Iterator[list[Source]]:
    """The parts that files are read in meanwhile."""
    parts = list[Source]()

    def part(source: Source, data: bytes) -> Source:
        parts.append(Source(data, source.name, source.policy, is_part=True))
        return parts[-1]

    with patch.object(Source, "part", part):
        yield parts


@pytest.mark.usefixtures("small")
@pytest.mark.filterwarnings("ignore::UserWarning:PIL")  # Pillow comments on damaged tags
@in_both_places
@pytest.mark.parametrize("kind", ["PNG", "TIFF", "PPM"])
def test_every_cut_file_is_an_error(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(TiffImagePlugin, "STRIP_SIZE", 2000)
    options = {"compression": "tiff_adobe_deflate"} if kind == "TIFF" else {}
    data = by_pillow(RGB, kind, **options)
    for end in range(10, len(data) - 1, 997):
        with pytest.raises(UnreadableImage, match=r"^x\.y: "):
            decode(data[:end], "x.y")


@pytest.mark.usefixtures("small")
@pytest.mark.filterwarnings("ignore::UserWarning:PIL")  # Pillow comments on damaged tags
@in_both_places
@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_damage_is_an_error_or_the_same_as_in_the_whole(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(TiffImagePlugin, "STRIP_SIZE", 2000)
    options = {"compression": "tiff_adobe_deflate"} if kind == "TIFF" else {}
    data = by_pillow(RGB, kind, **options)
    rng = np.random.default_rng(3)
    for _ in range(200):
        mutated = bytearray(data)
        mutated[int(rng.integers(len(data)))] ^= 1 << int(rng.integers(8))
        try:
            found = plain(decode(bytes(mutated), "x"))
        except PerceptError as error:
            assert str(error).startswith("x: ")
            continue
        with monkeypatch.context() as whole_ones:
            whole_ones.setattr(joining, "LARGE", 1 << 30)
            assert found == plain(decode(bytes(mutated), "x"))


@pytest.mark.usefixtures("small")
def test_limits_hold_for_strips() -> None:
    from percept_cli.images.limits import Limits

    with pytest.raises(
        UnsupportedImage,
        match=r"x: 131×97 pixels are more than the limit of 9,000",
    ):
        decode(by_pillow(RGB, "PNG"), "x", ImagePolicy(limits=Limits(pixels=9000)))
    with pytest.raises(UnsupportedImage, match=r"x: it has 1 frame, so frame 2 does not exist"):
        decode(by_pillow(RGB, "PNG"), "x", ImagePolicy(frame=2))
    text = PngImagePlugin.PngInfo()
    text.add_text("comment", "word " * 1000)
    with pytest.raises(UnsupportedImage, match=r"x: its 5,\d+ bytes of profiles, EXIF and texts are more"):
        decode(by_pillow(RGB, "PNG", pnginfo=text), "x", ImagePolicy(limits=Limits(metadata=4000)))


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


def what_becomes_of(data: bytes) -> tuple[object, ...]:
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
        whole = what_becomes_of(data)
        readers(500)
        if what_becomes_of(data) != whole:
            unequal.append(number)
        found[form, whole[0]] += 1
    assert unequal == []
    return found


@pytest.mark.filterwarnings("ignore::UserWarning:PIL")  # Pillow comments on damaged tags
@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")  # and on sizes that some state
def test_strips_and_the_whole_give_one_answer(
    readers: Callable[[int], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    found = both_answers_are_one(400, 0, readers, monkeypatch)
    for form in ("PNG", "TIFF", "PPM"):  # neither all are read nor all refused
        assert found[form, "picture"] > 10
        assert found[form, "UnreadableImage"] > 10


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::UserWarning:PIL")
@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")  # some state more than Pillow likes
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
        whole = what_becomes_of(changed)
        readers(500)
        assert what_becomes_of(changed) == whole
