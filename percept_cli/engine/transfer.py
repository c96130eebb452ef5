"""Tensors to the device and what was computed of them back: on CUDA both travel while the device computes.

A batch is waited for once, when its ticket is asked for what was found. Nothing before that asks the GPU for a
value, which would keep it from getting more work (tests/engine/test_on_a_gpu.py).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import torch

from percept_cli.distances import Partial, Patch
from percept_cli.engine.tensors import to_batch

if TYPE_CHECKING:
    from torch import Tensor

    from percept_cli.geometry import Rectangle
    from percept_cli.images.picture import Picture

Contribution = dict[str, Partial]
"""Tap name → what a part of one pair adds there, on the CPU."""

_TOGETHER = 1 << 16
"""Bytes up to which values come back in one tensor with others of their dtype: a batch has hundreds of sums, and
each way back costs as much as a small kernel. Larger ones would be copied once more for it."""


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

    @property
    def pins(self) -> bool:
        """Whether what is sent is best in pinned memory from the beginning."""
        return self._uploads is not None

    def batch(self, pictures: Sequence[Picture], parts: Sequence[Rectangle] | None = None) -> Tensor:
        """Pictures as ``tensors.to_batch`` has them, where they are sent from best."""
        if self.pins:
            with suppress(RuntimeError):  # the system has no more memory to pin: other memory will do
                return to_batch(pictures, parts, pinned=True)
        return to_batch(pictures, parts)

    def there(self, tensor: Tensor) -> Tensor:
        """A tensor on the device; on CUDA by a stream of its own, while the one before computes."""
        if self._uploads is None:
            return tensor.to(self._device)
        if not tensor.is_pinned():
            try:
                tensor = tensor.pin_memory()
            except RuntimeError:  # the system has no more memory to pin: this copy is waited for
                return tensor.to(self._device)
        with torch.cuda.stream(self._uploads):
            # torch's allocator of pinned memory knows of this copy, and gives the memory to nobody before its end.
            there = tensor.to(self._device, non_blocking=True)
        computing_stream = torch.cuda.current_stream(self._device)
        computing_stream.wait_stream(self._uploads)
        there.record_stream(computing_stream)  # its memory is not to be reused before that stream has read it
        return there

    def back(self, found: Sequence[Contribution]) -> Ticket:
        """Contributions on the CPU, when the ticket is asked for them."""
        if self._device.type == "cpu":
            return Ticket(list(found))
        if self._uploads is None:
            return Ticket(_moved(found, lambda value: value.cpu()))

        def land(value: Tensor) -> Tensor:
            try:
                target = torch.empty(value.shape, dtype=value.dtype, pin_memory=True)
            except RuntimeError:  # likewise
                return value.cpu()
            return target.copy_(value, non_blocking=True)

        landed = _moved(found, land)
        ready = torch.cuda.Event()  # type: ignore[no-untyped-call] # as above
        ready.record(torch.cuda.current_stream(self._device))
        return Ticket(landed, ready)


def _moved(found: Sequence[Contribution], move: Callable[[Tensor], Tensor]) -> list[Contribution]:
    """The same with every tensor moved, small ones of a dtype together."""
    small: dict[tuple[torch.device, torch.dtype], list[Tensor]] = {}
    arrived: dict[int, Tensor] = {}
    for value in _values(found):
        if value.nbytes > _TOGETHER:
            arrived[id(value)] = move(value)
        else:  # where the device has no float64, sums are on the CPU already
            small.setdefault((value.device, value.dtype), []).append(value)
    for values in small.values():
        together = move(torch.cat([value.reshape(-1) for value in values]))
        parts = torch.split(together, [value.numel() for value in values])
        arrived |= {id(value): part.view(value.shape) for value, part in zip(values, parts, strict=True)}

    def patch(one: Patch) -> Patch:
        return replace(one, values=arrived[id(one.values)])

    return [
        {
            tap: replace(
                total,
                sums=tuple(arrived[id(one)] for one in total.sums),
                patches=tuple(map(patch, total.patches)),
            )
            for tap, total in part.items()
        }
        for part in found
    ]


def _values(found: Sequence[Contribution]) -> list[Tensor]:
    """Every tensor in contributions."""
    partials = [total for part in found for total in part.values()]
    return [*(one for total in partials for one in total.sums)] + [
        one.values for total in partials for one in total.patches
    ]
