"""A still life on a tiled floor, ray traced: area light, soft shadows, reflections."""

from dataclasses import dataclass, replace
from functools import cache

import numpy as np
from numpy.typing import NDArray

from rendering.arrays import Array, Colour, Pixels, column, develop, mix
from rendering.shapes import EPSILON, Box, Cylinder, Floor, Material, Shape, Sphere, dot, unit
from rendering.textures import bricks, marble, plain, tiles, wood

_LIGHT_SIZE = 1.3
_LIGHT_GRID = 8
_LIGHT_COLOUR: Colour = (1.0, 0.93, 0.82)
_BOUNCES = 2


@dataclass(frozen=True)
class View:
    """Everything that may differ between two renders of the scene."""

    width: int = 320
    height: int = 240
    camera: Colour = (0.5, 2.35, 7.2)
    target: Colour = (0.12, 0.72, 0.0)
    field: float = 33.0
    light: Colour = (-3.9, 4.7, 2.7)
    without: str = ""
    wooden_ball: bool = False
    grid: int = 4
    seed: int = 1


def _objects(view: View) -> list[Shape]:
    pale = marble((0.80, 0.78, 0.74), (0.16, 0.19, 0.25), 1.7)
    grained = wood((0.62, 0.34, 0.14), (0.20, 0.075, 0.025), 1.5)
    floor = tiles((0.64, 0.60, 0.53), (0.13, 0.22, 0.25), (0.10, 0.095, 0.09), 0.85)
    shapes: list[Shape] = [
        Floor("floor", Material(floor, 0.05)),
        Sphere("ball", Material(grained if view.wooden_ball else pale), (-1.25, 1.0, -0.35), 1.0),
        Sphere("mirror", Material(plain((0.92, 0.93, 0.95)), 0.9, True), (0.62, 0.8, -1.15), 0.8),
        Box(
            "bricks",
            Material(bricks((0.46, 0.13, 0.075), (0.50, 0.47, 0.42), 4.6), 0.0),
            (2.0, 0.54, -0.1),
            (0.54, 0.54, 0.54),
            0.45,
        ),
        Cylinder("brass", Material(plain((0.86, 0.58, 0.22)), 0.75, True), (1.0, 0.0, 1.05), 0.3, 0.72),
        Sphere("lemon", Material(plain((0.85, 0.56, 0.03)), 0.05), (-0.15, 0.36, 1.2), 0.36),
        Sphere("berry", Material(plain((0.56, 0.02, 0.06)), 0.05), (-0.95, 0.24, 1.75), 0.24),
    ]
    return [shape for shape in shapes if shape.name != view.without]


def _light_points(view: View) -> Array:
    """Spread a jittered grid of points over the square lamp: (3, 64)."""
    # RandomState's stream is frozen by numpy's compatibility policy; default_rng's is not.
    jitter = np.random.RandomState(view.seed).random_sample((2, _LIGHT_GRID, _LIGHT_GRID))
    steps = np.arange(_LIGHT_GRID)
    x = (steps[:, None] + jitter[0]) / _LIGHT_GRID - 0.5
    z = (steps[None, :] + jitter[1]) / _LIGHT_GRID - 0.5
    flat = np.stack([x, np.zeros_like(x), z]).reshape(3, -1) * _LIGHT_SIZE
    order = np.random.RandomState(view.seed + 1).permutation(flat.shape[1])
    return column(view.light) + flat[:, order]


def _surroundings(origin: Array, direction: Array, view: View) -> Array:
    """Light from rays that hit nothing: a studio backdrop and, overhead, the lamp itself."""
    up = direction[1]
    low, high = column((0.46, 0.43, 0.41)), column((0.045, 0.085, 0.15))
    backdrop = mix(low, high, np.clip(up * 3.0 + 0.25, 0.0, 1.0) ** 0.8)
    rising = up > 1e-6
    reach = (view.light[1] - origin[1]) / np.where(rising, up, 1.0)
    x = origin[0] + reach * direction[0] - view.light[0]
    z = origin[2] + reach * direction[2] - view.light[2]
    inside = rising & (reach > 0.0) & (np.maximum(np.abs(x), np.abs(z)) < _LIGHT_SIZE / 2)
    return np.where(inside, 14.0 * column(_LIGHT_COLOUR), backdrop)


def _near_shadow(points: Array, shape: Shape, lights: Array) -> NDArray[np.intp]:
    """Pick the points whose view of the lamp the solid might block; the rest need no test."""
    middle = lights.mean(axis=1, keepdims=True)
    spread = np.linalg.norm(lights - middle, axis=0).max()
    toward, offset = middle - points, shape.bulk[0] - points
    distance = np.sqrt(dot(toward, toward))
    along = dot(offset, toward) / distance
    aside = np.sqrt(np.maximum(dot(offset, offset) - along**2, 0.0))
    # Rays to the lamp's edge leave the ray to its middle in proportion to the way travelled.
    fan = spread * np.clip((along + shape.enclosing) / distance, 0.0, 1.0)
    blocked = (aside < shape.enclosing + fan) & (along > -shape.enclosing)
    return np.flatnonzero(blocked)


def _lamp(points: Array, normals: Array, shapes: list[Shape], lights: Array) -> Array:
    """Average the lamp's light over its points, counting only those in plain view."""
    start = points + normals * EPSILON
    # The floor is below everything, so it never comes between a point and the lamp.
    solids = [shape for shape in shapes if not isinstance(shape, Floor)]
    suspects = [(shape, _near_shadow(start, shape, lights)) for shape in solids]
    total = np.zeros(points.shape[1])
    for light in lights.T:
        toward = light.reshape(3, 1) - start
        distance = np.sqrt(dot(toward, toward))
        heading = toward / distance
        facing = np.maximum(dot(normals, heading), 0.0)
        # The lamp shines downwards, so it is dimmer seen from the side.
        strength = facing * np.maximum(heading[1], 0.0) * 78.0 / distance**2
        for shape, near in suspects:
            reach = shape.hit(start[:, near], heading[:, near])
            strength[near] = np.where(reach < distance[near], 0.0, strength[near])
        total += strength
    return np.asarray(total / lights.shape[1])


