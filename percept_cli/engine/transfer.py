"""Tensors to the device and what was computed of them back: on CUDA both travel while the device computes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import torch

from percept_cli.distances import Partial, Patch

if TYPE_CHECKING:
    from torch import Tensor

Contribution = dict[str, Partial]
"""Tap name → what a part of one pair adds there, on the CPU."""


@dataclass(frozen=True)
class Ticket:
    """Contributions that may still be being computed."""

    _found: list[Contribution]
    _ready: torch.cuda.Event | None = None

    def result(self) -> list[Contribution]:
        """Wait for them: one for each piece of the batch."""
        if self._ready is not None:
            self._ready.synchronize()
        return self._found


class Transfer:
    """The way to a device and back.

    Args:
        device: ``cpu``, ``cuda``, ``cuda:N`` or ``mps``.
    """

    def __init__(self, device: torch.device) -> None:
        self._device = device
        # torch gives its streams and events no types, which is all that is passed over here and below.
        self._uploads = torch.cuda.Stream(device) if device.type == "cuda" else None  # type: ignore[no-untyped-call]

    @property
    def depth(self) -> int:
        """How many batches to start before waiting for the first: on CUDA the next one travels meanwhile."""
        return 1 if self._uploads is None else 2

    def there(self, tensor: Tensor) -> Tensor:
        """A tensor on the device; on CUDA by a stream of its own, while the one before computes."""
        if self._uploads is None:
            return tensor.to(self._device)
        tensor = tensor.pin_memory()
        with torch.cuda.stream(self._uploads):
            there = tensor.to(self._device, non_blocking=True)
        computing_stream = torch.cuda.current_stream(self._device)
        computing_stream.wait_stream(self._uploads)
        there.record_stream(computing_stream)  # its memory is not to be reused before that stream has read it
        return there

    def back(self, found: Sequence[Contribution]) -> Ticket:
        """Contributions on the CPU, when the ticket is asked for them."""
        if self._uploads is None:
            return Ticket([_moved(part, lambda value: value.cpu()) for part in found])

        def land(value: Tensor) -> Tensor:
            target = torch.empty(value.shape, dtype=value.dtype, pin_memory=True)
            return target.copy_(value, non_blocking=True)

        landed = [_moved(part, land) for part in found]
        ready = torch.cuda.Event()  # type: ignore[no-untyped-call] # as above
        ready.record(torch.cuda.current_stream(self._device))
        return Ticket(landed, ready)


def _moved(part: Contribution, move: Callable[[Tensor], Tensor]) -> Contribution:
    def patch(one: Patch) -> Patch:
        return replace(one, values=move(one.values))

    return {
        tap: replace(total, sums=tuple(map(move, total.sums)), patches=tuple(map(patch, total.patches)))
        for tap, total in part.items()
    }
