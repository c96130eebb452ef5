"""OpenEXR's pictures, by the library of its authors."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING

from percept_cli.errors import UnsupportedImage
from percept_cli.formats.colour.primaries import to_bt709
from percept_cli.formats.exr.header import HALF, UINT, Headers, PartHeader, alone, read_headers
from percept_cli.formats.faults import decoder_errors
from percept_cli.formats.light import Check, as_float32, check_memory, frame_of_light
from percept_cli.images.limits import check_metadata
from percept_cli.images.picture import Decoded, Frame
from percept_cli.images.policy import AS_SEEN, ImagePolicy
from percept_cli.system.names import printable

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_HINT = "save one image with the channels R, G and B, with or without A, or with Y, as half or float."
_MOST_NAMED = 8


@dataclass(frozen=True)
class _ColourChannels:
    """A part's channels with colours, of one prefix."""

    part: int
    prefix: str
    """With its dot, or empty."""
    colours: tuple[str, ...]
    """R, G and B, or Y."""


def read_exr(data: bytes, name: str, check: Check, policy: ImagePolicy = AS_SEEN) -> Decoded:
    """The picture in a file of OpenEXR: of half or float, scan lines or tiles, whatever its compression.

    What of it: the first part that has R, G and B, or Y alone, without a prefix; or else the one layer that has
    them with one (``diffuse.R``), with the A beside them. The picture has the display window's size: what the
    data window does not reach is transparent black, and what lies outside is cut off. Colours are divided by alpha
    where that is between 0 and 1. Primaries named by ``chromaticities`` are converted to BT.709's, white staying
    white (Bradford); without that attribute they are BT.709's, as the format says. Of levels the largest is read.
    Not applied: the pixels' aspect, ``adoptedNeutral``, ``whiteLuminance`` and ``colorInteropID``.

    Args:
        data: the whole file.
        name: for messages.
        check: called with the width and height of the display window and of the data window before anything is
            allocated.
        policy: what the recipe says; its limit of metadata holds for the headers of all parts.

    Raises:
        UnreadableImage: if the file is damaged, cut off or unfinished.
        UnsupportedImage: for deep data, integers, luminance with subsampled chroma, and files of which it is not
            clear what is the picture; if channels do not fit the memory, or headers are beyond the limit; and
            where OpenEXR is not installed.
    """
    with decoder_errors(name, anything=True):
        headers = read_headers(data)
        check_metadata(sum(len(part.raw) for part in headers.parts), policy.limits)
        layer = _layer(headers)
        part = headers.parts[layer.part]
        check(part.display.width, part.display.height)
        check(part.data.width, part.data.height)
        check_memory(part.bytes_at_once, f"its {len(part.channels)} channels")
        frame = _frame(alone(data, headers, layer.part), layer, part, name)
        return Decoded((frame,), scene=True, notes=_left_out(headers, layer))


def _left_out(headers: Headers, layer: _ColourChannels) -> tuple[str, ...]:
    """What of the file is not looked at, if anything is."""
    others = [f"part {part.name}" for place, part in enumerate(headers.parts) if place != layer.part]
    taken = {layer.prefix + channel for channel in (*layer.colours, "A")}
    others += [channel for channel in headers.parts[layer.part].channels if channel not in taken]
    return (f"not compared: {_listed(others)}",) if others else ()


