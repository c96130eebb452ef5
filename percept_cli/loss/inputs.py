"""What is passed in to a loss: tensors that are batches of pictures, with values in the agreed range."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from percept_cli.errors import InvalidInput, InvalidSetting

# The ranges that pictures are found in: that of torchvision's ToTensor, of most generators, and of files.
_USUAL_RANGES = ((0.0, 1.0), (-1.0, 1.0), (0.0, 255.0))
# How far outside its range a value may be, in lengths of the range: a network that has just begun to learn
# overshoots, but each usual range taken for a narrower one goes further.
_OVERSHOOT = 0.5
# How far outside a usual range values may be for it to be suggested.
_FITS = 0.05


def checked_range(value_range: tuple[float, float]) -> tuple[float, float]:
    """Two finite numbers, the lower one first; anything else is refused."""
    try:
        low, high = map(float, value_range)
    except (TypeError, ValueError):
        low = high = math.nan
    if not (math.isfinite(low) and math.isfinite(high) and low < high):
        raise InvalidSetting(
            f"value_range must be two finite numbers, the lower one first, not {value_range!r}",
            hint="write (0, 1), (-1, 1) or (0, 255).",
        )
    return low, high


def check_values(reference: Tensor, candidate: Tensor, value_range: tuple[float, float]) -> tuple[float, float]:
    """Refuse values that are no numbers, or plainly outside a range.

    Returns:
        The smallest and the largest of both sides.
    """
    # Not-a-number and infinity end up in the minimum or the maximum, so that one pass finds everything. All
    # four are asked for at once, since on a GPU every question is a wait.
    ends = [end.float() for side in (reference, candidate) for end in side.detach().aminmax()]
    values: list[float] = torch.stack(ends).tolist()
    black, white = value_range
    slack = _OVERSHOOT * (white - black)
    for name, low, high in zip(("reference", "candidate"), values[::2], values[1::2], strict=True):
        if not (math.isfinite(low) and math.isfinite(high)):
            raise InvalidInput(
                f"{name} has NaN or infinite values",
                hint="look for a division by 0 or an overflow where it is computed.",
            )
        if low < black - slack or high > white + slack:
            usual = _usual_range(low, high)
            advice = f"value_range={usual}" if usual else "its value_range"
            raise InvalidInput(
                f"{name} has values from {low:.4g} to {high:.4g}, far outside the value_range "
                f"({black:g}, {white:g})",
                hint=f"pass {advice} to PerceptualDistance, or scale the images; to skip this check, pass "
                "check=False.",
            )
    return min(values), max(values)


def in_a_narrower_range(low: float, high: float, value_range: tuple[float, float]) -> str:
    """What to tell of pictures that are in the range but look as if they had a narrower one; else nothing."""
    black, white = value_range
    usual = _usual_range(low, high)
    if usual is None or low == high:
        return ""
    # All values in the upper half, or within a hundredth: dark or light pictures can, usual ones do not.
    if (low >= (black + white) / 2 and usual[1] == white) or usual[1] - usual[0] < (white - black) / 100:
        return (
            f"both images have only values from {low:.4g} to {high:.4g}, but value_range is ({black:g}, "
            f"{white:g}): if they are in [{usual[0]:g}, {usual[1]:g}], pass value_range={usual}"
        )
    return ""


def check_tensors(reference: Tensor, candidate: Tensor, *, smallest: int, device: torch.device | None) -> None:
    """Refuse what is no pair of batches N×3×H×W, whatever its values are; no device is any, but one for both."""
    for name, pictures in (("reference", reference), ("candidate", candidate)):
        _check_tensor(name, pictures, smallest)
        device = device or pictures.device
        if pictures.device != device:
            raise InvalidInput(
                f"{name} is on device {pictures.device}, but the loss is on {device}",
                hint="move both images and the loss to one device, for example with loss.to(x.device).",
            )
    if reference.shape != candidate.shape:
        raise InvalidInput(
            f"the shapes differ: reference is {shape_of(reference)}, candidate is {shape_of(candidate)}",
            hint="percept never resizes or broadcasts unasked: bring both to the same shape.",
        )


def _check_tensor(name: str, pictures: Tensor, smallest: int) -> None:
    """Refuse what is no batch of pictures, whatever its values are."""
    if not isinstance(pictures, Tensor):
        raise InvalidInput(
            f"{name} must be a torch tensor, not {type(pictures).__name__}",
            hint="for files, PIL images and numpy arrays, use percept_cli.compare.",
        )
    if not pictures.is_floating_point():
        raise InvalidInput(
            f"{name} must have a floating-point dtype, not {pictures.dtype}: integers have no gradients",
            hint="pass x.float() / 255, or x.float() with value_range=(0, 255).",
        )
    if pictures.dim() != 4 or pictures.shape[1] != 3:
        raise InvalidInput(f"{name} must be N×3×H×W, not {shape_of(pictures)}", hint=_shape_hint(pictures))
    n, _, height, width = pictures.shape
    if n == 0:
        raise InvalidInput(f"{name} is an empty batch", hint="skip empty batches.")
    if min(height, width) < smallest:
        raise InvalidInput(
            f"{name} is {width}×{height} pixels, but the deepest layer needs at least {smallest}×{smallest}",
            hint="enlarge both images, or choose shallower layers.",
        )


def shape_of(tensor: Tensor) -> str:
    """As messages have it."""
    return "×".join(map(str, tensor.shape)) or "a single number"


def _shape_hint(pictures: Tensor) -> str:
    if pictures.dim() == 3 and pictures.shape[0] == 3:
        return "for a single image, pass x[None]."
    if pictures.dim() != 4:
        return "pass a batch of RGB images."
    if pictures.shape[1] == 1:
        return "repeat the grey channel: x.expand(-1, 3, -1, -1)."
    if pictures.shape[1] == 4:
        return "lay the images over a background and drop alpha: only RGB is compared."
    if pictures.shape[3] == 3:
        return "bring the channels to the front: x.permute(0, 3, 1, 2)."
    return "pass a batch of RGB images."


def _usual_range(low: float, high: float) -> tuple[float, float] | None:
    """The narrowest usual range that holds such values."""
    fitting = (ends for ends in _USUAL_RANGES if ends[0] - _FITS <= low and high <= ends[1] + _FITS)
    return next(fitting, None)
