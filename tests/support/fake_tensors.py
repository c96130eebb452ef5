"""Tensors without values, on devices that this machine may not have: what is done with them, and where."""

from __future__ import annotations

import weakref
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from percept_cli.distances import DISTANCES
from percept_cli.networks.channels import CHANNEL_WEIGHTS
from percept_cli.networks.registry import WEIGHTS, WeightsRecord
from percept_cli.recipes.spec import DistanceSpec, LayerSpec, Precision
from percept_cli.topology import tap_names


def kernels_of(record: WeightsRecord, *_: object) -> dict[str, Tensor]:
    """In place of a weights file, whose values nobody would see."""
    return {name: torch.empty(shape) for name, shape in record.shapes().items()}


def suitable(distance: str, backbone: str) -> bool:
    """Whether a distance can be computed on a backbone."""
    learned, record = CHANNEL_WEIGHTS.get(distance), WEIGHTS[backbone]
    if learned is None:
        return True
    return learned.network == record.network and (learned.backbones is None or backbone in learned.backbones)


def spec_of_all(backbone: str, precision: Precision) -> DistanceSpec:
    """One tap for each distance that a backbone can have, and what is left of the taps for the first of them."""
    record = WEIGHTS[backbone]
    left = [tap for tap in tap_names(record.network) if tap != "input"]
    layers = [LayerSpec("input", "mse")]
    for name in sorted(DISTANCES, key=lambda name: name not in CHANNEL_WEIGHTS):
        if suitable(name, backbone):
            taps = CHANNEL_WEIGHTS[name].taps if name in CHANNEL_WEIGHTS else tuple(left)
            tap = next(tap for tap in reversed(taps) if tap in left)
            left.remove(tap)
            layers.append(LayerSpec(tap, name))
    order = tap_names(record.network)
    return DistanceSpec(tuple(sorted(layers, key=lambda layer: order.index(layer.tap))), backbone, precision)


class Watch(TorchDispatchMode):  # type: ignore[no-untyped-call] # torch gives it no types
    """Notes what a GPU would be waited for, and convolutions that are not channels last; refuses float64.

    That tensors of two devices meet, and that a value is asked for, fake tensors refuse themselves.

    Args:
        float64: whether the GPU knows it. Apple's do not, and fake tensors do not mind.
    """

    def __init__(self, *, float64: bool = True) -> None:
        super().__init__()  # type: ignore[no-untyped-call] # likewise
        self._float64 = float64
        self.waits: list[str] = []
        """Copies between devices that return when all before them is done."""
        self.journeys = 0
        """Copies between devices."""
        self.layouts: list[str] = []
        """Convolutions with an operand or a result that is not channels last."""
        self.convolutions = 0

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        options = kwargs or {}
        found = func(*args, **options)
        given = [one for one in tree_leaves((args, options)) if isinstance(one, Tensor) and one.dim()]
        results = [one for one in tree_leaves(found) if isinstance(one, Tensor)]
        if len({one.device for one in (*given, *results)}) > 1:
            self.journeys += 1
            if not (options.get("non_blocking") or (func.__name__.startswith("copy_") and args[2:3] == (True,))):
                self.waits.append(f"{func}: {_told(given)} → {_told(results)}")
        if func.__name__.partition(".")[0] in ("conv2d", "convolution", "cudnn_convolution"):
            self.convolutions += 1
            if any(not _channels_last(one) for one in (*given, *results) if one.dim() == 4):
                self.layouts.append(f"{func}: {_told(given)} → {_told(results)}")
        for one in results:
            if not self._float64 and one.device.type != "cpu" and one.dtype == torch.float64:
                raise TypeError(f"this GPU has no float64: {func}")
        return found


class Memory(TorchDispatchMode):  # type: ignore[no-untyped-call] # as above
    """Notes how many bytes tensors on a GPU have at most, without what its libraries take for themselves."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call] # likewise
        self._live: dict[int, int] = {}
        self.peak = 0

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        found = func(*args, **(kwargs or {}))
        for one in tree_leaves(found):
            if isinstance(one, Tensor) and one.device.type != "cpu":
                storage = one.untyped_storage()
                key = storage._cdata
                if key not in self._live:
                    self._live[key] = storage.nbytes()
                    self.peak = max(self.peak, sum(self._live.values()))
                    weakref.finalize(storage, self._live.pop, key, None)
        return found


def _told(tensors: Sequence[Tensor]) -> str:
    return ", ".join(
        f"{one.device.type} {tuple(one.shape)} {one.stride() if one.dim() == 4 else ''}" for one in tensors
    )


def _channels_last(one: Tensor) -> bool:
    """Dense, too, but for the pictures of a batch: a window of rows is a part of each one's memory."""
    _, channels, height, width = one.shape
    strides = one.stride()
    expected = (1, width * channels, channels)
    return all(
        found == wanted or size == 1
        for found, wanted, size in zip(strides[1:], expected, (channels, height, width), strict=True)
    )
