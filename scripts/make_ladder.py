"""Measure the ladders of presets: ``python -m scripts.make_ladder --photographs FOLDER --out FOLDER PRESET …``.

A ladder (``percept_cli/recipes/ladder.py``) says what known distortions come to by one recipe. Distortions of the
whole image are measured on photographs and interfaces, and told as the distance; small changes are drawn on the
interfaces, on a card with a heading, a number, a button and an icon, and told as the strongest place of the
distance map. Median and quartiles of each go to ``PRESET.ladder.json`` in the output folder.

Presets of one backbone share its features, so name them in one call. Measured values are kept beside the ladders
while the script runs, and a second call goes on where the first one ended. With 24 photographs a backbone takes
about seven minutes on one core; where others compute as well, set OMP_NUM_THREADS=1.

The photographs of percept's own ladders are those of the Kodak set, which does not come with percept.
"""

from __future__ import annotations

import argparse
import io
import json
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont
from scipy import ndimage

from percept_cli import __version__
from percept_cli.engine.measure import Engine
from percept_cli.engine.plan import Piece, plan_pair
from percept_cli.evidence.places import Places
from percept_cli.images.picture import Picture
from percept_cli.recipes.ladder import Ladder, Step, fingerprint_of
from percept_cli.recipes.presets import load_preset
from percept_cli.recipes.spec import DistanceSpec
from percept_cli.results.numbers import total

Pixels = NDArray[np.uint8]
Values = dict[str, dict[str, float]]
"""Preset → step → what one image comes to."""

INTERFACES = (
    *("web/control", "web/form", "web/garden", "web/inbox", "web/manual", "web/shop", "web/table", "web/tickets"),
    *("charts/load", "charts/points", "charts/wall", "text/settings", "text/departures", "icons/launcher"),
)
"""Images of tests/corpus/pictures that look like an interface: pages, charts, a board, icons."""
PHOTOGRAPH, INTERFACE = (256, 256), (320, 256)
"""Width and height of the part that is measured: the middle of a photograph, the top left of an interface."""
SEED = 17
JPEG, BLUR, NOISE = (95, 90, 75, 50, 30, 20, 10), (0.5, 1, 2, 4), (1, 2, 5, 10, 20)
SHIFTS, GAMMA = (1, 2, 3, 4), (1.05, 1.1, 1.2, 1.5, 2.0)
_SPARE = max(SHIFTS)
"""Columns that a shift brings in from the right."""


def distortions(picture: Pixels, seed: int) -> Iterator[tuple[str, str, Pixels]]:
    """Kind, words and the distorted picture, of H×W×3 pixels with ``_SPARE`` more columns than are measured.

    Blur is Gaussian, of that standard deviation; noise is, too, in levels of 255. Gamma is the power that values
    of 0 to 1 are raised to.
    """
    whole = picture[:, :-_SPARE]
    for quality in JPEG:
        file = io.BytesIO()
        Image.fromarray(whole).save(file, "JPEG", quality=quality)
        yield "JPEG", f"JPEG quality {quality}", np.asarray(Image.open(file))
    for sigma in BLUR:
        blurred = ndimage.gaussian_filter(whole.astype(np.float64), (sigma, sigma, 0), mode="nearest")
        yield "blur", f"a blur of {sigma:g} px", _levels(blurred)
    for deviation in NOISE:
        grain = np.random.default_rng((SEED, seed)).normal(0, deviation, whole.shape)
        yield "noise", f"noise of {deviation} level{'s' * (deviation > 1)}", _levels(whole + grain)
    for columns in SHIFTS:
        yield "shift", f"a shift by {columns} px", picture[:, columns : columns + whole.shape[1]]
    for gamma in GAMMA:
        yield "gamma", f"gamma {gamma:g}", _levels(255 * (whole / 255) ** gamma)


def _levels(values: NDArray[np.float64]) -> Pixels:
    return np.clip(np.rint(values), 0, 255).astype(np.uint8)


