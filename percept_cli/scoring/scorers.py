"""Pairs → who measures each: no run loads a network that none of its pairs is measured by."""

from __future__ import annotations

import threading
from dataclasses import replace

from percept_cli.pairs import Pair
from percept_cli.recipes.presets import load_preset
from percept_cli.results.pair import PairResult
from percept_cli.scoring.scorer import Scorer


class Scorers:
    """The scorer for each pair: the run's, or one by the preset that the judge says.

    Args:
        base: by the run's recipe.
    """

    def __init__(self, base: Scorer) -> None:
        self.base = base
        self._others: dict[str, Scorer] = {}
        self._lock = threading.Lock()

    def scorer_for(self, pair: Pair) -> Scorer:
        """By whose recipe a pair is measured; a network is loaded by the first pair that needs it.

        Raises:
            InvalidSetting: if there is no such preset.
        """
        preset = self.base.judge.preset_of(pair)
        if preset is None:
            return self.base
        with self._lock:
            if preset not in self._others:
                # How pictures are read is the run's, not a preset's.
                spec = replace(load_preset(preset).spec, pictures=self.base.spec.pictures)
                self._others[preset] = self.base if spec == self.base.spec else self.base.with_spec(spec)
            return self._others[preset]

    def told(self, result: PairResult, pair: Pair) -> PairResult:
        """A result with whose recipe it is of, where that is not the run's."""
        spec = self.scorer_for(pair).spec
        if spec is self.base.spec or not result.compared:
            return result
        note = f"measured with preset {self.base.judge.preset_of(pair)}: not comparable with the others"
        return replace(result, fingerprint=spec.fingerprint, notes=(*result.notes, note))
