"""What a shell completes: the names of presets, weights and the like, where an option takes one.

Registries are read when a shell asks; none of them costs torch, and neither does what click does for it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import click
from click.shell_completion import CompletionItem

Complete = Callable[[click.Context, click.Parameter, str], list[CompletionItem]]


def _of(names: Callable[[], Iterable[str]], *, or_file: bool = False) -> Complete:
    """Complete names; where a file may stand for one, hand over to the shell's own completion of files."""

    def complete(_: click.Context, __: click.Parameter, typed: str) -> list[CompletionItem]:
        found = [CompletionItem(name) for name in names() if name.startswith(typed)]
        return found if found or not or_file else [CompletionItem(typed, type="file")]

    return complete


def _presets() -> Iterable[str]:
    from percept_cli.recipes.presets import preset_names

    return preset_names()


def _weights() -> Iterable[str]:
    from percept_cli.networks.registry import WEIGHTS

    return WEIGHTS


def _distances() -> Iterable[str]:
    from percept_cli.distances import DISTANCES

    return DISTANCES


def _precisions() -> Iterable[str]:
    from percept_cli.recipes.spec import PRECISIONS

    return PRECISIONS


def _taps(_: click.Context, __: click.Parameter, typed: str) -> list[CompletionItem]:
    """The last of several layers; those before it stay as they are."""
    from percept_cli.topology import INPUT, NETWORKS

    before, comma, last = typed.rpartition(",")
    taps = dict.fromkeys([INPUT, *(layer.name for network in NETWORKS.values() for layer in network)])
    return [CompletionItem(f"{before}{comma}{tap}") for tap in taps if tap.startswith(last)]


def _folders(_: click.Context, __: click.Parameter, typed: str) -> list[CompletionItem]:
    """Hand over to the shell's own completion of folders."""
    return [CompletionItem(typed, type="dir")]


presets = _of(_presets, or_file=True)
weights = _of(_weights)
distances = _of(_distances)
precisions = _of(_precisions)
devices = _of(lambda: ("auto", "cpu", "cuda", "mps"))
taps: Complete = _taps
folders: Complete = _folders
