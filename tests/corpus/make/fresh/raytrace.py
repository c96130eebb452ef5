"""Other worlds of the path tracer, two of them with a sun whose noise has heavy tails."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from tests.corpus.make.common import Scene
from tests.corpus.make.raytrace import Ball, Sun, World, render


def _orchard() -> Scene:
    world = World(
        tuple(
            Ball((1.3 * (index % 3) - 1.3, 0.45, 1.2 - 1.25 * (index // 3)), 0.45, colour)
            for index, colour in enumerate(
                (
                    (0.72, 0.24, 0.12),
                    (0.8, 0.62, 0.14),
                    (0.44, 0.6, 0.2),
                    (0.76, 0.5, 0.3),
                    (0.55, 0.16, 0.2),
                    (0.82, 0.74, 0.5),
                )
            )
        ),
        lamp=(3.5, 4.5, 3.0),
        eye=(-0.6, 2.9, 5.2),
        target=(0.0, 0.2, 0.3),
        floor=((0.4, 0.5, 0.32), (0.46, 0.44, 0.34)),
        power=15,
        width=144,
        height=108,
        sun=Sun((-0.6, 0.7, 0.4), 9, 14),
    )
    made = Scene("raytrace", "fresh", "orchard", render(world, 480, 144))
    made.same("seed", render(world, 481, 144), "another seed, noise with heavy tails")
    made.same("more", render(world, 482, 225), "another seed and more samples, noise with heavy tails")
    made.differs("gone", render(world.without(2), 483, 144), "the green ball is missing, another seed", "cross")
    blue = world.ball(4, colour=(0.16, 0.24, 0.6))
    made.differs("blue", render(blue, 484, 144), "a ball is blue, another seed", "cross")
    made.differs("small", render(world.ball(0, radius=0.3), 480, 144), "a ball is smaller", "same")
    return made


def _gallery() -> Scene:
    chrome, white = (0.9, 0.9, 0.92), (0.78, 0.78, 0.76)
    world = World(
        (
            Ball((-1.6, 0.9, -0.4), 0.9, white),
            Ball((0.2, 0.7, 0.5), 0.7, chrome, mirror=True),
            Ball((1.7, 1.1, -0.9), 1.1, (0.2, 0.42, 0.5)),
            Ball((1.2, 0.3, 1.5), 0.3, (0.86, 0.5, 0.12)),
        ),
        lamp=(0.5, 5.5, 4.0),
        eye=(0.2, 1.7, 6.4),
        target=(0.1, 0.75, 0),
        floor=((0.56, 0.5, 0.46), (0.56, 0.5, 0.46)),
        sky=(0.7, 0.68, 0.64),
        power=20,
        width=152,
        height=108,
        sun=Sun((0.7, 0.6, 0.5), 7, 16),
    )
    made = Scene("raytrace", "fresh", "gallery", render(world, 490, 196))
    made.same("seed", render(world, 491, 196), "another seed, noise with heavy tails")
    made.same("twice", render(world, 492, 196), "another seed again, noise with heavy tails")
    made.differs(
        "moved", render(world.ball(3, centre=(0.75, 0.3, 1.5)), 493, 196), "the small ball moved", "cross"
    )
    made.differs("matt", render(world.ball(1, mirror=False), 490, 196), "the mirror is matt", "same")
    made.differs(
        "tiles",
        render(replace(world, floor=((0.7, 0.64, 0.6), (0.3, 0.26, 0.24))), 494, 196),
        "the floor has tiles, seed",
        "cross",
    )
    return made


def _pearls() -> Scene:
    world = World(
        tuple(Ball((0.62 * index - 2.2, 0.3, 0.5 * (index % 2)), 0.3, (0.84, 0.78, 0.72)) for index in range(8)),
        lamp=(-2.5, 3.5, 2.5),
        eye=(0, 1.7, 4.2),
        target=(0, 0.15, 0.2),
        floor=((0.2, 0.2, 0.3), (0.26, 0.24, 0.34)),
        sky=(0.34, 0.3, 0.36),
        width=168,
        height=84,
        field=0.26,
    )
    made = Scene("raytrace", "fresh", "pearls", render(world, 500, 100))
    made.same("seed", render(world, 501, 100), "another seed")
    made.same("more", render(world, 502, 169), "another seed and more samples")
    raised = world
    for index in range(8):
        x, _, z = world.balls[index].centre
        raised = raised.ball(index, centre=(x, 0.42, z))
    made.differs("raised", render(raised, 503, 100), "all pearls float, another seed", "cross")
    black = world.ball(5, colour=(0.1, 0.1, 0.12))
    made.differs("black", render(black, 500, 100), "a pearl is black", "same")
    made.differs("grain", render(world, 504, 4), "4 samples in a pixel: grain", "cross")
    return made


def scenes() -> Iterator[Scene]:
    """All traced scenes."""
    for make in (_orchard, _gallery, _pearls):
        yield make()
