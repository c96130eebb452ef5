"""Damage where a format says something: chunks of a PNG, tags of a TIFF, numbers of a PGM or PPM.

What is changed is sound otherwise, checksums and all, so that readers come to look at it.
"""

from __future__ import annotations

import random
import re
import struct
import zlib

from tests.support.deep_files import chunk

_PNG = b"\x89PNG\r\n\x1a\n"
_CHUNKS = (
    *((b"gAMA", gamma.to_bytes(4, "big")) for gamma in (0, 45455, 100_000)),
    *((b"tRNS", bytes(size)) for size in (0, 1, 2, 6, 300)),
    *((b"PLTE", bytes(3 * colours)) for colours in (0, 2, 256, 300)),
    *((b"cICP", bytes((primaries, 13, 0, 1))) for primaries in (1, 9)),
    *((b"acTL", struct.pack(">II", frames, 0)) for frames in (0, 1, 2)),
    *(
        (b"sRGB", b""),
        (b"cHRM", bytes(32)),
        (b"eXIf", b"II*\0" + bytes(9)),
        (b"iCCP", b"x\0\0" + zlib.compress(b"\0")),
    ),
    *((b"tEXt", b"a\0b"), (b"zTXt", b"a\0\0xx"), (b"ABCD", b""), (b"abcd", b"x")),
)
_SIZES = {1: 1, 3: 2, 4: 4, 16: 8}  # bytes of whole numbers, by type
_FORMS = {1: "B", 2: "H", 4: "I", 8: "Q"}
_PNM = re.compile(rb"P(\d)\s+(\d+)\s+(\d+)\s+(\d+)\s")


def damaged_in_parts(rng: random.Random, data: bytes) -> bytes:
    """A PNG, TIFF, PGM or PPM with one or two of its parts changed; what is none any more stays as it is."""
    for _ in range(rng.choice((1, 1, 2))):
        if data.startswith(_PNG):
            data = _png(rng, data)
        elif data[:2] in (b"II", b"MM"):
            data = _tiff(rng, data)
        else:
            data = _pnm(rng, data)
    return data