class Card:
    """A card on an interface, and what may be other on it.

    Args:
        ground: the interface, H×W×3.
        seed: what its colours, its letters' size and its place follow from.
    """

    WIDTH, HEIGHT = 232, 128

    def __init__(self, ground: Pixels, seed: int) -> None:
        rng = np.random.default_rng((SEED, seed))
        self._ground = ground
        dark = bool(ground.mean() < 128)
        self._paper, self._ink = ((32, 34, 40), (232, 232, 236)) if dark else ((255, 255, 255), (34, 34, 40))
        self._line = (74, 78, 88) if dark else (206, 210, 216)
        accents = [(37, 99, 235), (124, 45, 56), (22, 128, 92), (109, 63, 180), (194, 98, 12)]
        self._accent, self._other = (accents[i] for i in rng.permutation(len(accents))[:2])
        self._size = int(rng.integers(12, 17))
        room = ground.shape[1] - self.WIDTH, ground.shape[0] - self.HEIGHT
        self._at = int(rng.integers(8, room[0] - 8)), int(rng.integers(8, room[1] - 8))
        digits = [str(digit) for digit in rng.permutation(10)]
        self._digits, self._digit = digits[:5], digits[5]

    def drawn(self, change: str = "") -> Pixels:
        """The interface with the card, changed in one thing."""
        image = Image.fromarray(self._ground)
        draw, (x, y) = ImageDraw.Draw(image), self._at
        ink, small, large = self._ink, self._font(self._size), self._font(self._size + 6)
        draw.rounded_rectangle((x, y, x + self.WIDTH, y + self.HEIGHT), 6, self._paper, self._line)
        # The heading, a line below it, and an icon on its right.
        words = ["Monthly", "invoice"]
        if change == "a missing word":
            words[1] = ""
        elif change == "a changed word":
            words[1] = "balance"
        elif change == "a changed letter":
            words[1] = "involce"
        space = {"a word moved by 1 px": 1, "a word moved by 3 px": 3}.get(change, 0)
        draw.text((x + 12, y + 10), words[0], ink, small)
        beside = x + 12 + round(small.getlength("Monthly "))
        inks = {"a recoloured word": self._accent, "a paler word": self._mixed(0.3)}
        draw.text((beside + space, y + 10), words[1], inks.get(change, ink), small)
        rule = y + 36
        thick = {"a line thicker by 1 px": 1, "a missing line": -1}.get(change, 0)
        if thick >= 0:
            draw.rectangle((x + 12, rule, x + self.WIDTH - 12, rule + thick), self._line)
        if change != "a missing icon":
            self._icon(draw, x + self.WIDTH - 30, y + 12, moved=change == "an icon moved by 1 px")
        # A number with its comma, and its unit.
        digits = list(self._digits)
        if change == "a changed digit":
            digits[2] = self._digit
        comma = " " if change == "a missing comma" else ","
        # Each sign at a place of its own, as digits of one width are set.
        step = round(large.getlength("0"))
        for place, sign in enumerate([digits[0], comma, *digits[1:4]]):
            draw.text((x + 12 + place * step, y + 46), sign, ink, large)
        # Small print beside it.
        date = "Due 19 May" if change == "a changed digit in small print" else "Due 14 May"
        draw.text((x + 140, y + 54), date, self._mixed(0.5), self._font(10))
        # Two buttons, one filled.
        colour = self._accent
        if change == "a recoloured button":
            colour = self._other
        elif change in (lighter := {"a button one shade lighter": 10, "a button three shades lighter": 30}):
            colour = tuple(min(255, level + lighter[change]) for level in colour)
        if change != "a missing button":
            draw.rounded_rectangle((x + 12, y + 88, x + 92, y + 114), 5, colour)
            draw.text((x + 30, y + 101), "Send", (255, 255, 255), small, anchor="lm")
        draw.rounded_rectangle((x + 104, y + 88, x + 184, y + 114), 5, self._paper, self._line)
        draw.text((x + 120, y + 101), "Later", ink, small, anchor="lm")
        return np.asarray(image)

    def _mixed(self, share: float) -> tuple[int, ...]:
        """The ink with a share of the paper's colour."""
        return tuple(round((1 - share) * a + share * b) for a, b in zip(self._ink, self._paper, strict=True))

    def _icon(self, draw: ImageDraw.ImageDraw, x: int, y: int, *, moved: bool) -> None:
        x += moved
        draw.ellipse((x, y, x + 17, y + 17), self._accent)
        draw.line((x + 5, y + 9, x + 8, y + 12, x + 13, y + 5), (255, 255, 255), 2)

    @staticmethod
    def _font(size: int) -> ImageFont.FreeTypeFont:
        font = ImageFont.load_default(size)
        assert isinstance(font, ImageFont.FreeTypeFont), "Pillow has no FreeType here"
        return font


