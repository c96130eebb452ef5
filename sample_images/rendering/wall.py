"""A dry-stone wall in raking light: cellular stones, weathered relief, cast shadows."""

from dataclasses import dataclass
from functools import cache
from itertools import product

import numpy as np

from rendering.arrays import (
    Array,
    Colour,
    Pixels,
    average_blocks,
    develop,
    mix,
    smoothstep,
)
from rendering.noise import fractal, random_cells

_SUPERSAMPLING = 2
_STONE = 58.0  # typical stone size in picture pixels
_MARGIN = 24  # extra wall on each side, so that shadows can fall in from outside the frame
_SUN = (-0.62, -0.50, 0.60)  # towards the light: x right, y down, z out of the wall


@dataclass(frozen=True)
class Stone:
    """Colours of one kind of masonry."""

    light: Colour
    dark: Colour
    joint: Colour
    growth: Colour
    spread: float


GRANITE = Stone((0.40, 0.38, 0.35), (0.11, 0.11, 0.12), (0.13, 0.11, 0.09), (0.21, 0.22, 0.09), 0.9)
SANDSTONE = Stone((0.66, 0.43, 0.22), (0.34, 0.15, 0.07), (0.40, 0.33, 0.25), (0.72, 0.62, 0.42), 0.4)


@dataclass(frozen=True)
class _Cells:
    """For every point: distance to the nearest joint and a few numbers owned by its stone."""

    joint: Array
    lift: Array
    tone: Array
    tilt_x: Array
    tilt_y: Array


def _cells(x: Array, y: Array) -> _Cells:
    """Assign points to stones: Voronoi cells of jittered seeds laid in staggered courses."""
    first = np.full(x.shape, np.inf)
    second = np.full(x.shape, np.inf)
    owner_x, owner_y = np.zeros(x.shape), np.zeros(x.shape)
    away_x, away_y = np.zeros(x.shape), np.zeros(x.shape)
    row = np.floor(y)
    for step_y, step_x in product((-1, 0, 1), (-2, -1, 0, 1, 2)):
        cell_y = row + step_y
        stagger = 0.5 * (cell_y % 2.0)
        cell_x = np.floor(x - stagger) + step_x
        to_x = cell_x + stagger + 0.15 + 0.7 * random_cells(cell_x, cell_y, seed=3) - x
        to_y = cell_y + 0.30 + 0.4 * random_cells(cell_x, cell_y, seed=5) - y
        # Heights count more than widths, which makes stones wider than tall.
        distance = np.hypot(to_x, 1.35 * to_y)
        closer = distance < first
        second = np.where(closer, first, np.minimum(second, distance))
        first = np.where(closer, distance, first)
        owner_x, owner_y = np.where(closer, cell_x, owner_x), np.where(closer, cell_y, owner_y)
        away_x, away_y = np.where(closer, -to_x, away_x), np.where(closer, -to_y, away_y)
    lift, tone, lean_x, lean_y = (random_cells(owner_x, owner_y, seed=s) for s in (7, 9, 13, 15))
    return _Cells(second - first, lift, tone, (lean_x - 0.5) * away_x, (lean_y - 0.5) * away_y)


def _relief(x: Array, y: Array, cells: _Cells) -> Array:
    """Height of the wall in picture pixels: domed, leaning, chipped stones over sandy joints."""
    chips = fractal(x * 3.0, y * 3.0, seed=61, octaves=6, gain=0.55)
    body = smoothstep(0.02, 0.34, cells.joint + 0.035 * chips)
    # Folding the noise gives the broken, faceted look of split stone.
    facets = 0.5 - np.abs(fractal(x * 1.7, y * 1.7, seed=71, octaves=5))
    face = 9.0 * np.sqrt(body) + 5.0 * cells.lift + 13.0 * (cells.tilt_x + cells.tilt_y)
    face += 3.4 * facets + 2.2 * chips
    sand = 0.9 * fractal(x * 9.0, y * 9.0, seed=81, octaves=4, gain=0.7)
    return mix(sand, face + 3.0, smoothstep(0.0, 0.25, body))


