"""What a PNG says beside its pixels: which of it says something, and what is packed of it, unpacked by hand.

Pillow refuses a file for a chunk that is too short or makes no sense. Such a chunk says nothing about the picture:
it is left out, with a note. Pillow also unpacks a megabyte of a profile or a text and refuses the file for more,
and its limit is one for the whole program.
"""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, BinaryIO

from percept_cli.errors import UnreadableImage
from percept_cli.formats.faults import AS_SRGB, OF_PILLOW
from percept_cli.formats.png.chunks import COLOURS, SIGNATURE, TEXTS, Chunk, Png, content, header, written
from percept_cli.formats.png.colours import describes
from percept_cli.images.limits import Limits, check_metadata_so_far

if TYPE_CHECKING:
    from PIL import Image

    from percept_cli.images.policy import ImagePolicy

_METADATA = TEXTS | {b"iCCP", b"eXIf"}
_READ_AT_ONCE = 1 << 24  # bytes of a file; what they unpack to is held to the limit later
_PROFILE_HEADER = 128  # bytes
_LENGTHS = {b"gAMA": 4, b"cHRM": 32, b"sRGB": 1, b"cICP": 1}  # bytes that are needed
_OF_ONE_COLOUR = {0: 2, 2: 6}  # bytes of tRNS, by colour type
_PALETTE = 3  # colour type
_MOST_COLOURS = 256
_LARGE_TEXT = 1 << 16  # bytes; a turn that a text says, which counts, stands in a small one


@dataclass(frozen=True)
class Said:
    """What a PNG file says that can be used: the names of its chunks, and what is in them."""

    form: bytes
    """``Png.form``."""
    before: tuple[tuple[bytes, bytes], ...]
    """Before the pixels."""
    behind: tuple[tuple[bytes, bytes], ...]
    """Behind the pixels."""
    notes: tuple[str, ...]
    """What was left out, and why."""

    @property
    def strips(self) -> bytes:
        """Without texts and EXIF, for files of parts of the picture."""
        return _written(piece for piece in self.before if piece[0] not in TEXTS | {b"eXIf"})

    @property
    def key(self) -> bytes:
        """What is transparent."""
        return _written(piece for piece in self.before if piece[0] == b"tRNS")

    @property
    def stub(self) -> bytes:
        """A PNG of a single pixel that says the same, for Pillow to read."""
        pixel = written(b"IDAT", zlib.compress(bytes(9)))  # no filter, and up to 4 × 2 bytes
        chunks = [header(1, 1, self.form), _written(self.before), pixel, _written(self.behind)]
        return b"".join([SIGNATURE, *chunks, written(b"IEND", b"")])


def _written(pieces: Iterable[tuple[bytes, bytes]]) -> bytes:
    return b"".join(written(name, data) for name, data in pieces)


def said_in(file: BinaryIO, png: Png, policy: ImagePolicy) -> Said:
    """What a PNG says of its colours, its turn and in texts, without what cannot be used.

    Args:
        file: the PNG.
        png: what its chunks are.
        policy: whether its colours count, and the limit of what it says.

    Raises:
        UnreadableImage: for a colour profile that is packed in an unknown way; without the file's name.
        UnsupportedImage: if profile, EXIF and texts are more than the limit; likewise.
    """
    chunks = (*png.said, *png.behind)
    held = sum(chunk.length for chunk in chunks if chunk.name in _METADATA)
    if held > _READ_AT_ONCE:
        check_metadata_so_far(held, policy.limits)
    kept = dict[Chunk, bytes]()
    notes = dict.fromkeys(png.notes)
    for chunk in chunks:
        if policy.ignore_icc and chunk.name in COLOURS:
            continue
        data = content(file, chunk)
        if _says_nothing(chunk.name, data, png.kind):
            notes[f"its {chunk.name.decode()} chunk is invalid and is ignored"] = None
        elif chunk.name != b"zTXt" or _packed(b"zTXt", data)[0] in (b"\0", b""):  # else a text nobody can read
            kept[chunk] = data
    before, behind = (
        tuple((chunk.name, kept[chunk]) for chunk in part if chunk in kept) for part in (png.said, png.behind)
    )
    return Said(png.form, before, behind, tuple(notes))


