"""Pairs of pictures with a known kind of change, because a script made it: seeded, from Pillow and numpy."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from percept_cli.results.found import Kind

Pixels = NDArray[np.uint8]
Colour = tuple[int, int, int]

WIDTH, HEIGHT = 192, 136
SCALE = 4
"""Pictures are drawn so many times as large, and reduced."""
BACKGROUNDS = ("flat", "gradient", "texture")
NOISES = ("none", "levels", "filter")
"""On top of a change: nothing, ±2 levels everywhere, another filter for reducing, which redraws every edge."""
THINGS = ("word", "icon", "photo", "box")
KINDS: tuple[Kind, ...] = ("added", "removed", "moved", "recoloured", "detail-changed", "noise")


@dataclass(frozen=True)
class Case:
    """A pair, and what happened in it."""

    reference: Pixels
    candidate: Pixels
    kind: Kind
    shift: tuple[int, int] | None
    """Of what moved: pixels to the right and down."""
    thing: str
    background: str
    noise: str


def make(seed: int) -> Case:
    """The case of a seed; kinds, backgrounds and noises take turns, everything else is drawn by lot."""
    kind = KINDS[seed % 6]
    background = BACKGROUNDS[seed // 6 % 3]
    noise = NOISES[seed // 18 % 3]
    if kind == "noise" and noise == "none":
        noise = "filter"
    lot = np.random.default_rng([19, seed])
    thing = str(lot.choice(THINGS))
    ground = _background(lot, background)
    width, height = (int(lot.integers(14, 44)), int(lot.integers(12, 30)))
    paints = _paints(lot, ground)
    place = int(lot.integers(8, WIDTH - width - 60)), int(lot.integers(34, HEIGHT - height - 34))
    what = int(lot.integers(1 << 30))
    before = _thing(thing, what, width, height, paints)
    scenery = _scenery(lot, paints)
    first, second, shift = [(before, place)], [(before, place)], None
    if kind == "added":
        first = []
    elif kind == "removed":
        second = []
    elif kind == "moved":
        if lot.random() < 0.6:
            shift = int(lot.integers(-7, 13)), int(lot.integers(-12, 13))
            shift = (3, -2) if shift == (0, 0) else shift
        else:
            shift = int(lot.integers(30, WIDTH - place[0] - width)) if place[0] < 90 else -place[0] + 6, 0
        second = [(before, (place[0] + shift[0], place[1] + shift[1]))]
    elif kind == "recoloured":
        second = [(_recoloured(lot, before), place)]
    elif kind == "detail-changed":
        second = [(_another(lot, thing, what, before, paints), place)]
    reference = _drawn(ground, scenery + first, Image.Resampling.BOX)
    another = Image.Resampling.LANCZOS if noise == "filter" else Image.Resampling.BOX
    candidate = _drawn(ground, scenery + second, another)
    if noise == "levels":
        apart = lot.integers(-2, 3, candidate.shape)
        candidate = np.clip(candidate.astype(int) + apart, 0, 255).astype(np.uint8)
    return Case(reference, candidate, kind, shift, thing, background, noise)


def _background(lot: np.random.Generator, name: str) -> Pixels:
    """At the size of the picture: reducing leaves it as it is."""
    base = (
        lot.integers(40, 216, 3) if lot.random() < 0.5 else lot.choice([[255] * 3, [24, 26, 32], [240, 240, 244]])
    )
    picture = np.ones((HEIGHT, WIDTH, 3)) * base
    if name == "gradient":
        slope = lot.uniform(-40, 40, (2, 3))
        ys, xs = np.mgrid[:HEIGHT, :WIDTH] / np.array([HEIGHT, WIDTH])[:, None, None] - 0.5
        picture += ys[..., None] * slope[0] + xs[..., None] * slope[1]
    if name == "texture":
        grain = np.zeros((HEIGHT, WIDTH))
        for size in (2, 5, 12):
            small = lot.normal(size=(HEIGHT // size + 2, WIDTH // size + 2))
            there = Image.fromarray(small.astype(np.float32)).resize((WIDTH, HEIGHT), Image.Resampling.BICUBIC)
            grain += np.asarray(there)
        picture = picture * 0.7 + 40 + grain[..., None] * lot.uniform(3, 10)
    return np.clip(np.rint(picture), 0, 255).astype(np.uint8)


def _paints(lot: np.random.Generator, ground: Pixels) -> list[Colour]:
    """Three colours that stand out from a background."""
    mean, found = ground.reshape(-1, 3).mean(axis=0), list[Colour]()
    while len(found) < 3:
        colour = lot.integers(0, 256, 3)
        if abs(colour - mean).max() > 90:
            found.append((int(colour[0]), int(colour[1]), int(colour[2])))
    return found


def _thing(name: str, what: int, width: int, height: int, paints: list[Colour]) -> Image.Image:
    """RGBA, drawn SCALE times as large."""
    lot = np.random.default_rng(what)
    layer = Image.new("RGBA", (width * SCALE, height * SCALE))
    draw = ImageDraw.Draw(layer)
    right, low = layer.width - 1, layer.height - 1
    if name == "word":
        size = height * SCALE
        letters = "".join(lot.choice(list("ABEGHKMRSTWabdeghkmnqsw2345689"), 8))
        font = ImageFont.load_default(size)
        draw.text((0, -size // 8), letters, fill=paints[0], font=font)
    elif name == "icon":
        corners = lot.uniform(0, 1, (5, 2)) * [right, low]
        middle = corners.mean(axis=0)
        angles = np.arctan2(*(corners - middle).T)
        draw.polygon([tuple(corner) for corner in corners[np.argsort(angles)].tolist()], fill=paints[0])
        radius = min(right, low) * 0.3
        x, y = float(middle[0]), float(middle[1])
        draw.ellipse((x - radius, y - radius, x + radius, y + radius), outline=paints[1], width=2 * SCALE)
    elif name == "photo":
        small = lot.uniform(0, 255, (4, 6, 3)).astype(np.uint8)
        picture = Image.fromarray(small).resize(layer.size, Image.Resampling.BICUBIC)
        layer.paste(picture.convert("RGBA"))
    else:
        draw.rounded_rectangle((0, 0, right, low), 3 * SCALE, fill=paints[0])
        if lot.random() < 0.5:
            draw.rectangle((right // 4, low // 3, right // 2, low // 2), fill=paints[1])
    return layer


def _recoloured(lot: np.random.Generator, layer: Image.Image) -> Image.Image:
    """With an affine change of all colours."""
    picture = np.asarray(layer).astype(float)
    while True:
        matrix = np.eye(3) * lot.uniform(0.4, 0.9) + lot.uniform(-0.3, 0.3, (3, 3))
        changed = picture[..., :3] @ matrix + lot.uniform(-60, 100, 3)
        inside = picture[..., 3] > 0
        changed = np.clip(changed, 0, 255)
        if abs(changed - picture[..., :3]).max(axis=-1)[inside].mean() > 50:
            return Image.fromarray(np.dstack([changed, picture[..., 3]]).astype(np.uint8))


def _another(
    lot: np.random.Generator, thing: str, what: int, layer: Image.Image, paints: list[Colour]
) -> Image.Image:
    """Something else of the same size and the same colours; or the same, mirrored, or blurred."""
    way = int(lot.integers(3))
    if way == 0 and thing in ("word", "photo"):
        return layer.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    if way == 1 and thing in ("word", "icon"):
        return layer.filter(ImageFilter.GaussianBlur(1.5 * SCALE))
    names = {"word": "word", "photo": "photo", "icon": "word", "box": "icon"}
    width, height = layer.width // SCALE, layer.height // SCALE
    # Of a box that became something smaller of its colour, the rest would be gone.
    return _thing(names[thing], what + 1, width, height, paints[::-1] if thing == "box" else paints)


def _scenery(lot: np.random.Generator, paints: list[Colour]) -> list[tuple[Image.Image, tuple[int, int]]]:
    """What is there in both pictures: a line of text above, and a row of things below."""
    found = [(_thing("word", int(lot.integers(1 << 30)), 150, 14, paints[::-1]), (8, 6))]
    for number in range(5):
        name = str(lot.choice(["icon", "box", "word"]))
        made = _thing(name, int(lot.integers(1 << 30)), 20, 14, paints)
        found.append((made, (8 + 36 * number, HEIGHT - 20)))
    return found


def _drawn(
    ground: Pixels, things: list[tuple[Image.Image, tuple[int, int]]], reducing: Image.Resampling
) -> Pixels:
    enlarged = Image.fromarray(ground).resize((WIDTH * SCALE, HEIGHT * SCALE), Image.Resampling.NEAREST)
    canvas = enlarged.convert("RGBA")
    for layer, (x, y) in things:
        canvas.alpha_composite(layer, (x * SCALE, y * SCALE))
    reduced = np.asarray(canvas.convert("RGB").resize((WIDTH, HEIGHT), reducing))
    # Where nothing is drawn, no filter says anything else.
    covered = np.asarray(canvas) != np.asarray(enlarged.convert("RGBA"))
    near = covered.any(axis=-1).reshape(HEIGHT, SCALE, WIDTH, SCALE).any(axis=(1, 3))
    wide = np.asarray(Image.fromarray(near.astype(np.uint8) * 255).filter(ImageFilter.MaxFilter(5))) > 0
    return np.where(wide[..., None], reduced, ground).astype(np.uint8)