CHANGES = (
    "a button one shade lighter",
    "a button three shades lighter",
    "a paler word",
    "a changed digit in small print",
    "a line thicker by 1 px",
    "a missing line",
    "a missing comma",
    "a word moved by 1 px",
    "a word moved by 3 px",
    "an icon moved by 1 px",
    "a changed letter",
    "a changed digit",
    "a changed word",
    "a missing word",
    "a recoloured word",
    "a recoloured button",
    "a missing icon",
    "a missing button",
)


class Measuring:
    """Presets of one backbone, measured together: the features of a picture are computed once for all of them.

    Args:
        specs: preset → recipe; no tap has two distances among them.
    """

    def __init__(self, specs: dict[str, DistanceSpec]) -> None:
        self._specs = specs
        layers = {layer.tap: replace(layer, weight=1.0) for spec in specs.values() for layer in spec.layers}
        first = next(iter(specs.values()))
        self._engine = Engine(replace(first, layers=tuple(layers.values())), "cpu", keeps_maps=True)
        self._reference: tuple[Pixels, Picture] | None = None

    def measured(self, reference: Pixels, candidate: Pixels, *, place: bool) -> dict[str, float]:
        """Preset → the distance, or what the strongest place comes to."""
        if self._reference is None or self._reference[0] is not reference:
            self._reference = reference, _picture(reference)  # the engine knows it by the object
        height, width = reference.shape[:2]
        plan = plan_pair(self._engine.spec, height=height, width=width)
        pair = self._reference[1], _picture(candidate)
        part = self._engine.submit([pair], [Piece(plan, plan.crops[0])], keeps_reference=True).result()[0]
        distances = dict(zip(self._engine.spec.taps, self._engine.finish(plan, [part]), strict=True))
        found = {}
        for name, spec in self._specs.items():
            if place:
                mine = plan_pair(spec, height=height, width=width)
                places = Places(spec, [part], reference, candidate, mine)
                found[name] = places.peak(places.distances).value if spec.has_places else 0.0
            else:
                found[name] = total([layer.weight * distances[layer.tap] for layer in spec.layers])
        return found


def _picture(pixels: Pixels) -> Picture:
    return Picture(pixels.shape[1], pixels.shape[0], np.ascontiguousarray(pixels).tobytes())


def groups_of(specs: dict[str, DistanceSpec]) -> list[dict[str, DistanceSpec]]:
    """The recipes in groups that can be measured together."""
    groups: list[dict[str, DistanceSpec]] = []
    for name, spec in specs.items():
        for group in groups:
            first = next(iter(group.values()))
            known = {layer.tap: layer.distance for one in group.values() for layer in one.layers}
            alike = (first.backbone, first.precision) == (spec.backbone, spec.precision)
            if alike and all(known.get(layer.tap, layer.distance) == layer.distance for layer in spec.layers):
                group[name] = spec
                break
        else:
            groups.append({name: spec})
    return groups


def opened(path: Path) -> Pixels:
    """H×W×3, sRGB."""
    return np.asarray(Image.open(path).convert("RGB"))


