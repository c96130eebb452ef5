"""A perceptual distance as a loss: the engine's own features and distances, with gradients.

There is no second implementation: this runs ``Backbone.features``, the engine's differentiable path, and the
registered ``DISTANCES``. What is added is what a training loop needs: inputs in the range that it works in, checks
of them, reductions, and less memory where that is asked for.
"""

from __future__ import annotations

import math
import os
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import torch
import torch.nn.functional as F
import torch.utils.checkpoint
from torch import Tensor, nn

from percept_cli.distances import DISTANCES, LocalDistance, misfit
from percept_cli.engine.backbone import Backbone
from percept_cli.engine.device import compute_dtype
from percept_cli.errors import InvalidInput, InvalidSetting, did_you_mean
from percept_cli.networks.loading import load_kernels
from percept_cli.networks.registry import WeightsRecord
from percept_cli.recipes import DEFAULT
from percept_cli.recipes.recipe import make_recipe
from percept_cli.recipes.spec import check_places
from percept_cli.topology import INPUT, Layer, layers_up_to, smallest_side, tap_shape

Reduction = Literal["mean", "sum", "none"]
"""Of the distances of a batch's pairs."""

# The ranges that pictures are found in: that of torchvision's ToTensor, of most generators, and of files.
_USUAL_RANGES = ((0.0, 1.0), (-1.0, 1.0), (0.0, 255.0))
# How far outside its range a value may be, in lengths of the range: a network that has just begun to learn
# overshoots, but each usual range taken for a narrower one goes further.
_OVERSHOOT = 0.5
# How far outside a usual range values may be for it to be suggested.
_FITS = 0.05


