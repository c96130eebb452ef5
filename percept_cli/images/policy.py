"""How a file becomes a picture: what moves numbers there, as part of the recipe."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypedDict, get_type_hints

from percept_cli.errors import InvalidSetting, did_you_mean
from percept_cli.geometry import Box, as_box
from percept_cli.images.light import TONEMAPS, parse_exposure
from percept_cli.images.limits import USUAL_LIMITS, Limits, parse_limits

ALPHAS = ("worst", "white", "black", "#rrggbb", "ignore")
BLENDS = ("gamma", "linear")
RESIZES = ("error", "reference", "candidate", "fit:WxH", "scale:X")
PADS = ("none", "edge", "white", "black", "#rrggbb")
_COLOUR = re.compile(r"#[0-9a-fA-F]{6}")
_RESIZE = re.compile(r"fit:[1-9]\d{0,5}x[1-9]\d{0,5}|scale:\d*\.?\d+")
_LARGEST_SCALE = 16.0


class PictureSettings(TypedDict, total=False):
    """The settings of how images are read, as keyword arguments; see ``ImagePolicy``."""

    ignore_icc: bool
    alpha: str
    blend: str
    tonemap: str
    exposure: str | float
    allow_nan: bool
    frame: int | None
    crop: Box | str | Sequence[int] | None
    resize: str
    pad: str
    limits: Limits | str


@dataclass(frozen=True)
class ImagePolicy:
    """How images are read and matched in size.

    Raises:
        InvalidSetting: for a value that a setting does not have.
    """

    ignore_icc: bool = False
    """Whether to read values as sRGB and ignore colour profiles and the colour chunks of PNG."""
    alpha: str = "worst"
    """The background behind transparent pixels: ``white``, ``black``, ``#rrggbb``; ``worst`` compares over black
    and over white, and the larger distance counts; ``ignore`` treats all pixels as opaque."""
    blend: str = "gamma"
    """How to blend with the background: in sRGB values, as browsers do (``gamma``), or in ``linear`` values. HDR
    files are always blended in linear values."""
    tonemap: str = "aces"
    """The tone mapper that turns the scene-linear values of HDR files into display colours: ``aces``, ``hable``,
    ``reinhard`` or ``none``."""
    exposure: str = "auto"
    """The exposure in EV before tone mapping: a number, ``auto`` for one that suits the reference, or
    ``auto-range`` or ``START:STOP:STEP`` for several, of which the largest distance counts."""
    allow_nan: bool = False
    """Whether to allow NaN and infinite HDR pixels at the same positions in both images; they count as black."""
    frame: int | None = None
    """The frame or page of each file to compare, from 1; None for all, of which the largest distance counts."""
    crop: Box | None = None
    """The rectangle to compare, before resizing; None for the whole image."""
    resize: str = "error"
    """What to do with different sizes: ``error`` refuses them; ``reference`` and ``candidate`` resize to the size
    of that image. ``fit:WxH`` and ``scale:X`` always resize: into that box, or by that factor."""
    pad: str = "none"
    """What to extend the smaller image with, on the right and at the bottom, if the sizes still differ: ``edge``
    repeats its last pixels; or a colour; ``none`` does not extend."""
    limits: Limits = USUAL_LIMITS
    """The largest files to read; does not change the result."""

    def __post_init__(self) -> None:
        _check_choice("alpha", self.alpha, ALPHAS)
        _check_choice("blend", self.blend, BLENDS)
        _check_choice("tonemap", self.tonemap, TONEMAPS)
        _check_choice("pad", self.pad, PADS)
        if self.resize not in RESIZES[:3]:
            _check_resize(self.resize)
        object.__setattr__(self, "exposure", str(parse_exposure(str(self.exposure))))
        if self.frame is not None and (type(self.frame) is not int or self.frame < 1):
            raise InvalidSetting(f"there is no frame {self.frame!r}", hint="frames are counted from 1.")

    def as_dict(self) -> dict[str, Any]:
        """Plain data, for reports and the fingerprint."""
        stored: dict[str, Any] = {
            "colour": "sRGB, float32 between 8-bit levels; " + (_IGNORED if self.ignore_icc else _APPLIED),
            "tiny": "below the deepest tap's stride: edge pixels repeated",
            "resampling": "Lanczos, antialiased, in sRGB",
        }
        for name in _STORED:
            stored[name] = getattr(self, name)
        stored["crop"] = None if self.crop is None else str(self.crop)
        return stored

    def _unusual(self, names: Iterable[str]) -> Iterator[tuple[str, Any]]:
        """Those of the fields that are not what holds anyway, as the command line calls them, and their values."""
        for name in names:
            if (value := getattr(self, name)) != getattr(AS_SEEN, name):
                yield name.replace("_", "-"), value

    @property
    def words(self) -> str:
        """What is unusual, to stand behind the rest of a recipe."""
        found = [", profiles ignored"] if self.ignore_icc else []
        for name, value in self._unusual((*_STORED[1:], "crop")):
            found.append(f", {name}" + ("" if value is True else f" {value}"))
        return "".join(found)

    @property
    def sizing(self) -> str:
        """What gives pictures another size than their file has, to stand behind a size; or empty."""
        found = [f"--{name} {value}" for name, value in self._unusual(("crop", "resize", "pad"))]
        return f" after {' and '.join(found)}" if found else ""

    @property
    def options(self) -> list[str]:
        """The command line that asks for it, where it is not what holds anyway."""
        found = []
        for name, value in self._unusual(name for name in PICTURE_SETTINGS if name != "limits"):
            found += [f"--{name}"] if value is True else [f"--{name}", str(value)]
        return found


def policy_from(stored: Mapping[str, Any]) -> ImagePolicy:
    """The policy that gave ``as_dict``, or the nearest to it: the fingerprint tells whether it is the same.

    Raises:
        KeyError, TypeError: if it is none.
    """
    return with_settings(AS_SEEN, {name: stored[name] for name in (*_STORED, "crop")})


def with_settings(policy: ImagePolicy, settings: Mapping[str, Any]) -> ImagePolicy:
    """A policy with some of its fields replaced.

    Args:
        policy: where the others come from.
        settings: by the fields' names (``PictureSettings``), limits and rectangles as text as well.

    Raises:
        InvalidSetting: for values that they cannot have.
        TypeError: for a name that is none.
    """
    found = dict(settings)
    for name in found:
        if name not in PICTURE_SETTINGS:
            raise TypeError(f"unknown image setting {name!r}; choose from {', '.join(PICTURE_SETTINGS)}")
    if found.get("crop") is not None:
        found["crop"] = as_box(found["crop"])
    if isinstance(found.get("limits"), str):
        found["limits"] = parse_limits(found["limits"])
    if "exposure" in found:
        found["exposure"] = str(found["exposure"])
    return replace(policy, **found)


def _check_choice(name: str, value: str, choices: Sequence[str]) -> None:
    if value in choices and value != "#rrggbb":
        return
    if "#rrggbb" in choices and _COLOUR.fullmatch(str(value)):
        return
    if "#rrggbb" in choices and str(value).startswith("#"):
        raise InvalidSetting(f"{name} {value!r} is not a colour", hint="write six digits, such as #ff8000.")
    raise InvalidSetting(f"unknown {name} {value!r}", hint=did_you_mean(str(value), choices))


def _check_resize(value: str) -> None:
    if not _RESIZE.fullmatch(str(value)) or (
        value.startswith("scale:") and not 0 < float(value[6:]) <= _LARGEST_SCALE
    ):
        raise InvalidSetting(f"unknown resize {value!r}", hint=f"choose from {', '.join(RESIZES)}, X up to 16.")


_IGNORED = "profiles not applied"
_APPLIED = "profiles and PNG's colour chunks applied: relative colorimetric, black point compensation, clipped"
PICTURE_SETTINGS = tuple(get_type_hints(PictureSettings))
_STORED = tuple(name for name in PICTURE_SETTINGS if name not in ("crop", "limits"))

AS_SEEN = ImagePolicy()
"""What holds where nothing else is asked for."""
