"""Heat maps as pictures: over the candidate, alone, beside both pictures, or one per layer.

Nothing is measured here. A value of the map is drawn as the pixels that it stands for, in its own colour: nothing
is smoothed, and no scale is stretched. The scale and every word stand beside the pictures, never over them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from percept_cli.drawing import HeatStyle
from percept_cli.drawing.colours import RGB, SCALE
from percept_cli.drawing.legend import Legend
from percept_cli.drawing.marks import marked
from percept_cli.drawing.sheet import MOST_SIDE, Drawing, Panel, Sheet
from percept_cli.images.picture import Picture
from percept_cli.recipes.spec import DistanceSpec
from percept_cli.results.fit import Fit, Whose
from percept_cli.results.found import HeatMap

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from PIL import Image

TITLES = ("Distance of each place", "Distance")
"""What the scale shows, where there is no more to say."""
DARKEST, LIGHTEST = 156, 246
"""What black and white become under a map: the scale begins dark, so that its colours stand out."""
OPACITY: tuple[int, ...] = tuple(min(255, max(0, 255 * (value - 2) // 38)) for value in range(256))
"""How much of that each value hides, 0 to 255: all of it from 40 on, a fortieth of the scale's end, about what one
wrong digit is; nothing up to 2, a sixteen-thousandth, as at the rim of what a deep layer sees."""
_BANNER = 3  # times as wide as high: three of them read better one below the other
_SHAPE_OF_A_SCREEN = 1.6


def titles_of(spec: DistanceSpec, *, one_by_one: bool = False) -> tuple[str, ...]:
    """What the scale shows, in words, the longest first."""
    layers = [layer for layer in spec.layers if layer.weight]
    distances = ", ".join(sorted({layer.distance for layer in layers}))
    if one_by_one or len(layers) == 1:
        what = "at each place and layer" if one_by_one else f"at each place of {layers[0].tap}"
        return f"Distance {what} ({distances})", f"Distance {what}", "Distance"
    names = ", ".join(layer.tap for layer in layers)
    return f"Distance at each place: the sum of {names} ({distances})", "Distance at each place", "Distance"


def draw(
    style: HeatStyle,
    reference: Picture,
    candidate: Picture,
    heat: HeatMap,
    *,
    layers: Mapping[str, HeatMap] | None = None,
    titles: Sequence[str] = TITLES,
    scale: bool = True,
    most_side: int = MOST_SIDE,
    fit: Fit | None = None,
) -> Drawing:
    """Draw a pair's heat map.

    Args:
        style: ``overlay``: the map over the greyed candidate. ``alone``: the map. ``triptych``: reference,
            candidate and overlay. ``layers``: an overlay of each layer.
        reference: the picture that is right by definition.
        candidate: of the same size, unless there is a fit.
        heat: their map, of the candidate's size.
        layers: tap name → its map, all to one top; for the style of that name.
        titles: what the scale shows, the longest first; the first that fits is written.
        scale: whether the scale is drawn below. Without it ``overlay`` and ``alone`` are as large as the pictures,
            pixel for pixel.
        most_side: pixels of the drawing's longer side that the file's format allows.
        fit: of two sizes, how they lie on each other: what only one of them has is marked, in a triptych.
    """
    layers = layers or {}
    if style == "layers":
        panels = [Panel(name, _over(candidate, one)) for name, one in layers.items()]
        heat = max(layers.values(), key=lambda one: max(one.values))
    elif style == "triptych":
        sides = _marked(_plain(reference), fit, "reference"), _plain(candidate)
        panels = [Panel("Reference", sides[0]), Panel("Candidate", sides[1])]
        panels.append(Panel("Where they differ", _marked(_over(candidate, heat), fit, "candidate")))
    elif style == "alone":
        panels = [Panel("", lambda shrink: colours_of(heat, reference.width, reference.height, shrink))]
    else:
        panels = [Panel("", _over(candidate, heat))]
    width, height = map(max, reference.size, candidate.size)
    columns = _columns(style, len(panels), width, height)
    return Sheet(width, height, panels, columns, min(most_side, MOST_SIDE)).drawn(
        _legend_of(heat, titles, opaque=style == "alone") if scale else None
    )


def values_of(heat: HeatMap, width: int, height: int, shrink: int = 1) -> NDArray[np.uint8]:
    """A map's value for every pixel of a picture, or, if that is shrunk, the largest of those that become one.

    Args:
        heat: the map.
        width: of the whole picture, in pixels.
        height: of the whole picture, in pixels.
        shrink: a power of 2.
    """
    import numpy as np

    values = np.frombuffer(heat.values, np.uint8).reshape(heat.height, heat.width)
    for axis, pixels in enumerate((-(-height // shrink), -(-width // shrink))):
        if heat.stride < shrink:
            values = np.maximum.reduceat(values, range(0, values.shape[axis], shrink // heat.stride), axis=axis)
        else:
            values = np.take(values, np.arange(pixels) * shrink // heat.stride, axis=axis)
    return values


def colours_of(heat: HeatMap, width: int, height: int, shrink: int = 1) -> Image.Image:
    """A map as a picture, as ``values_of`` in the colours of ``SCALE``."""
    import numpy as np
    from PIL import Image

    return Image.fromarray(np.array(SCALE, np.uint8)[values_of(heat, width, height, shrink)])


def over(picture: Picture, heat: HeatMap, shrink: int = 1) -> Image.Image:
    """A map over its picture in light grey: what hardly differs is hardly tinted, what is equal is not."""
    import numpy as np
    from PIL import Image

    values = values_of(heat, picture.width, picture.height, shrink)
    grey = _shrunk(picture, shrink).convert("L")
    grey = grey.point([DARKEST + (LIGHTEST - DARKEST) * level // 255 for level in range(256)]).convert("RGB")
    grey.paste(
        Image.fromarray(np.array(SCALE, np.uint8)[values]),
        mask=Image.fromarray(np.array(OPACITY, np.uint8)[values]),
    )
    return grey


def _over(picture: Picture, heat: HeatMap) -> Callable[[int], Image.Image]:
    return lambda shrink: over(picture, heat, shrink)


def _marked(
    draw_panel: Callable[[int], Image.Image], fit: Fit | None, side: Whose
) -> Callable[[int], Image.Image]:
    return draw_panel if fit is None else lambda shrink: marked(draw_panel(shrink), fit, side, shrink)


def _plain(picture: Picture) -> Callable[[int], Image.Image]:
    return lambda shrink: _shrunk(picture, shrink)


def _shrunk(picture: Picture, shrink: int) -> Image.Image:
    from PIL import Image

    image = Image.frombuffer("RGB", (picture.width, picture.height), picture.levels, "raw", "RGB", 0, 1)
    return image if shrink == 1 else image.reduce(shrink)


def _columns(style: HeatStyle, count: int, width: int, height: int) -> int:
    if style == "triptych":
        return 1 if width >= _BANNER * height else count

    def distance_from_a_screen(columns: int) -> float:
        shape = width * columns / (height * -(-count // columns)) / _SHAPE_OF_A_SCREEN
        return max(shape, 1 / shape) * columns * -(-count // columns)  # places that stay empty count as well

    return min(range(1, count + 1), key=distance_from_a_screen)


def _legend_of(heat: HeatMap, titles: Sequence[str], *, opaque: bool) -> Legend:
    ground = (DARKEST + LIGHTEST) // 2
    colours = SCALE if opaque else tuple(_blended(ground, *entry) for entry in zip(SCALE, OPACITY, strict=True))
    return Legend(heat.top, max(heat.values), colours, (tuple(titles),))


def _blended(ground: int, colour: RGB, opacity: int) -> RGB:
    red, green, blue = (round(ground + (channel - ground) * opacity / 255) for channel in colour)
    return red, green, blue
