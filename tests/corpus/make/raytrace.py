"""A small path tracer: balls on a floor under a lamp and a sky, at several seeds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from tests.corpus.make.common import Floats, Pixels, Scene, generator, to_pixels

Vector = tuple[float, float, float]


@dataclass(frozen=True)
class Ball:
    """A sphere, matt unless it is a mirror."""

    centre: Vector
    radius: float
    colour: Vector
    mirror: bool = False


@dataclass(frozen=True)
class Sun:
    """A disc of the sky that only scattered rays find by chance, so that few samples have much of the light."""

    direction: Vector
    degrees: float
    light: float


@dataclass(frozen=True)
class World:
    """Balls over a chequered floor, a round lamp, a sky and a camera."""

    balls: tuple[Ball, ...]
    lamp: Vector
    eye: Vector
    target: Vector
    floor: tuple[Vector, Vector] = ((0.62, 0.6, 0.58), (0.34, 0.34, 0.36))
    lamp_radius: float = 0.7
    power: float = 26
    sky: Vector = (0.5, 0.6, 0.75)
    field: float = 0.42
    exposure: float = 1.0
    width: int = 160
    height: int = 120
    sun: Sun | None = None

    def ball(self, index: int, **changes: object) -> World:
        """Change a ball."""
        changed = replace(self.balls[index], **changes)  # type: ignore[arg-type]
        return replace(self, balls=(*self.balls[:index], changed, *self.balls[index + 1 :]))

    def without(self, index: int) -> World:
        """Leave a ball out."""
        return replace(self, balls=self.balls[:index] + self.balls[index + 1 :])


FAR = 1e9
NEAR = 1e-4


def _unit(vectors: Floats) -> Floats:
    return np.asarray(vectors / np.linalg.norm(vectors, axis=-1, keepdims=True), np.float64)


def _hit(world: World, origin: Floats, direction: Floats) -> tuple[Floats, Floats]:
    """Distance along every ray, and the number of what it meets: -1 for the floor, otherwise a ball."""
    with np.errstate(divide="ignore", invalid="ignore"):
        nearest = -origin[:, 1] / direction[:, 1]
    nearest = np.where((nearest > NEAR) & (direction[:, 1] < 0), nearest, FAR)
    number = np.full(len(origin), -1.0)
    for index, ball in enumerate(world.balls):
        offset = origin - np.asarray(ball.centre)
        half = (offset * direction).sum(1)
        root = half * half - (offset * offset).sum(1) + ball.radius**2
        distance = -half - np.sqrt(np.maximum(root, 0))
        closer = (root > 0) & (distance > NEAR) & (distance < nearest)
        nearest = np.where(closer, distance, nearest)
        number = np.where(closer, index, number)
    return nearest, number


def _sphere(rng: np.random.Generator, count: int) -> Floats:
    return _unit(rng.standard_normal((count, 3)))


def _radiance(world: World, origin: Floats, direction: Floats, rng: np.random.Generator, bounces: int) -> Floats:
    distance, number = _hit(world, origin, direction)
    up = np.clip(direction[:, 1:2], 0, 1)
    light = np.asarray(world.sky) * (0.75 + 0.25 * up) + 0.12 * (1 - up)
    if world.sun:
        towards = direction @ _unit(np.asarray(world.sun.direction))
        light = np.where((towards > np.cos(np.radians(world.sun.degrees)))[:, None], world.sun.light, light)
    # Every ray draws its random numbers, also those that leave: a change in one place then leaves others alone.
    lamp_point, scatter = _sphere(rng, len(origin)), _sphere(rng, len(origin))
    solid = distance < FAR
    point = origin + direction * np.where(solid, distance, 0)[:, None]
    normal = np.tile((0.0, 1.0, 0.0), (len(point), 1))
    tiles = (np.floor(point[:, 0]) + np.floor(point[:, 2])) % 2 == 0
    albedo = np.where(tiles[:, None], world.floor[0], world.floor[1])
    shiny = np.zeros(len(point), bool)
    for index, ball in enumerate(world.balls):
        mine = number == index
        normal[mine] = (point[mine] - ball.centre) / ball.radius
        albedo[mine] = ball.colour
        shiny |= mine & ball.mirror
    start = point + normal * 1e-3
    to_lamp = np.asarray(world.lamp) + world.lamp_radius * lamp_point - start
    reach = np.linalg.norm(to_lamp, axis=1, keepdims=True)
    to_lamp /= reach
    cosine = np.maximum((to_lamp * normal).sum(1, keepdims=True), 0)
    blocked, _ = _hit(world, start, to_lamp)
    seen = (blocked[:, None] > reach) & ~shiny[:, None]
    result = albedo * (world.power * cosine / reach**2 * seen / np.pi)
    if bounces:
        scattered = _unit(normal + 0.999 * scatter)
        mirrored = direction - 2 * (direction * normal).sum(1, keepdims=True) * normal
        onward = np.where(shiny[:, None], mirrored, scattered)
        result += albedo * _radiance(world, start, onward, rng, bounces - 1)
    return np.asarray(np.where(solid[:, None], result, light), np.float64)


def render(world: World, seed: int, samples: int = 256) -> Pixels:
    """Render with so many samples in every pixel, a square number of strata or fewer."""
    rng = generator(seed, samples)
    eye = np.asarray(world.eye)
    forward = _unit(np.asarray(world.target) - eye)
    right = _unit(np.cross(forward, (0.0, 1.0, 0.0)))
    above = np.cross(right, forward)
    y, x = np.mgrid[0 : world.height, 0 : world.width].astype(np.float64)
    side = int(np.sqrt(samples))
    total = np.zeros((world.height * world.width, 3))
    for index in range(samples):
        across = x + (index % side + rng.random(x.shape)) / side
        down = y + (index // side % side + rng.random(x.shape)) / side
        u = (across / world.width - 0.5) * 2 * world.field * world.width / world.height
        v = (0.5 - down / world.height) * 2 * world.field
        direction = _unit(forward + u.reshape(-1, 1) * right + v.reshape(-1, 1) * above)
        total += _radiance(world, np.broadcast_to(eye, direction.shape), direction, rng, 2)
    mapped = 1 - np.exp(-1.3 * world.exposure * total / samples)
    return to_pixels(255 * mapped.reshape(world.height, world.width, 3) ** (1 / 2.2))


def _three() -> Scene:
    world = World(
        (
            Ball((-1.5, 0.8, 0.2), 0.8, (0.75, 0.2, 0.16)),
            Ball((0.3, 1.0, -0.6), 1.0, (0.9, 0.9, 0.92), mirror=True),
            Ball((1.8, 0.6, 0.7), 0.6, (0.18, 0.36, 0.72)),
        ),
        lamp=(-3, 5, 3),
        eye=(0.4, 2.2, 6.5),
        target=(0.1, 0.7, 0),
    )
    made = Scene("raytrace", "tune", "three", render(world, 1))
    made.same("seed", render(world, 2), "another seed")
    made.same("samples", render(world, 3, 400), "another seed and more samples")
    made.differs("missing", render(world.without(2), 4), "the blue ball is missing, another seed", "cross")
    green = world.ball(0, colour=(0.2, 0.6, 0.2))
    made.differs("green", render(green, 1), "the red ball is green", "same")
    made.differs("exposure", render(replace(world, exposure=1.25), 5), "25 % brighter, another seed", "cross")
    made.differs("grain", render(world, 6, 4), "4 samples in a pixel: grain", "cross")
    return made


def _pyramid() -> Scene:
    clay = (0.7, 0.52, 0.38)
    places = ((-1.05, 0.6, 0.0), (0.15, 0.6, -0.2), (-0.45, 0.6, 1.0), (-0.45, 1.55, 0.27))
    balls = tuple(Ball(place, 0.6, clay) for place in places)
    world = World(
        (*balls, Ball((1.7, 0.35, 1.2), 0.35, (0.85, 0.75, 0.2))),
        lamp=(3.5, 4.5, 2.5),
        eye=(0.5, 2.6, 6),
        target=(0.2, 0.7, 0.2),
        floor=((0.5, 0.52, 0.5), (0.5, 0.52, 0.5)),
        sky=(0.32, 0.34, 0.4),
        lamp_radius=0.9,
    )
    made = Scene("raytrace", "tune", "pyramid", render(world, 11, 100))
    made.same("seed", render(world, 12, 100), "another seed")
    made.same("more", render(world, 13, 196), "another seed and more samples")
    moved = world.ball(4, centre=(1.45, 0.35, 1.2))
    made.differs("moved", render(moved, 14, 100), "the small ball moved, another seed", "cross")
    made.differs("top", render(world.without(3), 11, 100), "the top ball is missing", "same")
    lamp = replace(world, lamp=(-2.5, 4.5, 2.5))
    made.differs("lamp", render(lamp, 15, 100), "the lamp is on the left, another seed", "cross")
    return made


def _mirrors() -> Scene:
    steel = (0.86, 0.88, 0.9)
    world = World(
        (
            Ball((-1.3, 1.0, -0.3), 1.0, steel, mirror=True),
            Ball((1.1, 0.75, 0.3), 0.75, (0.88, 0.7, 0.4), mirror=True),
            Ball((0.0, 0.4, 1.3), 0.4, (0.2, 0.55, 0.4)),
            Ball((2.1, 0.4, 1.3), 0.4, (0.6, 0.22, 0.5)),
        ),
        lamp=(1.5, 6, 3.5),
        eye=(-0.3, 1.9, 6.8),
        target=(0.2, 0.7, 0),
        floor=((0.72, 0.66, 0.56), (0.24, 0.2, 0.2)),
        sky=(0.62, 0.6, 0.62),
    )
    made = Scene("raytrace", "judge", "mirrors", render(world, 21))
    made.same("seed", render(world, 22), "another seed")
    made.same("more", render(world, 23, 400), "another seed and more samples")
    matt = world.ball(1, mirror=False)
    made.differs("matt", render(matt, 24), "the golden mirror is matt, another seed", "cross")
    made.differs("missing", render(world.without(2), 21), "the green ball is missing", "same")
    made.differs(
        "colour", render(world.ball(3, colour=(0.7, 0.45, 0.1)), 25), "the purple ball is orange, seed", "cross"
    )
    made.differs("dark", render(replace(world, exposure=0.78), 21), "22 % darker", "same")
    return made


def _dusk() -> Scene:
    world = World(
        tuple(
            Ball((1.15 * column - 2.3, 0.45, -0.5 * (column % 2)), 0.45, colour)
            for column, colour in enumerate(
                ((0.8, 0.3, 0.2), (0.8, 0.6, 0.2), (0.4, 0.7, 0.3), (0.2, 0.5, 0.7), (0.5, 0.3, 0.7))
            )
        ),
        lamp=(-4, 3, 1.5),
        eye=(0, 2.4, 5.4),
        target=(0, 0.3, 0),
        floor=((0.45, 0.42, 0.4), (0.38, 0.36, 0.36)),
        sky=(0.2, 0.2, 0.3),
        power=36,
        width=192,
        height=96,
        field=0.32,
    )
    made = Scene("raytrace", "judge", "dusk", render(world, 31, 100))
    made.same("seed", render(world, 32, 100), "another seed")
    made.same("more", render(world, 33, 196), "another seed and more samples")
    grain = render(world, 34, 4)
    made.differs("grain", grain, "4 samples in a pixel: grain", "cross")
    moved = world.ball(3, centre=(1.15, 0.45, 0.0))
    made.differs("moved", render(moved, 35, 100), "a ball stands one radius nearer, another seed", "cross")
    made.differs(
        "lamp", render(replace(world, lamp=(-1.5, 4, 2.5)), 36, 100), "the lamp moved, another seed", "cross"
    )
    return made


def scenes() -> Iterator[Scene]:
    """All traced scenes."""
    for make in (_three, _pyramid, _mirrors, _dusk):
        yield make()
