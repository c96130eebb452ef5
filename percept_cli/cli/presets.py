"""``percept presets``: which recipes there are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import click

from percept_cli.cli.console import print_report, print_result
from percept_cli.distances import DISTANCES
from percept_cli.recipes.ladder import Ladder, Step
from percept_cli.recipes.presets import Preset, load_preset, preset_file, preset_names
from percept_cli.system.names import shell_quoted
from percept_cli.topology import smallest_side

_WIDTH = 80
_LABELS = 13  # columns


def list_presets() -> None:
    """Name and what each one measures."""
    names = preset_names()
    width = max(map(len, names))
    lines = []
    for name in names:
        indent = " " * (width + 2)
        text = click.wrap_text(load_preset(name).description, 78, f"{name:<{width}}  ", indent)
        lines.append(f"{text}\n")
    print_result("".join(lines))


def show_preset(name: str, toml: bool) -> None:
    """All that there is to know about a recipe, or its file."""
    preset = load_preset(name)
    if toml:
        print_report([preset_file(name).read_text(encoding="utf-8-sig")])
        return
    print_result("".join(f"{line}\n" for line in _in_words(preset)))


def _in_words(preset: Preset) -> Iterator[str]:
    yield preset.name
    if preset.description:
        yield click.wrap_text(preset.description, _WIDTH)
    yield ""
    yield from _entry("for", preset.application)
    spec = preset.spec
    widths = [max(len(getattr(layer, part)) for layer in spec.layers) for part in ("tap", "distance")]
    for index, layer in enumerate(spec.layers):
        row = f"{layer.tap:<{widths[0]}}  {layer.distance:<{widths[1]}}  weight {layer.weight:g}"
        yield f"{'' if index else 'layers':<{_LABELS}}{row}"
    for name in dict.fromkeys(layer.distance for layer in spec.layers):
        yield from _entry(name, DISTANCES[name].summary)
    yield from _entry("backbone", f"{spec.backbone}, {spec.precision}")
    yield from _entry("needs", _needs(preset))
    yield from _entry("published", preset.source)
    yield from _entry("differences", preset.differs)
    yield from _entry("cite", preset.cite)
    yield from _entry(
        "fingerprint", f"{spec.fingerprint} (distances are comparable only if their fingerprints are equal)"
    )
    for note in preset.notes:
        yield from _entry("note", note)
    if preset.ladder is not None:
        yield from _ladder(preset.ladder)
    yield from _entry("as TOML", f"percept presets show {shell_quoted(preset.name)} --toml")


def _ladder(ladder: Ladder) -> Iterator[str]:
    """What its distances are like, the smallest first, with the quartiles of each step."""
    made = ladder.made
    yield from _entry(
        "like",
        f"distances of known changes: median and quartiles over {made['photographs']} photographs and "
        f"{made['interfaces']} interfaces",
    )
    yield from _steps(ladder.whole)
    if ladder.place:
        yield from _entry(
            "in one place",
            f"peak values of small changes: median and quartiles over the {made['interfaces']} interfaces",
        )
        yield from _steps(ladder.place)


def _steps(steps: Sequence[Step]) -> Iterator[str]:
    width = max(len(step.words) for step in steps)
    for step in sorted(steps, key=lambda step: step.median):
        yield f"{'':<{_LABELS}}{step.words:<{width}}  {step.median:<8.3g}  {step.lower:.3g} to {step.upper:.3g}"


def _needs(preset: Preset) -> str:
    spec = preset.spec
    if spec.record.path.is_file():
        weights = "no download" if spec.record.is_packaged else f"{spec.record.name}, which is installed"
    else:
        weights = f"weights that are not installed; run: percept weights install {spec.record.name}"
    side = smallest_side(spec.record.network, spec.taps)
    most = [DISTANCES[layer.distance].most_positions for layer in spec.layers]
    limits = "".join(f"; at most {limit:,} positions in its layer" for limit in most if limit)
    small = f"; images of {side}×{side} pixels or more (smaller ones are extended)" if side > 1 else ""
    return f"{weights}{small}{limits}"


def _entry(label: str, text: str) -> Iterator[str]:
    if text:
        yield click.wrap_text(text, _WIDTH, f"{label:<{_LABELS}}", " " * _LABELS)
