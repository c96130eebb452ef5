"""What an image is checked by, as a digest: as long as it is the same, so is the verdict on the same two files."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from percept_cli._version import __version__
from percept_cli.evidence.masks import content_of_mask
from percept_cli.judging.checks import GateJudge
from percept_cli.judging.rules import Levels
from percept_cli.recipes.presets import load_preset
from percept_cli.recipes.spec import DistanceSpec
from percept_cli.results.found import GateName

_DIGEST = 16  # bytes; by chance, two conditions of a billion have one digest once in 10²⁰ runs


class Conditions:
    """The conditions of a run. Safe between threads.

    Args:
        judge: whose rules they are.
        spec: the run's recipe.
    """

    def __init__(self, judge: GateJudge, spec: DistanceSpec) -> None:
        self._judge, self._spec = judge, spec
        self._masks: dict[Path, str] = {}

    def of(self, name: str) -> str:
        """Those of the image with this name, as 32 hex digits.

        They are the version of percept, the recipe with its ladder, the limits of files, those of the gates and
        where they came from, ignored rectangles, the content of the mask, and what the noise file says of this
        image. What only decides which files are compared is not among them: references, variants, and the policies
        for images without a counterpart.

        Raises:
            UnreadableImage, UnsupportedImage: if its mask cannot be read.
            UnreadableNoiseFile: if its noise file cannot be read.
        """
        rules = self._judge.rules_of_name(name)
        spec = self._spec
        if rules.preset is not None:
            spec = replace(load_preset(rules.preset).spec, pictures=spec.pictures)
        told = (
            __version__,
            (self._spec.fingerprint, spec.fingerprint, rules.preset, repr(self._judge.ladder_of(rules))),
            repr(spec.pictures.limits),  # which move no number, but may refuse a file
            (rules.noise, _levels(rules.levels), _levels(rules.typed)),
            (*map(str, rules.ignore),),
            None if rules.mask is None else self._digest_of_mask(rules.mask),
            (rules.max_shift, rules.size_mismatch),
            None if rules.noise_file is None else self._learned(rules.noise_file, name),
        )
        return hashlib.blake2b(repr(told).encode("utf-8", "surrogatepass"), digest_size=_DIGEST).hexdigest()

    def _digest_of_mask(self, path: Path) -> str:
        if path not in self._masks:
            self._masks[path] = hashlib.sha256(content_of_mask(path)).hexdigest()
        return self._masks[path]

    def _learned(self, path: Path, name: str) -> tuple[str, ...] | None:
        found = self._judge.noise_files.read(path)
        entry = found.images.get(name)
        return None if entry is None else (path.name, found.fingerprint, repr(entry))


def _levels(levels: Mapping[GateName, Levels]) -> list[tuple[Any, ...]]:
    """All of them; a level in per cent is another than the same number of pixels."""
    return [
        (gate, repr(one.warn), repr(one.fail), one.in_per_cent, one.source) for gate, one in sorted(levels.items())
    ]
