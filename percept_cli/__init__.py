"""percept: how different two images look, and which layers of a VGG network see the difference.

For most people, ``percept_cli.compare("a.png", "b.png")`` is all they need. Importing this package does not
import torch; heavy libraries are loaded when they are first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from percept_cli._version import __version__

if TYPE_CHECKING:
    from percept_cli.errors import PerceptError
    from percept_cli.loss import PerceptualDistance
    from percept_cli.recipes.spec import DistanceSpec, LayerSpec
    from percept_cli.results.pair import LayerResult, PairResult
    from percept_cli.results.run import Run
    from percept_cli.runs.learning import learn
    from percept_cli.scoring.api import check, compare, compare_folders, distances_of

__all__ = [
    "DistanceSpec",
    "LayerResult",
    "LayerSpec",
    "PairResult",
    "PerceptError",
    "PerceptualDistance",
    "Run",
    "__version__",
    "check",
    "compare",
    "compare_folders",
    "distances_of",
    "learn",
]

_HOMES = {
    "DistanceSpec": "recipes.spec",
    "LayerSpec": "recipes.spec",
    "LayerResult": "results.pair",
    "PairResult": "results.pair",
    "Run": "results.run",
    "PerceptError": "errors",
    "PerceptualDistance": "loss",
    "check": "scoring.api",
    "compare": "scoring.api",
    "compare_folders": "scoring.api",
    "distances_of": "scoring.api",
    "learn": "runs.learning",
}


def __getattr__(name: str) -> Any:
    """Import a public name from its room on first use."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    if name == "PerceptualDistance":  # a module of torch, so that nothing of it can be had without
        from percept_cli.system.libraries import load

        load("torch")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    """The public names as well that were not used yet."""
    return sorted({*globals(), *__all__})
