"""What a file may ask of this machine before it is refused."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from types import MappingProxyType
from typing import Any

from percept_cli.errors import InvalidSetting, UnsupportedImage, did_you_mean
from percept_cli.system.machine import free_memory, parse_size


@dataclass(frozen=True)
class Limits:
    """The limits for files that percept reads; None for no limit. An image must also fit into the free memory."""

    pixels: int | None = 1_000_000_000
    """Pixels of all frames of a file that are read."""
    file: int | None = 4_000_000_000
    """Bytes of a file."""
    frames: int | None = 10_000
    """Frames or pages of a file that are read."""
    metadata: int | None = 16_000_000
    """Bytes of a file's profile, EXIF, XMP and texts, decompressed."""


USUAL_LIMITS = Limits()
_ALWAYS_THERE = 32 << 20  # bytes: asking the system takes longer than reading a picture so small
_NAMES = tuple(field.name for field in fields(Limits))


def parse_limits(text: str) -> Limits:
    """Limits from the command line's way to write them.

    Args:
        text: ``name=value`` separated by commas, such as ``pixels=2G,frames=off``.

    Raises:
        InvalidSetting: for a name or a value that is none.
    """
    found: dict[str, int | None] = {}
    for entry in text.split(","):
        name, equals, value = (part.strip() for part in entry.partition("="))
        if name not in _NAMES:
            raise InvalidSetting(f"unknown limit {name!r}", hint=did_you_mean(name, _NAMES))
        if not equals or not value:
            raise InvalidSetting(
                f"the limit {name} has no value", hint="write limits such as pixels=2G,frames=off"
            )
        found[name] = None if value == "off" else _count(name, value)
    return Limits(**found)


def _count(name: str, value: str) -> int:
    try:
        return parse_size(value)
    except InvalidSetting:
        raise InvalidSetting(
            f"the limit {name} must be a number such as 5000, 20M or 2G, or off, not {value!r}",
            hint="write limits such as pixels=2G,frames=off",
        ) from None


def check_file(size: int, limits: Limits) -> None:
    """Refuse a file by its size.

    Raises:
        UnsupportedImage: without the file's name.
    """
    _hold("file", size, limits, f"{size:,} bytes are")


def check_frames(frames: int, limits: Limits) -> None:
    """Refuse a file by the number of frames, or pages, that would be read of it.

    Raises:
        UnsupportedImage: without the file's name.
    """
    _hold("frames", frames, limits, f"its {frames:,} frames are")


def check_pixels(
    width: int,
    height: int,
    frames: int,
    limits: Limits,
    bytes_per_pixel: int,
    said: Mapping[Any, Any] = MappingProxyType({}),
) -> None:
    """Refuse pictures by what their head says, before anything is allocated.

    Args:
        width: in pixels.
        height: in pixels.
        frames: how many of them are read.
        limits: what holds.
        bytes_per_pixel: what reading takes at most.
        said: what is said beside pixels, as ``check_info`` takes it.

    Raises:
        UnsupportedImage: without the file's name.
    """
    check_info(said, limits)
    check_frames(frames, limits)
    pixels = width * height * frames
    size = f"{width}×{height} pixels" + (f" in {frames} frames" if frames > 1 else "")
    _hold("pixels", pixels, limits, f"{size} are")
    needed = pixels * bytes_per_pixel
    if needed <= _ALWAYS_THERE:
        return
    free = free_memory()
    if needed > free:
        raise UnsupportedImage(
            f"{size} need {needed / 1e9:.1f} GB of memory, but only {free / 1e9:.1f} GB are free",
            hint="compare one frame with --frame N (frame=N in Python)."
            if frames > 1
            else "split it into smaller images.",
        )


def check_metadata(size: int, limits: Limits) -> None:
    """Refuse a file by what it says beside its pixels.

    Raises:
        UnsupportedImage: without the file's name.
    """
    _hold("metadata", size, limits, f"its {size:,} bytes of profiles, EXIF and texts are")


def check_info(info: Mapping[Any, Any], limits: Limits) -> None:
    """The same for what Pillow, or a library like it, says of an image.

    Args:
        info: the image's ``info``, of which texts and bytes count.
        limits: what holds.

    Raises:
        UnsupportedImage: without the file's name.
    """
    check_metadata(sum(len(entry) for entry in info.values() if isinstance(entry, bytes | str)), limits)


def check_metadata_so_far(size: int, limits: Limits) -> None:
    """The same where not all is unpacked, because that may be any size.

    Raises:
        UnsupportedImage: without the file's name.
    """
    if limits.metadata is not None and size > limits.metadata:
        raise UnsupportedImage(
            f"its profiles, EXIF and texts are more than the limit of {limits.metadata:,} bytes",
            hint=_hint("metadata", "off"),
        )


def _hold(name: str, count: int, limits: Limits, said: str) -> None:
    most: int | None = getattr(limits, name)
    if most is not None and count > most:
        raise UnsupportedImage(f"{said} more than the limit of {most:,}", hint=_hint(name, count))


def _hint(name: str, value: int | str) -> str:
    return (
        f"if you trust the file, allow it with --limits {name}={value} (limits={f'{name}={value}'!r} in Python)."
    )