def _contact(points: Array, normals: Array, shapes: list[Shape], own: Shape) -> Array:
    """Share of the surroundings still seen past the neighbouring solids."""
    open_share = np.ones(points.shape[1])
    for shape in shapes:
        centre, radius = shape.bulk
        if shape is own or radius == 0.0:
            continue
        toward = centre - points
        distance = np.sqrt(dot(toward, toward))
        facing = np.maximum(dot(normals, toward / distance), 0.0)
        open_share *= 1.0 - 0.9 * facing * np.minimum(radius / distance, 1.0) ** 2
    return open_share


def _shade(points: Array, normals: Array, own: Shape, shapes: list[Shape], lights: Array) -> Array:
    """Diffuse light: the lamp with its soft shadows, plus the surroundings from above."""
    sky = mix(column((0.10, 0.09, 0.08)), column((0.20, 0.23, 0.28)), 0.5 + 0.5 * normals[1])
    ambient = sky * _contact(points, normals, shapes, own)
    direct = column(_LIGHT_COLOUR) * _lamp(points, normals, shapes, lights)
    return own.material.texture(own.local(points)) * (ambient + direct)


@dataclass(frozen=True)
class _Stage:
    """What every ray needs to know."""

    view: View
    shapes: list[Shape]
    lights: Array
    bounces: int

    def mirrored_in(self, material: Material) -> "_Stage":
        """Spend less on mirrored light: half the lamp's points, and glaze ends the path."""
        left = self.bounces - 1 if material.metal else 0
        return replace(self, lights=self.lights[:, ::2], bounces=left)


def _surface(shape: Shape, points: Array, heading: Array, stage: _Stage) -> Array:
    """Light that leaves points of one solid towards where the rays came from."""
    normals, material = shape.normal(points), shape.material
    if material.metal:
        own, tint = np.zeros_like(points), material.texture(shape.local(points))
    else:
        own, tint = _shade(points, normals, shape, stage.shapes, stage.lights), np.ones_like(points)
    if stage.bounces == 0 or material.mirror == 0.0:
        return own
    facing = dot(heading, normals)
    # Schlick's approximation: every surface becomes a mirror at a grazing angle.
    grazing = (1.0 - np.clip(-facing, 0.0, 1.0)) ** 5
    share = material.mirror + (1.0 - material.mirror) * grazing
    bounced = heading - 2.0 * facing * normals
    start = points + normals * EPSILON
    return mix(own, tint * _trace(start, bounced, stage.mirrored_in(material)), share)


def _trace(origin: Array, direction: Array, stage: _Stage) -> Array:
    """Follow rays to the nearest solid and return the light that comes back along them."""
    distances = np.stack([shape.hit(origin, direction) for shape in stage.shapes])
    nearest, reach = distances.argmin(axis=0), distances.min(axis=0)
    light = _surroundings(origin, direction, stage.view)
    for index, shape in enumerate(stage.shapes):
        rays = np.flatnonzero((nearest == index) & np.isfinite(reach))
        if rays.size == 0:
            continue
        heading = direction[:, rays]
        seen = _surface(shape, origin[:, rays] + heading * reach[rays], heading, stage)
        if isinstance(shape, Floor):
            # Far floor fades into the backdrop: no hard horizon, no crowded tiles to alias.
            seen = mix(seen, light[:, rays], 1.0 - np.exp(-((reach[rays] / 15.0) ** 4)))
        light[:, rays] = seen
    return light


def _camera_rays(view: View, shift: Array) -> tuple[Array, Array]:
    """Return one ray through every pixel, `shift` (0 to 1) inside it."""
    forward = unit(column(view.target) - column(view.camera))
    right = unit(np.cross(forward, column((0.0, 1.0, 0.0)), axis=0))
    up = np.cross(right, forward, axis=0)
    scale = 2.0 * np.tan(np.radians(view.field) / 2.0) / view.height
    x = (np.arange(view.width) + shift[0] - view.width / 2) * scale
    y = (view.height / 2 - np.arange(view.height) - shift[1]) * scale
    across, along = (grid.reshape(1, -1) for grid in np.meshgrid(x, y))
    direction = unit(forward + right * across + up * along)
    return np.broadcast_to(column(view.camera), direction.shape), direction


@cache
def render_scene(view: View) -> Pixels:
    """Render the still life with `view.grid` × `view.grid` samples in every pixel."""
    shapes, lights = _objects(view), _light_points(view)
    samples = view.grid**2
    jitter = np.random.RandomState(view.seed + 2).random_sample((samples, 2))
    total = np.zeros((3, view.width * view.height))
    for sample in range(samples):
        cell = np.array(divmod(sample, view.grid), dtype=np.float64)
        origin, direction = _camera_rays(view, (cell + jitter[sample]) / view.grid)
        # The samples share the lamp's points out, so any grid sees the same soft shadows.
        share = lights[:, sample::samples]
        seen = _trace(origin, direction, _Stage(view, shapes, share, _BOUNCES))
        # Clip before averaging, or one mirrored lamp leaves its edge jagged.
        total += np.minimum(seen, 4.0)
    light = (total / samples).T.reshape(view.height, view.width, 3)
    return develop(0.58 * light)
