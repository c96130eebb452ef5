"""The solids a ray can hit: sphere, box, cylinder and floor.

Rays and points are (3, N) arrays. `hit` returns the distance along each ray, infinite for a miss.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np

from rendering.arrays import Array, Colour, column

Texture = Callable[[Array], Array]

# Rays that start on a surface must not meet that surface again through rounding.
EPSILON = 1e-4


def dot(first: Array, second: Array) -> Array:
    """Dot product of matching columns."""
    return np.asarray(first[0] * second[0] + first[1] * second[1] + first[2] * second[2])


def unit(vectors: Array) -> Array:
    """Scale every column to length 1."""
    return vectors / np.sqrt(dot(vectors, vectors))


@dataclass(frozen=True)
class Material:
    """How a surface answers light: its pattern, its mirror share and whether it is metal."""

    texture: Texture
    mirror: float = 0.04
    metal: bool = False


class Shape(Protocol):
    """What the tracer asks of a solid."""

    @property
    def name(self) -> str:
        """What a view calls the solid when it leaves it out."""

    @property
    def material(self) -> Material:
        """How the surface answers light."""

    @property
    def bulk(self) -> tuple[Array, float]:
        """Centre and radius of a ball of about the same size, for contact shading."""

    @property
    def enclosing(self) -> float:
        """Radius around the bulk's centre that nothing of the solid sticks out of."""

    def hit(self, origin: Array, direction: Array) -> Array:
        """Distance to the first hit in front of each ray."""

    def normal(self, points: Array) -> Array:
        """Outward unit normals at points on the surface."""

    def local(self, points: Array) -> Array:
        """Points in the solid's own coordinates, which textures are painted in."""


@dataclass(frozen=True)
class Sphere:
    """A ball."""

    name: str
    material: Material
    centre: Colour
    radius: float

    @property
    def bulk(self) -> tuple[Array, float]:
        """The ball itself."""
        return column(self.centre), self.radius

    @property
    def enclosing(self) -> float:
        """The ball itself."""
        return self.radius

    def hit(self, origin: Array, direction: Array) -> Array:
        """Solve the quadratic for the nearer root."""
        offset = origin - column(self.centre)
        half = dot(offset, direction)
        inside = half * half - dot(offset, offset) + self.radius**2
        distance = -half - np.sqrt(np.maximum(inside, 0.0))
        return np.where((inside > 0.0) & (distance > EPSILON), distance, np.inf)

    def normal(self, points: Array) -> Array:
        """Away from the centre."""
        return (points - column(self.centre)) / self.radius

    def local(self, points: Array) -> Array:
        """Relative to the centre."""
        return points - column(self.centre)


@dataclass(frozen=True)
class Box:
    """A box standing on the floor, turned about the vertical."""

    name: str
    material: Material
    centre: Colour
    half: Colour
    turn: float

    @cached_property
    def _rotation(self) -> Array:
        cosine, sine = np.cos(self.turn), np.sin(self.turn)
        return np.array([[cosine, 0.0, -sine], [0.0, 1.0, 0.0], [sine, 0.0, cosine]])

    @property
    def bulk(self) -> tuple[Array, float]:
        """A ball between the inscribed and the enclosing one."""
        return column(self.centre), 1.2 * min(self.half)

    @property
    def enclosing(self) -> float:
        """Distance from the centre to a corner."""
        return float(np.linalg.norm(self.half))

    def hit(self, origin: Array, direction: Array) -> Array:
        """Clip each ray against the three pairs of faces."""
        start = self.local(origin)
        heading = self._rotation @ direction
        heading = np.where(np.abs(heading) < 1e-12, 1e-12, heading)
        reach = column(self.half) / np.abs(heading)
        middle = -start / heading
        entry, leave = (middle - reach).max(axis=0), (middle + reach).min(axis=0)
        return np.where((entry < leave) & (entry > EPSILON), entry, np.inf)

    def normal(self, points: Array) -> Array:
        """The axis of the face that the point is nearest to."""
        scaled = self.local(points) / column(self.half)
        face = np.arange(3).reshape(3, 1) == np.abs(scaled).argmax(axis=0)
        return np.asarray(self._rotation.T @ (face * np.sign(scaled)))

    def local(self, points: Array) -> Array:
        """Relative to the centre, along the faces."""
        return np.asarray(self._rotation @ (points - column(self.centre)))


@dataclass(frozen=True)
class Cylinder:
    """An upright cylinder standing on the floor."""

    name: str
    material: Material
    base: Colour
    radius: float
    height: float

    @property
    def bulk(self) -> tuple[Array, float]:
        """A ball of the cylinder's radius, half way up its lower part."""
        return column(self.base) + column((0.0, self.radius, 0.0)), self.radius

    @property
    def enclosing(self) -> float:
        """Distance to the rim that is farther from the bulk's centre."""
        return float(np.hypot(self.radius, max(self.radius, self.height - self.radius)))

    def hit(self, origin: Array, direction: Array) -> Array:
        """Nearer of the side and the lid; the bottom rests on the floor and is never seen."""
        start = self.local(origin)
        across = np.maximum(direction[0] ** 2 + direction[2] ** 2, 1e-12)
        half = start[0] * direction[0] + start[2] * direction[2]
        inside = half**2 - across * (start[0] ** 2 + start[2] ** 2 - self.radius**2)
        side = (-half - np.sqrt(np.maximum(inside, 0.0))) / across
        level = start[1] + side * direction[1]
        on_side = (inside > 0.0) & (side > EPSILON) & (level > 0.0) & (level < self.height)
        lid = (self.height - start[1]) / np.where(direction[1] == 0.0, 1e-12, direction[1])
        x, z = start[0] + lid * direction[0], start[2] + lid * direction[2]
        on_lid = (lid > EPSILON) & (x * x + z * z < self.radius**2)
        return np.minimum(np.where(on_side, side, np.inf), np.where(on_lid, lid, np.inf))

    def normal(self, points: Array) -> Array:
        """Up on the lid, outward on the side."""
        place = self.local(points)
        on_lid = place[1] > self.height - EPSILON
        side = np.stack([place[0], np.zeros_like(place[0]), place[2]]) / self.radius
        return np.where(on_lid, column((0.0, 1.0, 0.0)), side)

    def local(self, points: Array) -> Array:
        """Relative to the middle of the bottom."""
        return points - column(self.base)


@dataclass(frozen=True)
class Floor:
    """The plane at height 0."""

    name: str
    material: Material

    @property
    def bulk(self) -> tuple[Array, float]:
        """Nothing: the floor shades no neighbour by contact."""
        return column((0.0, -1.0, 0.0)), 0.0

    @property
    def enclosing(self) -> float:
        """Infinite."""
        return float("inf")

    def hit(self, origin: Array, direction: Array) -> Array:
        """Where a falling ray reaches height 0."""
        falling = direction[1] < -1e-9
        distance = -origin[1] / np.where(falling, direction[1], -1.0)
        return np.where(falling & (distance > EPSILON), distance, np.inf)

    def normal(self, points: Array) -> Array:
        """Straight up."""
        return np.broadcast_to(column((0.0, 1.0, 0.0)), points.shape)

    def local(self, points: Array) -> Array:
        """World coordinates."""
        return points
