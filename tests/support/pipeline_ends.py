"""A scorer without pictures that fails at any step, and the threads that a pipeline leaves."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from percept_cli.engine.plan import plan_pair
from percept_cli.errors import PerceptError, UnreadableImage
from percept_cli.pairs import Pair, Pairs
from percept_cli.recipes.presets import load_preset
from percept_cli.results.pair import PairResult
from percept_cli.scoring.pipeline import Pipeline
from percept_cli.scoring.scorer import Scorer

SPEC = load_preset("five-taps").spec
SOON = 30.0
"""Seconds. Everything here is over in a few thousandths of one; a machine may be busy."""

Fault = Callable[[str, str], None]
"""Called with the name of a step and of a pair; may raise."""


class Stand(Scorer):
    """Goes through all steps of a scorer with pictures of 100 bytes that are not there."""

    def __init__(self, fault: Fault = lambda *_: None, *, most: int = 4) -> None:
        super().__init__(SPEC, device="cpu")
        self.fault = fault
        self.__dict__["engine"] = SimpleNamespace(depth=2, batch_size=lambda *_: most, device="cpu")

    def read(self, pair: Pair, references: Any = None) -> Any:  # noqa: ARG002 - as a scorer's
        self.fault("read", pair.name)
        plan = SimpleNamespace(height=5, width=5, crops=() if pair.name.startswith("equal") else (_CROP,))
        return SimpleNamespace(
            pair=pair, sights=(SimpleNamespace(plan=plan),), bytes=100, seconds=0.0, mismatch=None
        )

    def parts(self, reading: Any) -> Any:
        self.fault("parts", reading.pair.name)
        part = SimpleNamespace(key=1, piece=SimpleNamespace(crop=_CROP), sight=None, name=reading.pair.name)
        return [part, part]

    def start(self, parts: Any) -> Any:
        def result() -> list[int]:
            for part in parts:
                self.fault("result", part.name)
            return [0] * len(parts)

        for part in parts:
            self.fault("start", part.name)
        return SimpleNamespace(result=result)

    def finish(self, reading: Any, found: Any, seconds: float) -> PairResult:  # noqa: ARG002 - as a scorer's
        self.fault("finish", reading.pair.name)
        plan = plan_pair(SPEC, height=32, width=32, changed=False)
        distances, stamps = [0.0] * len(SPEC.layers), (None, None)
        return self.of_distances(
            reading.pair, plan=plan, size=(32, 32), distances=distances, stamps=stamps, seconds=0
        )

    def failed(self, pair: Pair, error: PerceptError) -> PairResult:
        if not isinstance(error, FileGone):
            self.fault("failed", pair.name)
        return super().failed(pair, error)


class FileGone(UnreadableImage):
    """What comes up while the row of another error is made."""


_CROP = SimpleNamespace(pixels=SimpleNamespace(width=5, height=5, pixels=25))
PAIRS = [Pair(f"{'equal' if index % 5 == 4 else 'pair'} {index}", Path("a"), Path("b")) for index in range(12)]


def soon(condition: Callable[[], bool]) -> bool:
    until = time.monotonic() + SOON
    while not condition() and time.monotonic() < until:
        time.sleep(0.002)
    return condition()


def nobody_stays() -> bool:
    return soon(lambda: not [one for one in threading.enumerate() if one.name.startswith("percept-")])


def drive(line: Pipeline, source: Pairs) -> list[PairResult] | BaseException:
    """All results, or what was raised, in a thread that must come to its end."""
    found: list[Any] = []

    def run() -> None:
        try:
            found.append([result for result, _ in line.results(source)])
        except BaseException as error:
            found.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(SOON)
    assert not thread.is_alive(), "the pipeline waits"
    return found[0]  # type: ignore[no-any-return] # as run fills it in
