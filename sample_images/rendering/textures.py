"""Solid textures: functions from (3, N) points of an object to (3, N) linear colours."""

import numpy as np

from rendering.arrays import Array, Colour, column, mix, smoothstep
from rendering.noise import fractal, random_cells
from rendering.shapes import Texture


def plain(colour: Colour) -> Texture:
    """Return a single colour everywhere."""
    return lambda points: np.broadcast_to(column(colour), points.shape)


def marble(light: Colour, vein: Colour, scale: float) -> Texture:
    """Dark veins along warped, nearly parallel beds, over faint clouds."""

    def paint(points: Array) -> Array:
        x, y, z = points * scale
        warp = fractal(x, y, z, seed=11, octaves=3)
        bands = np.abs(np.sin(1.5 * x + 2.0 * y + 0.8 * z + 1.7 * warp))
        cloud = 0.25 * fractal(2 * x, 2 * y, 2 * z, seed=23, octaves=3)
        veins = 0.85 * (1.0 - bands) ** 4 + 0.25 * (1.0 - bands) + cloud
        return mix(column(light), column(vein), np.clip(veins, 0.0, 1.0))

    return paint


def wood(light: Colour, dark: Colour, scale: float) -> Texture:
    """Growth rings around a tilted axis, with fine grain along it."""

    def paint(points: Array) -> Array:
        x, y, z = points * scale
        wobble = 0.35 * fractal(0.7 * x, 0.7 * y, 0.7 * z, seed=31, octaves=2)
        rings = np.hypot(x + 0.3 * y + 0.8, z - 0.2 * y + 0.5) * 3.2 + wobble
        late = (rings - np.floor(rings)) ** 3
        grain = 0.15 * fractal(9 * x, 0.9 * y, 9 * z, seed=37, octaves=2)
        return mix(column(light), column(dark), np.clip(0.85 * late + grain + 0.08, 0.0, 1.0))

    return paint


def tiles(first: Colour, second: Colour, grout: Colour, size: float) -> Texture:
    """Chequered floor tiles with grout lines; every tile has its own shade and faint clouds."""

    def paint(points: Array) -> Array:
        x, z = points[0] / size, points[2] / size
        column_index, row_index = np.floor(x), np.floor(z)
        odd = (column_index + row_index) % 2.0
        shade = 0.88 + 0.24 * random_cells(column_index, row_index, seed=41)
        shade += 0.10 * fractal(3.1 * x + 5 * odd, 3.1 * z, seed=43, octaves=3)
        edge = np.minimum(0.5 - np.abs(x - column_index - 0.5), 0.5 - np.abs(z - row_index - 0.5))
        colour = mix(column(first), column(second), odd) * shade
        return mix(column(grout), colour, smoothstep(0.012, 0.024, edge))

    return paint


def bricks(clay: Colour, mortar: Colour, scale: float) -> Texture:
    """Running-bond brickwork on the faces of a box."""

    def paint(points: Array) -> Array:
        x, y, z = points * scale
        # x and z only change along their own faces, so their sum runs around the box.
        along, course = (x + z) * 0.5, np.floor(y + 0.5)
        along = along + 0.5 * (course % 2.0)
        index = np.floor(along)
        shade = 0.70 + 0.6 * random_cells(index, course, seed=53)
        shade += 0.16 * fractal(3 * x, 3 * y, 3 * z, seed=59, octaves=3)
        edge = np.minimum(1.0 - 2.0 * np.abs(along - index - 0.5), 0.5 - np.abs(y + 0.5 - course - 0.5))
        return mix(column(mortar), column(clay) * shade, smoothstep(0.05, 0.11, edge))

    return paint