def _sunlit(height: Array, unit: int) -> Array:
    """Share of the sun that reaches each point, by walking over the relief towards it."""
    toward_x, toward_y, rise = (component * unit for component in _SUN)
    light = np.ones_like(height)
    rows, columns = np.indices(height.shape)
    for step in range(1, 22):
        from_y = np.clip(np.rint(rows + step * toward_y), 0, height.shape[0] - 1).astype(np.intp)
        from_x = np.clip(np.rint(columns + step * toward_x), 0, height.shape[1] - 1).astype(np.intp)
        above = height + step * rise / unit - height[from_y, from_x]
        # The sun is a disc: shadows soften with the distance to what casts them.
        light = np.minimum(light, smoothstep(-0.10 * step, 0.14 * step, above))
    return light


def _blur_box(values: Array, radius: int) -> Array:
    """Mean over a square window, by running sums."""
    for axis in (0, 1):
        padding = [(radius + 1, radius) if axis == a else (0, 0) for a in (0, 1)]
        sums = np.cumsum(np.pad(values, padding, mode="edge"), axis=axis)
        after = np.take(sums, np.arange(2 * radius + 1, sums.shape[axis]), axis=axis)
        before = np.take(sums, np.arange(0, sums.shape[axis] - 2 * radius - 1), axis=axis)
        values = (after - before) / (2 * radius + 1)
    return values


def _paint(x: Array, y: Array, cells: _Cells, height: Array, stone: Stone) -> Array:
    """Colour of the wall: each stone its own tone, mottled, with growth on some of them."""
    grain = fractal(x * 22.0, y * 22.0, seed=91, octaves=3, gain=0.8)
    mottle = fractal(x * 2.6, y * 2.6, seed=97, octaves=5, gain=0.6)
    tone = np.clip(0.5 + stone.spread * (cells.tone - 0.5) + 0.35 * mottle + 0.2 * grain, 0.0, 1.0)
    colour = mix(np.array(stone.dark), np.array(stone.light), tone[..., None])
    patches = fractal(x * 1.3 + 40.0, y * 1.3, seed=101, octaves=6, gain=0.62)
    growth = smoothstep(0.18, 0.42, patches + 0.25 * (cells.lift - 0.4)) * 0.75
    colour = mix(colour, np.array(stone.growth) * (0.8 + 0.4 * tone[..., None]), growth[..., None])
    joint = np.array(stone.joint) * (1.0 + 0.35 * grain[..., None])
    return mix(joint, colour, smoothstep(2.0, 6.0, height)[..., None])


@cache
def render_wall(width: int, height: int, stone: Stone, left: float = 0.0, top: float = 0.0) -> Pixels:
    """Photograph `width` × `height` pixels of the wall, starting at (`left`, `top`)."""
    factor = _SUPERSAMPLING
    across = (np.arange((width + 2 * _MARGIN) * factor) + 0.5) / factor - _MARGIN + left
    down = (np.arange((height + 2 * _MARGIN) * factor) + 0.5) / factor - _MARGIN + top
    x, y = (grid / _STONE for grid in np.meshgrid(across, down))
    # Bending the plane before laying stones keeps their outlines from being straight.
    bent_x = 0.72 * x + 0.16 * fractal(x * 1.6, y * 1.6, seed=21, octaves=4)
    bent_y = y + 0.14 * fractal(x * 1.6 + 31.0, y * 1.6, seed=27, octaves=4)
    cells = _cells(bent_x, bent_y)
    relief = _relief(x, y, cells)
    slope_y, slope_x = (slope * factor for slope in np.gradient(relief))
    steepness = np.sqrt(1.0 + slope_x**2 + slope_y**2)
    sun = np.array(_SUN) / np.linalg.norm(_SUN)
    facing = np.maximum((sun[2] - sun[0] * slope_x - sun[1] * slope_y) / steepness, 0.0)
    direct = facing * _sunlit(relief, factor)
    hollow = sum(_blur_box(relief, radius * factor) - relief for radius in (3, 8, 16))
    ambient = np.exp(-0.10 * np.maximum(np.asarray(hollow), -2.0))
    warm, cool = np.array((1.30, 1.16, 0.97)), np.array((0.22, 0.25, 0.30))
    lit = direct[..., None] * warm + ambient[..., None] * cool
    frame = slice(_MARGIN * factor, -_MARGIN * factor)
    light = (_paint(x, y, cells, relief, stone) * lit)[frame, frame]
    return develop(average_blocks(light, factor))