def _number(rng: random.Random, old: int, largest: int) -> int:
    """Another number: near the old one, small, or as large as there is room for."""
    near = (old + 1, max(0, old - 1), 2 * old, old // 2, old ^ 1 << rng.randrange(8))
    others = (0, 1, 2, largest, largest - 1, rng.randrange(largest + 1), rng.randrange(300))
    return rng.choice((*near, *others)) % (largest + 1)


def _png(rng: random.Random, data: bytes) -> bytes:
    chunks, place = list[tuple[bytes, bytes]](), len(_PNG)
    while place + 12 <= len(data):
        end = place + 8 + int.from_bytes(data[place : place + 4], "big")
        chunks.append((data[place + 4 : place + 8], data[place + 8 : end]))
        place = end + 4
    if not chunks:
        return data
    where, other = rng.randrange(len(chunks)), rng.randrange(len(chunks) + 1)
    name, inside = chunks[where]
    way = rng.randrange(8)
    if way == 0:
        del chunks[where]
    elif way == 1:
        chunks.insert(other, chunks[where])
    elif way == 2:
        chunks.insert(other, chunks.pop(where))
    elif way == 3:
        chunks.insert(other, rng.choice(_CHUNKS))
    elif way == 4 and inside:
        at = rng.randrange(len(inside))
        chunks[where] = name, inside[:at] + rng.randbytes(1) + inside[at + 1 :]
    elif way == 5:
        chunks[where] = name, inside[: rng.randrange(len(inside) + 1)] + bytes(rng.choice((0, 0, 1, 50)))
    elif way == 6 and len(chunks[0][1]) == 13:
        numbers = list(struct.unpack(">IIBBBBB", chunks[0][1]))
        at = rng.randrange(7)
        numbers[at] = _number(rng, numbers[at], 0xFFFFFFFF if at < 2 else 20)
        chunks[0] = b"IHDR", struct.pack(">IIBBBBB", *numbers)
    else:
        chunks = _pixels_anew(rng, chunks)
    return _PNG + b"".join(chunk(name, inside) for name, inside in chunks)


def _pixels_anew(rng: random.Random, chunks: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """With rows that are others, fewer or more, packed anew, in one piece or several."""
    try:
        rows = zlib.decompress(b"".join(inside for name, inside in chunks if name == b"IDAT"))
    except zlib.error:
        return chunks
    at, way = rng.randrange(len(rows) + 1), rng.randrange(4)
    rows = (rows[:at] + rng.randbytes(1) + rows[at + 1 :], rows[:at], rows + bytes(rng.randrange(2000)), rows)[way]
    packed = zlib.compress(rows)
    if way == 3:
        packed = rng.choice((packed[: -rng.randrange(1, 6)], packed + bytes(5)))
    size = rng.choice((1 << 20, 1000, 4000))
    pieces = [(b"IDAT", packed[first : first + size]) for first in range(0, len(packed), size)]
    return [
        *(one for one in chunks[:-1] if one[0] != b"IDAT"),
        *pieces,
        *(one for one in chunks[-1:] if one[0] != b"IDAT"),
    ]


def _tiff(rng: random.Random, data: bytes) -> bytes:
    order = "<" if data[:2] == b"II" else ">"
    changed = bytearray(data)
    try:
        big = struct.unpack_from(order + "H", data, 2)[0] == 43
        form, room, each = ("Q", 8, 20) if big else ("I", 4, 12)
        (place,) = struct.unpack_from(order + form, data, 8 if big else 4)
        (count,) = struct.unpack_from(order + ("Q" if big else "H"), data, place)
        at = place + (8 if big else 2) + rng.randrange(count) * each
        tag, kind, many, value = struct.unpack_from(f"{order}HH{form}{form}", data, at)
        way, top = rng.randrange(6), (1 << 8 * room) - 1
        if way == 0:
            others = (tag ^ 1, tag + 1, 254, 266, 274, 284, 317, 338, 339, 320, 700, rng.randrange(250, 350))
            struct.pack_into(order + "H", changed, at, rng.choice(others) & 0xFFFF)
        elif way == 1:
            struct.pack_into(order + "H", changed, at + 2, _number(rng, kind, 18))
        elif way == 2:
            struct.pack_into(order + form, changed, at + 4, _number(rng, many, top))
        elif way == 3:
            struct.pack_into(order + form, changed, at + 4 + room, _number(rng, value, top))
        else:  # one of its values, wherever they are
            size = _SIZES[kind]
            start = at + 4 + room if size * many <= room else value
            spot, number = start + size * rng.randrange(many), order + _FORMS[size]
            new = _number(rng, struct.unpack_from(number, data, spot)[0], (1 << 8 * size) - 1)
            struct.pack_into(number, changed, spot, new)
    except (struct.error, ValueError, KeyError):  # damaged already
        return data
    return bytes(changed)


def _pnm(rng: random.Random, data: bytes) -> bytes:
    found = _PNM.match(data)
    way = rng.randrange(6)
    if found is None or way == 0:
        return rng.choice(
            (data[: rng.randrange(len(data) + 1)], data + rng.choice((b" ", bytes(5), b"P5 1 1 1\n0")))
        )
    numbers = [int(number) for number in found.groups()]
    at = rng.randrange(4)
    if way < 4:
        numbers[at] = _number(rng, numbers[at], 9 if at == 0 else 70_000)
    spaces = (b" ", b"\n", b"\t", b" #c\n", b"\r\n", b"\v", b"#\n") if way > 2 else (b"\n",)
    header = b"P" + b"".join(b"%d%s" % (number, rng.choice(spaces)) for number in numbers)
    return header + data[found.end() :]
