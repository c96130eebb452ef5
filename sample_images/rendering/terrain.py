"""A mountain valley at dusk: a fractal height field seen from a hill, with a lake and haze."""

from functools import cache

import numpy as np

from rendering.arrays import Array, Pixels, average_blocks, develop, mix, smoothstep
from rendering.noise import fractal, ridged

_SUPERSAMPLING = 2
_NEAR, _FAR, _STEPS = 0.4, 24.0, 900
_SUN = np.array((-0.66, 0.34, 0.42)) / np.linalg.norm((-0.66, 0.34, 0.42))  # x, up, away
_SUNLIGHT = np.array((2.9, 2.1, 1.35))
_SKYLIGHT = np.array((0.26, 0.36, 0.55))


def _ground(x: Array, z: Array, octaves: int) -> Array:
    """Height of the land above the lake; negative under water."""
    warp = 0.35 * fractal(x * 0.21, z * 0.21, seed=7, octaves=2)
    crests = ridged(x * 0.19 + warp + 3.7, z * 0.19 - warp, seed=131, octaves=octaves)
    rolling = fractal(x * 0.16 + 5.0, z * 0.16, seed=151, octaves=2)
    # The range rises with distance, so the view opens over the lake in the foreground.
    rise = smoothstep(3.5, 13.0, z + 1.5 * rolling)
    return (crests - 0.75) * (0.16 + 2.3 * rise) + 0.22 * rolling + 1.3 * rise - 0.13


def _first_hits(across: Array, slopes: Array, eye: float) -> Array:
    """Distance to the land along each pixel's ray; infinite where it reaches the sky."""
    reach = np.geomspace(_NEAR, _FAR, _STEPS)
    land = np.maximum(_ground(across[:, None] * reach, reach + 0.0 * across[:, None], 8), 0.0)
    angle = (land - eye) / reach
    horizon = np.maximum.accumulate(angle, axis=1)
    hits = np.full((slopes.size, across.size), np.inf)
    for index in range(across.size):
        step = np.searchsorted(horizon[index], slopes)
        found = np.flatnonzero((step < _STEPS) & (step > 0))
        after = step[found]
        low, high = angle[index, after - 1], angle[index, after]
        share = np.clip((slopes[found] - low) / (high - low), 0.0, 1.0)
        hits[found, index] = reach[after - 1] * (1.0 - share) + reach[after] * share
    return hits


def _sunlit(x: Array, y: Array, z: Array) -> Array:
    """Share of the sun seen from each point, by walking towards it over the land."""
    light = np.ones_like(x)
    for distance in np.geomspace(0.06, 5.0, 14):
        above = y + distance * _SUN[1] - _ground(x + distance * _SUN[0], z + distance * _SUN[2], 5)
        light = np.minimum(light, smoothstep(-0.03 * distance, 0.05 * distance, above))
    return light


def _normals(x: Array, z: Array, reach: Array) -> Array:
    """Upward unit normals, measured over about one pixel's width on the ground."""
    width = 0.0016 * reach + 0.0015
    here = _ground(x, z, 9)
    slope_x = (_ground(x + width, z, 9) - here) / width
    slope_z = (_ground(x, z + width, 9) - here) / width
    normals = np.stack([-slope_x, np.ones_like(x), -slope_z], axis=-1)
    return np.asarray(normals / np.linalg.norm(normals, axis=-1, keepdims=True))


def _cover(x: Array, y: Array, z: Array, upright: Array) -> Array:
    """What grows or lies on the land: meadow, then rock where it is steep, then snow."""
    patch = fractal(x * 2.3, z * 2.3, seed=171, octaves=5, gain=0.6)
    fine = fractal(x * 14.0, z * 14.0, seed=181, octaves=3, gain=0.7)
    strata = 0.5 + 0.5 * np.sin(26.0 * y + 5.0 * patch)
    rock = np.array((0.23, 0.20, 0.18)) * (0.75 + 0.3 * strata + 0.25 * fine)[..., None]
    meadow = mix(
        np.array((0.060, 0.085, 0.026)),
        np.array((0.16, 0.125, 0.05)),
        np.clip(0.45 + 0.6 * patch + 0.3 * fine, 0.0, 1.0)[..., None],
    )
    steep = smoothstep(0.86, 0.70, upright + 0.08 * patch)
    colour = mix(meadow, rock, np.maximum(steep, smoothstep(0.7, 1.4, y + 0.3 * patch))[..., None])
    snow = smoothstep(1.5, 2.1, y + 0.35 * patch) * smoothstep(0.40, 0.62, upright + 0.06 * fine)
    return mix(colour, np.array((0.80, 0.83, 0.88)), snow[..., None])