class PerceptualDistance(nn.Module):
    """How different two batches of pictures look: L = Σᵢ wᵢ · d(Fᵢ(reference), Fᵢ(candidate)), differentiable.

    The number is that of ``percept_cli.compare`` with the same recipe, at most a few roundings away. 0 means
    equal, larger means more different, so it is to be minimised. Gradients reach both arguments and are finite
    everywhere: where a root or a length has none, at equal features and at vectors of zeros, they are 0.

    The network's kernels are buffers that are not saved: there is nothing for an optimiser in here,
    ``state_dict()`` is empty, and ``.to()`` moves them. The network computes in their dtype, float32 unless the
    recipe or ``.to()`` says something else, also under autocast: half precision is a choice that moves the number,
    so it is made with ``precision="bf16"``, not by surroundings. Distances are summed in float64. What float32
    means on CUDA (TF32 or not) is left to torch's settings for the process, which forward and backward then share.

    Args:
        preset: the recipe: a built-in name, or a path that ends in ``.toml``.
        layers: ``tap[:distance][=weight]``, separated by commas or as a list, or a mapping from tap to weight;
            replaces the preset's layers.
        distance: replaces the preset's distance.
        backbone: replaces the preset's weights; of the preset's layers those that its network does not have become
            the last ones of their block.
        precision: ``fp32``, ``tf32`` (which is ``fp32`` here), ``bf16`` or ``fp16``; the preset's if None.
        value_range: the values that stand for black and for full white in the pictures that are passed in.
        reduction: ``mean`` or ``sum`` over the batch, or ``none`` for one value per pair.
        per_layer: whether to return what each layer contributes as well.
        spatial: whether to return the distance of each pixel instead of that of each pair: the layers' maps,
            enlarged to the picture (bilinear, corners not aligned) and added. Nothing is reduced then.
        check: whether the values are checked, with a pass over both pictures and, on a GPU, a wait for it. False
            for compiled loops.
        checkpoint: whether to keep between forward and backward only what is passed from one block of the network
            to the next, and compute the rest again: the same numbers and gradients in less memory and more time.

    Raises:
        InvalidSetting: for a recipe, range or reduction that does not exist.
        WeightsUnavailable: if the weights file is missing or wrong.
    """

    def __init__(
        self,
        preset: str | os.PathLike[str] = DEFAULT,
        *,
        layers: str | Sequence[str] | Mapping[str, object] | None = None,
        distance: str | None = None,
        backbone: str | None = None,
        precision: str | None = None,
        value_range: tuple[float, float] = (0.0, 1.0),
        reduction: Reduction = "mean",
        per_layer: bool = False,
        spatial: bool = False,
        check: bool = True,
        checkpoint: bool = False,
    ) -> None:
        super().__init__()
        recipe = make_recipe(preset, layers=layers, distance=distance, precision=precision, backbone=backbone)
        self.spec = recipe.spec
        self.preset = recipe.preset.name
        self.value_range = _checked_range(value_range)
        if reduction not in get_args(Reduction):
            raise InvalidSetting(
                f"unknown reduction {reduction!r}", hint=did_you_mean(str(reduction), get_args(Reduction))
            )
        self.reduction = reduction
        self.per_layer = per_layer
        self.spatial = spatial
        if spatial:
            check_places(self.spec)
        self.check = check
        self.checkpoint = checkpoint
        # A weight of 0 silences a layer altogether, so nothing is computed for it.
        terms = [layer for layer in self.spec.layers if layer.weight]
        taps = [layer.tap for layer in terms]
        self._distances = {layer.tap: DISTANCES[layer.distance].at_tap(layer.tap) for layer in terms}
        self._smallest = smallest_side(self.spec.record.network, taps)
        network = layers_up_to(self.spec.record.network, taps)
        self._blocks = tuple(_blocks(network, frozenset(taps)))
        self._names = tuple(
            f"{layer.name}.{part}" for layer in network if layer.kind == "conv" for part in ("weight", "bias")
        )
        self._has_warned = False
        self._add_kernels()

    def _add_kernels(self) -> None:
        kernels = load_kernels(self.spec.record) if self._names else {}
        precision = "fp32" if self.spec.precision == "tf32" else self.spec.precision
        dtype = compute_dtype(precision, torch.device("cpu"))
        # Outside inference mode, since autograd will meet them.
        with torch.inference_mode(False), torch.no_grad():
            for name in self._names:
                kernel = kernels[name]
                form = torch.channels_last if kernel.dim() == 4 else torch.contiguous_format
                # Copied, else it would keep the whole weights file mapped.
                kernel = kernel.to(dtype, copy=True, memory_format=form)
                self.register_buffer(name.replace(".", "_"), kernel, persistent=False)

    def extra_repr(self) -> str:
        """What ``print`` shows of it."""
        return (
            f"{self.preset!r}, backbone={self.spec.backbone}, layers={','.join(self.spec.taps)}, "
            f"value_range={self.value_range}, reduction={self.reduction!r}, fingerprint={self.spec.fingerprint}"
        )

    def forward(self, reference: Tensor, candidate: Tensor) -> Tensor | tuple[Tensor, dict[str, Tensor]]:
        """Compare each pair of a batch.

        Args:
            reference: N×3×H×W, any floating dtype, sRGB in ``value_range``, on the module's device; H and W large
                enough that every tap has a position (16 for the deepest taps of VGG-16).
            candidate: the same shape and device.

        Returns:
            A scalar for ``mean`` and ``sum``, N values for ``none``; with ``spatial`` N×1×H×W; float32, or float64
            where the module is.
            With ``per_layer`` also what each layer contributes to it, weight applied: by tap, in the order of the
            recipe.

        Raises:
            InvalidInput: if an argument is no such tensor, has values that are no numbers, or, unless ``check`` is
                off, values that are plainly outside ``value_range``.
        """
        self._check_tensors(reference, candidate)
        if self.check:
            self._check_values(reference, candidate)
        with torch.autocast(reference.device.type, enabled=False):
            found = self._distances_of(self._unit_range(reference), self._unit_range(candidate))
            if self.spatial:
                size = reference.shape[2:]
                found = {tap: F.interpolate(one, size, mode="bilinear") for tap, one in found.items()}
            dtype = torch.promote_types(self._dtype(reference), torch.float32)
            nothing = torch.zeros_like(next(iter(found.values())))  # float64, as all of them
            layers = {
                layer.tap: layer.weight * found[layer.tap] if layer.weight else nothing
                for layer in self.spec.layers
            }
            # The distances may have been finished on the CPU, where the device has no float64.
            total = self._reduced(torch.stack(tuple(layers.values())).sum(dim=0)).to(dtype).to(reference.device)
            if not self.per_layer:
                return total
            return total, {tap: self._reduced(d).to(dtype).to(reference.device) for tap, d in layers.items()}

    def _distances_of(self, reference: Tensor, candidate: Tensor) -> dict[str, Tensor]:
        """Tap → N float64 distances, or N×1×H×W of the tap's positions, block by block.

        The sides run in step but apart from each other, so that of one that needs no gradient nothing is kept.
        """
        found: dict[str, Tensor] = {}
        for index, block in enumerate(self._blocks):
            is_wanted = torch.is_grad_enabled() and (reference.requires_grad or candidate.requires_grad)
            if self.checkpoint and is_wanted:
                reference, candidate, *distances = torch.utils.checkpoint.checkpoint(
                    self._compared, index, reference, candidate, use_reentrant=False, preserve_rng_state=False
                )
            else:
                reference, candidate, *distances = self._compared(index, reference, candidate)
            found.update(zip(block.taps, distances, strict=True))
        return found

    def _compared(self, index: int, reference: Tensor, candidate: Tensor) -> tuple[Tensor, ...]:
        """What the next block reads of both sides, and the distance at each of this block's taps."""
        block, record = self._blocks[index], self.spec.record
        kernels = {name: self.get_buffer(name.replace(".", "_")) for name in self._names}
        part = _Part(record, block, kernels, self._dtype(reference))
        distances = []
        sides = reference, candidate
        for (tap, first), (_, second) in zip(part.features(reference), part.features(candidate), strict=True):
            sides = first, second
            if tap in block.taps:
                distances.append(self._distance(tap, first, second))
        return *sides, *distances

    def _distance(self, tap: str, first: Tensor, second: Tensor) -> Tensor:
        """Of each pair, N, or of each position, N×1×H×W; float64."""
        distance = self._distances[tap]
        if not self.spatial:
            return distance(first, second)
        assert isinstance(distance, LocalDistance)
        return distance.map(first, second)[:, None]

    def _dtype(self, pictures: Tensor) -> torch.dtype:
        """What the network computes in: its kernels' dtype, if it has any."""
        if self._names:
            return self.get_buffer(self._names[0].replace(".", "_")).dtype
        return torch.promote_types(pictures.dtype, torch.float32)

    def _unit_range(self, pictures: Tensor) -> Tensor:
        """The same in [0, 1], at least float32."""
        low, high = self.value_range
        pictures = pictures.to(torch.promote_types(self._dtype(pictures), torch.float32))
        return pictures if (low, high) == (0.0, 1.0) else (pictures - low) / (high - low)

    def _reduced(self, distances: Tensor) -> Tensor:
        if self.reduction == "none" or self.spatial:
            return distances
        return distances.mean() if self.reduction == "mean" else distances.sum()

    def _check_tensors(self, reference: Tensor, candidate: Tensor) -> None:
        device = self.get_buffer(self._names[0].replace(".", "_")).device if self._names else reference.device
        for name, pictures in (("reference", reference), ("candidate", candidate)):
            _check_tensor(name, pictures, self._smallest)
            if pictures.device != device:
                raise InvalidInput(
                    f"{name} is on device {pictures.device}, and the loss on {device}",
                    hint="move both pictures and the loss to one device, such as loss.to(x.device).",
                )
        if reference.shape != candidate.shape:
            raise InvalidInput(
                f"the shapes differ: reference is {_shape(reference)}, candidate is {_shape(candidate)}",
                hint="percept never resizes or repeats on its own; bring both to one shape first.",
            )
        for layer in self.spec.layers:
            _, rows, columns = tap_shape(self.spec.record.network, layer.tap, *reference.shape[2:])
            found = misfit(layer.distance, rows * columns) if layer.weight else None
            if found is not None:
                why, hint = found
                raise InvalidInput(f"{_shape(reference)} does not fit {layer.tap}: {why}", hint=hint)

    def _check_values(self, reference: Tensor, candidate: Tensor) -> None:
        # Not-a-number and infinity end up in the minimum or the maximum, so that one pass finds everything. All
        # four are asked for at once, since on a GPU every question is a wait.
        ends = [end.float() for side in (reference, candidate) for end in side.detach().aminmax()]
        values: list[float] = torch.stack(ends).tolist()
        self._check_ends("reference", *values[:2])
        self._check_ends("candidate", *values[2:])
        if not self._has_warned:
            self._warn_of_narrow(min(values), max(values))

    def _check_ends(self, name: str, low: float, high: float) -> None:
        if not (math.isfinite(low) and math.isfinite(high)):
            raise InvalidInput(
                f"{name} has values that are not finite numbers",
                hint="look for a division by 0 or an overflow in what made it.",
            )
        black, white = self.value_range
        slack = _OVERSHOOT * (white - black)
        if low < black - slack or high > white + slack:
            usual = _usual_range(low, high)
            advice = f"value_range={usual}" if usual else "the value_range that it has"
            raise InvalidInput(
                f"{name} has values from {low:.4g} to {high:.4g}, far outside the value_range "
                f"({black:g}, {white:g})",
                hint=f"pass {advice} to PerceptualDistance, or scale the pictures; check=False switches this off.",
            )

    def _warn_of_narrow(self, low: float, high: float) -> None:
        """Tell once of pictures that are in the range but look as if they had a narrower one."""
        black, white = self.value_range
        usual = _usual_range(low, high)
        if usual is None or low == high:
            return
        # All values in the upper half, or within a hundredth: dark or light pictures can, usual ones do not.
        if (low >= (black + white) / 2 and usual[1] == white) or usual[1] - usual[0] < (white - black) / 100:
            self._has_warned = True
            warnings.warn(
                f"both pictures have values from {low:.4g} to {high:.4g} only, where value_range is ({black:g}, "
                f"{white:g}): if they are in [{usual[0]:g}, {usual[1]:g}], pass value_range={usual}",
                stacklevel=6,
            )


