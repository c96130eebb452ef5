"""Light without a limit → colours of a display: exposure, tone mapping, and the curve of sRGB.

The tone mappers, their coefficients and the range of exposures are those of HDR-FLIP: P. Andersson, J. Nilsson,
P. Shirley, T. Akenine-Möller, "Visualizing Errors in Rendered High Dynamic Range Images", Eurographics 2021, short
papers (doi 10.2312/egs.20211015), and the authors' code. They are quotients of polynomials there:

    T(x) = (k0·x² + k1·x + k2) / (k3·x² + k4·x + k5), of which k2 is 0 in all

Luminance is that of BT.709, Y = 0.2126·R + 0.7152·G + 0.0722·B. Arithmetic is float64, in bands of rows; only
results are float32.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from percept_cli.errors import InvalidSetting
from percept_cli.images.picture import bands
from percept_cli.images.srgb import encoded

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Light = NDArray[np.float32]
    """H×W×3 float32, linear light in BT.709's primaries, white is 1, of any value."""

TONEMAPS = ("aces", "reinhard", "hable", "none")
"""How light becomes values in 0..1: K. Narkowicz's fit of ACES (2016); E. Reinhard's global operator by luminance,
x / (1 + Y) (2002); J. Hable's curve of Uncharted 2 with white at 11.2 (2010); or cut off at 1."""
LARGEST_EV = 64
"""EV, of either sign. All of half's range is 40 EV; that of float32 is 277, of which nobody sees the ends."""
MOST_EXPOSURES = 64

_REC709 = (0.2126, 0.7152, 0.0722)  # ITU-R BT.709, Y of R, G and B
_MIDDLE_GREY = 0.18  # Reinhard et al. 2002: the key of a usual scene
_AUTO_STEPS = 8  # of an EV
_TARGET = 0.85  # of 1: where HDR-FLIP puts the brightest pixel first, and the median at the end
_DIGITS = 6  # of an EV; what exposures are rounded to
_LARGEST_FLOAT32 = 3.4028234663852886e38

_PRE_EXPOSURE = 0.6  # by which Narkowicz's fit is brighter than ACES; HDR-FLIP takes it back
_ACES = (
    2.51 * _PRE_EXPOSURE**2,
    0.03 * _PRE_EXPOSURE,
    2.43 * _PRE_EXPOSURE**2,
    0.59 * _PRE_EXPOSURE,
    0.14,
)  # k0, k1, k3, k4, k5


def _hable() -> tuple[float, float, float, float, float]:
    # Shoulder strength, linear strength and angle, toe strength, numerator and denominator, by Hable's names.
    a, b, c, d, e, f = 0.15, 0.50, 0.10, 0.20, 0.02, 0.30
    white, bias = 11.2, 2.0
    # (x(ax + cb) + de) / (x(ax + b) + df) - e/f, over one denominator.
    k0, k1 = a * (f - e), b * (c * f - e)
    k3, k4, k5 = a * f, b * f, d * f * f
    scale = (k3 * white**2 + k4 * white + k5) / (k0 * white**2 + k1 * white)  # so that white becomes 1
    return k0 * bias**2 * scale, k1 * bias * scale, k3 * bias**2, k4 * bias, k5


_CURVES = {"aces": _ACES, "hable": _hable()}
_NUMBER = re.compile(r"[+-]?(\d{1,20}\.?\d{0,40}|\.\d{1,40})(e[+-]?\d{1,6})?", re.ASCII | re.IGNORECASE)
_HINT = "write a number of EV such as -1.5, a range START:STOP:STEP such as -4:4:2, auto or auto-range."


def tone_map(light: Light, method: str, exposure: float) -> NDArray[np.float32]:
    """Light as a display shows it.

    Args:
        light: H×W×3 float32, linear light in BT.709's primaries. Negative values and NaN count as 0, and infinity
            as the largest number of float32, so that whoever allows them gets colours all the same.
        method: one of ``TONEMAPS``.
        exposure: EV; light is multiplied by 2 ** exposure first.

    Returns:
        H×W×3 float32 in 0..255, encoded by sRGB's curve (IEC 61966-2-1). Rounded from float64: within 8e-6, half
        the distance of two float32 below 255. 0 stays 0, and no channel becomes darker by becoming more light.

    Raises:
        InvalidSetting: for a method that is none, or an exposure that is not finite or beyond ``LARGEST_EV``.
    """
    import numpy as np

    _check_method(method)
    if not abs(exposure) <= LARGEST_EV:
        raise InvalidSetting(f"the exposure {exposure} EV is out of range", hint=_HINT)
    colours = np.empty(light.shape, np.float32)
    for rows in bands(*light.shape[:2]):
        values = _finite(light[rows])
        values *= 2.0**exposure
        if method == "reinhard":
            values /= 1.0 + _luminance(values)[..., None]
        elif method != "none":
            k0, k1, k3, k4, k5 = _CURVES[method]
            below = (k3 * values + k4) * values + k5
            values *= k0 * values + k1
            values /= below
        np.minimum(values, 1.0, out=values)
        colours[rows] = encoded(values)
    return colours


