"""What the readers of scenes have in common: frames from arrays, and what they refuse."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from percept_cli.errors import UnsupportedImage
from percept_cli.images.picture import Frame, bands
from percept_cli.system.machine import free_memory

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Check = Callable[[int, int], None]
"""Refuses a picture by its width and height in pixels, by raising a ``PerceptError``."""


def frame_of_light(
    colours: NDArray[np.float32], alpha: NDArray[np.float32] | None = None, *, associated: bool = False
) -> Frame:
    """A frame of a scene.

    Where alpha is no finite number nobody can say what is seen: the pixel becomes an opaque NaN, which is found by
    ``nonfinite``.

    Args:
        colours: H×W×3 float32, linear light in BT.709's primaries; changed in place.
        alpha: H×W float32, 1 is opaque; values beyond 0..1 are taken as the nearest of these. Changed in place.
        associated: whether colours are multiplied by alpha. They are divided by it where it is between 0 and 1;
            elsewhere they stay as they are: light at alpha 0 (a glow, a flame) is added to what is behind it. If
            they are not multiplied, those at alpha 0 are nothing to be seen, and become black.
    """
    import numpy as np

    height, width = colours.shape[:2]
    if alpha is not None:
        for rows in bands(height, width):
            _settle(colours[rows], alpha[rows], associated)
        if np.all(alpha == 255):
            alpha = None
    return Frame(
        width, height, colours.tobytes(), None if alpha is None else alpha.astype(np.float32).tobytes(), deep=True
    )


def _settle(colours: NDArray[np.float32], alpha: NDArray[np.float32], associated: bool) -> None:
    import numpy as np

    unknown = ~np.isfinite(alpha)
    colours[unknown] = np.nan
    alpha[unknown] = 1
    np.clip(alpha, 0, 1, out=alpha)
    if associated:
        within = (alpha > 0) & (alpha < 1)
        with np.errstate(over="ignore", invalid="ignore"):  # what float32 does not hold is infinite
            colours[within] = colours[within] / alpha[within].astype(np.float64)[:, None]
    else:
        colours[alpha == 0] = 0
    alpha *= 255


def as_float32(values: NDArray[Any]) -> NDArray[np.float32]:
    """A copy as float32; what float32 does not hold becomes infinite, and is found as such."""
    import numpy as np

    with np.errstate(over="ignore"):
        return np.array(values, np.float32, order="C")


def check_memory(needed: int, what: str) -> None:
    """Refuse what does not fit the memory that is free, beside the picture itself.

    Args:
        needed: bytes.
        what: takes them, for the message.

    Raises:
        UnsupportedImage: without the file's name.
    """
    free = free_memory()
    if needed > free:
        raise UnsupportedImage(
            f"{what} need {needed / 1e9:.1f} GB of memory, but only {free / 1e9:.1f} GB are free",
            hint="save the image without its other channels.",
        )
