"""Batches of picture pairs → per-layer distances."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F

from percept_cli.engine.backbone import Backbone
from percept_cli.engine.device import compute_dtype, computing, resolve_device
from percept_cli.engine.distances import DISTANCES
from percept_cli.engine.plan import Plan
from percept_cli.spec import DistanceSpec

if TYPE_CHECKING:
    from torch import Tensor


Features = dict[str, "Tensor"]
"""Tap name → N×C×H×W features, channels last, on the engine's device."""

# A batch of more pairs than this gains nothing more, however small they are.
_MOST_PAIRS = 64
# Pixels per picture side by side in a batch on the CPU: beyond about one 256×256 picture the layers are large
# enough to be fast, and a batch only costs memory (tests/benchmarks/README.md).
_PIXELS_PER_BATCH_ON_CPU = 1 << 16
# On a GPU: bytes per pixel of a pair while its widest layers run (two pictures, 64 channels in and out, float32,
# and half as much again for the libraries' own working memory), and the share of free memory a batch may take.
_BYTES_PER_PIXEL = 1536
_SHARE_OF_FREE_MEMORY = 0.5


@dataclass(frozen=True)
class Ticket:
    """Distances that may still be being computed."""

    _values: Tensor
    _ready: torch.cuda.Event | None = None

    def result(self) -> Tensor:
        """Wait for them: N×L float64 on the CPU, layers in the order of the spec, weights not applied."""
        if self._ready is not None:
            self._ready.synchronize()
        return self._values


class Engine:
    """A spec made ready to compute: the weights are loaded once, then any number of batches is measured.

    Args:
        spec: the recipe.
        device: ``auto``, ``cpu``, ``cuda``, ``cuda:N`` or ``mps``.

    Raises:
        DeviceUnavailable: if the device or the precision is not there.
        WeightsUnavailable: if the weights file is missing or wrong.
    """

    def __init__(self, spec: DistanceSpec, device: str = "auto") -> None:
        self.spec = spec
        self.device = resolve_device(device)
        dtype = compute_dtype(spec.precision, self.device)
        self._backbone = Backbone(spec.record, spec.taps, device=self.device, dtype=dtype)
        self._distances = {layer.tap: DISTANCES[layer.distance] for layer in spec.layers}
        self._uploads = torch.cuda.Stream(self.device) if self.device.type == "cuda" else None  # type: ignore[no-untyped-call]

    @property
    def depth(self) -> int:
        """How many batches to start before waiting for the first: on CUDA the next one travels meanwhile."""
        return 1 if self._uploads is None else 2

    def batch_size(self, plan: Plan) -> int:
        """How many pairs of this plan to measure at once, at least one."""
        pixels = plan.height * plan.width
        if self.device.type == "cuda":
            free, _ = torch.cuda.mem_get_info(self.device)
            # What torch keeps of earlier batches is free for the next.
            free += torch.cuda.memory_reserved(self.device) - torch.cuda.memory_allocated(self.device)
            fitting = int(free * _SHARE_OF_FREE_MEMORY / self.depth) // (_BYTES_PER_PIXEL * pixels)
        else:
            fitting = _PIXELS_PER_BATCH_ON_CPU // pixels
        return max(1, min(_MOST_PAIRS, fitting))

    def measure(self, reference: Tensor, candidate: Tensor, plan: Plan) -> Tensor:
        """The distance of every layer for every pair.

        Args:
            reference: N×3×H×W uint8, sRGB in 0..255.
            candidate: the same shape.
            plan: the plan of these pairs, which all have the same size.

        Returns:
            N×L float64 on the CPU, layers in the order of the spec, weights not applied.

        Raises:
            DeviceOutOfMemory: if a batch does not fit the device.
        """
        return self.start(reference, candidate, plan).result()

    def start(self, reference: Tensor, candidate: Tensor, plan: Plan) -> Ticket:
        """Begin what ``measure`` does; on CUDA this returns before it is done."""
        with self._computing():
            return self._ticket(self.distances(self._pictures(reference, plan), self._pictures(candidate, plan)))

    def features(self, pictures: Tensor, plan: Plan) -> Features:
        """Every tap of the spec, to be compared with many candidates by ``start_against``.

        Args:
            pictures: 1×3×H×W uint8, sRGB in 0..255.
            plan: the plan of its pairs.

        Raises:
            DeviceOutOfMemory: if they do not fit the device.
        """
        with self._computing():
            return dict(self._backbone.features(self._channels_last(self._pictures(pictures, plan))))

    def start_against(self, reference: Features, candidate: Tensor, plan: Plan) -> Ticket:
        """As ``start``, for one reference whose features are there already: the same numbers for half the work."""
        with self._computing():
            pictures = self._channels_last(self._pictures(candidate, plan))
            found = {
                tap: self._distances[tap](reference[tap].expand_as(features), features)
                for tap, features in self._backbone.features(pictures)
            }
            return self._ticket(self._in_order(found))

    def distances(self, reference: Tensor, candidate: Tensor) -> Tensor:
        """As ``measure``, for pictures that are floats already; differentiable where autograd is on.

        Args:
            reference: N×3×H×W float32, sRGB in [0, 1], on the engine's device, of a size that has a position
                at every tap.
            candidate: the same shape.
        """
        n = reference.shape[0]
        found = {
            tap: self._distances[tap](features[:n], features[n:])
            for tap, features in self._backbone.features(self._channels_last(torch.cat((reference, candidate))))
        }
        return self._in_order(found)

    def _in_order(self, found: dict[str, Tensor]) -> Tensor:
        return torch.stack([found[tap] for tap in self.spec.taps], dim=1)

    @staticmethod
    def _channels_last(pictures: Tensor) -> Tensor:
        return pictures.contiguous(memory_format=torch.channels_last)

    @contextmanager
    def _computing(self) -> Iterator[None]:
        with torch.inference_mode(), computing(self.spec.precision, self.device):
            yield

    def _ticket(self, values: Tensor) -> Ticket:
        if self._uploads is None:
            return Ticket(values.cpu())
        landing = torch.empty(values.shape, dtype=values.dtype, pin_memory=True)
        landing.copy_(values, non_blocking=True)
        ready = torch.cuda.Event()  # type: ignore[no-untyped-call]
        ready.record(torch.cuda.current_stream(self.device))
        return Ticket(landing, ready)

    def _pictures(self, pixels: Tensor, plan: Plan) -> Tensor:
        pictures = self._upload(pixels).float().div_(255)
        bottom, right = plan.height - pixels.shape[2], plan.width - pixels.shape[3]
        if bottom or right:
            pictures = F.pad(pictures, (0, right, 0, bottom), mode="replicate")
        return pictures

    def _upload(self, pixels: Tensor) -> Tensor:
        """uint8 over the bus. On CUDA from pinned memory on a stream of its own, while the one before computes."""
        if self._uploads is None:
            return pixels.to(self.device)
        by_row = pixels.permute(0, 2, 3, 1).pin_memory()  # N×H×W×3, as it lies in memory
        with torch.cuda.stream(self._uploads):
            there = by_row.to(self.device, non_blocking=True)
        computing_stream = torch.cuda.current_stream(self.device)
        computing_stream.wait_stream(self._uploads)
        there.record_stream(computing_stream)  # its memory is not to be reused before that stream has read it
        return there.permute(0, 3, 1, 2)