@dataclass(frozen=True)
class _Block:
    """Successive layers up to a pool, and what is read there."""

    layers: tuple[Layer, ...]
    taps: tuple[str, ...]
    """In the order of the network."""
    is_first: bool


def _blocks(network: Sequence[Layer], taps: frozenset[str]) -> Iterator[_Block]:
    """The network, cut behind every pool: what goes from one block to the next is then smallest."""
    layers: list[Layer] = []
    is_first = True
    for index, layer in enumerate(network):
        layers.append(layer)
        if layer.name.startswith("pool") or index + 1 == len(network):
            yield _block(layers, taps, is_first)
            layers, is_first = [], False
    if is_first:  # the picture itself is all that is compared
        yield _block([], taps, is_first)


def _block(layers: Sequence[Layer], taps: frozenset[str], is_first: bool) -> _Block:
    names = [*([INPUT] if is_first else []), *(layer.name for layer in layers)]
    return _Block(tuple(layers), tuple(name for name in names if name in taps), is_first)


class _Part(Backbone):
    """One block of the engine's network on its differentiable path, with kernels that are handed in.

    It has nothing of what the engine makes ready for its other path, which has no gradients. It is made anew for
    every run from what the module holds, so that a module can be copied, moved and replicated.
    """

    def __init__(
        self, record: WeightsRecord, block: _Block, kernels: dict[str, Tensor], dtype: torch.dtype
    ) -> None:
        self.layers = block.layers
        self.taps = frozenset((*block.taps, *(layer.name for layer in block.layers[-1:])))
        self._record = record
        self._dtype = dtype
        self._direct_kernels = kernels
        self._is_first = block.is_first

    def normalise(self, pictures: Tensor) -> Tensor:
        """As the base for pictures; features are as they should be."""
        return super().normalise(pictures) if self._is_first else pictures


