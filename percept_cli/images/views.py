"""What two files hold → the pairs of pictures that a person could see of them, each in every way that counts.

- Frames, or pages, are compared one by one; files with other numbers of them do not match.
- Transparency is laid over the grounds of the recipe: over black and over white, unless it says otherwise. A
  white icon is invisible on white, and a black one on black; what differs shows on one of them.
- Light without a limit is tone-mapped at the exposures of the recipe, which are taken from the reference and hold
  for both.
- Of a crop, what lies outside says nothing: neither of exposures nor of pixels that are no numbers.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from percept_cli.errors import SizeMismatch, UnsupportedImage
from percept_cli.geometry import Box, View
from percept_cli.images.joining import deepened, is_large, picture_of_strips, strips_of
from percept_cli.images.kept import Pixels
from percept_cli.images.nonfinite import without_nonfinite
from percept_cli.images.picture import Decoded, Frame, Picture, picture_of, within
from percept_cli.images.policy import ImagePolicy
from percept_cli.images.sizes import colour_of, cropped, one_size, sizes_in_words
from percept_cli.images.srgb import from_light, to_light
from percept_cli.system.machine import free_memory

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from percept_cli.images.picture import Levels

_ALWAYS_THERE = 256 << 20  # bytes: asking the system takes time


@dataclass(frozen=True)
class Look:
    """Two pictures of one size, and how they came about; of two sizes, with what is wrong with them."""

    view: View
    reference: Picture
    candidate: Picture
    mismatch: SizeMismatch | None = None
    """Of pictures whose sizes differ, where these are wanted: what is told of them otherwise."""


@dataclass(eq=False)
class Side:
    """What a file holds, with the pictures that were made of it: pairs that share a reference share these."""

    name: str
    """Of the file, for messages."""
    decoded: Decoded
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False, repr=False)
    _made: tuple[object, Picture] | None = field(default=None, init=False, repr=False)

    def picture(self, place: int, view: View, policy: ImagePolicy, *, deep: bool) -> Picture:
        """The picture of a frame, cropped; the last one is kept.

        Args:
            place: which frame.
            view: its ground and exposure.
            policy: what the recipe says.
            deep: whether mixed colours are not rounded to levels.
        """
        with self._lock:
            key = place, view, deep
            if self._made is None or self._made[0] != key:
                frame, scene = self.decoded.frames[place], self.decoded.scene
                self._made = key, look_at(frame, view, policy, scene=scene, deep=deep)
            return self._made[1]


def looks(
    reference: Side, candidate: Side, policy: ImagePolicy, *, two_sizes: bool = False
) -> tuple[Iterator[Look], tuple[str, ...]]:
    """All pairs of pictures to compare, each made when it is asked for, and what a person should know of them.

    Args:
        reference: the one file.
        candidate: the other.
        policy: what the recipe says.
        two_sizes: whether pictures of other sizes are wanted as they are; not of files with several frames.

    Raises:
        SizeMismatch: if they have other sizes that are not wanted, or other numbers of frames.
        UnsupportedImage: if one is light and the other is not, or all views do not fit the memory.
        NotFinite: if a pixel of light is no finite number, and that is not allowed.
    """
    first, second = reference.decoded, candidate.decoded
    _check_kinds(reference, candidate, policy)
    if len(first.frames) != len(second.frames):
        raise SizeMismatch(
            f"the frame counts differ: {reference.name} has {len(first.frames)}, {candidate.name} has "
            f"{len(second.frames)}",
            hint="compare one frame of each with --frame N (frame=N in Python).",
        )
    notes = [f"{side.name}: {note}" for side in (reference, candidate) for note in side.decoded.notes]
    notes += _durations(first, second)
    notes += _sizes(reference, candidate, policy)
    if first.scene or second.scene:
        names, crop = (reference.name, candidate.name), policy.crop
        found, told = without_nonfinite((first, second), names, crop, allowed=policy.allow_nan)
        notes += told
        if told:
            reference, candidate = map(Side, names, found)
    views = list(_views(reference.decoded, candidate.decoded, policy))
    _check_memory(reference, len(views))
    wanted = two_sizes and len(first.frames) == 1
    return (_look(reference, candidate, *view, policy, two_sizes=wanted) for view in views), tuple(notes)


def _look(
    reference: Side, candidate: Side, place: int, view: View, policy: ImagePolicy, *, two_sizes: bool
) -> Look:
    deep = any(side.decoded.frames[place].deep for side in (reference, candidate))
    one, other = (side.picture(place, view, policy, deep=deep) for side in (reference, candidate))
    mismatch = None
    try:
        one, other = one_size(one, other, policy, (reference.name, candidate.name))
    except SizeMismatch as error:
        if not two_sizes:
            raise
        mismatch = error
    if one.deep != other.deep:
        one, other = deepened(one), deepened(other)
    return Look(view, one, other, mismatch)


def _check_memory(side: Side, views: int) -> None:
    """Refuse more views than fit: those that differ wait for the device together."""
    frame = max(side.decoded.frames, key=lambda one: one.width * one.height)
    needed = 2 * views * frame.width * frame.height * (12 if frame.deep else 3)
    if views > 1 and needed > _ALWAYS_THERE and needed > free_memory():
        raise UnsupportedImage(
            f"{side.name}: {views} views of {frame.width}×{frame.height} pixels need {needed / 1e9:.1f} "
            "GB of memory, more than is free",
            hint="choose one frame (--frame N), one exposure (--exposure EV) or one background (--alpha white).",
        )


def _check_kinds(reference: Side, candidate: Side, policy: ImagePolicy) -> None:
    light = [side.name for side in (reference, candidate) if side.decoded.scene]
    if len(light) == 1 and (policy.tonemap != "none" or policy.exposure.startswith("auto")):
        other = candidate.name if light[0] == reference.name else reference.name
        raise UnsupportedImage(
            f"{light[0]} holds scene-linear values, but {other} holds display colours",
            hint="convert one of them, or use --tonemap none --exposure 0 to show scene-linear values from 0 "
            "to 1 unchanged.",
        )


def _sizes(reference: Side, candidate: Side, policy: ImagePolicy) -> Iterator[str]:
    """That pictures of two sizes are cropped, resized or padded, by the first frames to which that happens."""
    names = reference.name, candidate.name
    if policy.crop is not None:
        for one, other in zip(reference.decoded.frames, candidate.decoded.frames, strict=True):
            if (one.width, one.height) != (other.width, other.height):
                yield (
                    f"the sizes differ outside the crop: {names[0]} is {one.width}×{one.height} pixels, "
                    f"{names[1]} is {other.width}×{other.height}"
                )
                break
    found = [
        words
        for one, other in zip(reference.decoded.frames, candidate.decoded.frames, strict=True)
        if (words := sizes_in_words((_size(one, policy), _size(other, policy)), policy, names))
    ]
    if found:
        yield found[0] + (f" (and {len(found) - 1} more frames)" if len(found) > 1 else "")


def _size(frame: Frame, policy: ImagePolicy) -> tuple[int, int]:
    """Of a frame, as far as it is in the crop."""
    box = policy.crop or Box(0, 0, frame.width, frame.height)
    # A crop that holds nothing is refused when the picture is made.
    return max(1, min(box.width, frame.width - box.x)), max(1, min(box.height, frame.height - box.y))


def _durations(first: Decoded, second: Decoded) -> Iterator[str]:
    one, other = first.durations, second.durations
    if one is None or other is None or one == other:
        return
    places = [place for place, pair in enumerate(zip(one, other, strict=True)) if pair[0] != pair[1]]
    place = places[0]
    more = f" (and {len(places) - 1} more)" if len(places) > 1 else ""
    yield (
        f"the frame durations differ: frame {place + 1} is shown for {one[place]} ms in the reference, "
        f"{other[place]} ms in the candidate{more}"
    )


def _views(reference: Decoded, candidate: Decoded, policy: ImagePolicy) -> Iterator[tuple[int, View]]:
    exposures: tuple[float | None, ...] = (None,)
    if reference.scene or candidate.scene:
        exposures = _exposures(reference if reference.scene else candidate, policy)
    for place, pair in enumerate(zip(reference.frames, candidate.frames, strict=True)):
        several = len(reference.frames) > 1
        frame = place + 1 if several else policy.frame
        for ground in _grounds(pair, policy):
            for exposure in exposures:
                yield place, View(frame, ground, exposure)


def _grounds(pair: tuple[Frame, Frame], policy: ImagePolicy) -> tuple[str | None, ...]:
    if policy.alpha == "ignore" or all(frame.alpha is None for frame in pair):
        return (None,)
    return ("black", "white") if policy.alpha == "worst" else (policy.alpha,)


def _exposures(decoded: Decoded, policy: ImagePolicy) -> tuple[float, ...]:
    """Those of the recipe for all frames, taken from what is compared of the first.

    A scene that gets darker is to look so.
    """
    from percept_cli.images.light import parse_exposure

    light = within(decoded.frames[0].array, policy.crop)
    return parse_exposure(policy.exposure).values(light, policy.tonemap)


def look_at(frame: Frame, view: View, policy: ImagePolicy, *, scene: bool = False, deep: bool = False) -> Picture:
    """What a person sees of a frame, or of what is compared of it.

    Args:
        frame: the frame.
        view: its ground and exposure.
        policy: how colours are mixed, and light is mapped.
        scene: whether it holds light.
        deep: whether mixed colours are not rounded to levels, because the other picture's are not.
    """
    if not scene and (frame.alpha is None or view.ground is None):
        picture = _opaque(frame)
    elif is_large(frame.width, frame.height):
        strips = (_seen(strip, view, policy, scene=scene, deep=deep) for strip in strips_of(frame))
        picture = picture_of_strips(frame.width, frame.height, strips)
    else:
        picture = _seen(frame, view, policy, scene=scene, deep=deep)
    return picture if policy.crop is None else cropped(picture, policy.crop)


def _seen(frame: Frame, view: View, policy: ImagePolicy, *, scene: bool, deep: bool) -> Picture:
    """Light, or colours over a ground."""
    if scene:
        return _light_at(frame, view, policy)
    assert frame.alpha is not None and view.ground is not None
    if frame.deep or deep or policy.blend == "linear":
        return _mixed(frame, view.ground, linear=policy.blend == "linear", deep=frame.deep or deep)
    return _over(frame, frame.alpha, view.ground)


def _opaque(frame: Frame) -> Picture:
    if not frame.deep or frame.alpha is None:
        return Picture(frame.width, frame.height, frame.colours, frame.deep)
    return picture_of(frame.array)  # it may have been the alpha that was deep


def _over(frame: Frame, alpha: Pixels, ground: str) -> Picture:
    """8-bit colours over a ground, rounded as programs do: a picture that was made flat equals itself."""
    from PIL import Image

    size = frame.width, frame.height
    image = Image.frombytes("RGB", size, frame.colours[:])
    image.putalpha(Image.frombytes("L", size, alpha[:]))
    below = Image.new("RGBA", size, (*colour_of(ground), 255))
    return Picture(*size, Image.alpha_composite(below, image).convert("RGB").tobytes())


def _mixed(frame: Frame, ground: str, *, linear: bool, deep: bool) -> Picture:
    import numpy as np

    alpha = frame.opacity.astype(np.float32) / 255
    colours = frame.array.astype(np.float32)
    below = np.array(colour_of(ground), np.float32)
    if linear:
        mixed: NDArray[Any] = from_light(alpha * to_light(colours) + (1 - alpha) * to_light(below))
        mixed = np.where(alpha == 1, colours, np.where(alpha == 0, below, mixed))  # exactly
    else:
        mixed = alpha * colours + (1 - alpha) * below
    found: Levels = mixed.astype(np.float32) if deep else np.rint(mixed).astype(np.uint8)
    return picture_of(found)


def _light_at(frame: Frame, view: View, policy: ImagePolicy) -> Picture:
    """Tone-mapped, then laid over the ground as light."""
    import numpy as np

    from percept_cli.images.light import tone_map

    shown = tone_map(frame.array, policy.tonemap, view.exposure or 0.0)
    if frame.alpha is None or view.ground is None:
        return picture_of(shown)
    alpha = frame.opacity / np.float32(255)
    below = to_light(np.array(colour_of(view.ground), np.float32))
    added = np.where(alpha > 0, alpha, 1)  # light that covers nothing, a flame's, is added to what is behind it
    return picture_of(from_light(added * to_light(shown) + (1 - alpha) * below))


def shown_picture(decoded: Decoded, policy: ImagePolicy, view: View = View()) -> Picture:
    """What to show a person of a file on its own: a frame, over white unless the view says otherwise.

    Args:
        decoded: what the file holds.
        policy: what the recipe says.
        view: whose frame, ground and exposure are shown.
    """
    if view.ground is None and policy.alpha != "ignore":
        view = replace(view, ground="white")
    if decoded.scene and view.exposure is None:
        view = replace(view, exposure=_exposures(decoded, policy)[0])
    place = min(view.frame or 1, len(decoded.frames)) - 1
    return look_at(decoded.frames[place], view, policy, scene=decoded.scene)