def auto_exposure(light: Light) -> float:
    """The exposure that brings a picture's log-average luminance to middle grey, 0.18.

    E. Reinhard, M. Stark, P. Shirley, J. Ferwerda, "Photographic Tone Reproduction for Digital Images", SIGGRAPH
    2002, equations 1 and 2, over the pixels of which luminance is finite and above 0, rather than with a small
    number added: black surroundings move nothing. Rounded to 1/8 EV, which hardly shows: a picture that changes a
    little keeps its exposure, and it is the same on machines with another last bit.

    Args:
        light: H×W×3 float32, linear light in BT.709's primaries.

    Returns:
        EV, a multiple of 1/8 within ±``LARGEST_EV``; 0 where no pixel is above black.
    """
    import numpy as np

    logs, count = [], 0
    for rows in bands(*light.shape[:2]):
        luminance = _positive_luminance(light[rows])
        luminance = luminance[np.isfinite(luminance) & (luminance > 0.0)]
        logs.append(float(np.log2(luminance).sum()))
        count += luminance.size
    if not count:
        return 0.0
    exposure = math.log2(_MIDDLE_GREY) - math.fsum(logs) / count
    return _clamped(round(exposure * _AUTO_STEPS) / _AUTO_STEPS)


def exposure_range(light: Light, method: str) -> tuple[float, float, float]:
    """HDR-FLIP's exposures for a reference: from where its brightest pixel is bright to where its median pixel is.

    With x the light above 0 for which the tone mapper gives T(x) = t = 0.85, that is the root of
    (t·k3 - k0)·x² + (t·k4 - k1)·x + t·k5 - k2 = 0, they begin at log2(x / Y of the brightest pixel) and end at
    log2(x / Y of the median one); there are max(2, ⌈stop - start⌉) of them, evenly spaced (Andersson et al. 2021,
    "Computing Start and Stop Exposures", and the authors' code).

    Of an even number of pixels the median is the lower of the two in the middle. Where it is 0, it is that of the
    pixels above 0. Pixels of which luminance is not finite are left out. ``none``, which HDR-FLIP does not
    have, is its own inverse below 1.

    Args:
        light: H×W×3 float32, linear light in BT.709's primaries; negative values count as 0.
        method: one of ``TONEMAPS``.

    Returns:
        The first and the last exposure in EV, rounded to 1e-6 and within ±``LARGEST_EV``, and the step between
        neighbours: 0 where both are the same, and otherwise such that there are at most ``MOST_EXPOSURES``. All 0
        where no pixel is above black.

    Raises:
        InvalidSetting: for a method that is none.
    """
    import numpy as np

    _check_method(method)
    height, width = light.shape[:2]
    # float32 to find two of them is 2e-7 EV off at most, which rounding takes away.
    luminance = np.empty((height, width), np.float32)
    for rows in bands(*light.shape[:2]):
        luminance[rows] = _positive_luminance(light[rows])
    found = luminance[np.isfinite(luminance)]
    above = found[found > 0]
    if not above.size:
        return 0.0, 0.0, 0.0
    brightest, median = float(above.max()), _lower_median(found) or _lower_median(above)
    aim = math.log2(_inverse(method, _TARGET))
    start = _clamped(round(aim - math.log2(brightest), _DIGITS))
    stop = _clamped(round(aim - math.log2(median), _DIGITS))
    if stop <= start:
        return start, start, 0.0
    count = min(max(2, math.ceil(stop - start)), MOST_EXPOSURES)
    return start, stop, (stop - start) / (count - 1)


@dataclass(frozen=True)
class Exposure:
    """How bright light is shown: one or several exposures, or a rule that finds them."""

    rule: str
    """``auto``, ``auto-range``, or ``fixed`` for the next three."""
    start: Decimal = Decimal(0)
    """EV, the first."""
    stop: Decimal = Decimal(0)
    """EV, the last: start plus a whole number of steps."""
    step: Decimal = Decimal(1)
    """EV, above 0."""

    def values(self, reference_light: Light, method: str) -> tuple[float, ...]:
        """The exposures for a pair.

        Args:
            reference_light: H×W×3 float32, linear light in BT.709's primaries: what the rules look at.
            method: one of ``TONEMAPS``.

        Returns:
            EV, rising, at least one and at most ``MOST_EXPOSURES``.
        """
        if self.rule == "auto":
            return (auto_exposure(reference_light),)
        if self.rule == "auto-range":
            start, stop, step = exposure_range(reference_light, method)
            if step == 0:
                return (start,)
            count = round((stop - start) / step)
            return (*(round(start + place * step, _DIGITS) for place in range(count)), stop)
        count = int((self.stop - self.start) / self.step)
        return tuple(float(self.start + place * self.step) for place in range(count + 1))

    def __str__(self) -> str:
        """The text that ``parse_exposure`` makes it from again, the same for the same exposures."""
        if self.rule != "fixed":
            return self.rule
        if self.start == self.stop:
            return _plain(self.start)
        return ":".join(map(_plain, (self.start, self.stop, self.step)))