def _sky(across: Array, slopes: Array) -> Array:
    """Evening sky: warm at the horizon, with streaks of cloud."""
    up = np.clip(slopes * 2.4, 0.0, 1.0)[..., None]
    colour = mix(np.array((0.95, 0.62, 0.40)), np.array((0.13, 0.27, 0.55)), np.sqrt(up))
    # Clouds lie on a plane, so they crowd together towards the horizon.
    depth = 1.0 / (np.maximum(slopes, 0.0) + 0.10)
    cover = fractal(across * depth * 0.9, depth * 1.5, seed=191, octaves=5, gain=0.55)
    veil = smoothstep(-0.05, 0.75, cover) * smoothstep(0.0, 0.12, slopes)
    return mix(colour, np.array((1.25, 0.92, 0.74)), 0.8 * veil[..., None])


def _shore_slopes(across: Array, eye: float) -> Array:
    """Slope at which each picture column's reflection ends, seen as if from below the water."""
    reach = np.geomspace(1.0, _FAR, 260)
    land = np.maximum(_ground(across[:, None] * reach, reach + 0.0 * across[:, None], 6), 0.0)
    return np.asarray(((land - eye) / reach).max(axis=1))


def _lake(across: Array, slopes: Array, x: Array, z: Array, shore: Array) -> Array:
    """Water: the dark far shore and, above it, the sky, both broken by ripples."""
    ripple = fractal(x * 9.0, z * 22.0, seed=201, octaves=3, gain=0.6)
    mirrored = -slopes + 0.05 * ripple
    sky = 0.8 * _sky(across, np.maximum(mirrored, 0.0))
    return mix(np.array((0.05, 0.06, 0.07)), sky, smoothstep(-0.02, 0.03, mirrored - shore)[..., None])


def _land_light(x: Array, z: Array, reach: Array) -> Array:
    """Light from land points towards the camera, before haze."""
    y, normals = _ground(x, z, 9), _normals(x, z, reach)
    facing = np.maximum(normals @ _SUN, 0.0) * _sunlit(x, y, z)
    ambient = _SKYLIGHT * (0.35 + 0.65 * normals[:, 1:2])
    return np.asarray(_cover(x, y, z, normals[:, 1]) * (facing[:, None] * _SUNLIGHT + ambient))


@cache
def render_terrain(width: int, height: int, heading: float = 0.0, eye: float = 0.55) -> Pixels:
    """Photograph the valley, looking `heading` to the side from `eye` above the lake."""
    rows, columns = height * _SUPERSAMPLING, width * _SUPERSAMPLING
    across = ((np.arange(columns) + 0.5) / columns - 0.5) * 0.95 + heading
    slopes = (0.44 - (np.arange(rows) + 0.5) / rows) * 0.95 * rows / columns
    hits = _first_hits(across, slopes, eye)
    grid_across, grid_slopes = np.meshgrid(across, slopes)
    light = _sky(grid_across, grid_slopes)
    shore = np.broadcast_to(_shore_slopes(across, eye), hits.shape)
    seen = np.isfinite(hits)
    x, z = grid_across[seen] * hits[seen], hits[seen]
    wet = _ground(x, z, 8) <= 0.0
    surface = np.empty((z.size, 3))
    surface[~wet] = _land_light(x[~wet], z[~wet], z[~wet])
    parts = (values[seen][wet] for values in (grid_across, grid_slopes, shore))
    across_wet, slopes_wet, shore_wet = parts
    surface[wet] = _lake(across_wet, slopes_wet, x[wet], z[wet], shore_wet)
    haze = 1.0 - np.exp(-((z / 26.0) ** 1.6))
    light[seen] = mix(surface, np.array((0.62, 0.52, 0.50)), haze[:, None])
    return develop(average_blocks(0.8 * light, _SUPERSAMPLING))
