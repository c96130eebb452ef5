"""What every distance is: what a piece contributes, how pieces merge, what the total says."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    import torch
    from torch import Tensor

# Elements of one feature block: 512 KiB in float32, so that a block of each side and what is derived from
# them stay in a core's second-level cache while they are read several times.
_BLOCK_ELEMENTS = 1 << 17
# On a GPU a block should be much work for each of its kernels, whose launch alone takes some 5 µs: relu1_2 of 37
# megapixels would be 18,000 blocks of the size above. 8 MiB in float32, of each picture, so that a pair's number
# does not depend on how many share its batch; what is made of two of them fits the working memory of bands.py.
_BLOCK_ELEMENTS_ON_GPU = 1 << 21


@dataclass(frozen=True)
class Patch:
    """A part of a tap's distance map."""

    row: int
    """Of the whole tap, its first."""
    column: int
    values: Tensor
    """H×W float32 on the CPU: the distance of each position."""


@dataclass(frozen=True)
class Partial:
    """What some positions of a tap have contributed so far."""

    sums: tuple[Tensor, ...]
    """float64, batch first; what they mean is the distance's own matter."""
    positions: int
    """How many positions per picture are in the sums."""
    patches: tuple[Patch, ...] = ()
    """The positions one by one, disjoint, where the map is kept and the distance has one."""

    def __add__(self, other: Partial) -> Partial:
        sums = tuple(mine + theirs for mine, theirs in zip(self.sums, other.sums, strict=True))
        return Partial(sums, self.positions + other.positions, self.patches + other.patches)


class Distance(ABC):
    """One way to compare the features of one tap."""

    name: str
    """The name it is registered under."""
    summary: str
    """The definition in one line."""
    source: str
    """Paper and equation, or the implementation that defined it."""
    ceiling: ClassVar[float | None] = None
    """The largest value a position can have where no feature is negative, else twice it; None without one."""
    is_regional: ClassVar[bool] = True
    """Whether positions whose features are equal add nothing: then only what changed has to be computed."""
    is_symmetric: ClassVar[bool] = True
    """Whether reference and candidate may change places."""
    is_separable: ClassVar[bool] = False
    """Whether each side has a statistic of its own, and a pair's sums are the difference of two (``of_side``)."""
    works_at_the_end: ClassVar[bool] = False
    """Whether ``finish`` is most of the work: then it is done on a GPU, where there is one."""
    least_positions: ClassVar[int] = 1
    """The fewest positions of a tap that it can compare."""
    most_positions: ClassVar[int | None] = None
    """The most positions of a tap that it can compare in sensible time; None for any number."""

    def at_tap(self, tap: str) -> Distance:  # noqa: ARG002 - most are the same at every tap
        """The distance with what it has learned for one tap: itself, if that is nothing.

        Args:
            tap: one that ``weights.channels.CHANNEL_WEIGHTS`` has weights for, if it has any for this distance.

        Raises:
            WeightsUnavailable: if the file of its weights is missing or altered.
        """
        return self

    @abstractmethod
    def contribute(self, reference: Tensor, candidate: Tensor) -> Partial:
        """What one piece of features adds.

        Args:
            reference: N×C×H×W features, any float dtype.
            candidate: features of the same shape, dtype and device.
        """

    def of_side(self, features: Tensor) -> Tensor:
        """The statistic of one side's features, where the distance is separable; those of pieces add up.

        Args:
            features: N×C×H×W, any float dtype.
        """
        raise NotImplementedError(self.name)

    def merge(self, first: Partial, second: Partial) -> Partial:
        """Two disjoint pieces as one."""
        return first + second

    @abstractmethod
    def finish(self, total: Partial, channels: int) -> Tensor:
        """The distance of each picture pair in the batch: N float64 values, ≥ 0."""

    def __call__(self, reference: Tensor, candidate: Tensor) -> Tensor:
        """The distance of whole feature maps: N float64 values."""
        return self.finish(self.contribute(reference, candidate), reference.shape[1])


class Learned:
    """A vector that a distance has learned, on every device that asked for it: it travels there once.

    Each copy from plain memory to a GPU waits for all that the GPU was given before.

    Args:
        values: on the CPU.
    """

    def __init__(self, values: Tensor) -> None:
        self._values = values
        self._there: dict[tuple[torch.device, torch.dtype], Tensor] = {}

    def __reduce__(self) -> tuple[type[Learned], tuple[Tensor]]:
        return Learned, (self._values,)  # whoever reads it from a file may have no such device

    def beside(self, features: Tensor) -> Tensor:
        """On the device of some features and in their dtype."""
        import torch

        if torch.compiler.is_compiling():  # a graph has its own constants
            return self._values.to(features)
        key = features.device, features.dtype
        if key not in self._there:
            with torch.inference_mode(False):  # autograd may meet it later
                self._there[key] = self._values.to(*key)
        return self._there[key]


def lacks_float64(tensor: Tensor) -> bool:
    """Whether its device knows no float64: Apple's GPUs do not."""
    return tensor.device.type == "mps"


def widened(tensor: Tensor) -> Tensor:
    """In float64; on the CPU if the device has none, where all sums are then made."""
    return (tensor.cpu() if lacks_float64(tensor) else tensor).double()


def blocks(features: Tensor) -> Iterator[Tensor]:
    """N×C×H×W → blocks of positions, N×P×C with P·C bounded, in float32 (or float64 as it came).

    Half-precision features are widened here: squares of 16-bit values overflow, and 1e-10 is 0 in float16.
    """
    import torch

    elements = _BLOCK_ELEMENTS if features.device.type == "cpu" else _BLOCK_ELEMENTS_ON_GPU
    # Split, not sliced: the gradients of all blocks are then put together once, not each in a map of zeros.
    for block in torch.split(_rows(features), max(1, elements // features.shape[1]), dim=1):
        yield block.to(_dtype(features))


def by_position(features: Tensor) -> Tensor:
    """N×C×H×W → all positions in one block, N×HW×C."""
    return _rows(features).to(_dtype(features))


def _rows(features: Tensor) -> Tensor:
    n, channels = features.shape[:2]
    return features.permute(0, 2, 3, 1).reshape(n, -1, channels)  # a view if channels last


def _dtype(features: Tensor) -> torch.dtype:
    import torch

    return torch.float64 if features.dtype == torch.float64 else torch.float32
