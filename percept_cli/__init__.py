"""percept: how different two pictures look, and which layers of a VGG see the difference.

``percept_cli.compare("a.png", "b.png")`` is the whole library for most people. Nothing heavy is imported
until it is used: importing this package costs no torch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from percept_cli.checking import check
    from percept_cli.errors import PerceptError
    from percept_cli.loss import PerceptualDistance
    from percept_cli.pipeline import compare_folders
    from percept_cli.results import LayerResult, PairResult, Run
    from percept_cli.scoring import compare
    from percept_cli.spec import DistanceSpec, LayerSpec

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
]

_HOMES = {
    "DistanceSpec": "spec",
    "LayerSpec": "spec",
    "LayerResult": "results",
    "PairResult": "results",
    "Run": "results",
    "PerceptError": "errors",
    "PerceptualDistance": "loss",
    "check": "checking",
    "compare": "scoring",
    "compare_folders": "pipeline",
}


def __getattr__(name: str) -> Any:
    """Import a public name from its room on first use."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    if name == "PerceptualDistance":  # a module of torch, so that nothing of it can be had without
        from percept_cli.libraries import load

        load("torch")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