def middle(picture: Pixels, width: int, height: int) -> Pixels:
    """The middle of a picture, at most so large, and ``_SPARE`` columns more."""
    width = min(width + _SPARE, picture.shape[1])
    top, left = (max(0, side) // 2 for side in (picture.shape[0] - height, picture.shape[1] - width))
    return picture[top : top + height, left : left + width]


def steps_of(rows: Sequence[dict[str, float]], kinds: dict[str, str]) -> tuple[Step, ...]:
    """The quartiles of each step over the pictures, each of which is a row."""
    found = []
    for words, kind in kinds.items():
        lower, median, upper = np.quantile([row[words] for row in rows], (0.25, 0.5, 0.75)).tolist()
        found.append(Step(kind, words, lower, median, upper))
    return tuple(found)


def measure_all(
    group: dict[str, DistanceSpec],
    pictures: Sequence[tuple[str, Pixels]],
    candidates: Callable[[Pixels, int], tuple[Pixels, Iterator[tuple[str, str, Pixels]]]],
    kept: Path,
    *,
    place: bool,
) -> tuple[dict[str, list[dict[str, float]]], dict[str, str]]:
    """Preset → a row per picture, from step to value; and step → kind. What ``kept`` has is not measured again."""
    rows: dict[str, list[dict[str, float]]] = {name: [] for name in group}
    kinds: dict[str, str] = {}
    there: dict[str, Any] = json.loads(kept.read_text(encoding="utf-8")) if kept.exists() else {}
    measuring: Measuring | None = None
    for number, (name, picture) in enumerate(pictures):
        if name not in there:
            measuring = measuring or Measuring(group)
            reference, steps = candidates(picture, number)
            values: Values = {preset: {} for preset in group}
            of_kind = {}
            for kind, words, candidate in steps:
                of_kind[words] = kind
                for preset, value in measuring.measured(reference, candidate, place=place).items():
                    values[preset][words] = value
            there[name] = {"kinds": of_kind, "values": values}
            kept.write_text(json.dumps(there), encoding="utf-8")
            print(f"{kept.stem}: {number + 1} of {len(pictures)}", file=sys.stderr)
        kinds |= there[name]["kinds"]
        for preset in group:
            rows[preset].append(there[name]["values"][preset])
    return rows, kinds


def distorted(picture: Pixels, number: int) -> tuple[Pixels, Iterator[tuple[str, str, Pixels]]]:
    """A picture without its spare columns, and its distortions."""
    return picture[:, :-_SPARE], distortions(picture, number)


def changed(picture: Pixels, number: int) -> tuple[Pixels, Iterator[tuple[str, str, Pixels]]]:
    """An interface with a card, and with each change of it."""
    card = Card(picture, number)
    return card.drawn(), ((change, change, card.drawn(change)) for change in CHANGES)


def main() -> int:
    """Measure and write; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("presets", nargs="+", metavar="PRESET", help="names, or files of your own (.toml)")
    parser.add_argument("--photographs", type=Path, required=True, help="a folder with at least 20 PNG files")
    parser.add_argument("--interfaces", type=Path, default=Path("tests/corpus/pictures"), help="a folder that has")
    parser.add_argument("--out", type=Path, required=True, help="a folder for the ladders, such as configs")
    asked = parser.parse_args()
    photographs = [(path.name, opened(path)) for path in sorted(asked.photographs.glob("*.png"))]
    interfaces = [(name, opened(asked.interfaces / f"{name}.png")) for name in INTERFACES]
    if len(photographs) < 20:
        parser.error(f"{asked.photographs} has {len(photographs)} photographs, and a ladder needs 20")
    parts = [(name, middle(picture, *PHOTOGRAPH)) for name, picture in photographs]
    width, height = INTERFACE
    screens = [(name, picture[:height, : width + _SPARE]) for name, picture in interfaces]
    folders = f"--photographs {asked.photographs.name} --out {asked.out.name}"  # of no machine
    command = f"python -m scripts.make_ladder {folders} {' '.join(asked.presets)}"
    counts = {"photographs": len(photographs), "interfaces": len(interfaces)}
    for group in groups_of({name: load_preset(name).spec for name in asked.presets}):
        label = f"{'+'.join(Path(name).stem for name in group)}"
        kept = [asked.out / f".{label}.{what}.json" for what in ("whole", "place")]
        whole, kinds = measure_all(group, [*parts, *screens], distorted, kept[0], place=False)
        place, changes = measure_all(group, screens, changed, kept[1], place=True)
        for name, spec in group.items():
            on_map = steps_of(place[name], changes) if spec.has_places else ()
            ladder = Ladder(
                fingerprint_of(spec),
                {"command": command, "percept": __version__, **counts},
                steps_of(whole[name], kinds),
                tuple(sorted(on_map, key=lambda step: step.median)),
            )
            path = asked.out / f"{Path(name).stem}.ladder.json"
            path.write_text(ladder.as_json(), encoding="utf-8")
            print(path)
        for file in kept:
            file.unlink()
    return 0


if __name__ == "__main__":
    sys.exit(main())