def parse_exposure(text: str) -> Exposure:
    """An exposure from the command line's way to write it.

    Args:
        text: ``auto``, ``auto-range``, a number of EV, or ``START:STOP:STEP``, of which the step is 1 where it is
            left out, and the stop is among them if steps reach it. Numbers are rounded to 1e-6 EV.

    Raises:
        InvalidSetting: for anything else, exposures beyond ±``LARGEST_EV``, and more than ``MOST_EXPOSURES``.
    """
    text = text.strip()
    if text in ("auto", "auto-range"):
        return Exposure(text)
    parts = text.split(":")
    if len(parts) > 3 or not all(_NUMBER.fullmatch(part) for part in parts):
        raise InvalidSetting(f"{text!r} is not an exposure", hint=_HINT)
    numbers = [_ev(part) for part in parts]
    if len(numbers) == 1:
        return Exposure("fixed", numbers[0], numbers[0])
    start, stop, step = (*numbers, Decimal(1))[:3]
    if start > stop:
        raise InvalidSetting(
            f"the exposures {text!r} end before they start", hint="write the smaller number first."
        )
    if step <= 0:
        raise InvalidSetting(f"the exposures {text!r} need a step above 0", hint=_HINT)
    steps = (stop - start) // step
    if steps >= MOST_EXPOSURES:
        raise InvalidSetting(
            f"{text!r} gives {steps + 1} exposures, more than the limit of {MOST_EXPOSURES}",
            hint="use a larger step.",
        )
    stop = start + steps * step
    return Exposure("fixed", start, stop, step) if steps else Exposure("fixed", start, start)


def _ev(text: str) -> Decimal:
    number = Decimal(text)
    if abs(number) > LARGEST_EV:
        raise InvalidSetting(
            f"the exposure {text} EV is out of range", hint=f"use -{LARGEST_EV} to {LARGEST_EV} EV."
        )
    return round(number, _DIGITS).normalize() + 0  # 0 rather than -0


def _plain(number: Decimal) -> str:
    return f"{number.normalize():f}"


def _check_method(method: str) -> None:
    if method not in TONEMAPS:
        raise InvalidSetting(f"unknown tone mapper {method!r}", hint=f"choose from {', '.join(TONEMAPS)}.")


def _finite(light: Light) -> NDArray[np.float64]:
    """Values in 0 .. float32's largest."""
    import numpy as np

    values = light.astype(np.float64)
    np.nan_to_num(values, copy=False, nan=0.0, posinf=_LARGEST_FLOAT32, neginf=0.0)
    return np.maximum(values, 0.0, out=values)


def _luminance(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Y of …×3 values; written out, since a product of matrices adds up in an order of its own."""
    red, green, blue = _REC709
    return red * values[..., 0] + green * values[..., 1] + blue * values[..., 2]


def _positive_luminance(light: Light) -> NDArray[np.float64]:
    """Y with negative values as 0; what is not finite stays so."""
    import numpy as np

    return _luminance(np.maximum(light, 0.0, dtype=np.float64))


def _inverse(method: str, target: float) -> float:
    """The light that a tone mapper makes a value of 0..1 from; of grey, where colours count."""
    if method == "none":
        return target
    if method == "reinhard":
        return target / (1.0 - target)
    k0, k1, k3, k4, k5 = _CURVES[method]
    # T(x) = t is (k0 - t·k3)·x² + (k1 - t·k4)·x - t·k5 = 0, of which one root is above 0.
    a, b, c = k0 - target * k3, k1 - target * k4, -target * k5
    return (-b + math.sqrt(b * b - 4 * a * c)) / (2 * a)


def _lower_median(values: NDArray[np.float32]) -> float:
    import numpy as np

    middle = (values.size - 1) // 2
    return float(np.partition(values, middle)[middle])


def _clamped(exposure: float) -> float:
    return min(max(exposure, -float(LARGEST_EV)), float(LARGEST_EV)) + 0.0  # 0 rather than -0