def _check_tensor(name: str, pictures: Tensor, smallest: int) -> None:
    """Refuse what is no batch of pictures, whatever its values are."""
    if not isinstance(pictures, Tensor):
        raise InvalidInput(
            f"{name} must be a torch tensor, not {type(pictures).__name__}",
            hint="for files, PIL images and numpy arrays there is percept_cli.compare.",
        )
    if not pictures.is_floating_point():
        raise InvalidInput(
            f"{name} must have a floating dtype, not {pictures.dtype}: integers have no gradients",
            hint="pass x.float() / 255, or x.float() with value_range=(0, 255).",
        )
    if pictures.dim() != 4 or pictures.shape[1] != 3:
        raise InvalidInput(f"{name} must be N×3×H×W, not {_shape(pictures)}", hint=_shape_hint(pictures))
    n, _, height, width = pictures.shape
    if n == 0:
        raise InvalidInput(f"{name} is a batch of no pictures", hint="leave empty batches out.")
    if min(height, width) < smallest:
        raise InvalidInput(
            f"{name} is {width}×{height} pixels, and the deepest layer needs at least {smallest}×{smallest}",
            hint="enlarge both pictures, or choose shallower layers.",
        )


def _shape(tensor: Tensor) -> str:
    return "×".join(map(str, tensor.shape)) or "a single number"


def _shape_hint(pictures: Tensor) -> str:
    if pictures.dim() == 3 and pictures.shape[0] == 3:
        return "for a single picture pass x[None]."
    if pictures.dim() != 4:
        return "pass a batch of RGB pictures."
    if pictures.shape[1] == 1:
        return "repeat the grey channel: x.expand(-1, 3, -1, -1)."
    if pictures.shape[1] == 4:
        return "lay the pictures over a background and drop alpha: only RGB is compared."
    if pictures.shape[3] == 3:
        return "bring the channels to the front: x.permute(0, 3, 1, 2)."
    return "pass a batch of RGB pictures."


def _checked_range(value_range: tuple[float, float]) -> tuple[float, float]:
    try:
        low, high = map(float, value_range)
    except (TypeError, ValueError):
        low = high = math.nan
    if not (math.isfinite(low) and math.isfinite(high) and low < high):
        raise InvalidSetting(
            f"value_range must be two finite numbers, the lower one first, not {value_range!r}",
            hint="write (0, 1), (-1, 1) or (0, 255).",
        )
    return low, high


def _usual_range(low: float, high: float) -> tuple[float, float] | None:
    """The narrowest usual range that holds such values."""
    for black, white in _USUAL_RANGES:
        if black - _FITS <= low and high <= white + _FITS:
            return black, white
    return None