def opened(said: Said, limits: Limits) -> Image.Image:
    """What Pillow makes of all that a PNG says: an image of one pixel, with its ``info`` and its mode.

    What is in a cICP chunk, which Pillow does not read, stands under that name.

    Raises:
        UnsupportedImage: if profile, EXIF and texts are more than the limit, and more than Pillow's own; without
            the file's name.
        OSError and others: as Pillow raises them.
    """
    try:
        image = _opened(said)
    except ValueError as error:
        if "MAX_TEXT" not in str(error):
            raise
        # Programs that make pictures write megabytes of how they did it, and profiles of printers are as large.
        smaller, profile = _without_large(said, limits)
        image = _opened(smaller)
        if profile is not None:
            image.info["icc_profile"] = profile
    for name, data in said.before:
        if name == b"cICP":
            image.info["cICP"] = tuple(data[:4])
            break
    return image


def _opened(said: Said) -> Image.Image:
    from PIL import Image

    image = Image.open(io.BytesIO(said.stub), formats=["PNG"])
    image.load()
    return image


def _says_nothing(name: bytes, data: bytes, kind: int) -> bool:
    """Whether a chunk is too short, or describes what there cannot be.

    Args:
        name: of the chunk.
        data: what is in it.
        kind: the picture's colour type.
    """
    if len(data) < _LENGTHS.get(name, 0):
        return True
    if name == b"tRNS":
        if kind == _PALETTE:
            return not 0 < len(data) <= _MOST_COLOURS
        return len(data) != _OF_ONE_COLOUR.get(kind, len(data))
    if name == b"gAMA":
        return not describes(int.from_bytes(data[:4], "big") / 100_000, None)
    if name == b"cHRM":
        return not describes(None, [value / 100_000 for value in struct.unpack_from(">8I", data)])
    if name == b"eXIf":
        return not _is_exif(data)
    return name == b"iCCP" and _is_no_profile(data)


def _is_exif(data: bytes) -> bool:
    from PIL import Image

    try:
        Image.Exif().load(b"Exif\0\0" + data)
    except OF_PILLOW:
        return False
    return bool(data)


def _is_no_profile(data: bytes) -> bool:
    """Whether nothing is packed in an iCCP chunk, or only zeros. Damage is another thing: it may count."""
    method, packed = _packed(b"iCCP", data)
    if not packed:
        return True
    if method != b"\0":
        raise UnreadableImage("its colour profile is damaged: its compression method is unknown", hint=AS_SRGB)
    begin = _unpacked(b"iCCP", data, _PROFILE_HEADER)
    return begin is not None and not begin.strip(b"\0")


def _without_large(said: Said, limits: Limits) -> tuple[Said, bytes | None]:
    """The same without what Pillow would not unpack: without its profile, which is given, and large texts.

    Args:
        said: what may be anything.
        limits: how much may be unpacked; no more than that is.

    Returns:
        What is left, and the profile; None where there is none, or it cannot be unpacked and is left in.

    Raises:
        UnsupportedImage: if profile, EXIF and texts are more than the limit; without the file's name.
    """
    large, size, profile = set[tuple[bytes, bytes]](), 0, None
    for name, packed in (*said.before, *said.behind):
        if name not in _METADATA:
            continue
        unpacked = _unpacked(name, packed, None if limits.metadata is None else limits.metadata + 1 - size)
        size += len(packed if unpacked is None else unpacked)
        check_metadata_so_far(size, limits)
        if name == b"iCCP" and unpacked is not None:
            profile = unpacked
        elif name not in TEXTS or unpacked is None or len(unpacked) <= _LARGE_TEXT:
            continue
        large.add((name, packed))
    before, behind = (tuple(piece for piece in part if piece not in large) for part in (said.before, said.behind))
    return replace(said, before=before, behind=behind), profile


def _unpacked(name: bytes, data: bytes, most: int | None) -> bytes | None:
    """What a chunk holds, or the beginning if that is more; None if it cannot be unpacked."""
    if name not in (b"iCCP", b"zTXt", b"iTXt"):
        return data
    method, packed = _packed(name, data)
    if method is None:
        return data
    if method != b"\0":
        return None
    try:
        return zlib.decompressobj().decompress(packed, most or 0)  # of which 0 is no limit
    except zlib.error:
        return None


def _packed(name: bytes, data: bytes) -> tuple[bytes | None, bytes]:
    """The method, None for plain text, and what is packed."""
    _, _, rest = data.partition(b"\0")  # behind its name, or a keyword
    if name != b"iTXt":
        return rest[:1], rest[1:]
    words = rest[2:].split(b"\0", 2)  # language, the keyword in it, the text
    return (rest[1:2], words[-1]) if rest[:1] == b"\1" else (None, b"")