def _layer(headers: Headers) -> _ColourChannels:
    """What is the picture.

    Raises:
        UnsupportedImage: if nothing is, or several could be.
    """
    layers = [layer for place, part in enumerate(headers.parts) for layer in _layers(place, part)]
    plain = [layer for layer in layers if not layer.prefix]
    found = plain[:1] or layers
    if not found:
        names = [channel for part in headers.parts for channel in part.channels]
        if any({"RY", "BY"} & set(part.channels) for part in headers.parts):
            raise UnsupportedImage("luminance and chroma channels (Y, RY, BY) are not supported", hint=_HINT)
        raise UnsupportedImage(f"it has neither channels R, G and B nor Y, but {_listed(names)}", hint=_HINT)
    if len(found) > 1:
        names = [_name(layer, headers) for layer in found]
        raise UnsupportedImage(f"several layers could be the image: {_listed(names)}", hint=_HINT)
    (layer,) = found
    channels = headers.parts[layer.part].channels
    for channel in (*layer.colours, "A"):
        known = channels.get(layer.prefix + channel)
        if known and known.kind == UINT:
            raise UnsupportedImage(f"its channel {channel} holds integers, which are not supported", hint=_HINT)
        if known and not known.sampled:
            raise UnsupportedImage(f"its channel {channel} is subsampled, which is not supported", hint=_HINT)
    return layer


def _layers(place: int, part: PartHeader) -> list[_ColourChannels]:
    found = []
    for prefix in dict.fromkeys(name[: name.rfind(".") + 1] for name in part.channels):
        names = {channel for channel in part.channels if channel.startswith(prefix)}
        if {prefix + "R", prefix + "G", prefix + "B"} <= names:
            found.append(_ColourChannels(place, prefix, ("R", "G", "B")))
        elif prefix + "Y" in names and not {prefix + "RY", prefix + "BY"} & names:
            found.append(_ColourChannels(place, prefix, ("Y",)))
    return found


def _name(layer: _ColourChannels, headers: Headers) -> str:
    prefix = layer.prefix.rstrip(".")
    return f"{headers.parts[layer.part].name} {prefix}".strip() if headers.several else prefix


def _listed(names: list[str]) -> str:
    more = len(names) - _MOST_NAMED
    return printable(", ".join(names[:_MOST_NAMED])) + (f" and {more} more" if more > 0 else "")


def _frame(data: bytes, layer: _ColourChannels, part: PartHeader, name: str) -> Frame:
    import numpy as np

    window, display = part.data, part.display
    channels = _channels(data, layer, part, name)
    colours = np.zeros((display.height, display.width, 3), np.float32)
    alpha: NDArray[np.float32] | None = None
    top, left = max(window.top, display.top), max(window.left, display.left)
    bottom, right = min(window.bottom, display.bottom), min(window.right, display.right)
    whole = (top, left, bottom, right) == (display.top, display.left, display.bottom, display.right)
    if not whole or "A" in channels:
        alpha = np.zeros((display.height, display.width), np.float32)
    if left < right and top < bottom:
        here, there = (
            (slice(top - box.top, bottom - box.top), slice(left - box.left, right - box.left))
            for box in (display, window)
        )
        for place in range(3):
            values = channels[layer.colours[place % len(layer.colours)]]
            colours[(*here, place)] = values[there]
        if alpha is not None:
            alpha[here] = channels["A"][there] if "A" in channels else 1
    if part.primaries:
        to_bt709(colours, part.primaries)
    return frame_of_light(colours, alpha, associated=True)


def _channels(data: bytes, layer: _ColourChannels, part: PartHeader, name: str) -> dict[str, NDArray[np.float32]]:
    """The channels of a layer, without its prefix: each of the data window's size."""
    import numpy as np

    try:
        # Not OpenEXR.File: that leaves out what it cannot read, says so on the standard output, and unpacks all
        # channels of all parts.
        from OpenEXR import InputFile
    except ImportError:
        raise UnsupportedImage(
            f"{name}: reading OpenEXR needs the OpenEXR library, which is not installed",
            hint="pip install 'percept-cli[hdr]'",
        ) from None

    wanted = [channel for channel in (*layer.colours, "A") if layer.prefix + channel in part.channels]
    file = InputFile(io.BytesIO(data))
    try:
        stored = file.channels([layer.prefix + channel for channel in wanted])
    finally:
        file.close()
    found = {}
    for channel, raw in zip(wanted, stored, strict=True):
        kind = np.float16 if part.channels[layer.prefix + channel].kind == HALF else np.float32
        found[channel] = as_float32(np.frombuffer(raw, kind).reshape(part.data.height, part.data.width))
    return found
