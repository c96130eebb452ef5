"""A perceptual distance as a loss: the engine's own features and distances, with gradients.

There is no second implementation: this runs the engine's differentiable sections of a network, and the registered
``DISTANCES``. What is added is what a training loop needs: inputs in the range that it works in, checks
of them, reductions, and less memory where that is asked for.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Mapping, Sequence
from typing import Literal, get_args

import torch
import torch.nn.functional as F
import torch.utils.checkpoint
from torch import Tensor, nn

from percept_cli.distances import DISTANCES, LocalDistance, misfit
from percept_cli.engine.device import compute_dtype
from percept_cli.engine.differentiable import Section, sections_of
from percept_cli.errors import InvalidInput, InvalidSetting, did_you_mean
from percept_cli.loss.inputs import check_tensors, check_values, checked_range, in_a_narrower_range, shape_of
from percept_cli.networks.loading import load_kernels
from percept_cli.recipes import FIVE_TAPS
from percept_cli.recipes.recipe import make_recipe
from percept_cli.recipes.spec import check_places
from percept_cli.topology import smallest_side, tap_shape

Reduction = Literal["mean", "sum", "none"]
"""How the distances of the pairs of a batch are reduced."""


class PerceptualDistance(nn.Module):
    """How different two batches of images look, as a loss: L = Σᵢ wᵢ · d(Fᵢ(reference), Fᵢ(candidate)).

    The value is that of ``percept_cli.compare`` with the same recipe, up to rounding. 0 means equal and larger
    means more different, so minimise it. Gradients reach both arguments and are always finite: where a root or a
    length has none (at equal features, and at vectors of zeros), they are 0.

    The kernels of the network are buffers that are not saved: there are no parameters to optimise,
    ``state_dict()`` is empty, and ``.to()`` moves the kernels. The network computes in their dtype: float32,
    unless the recipe or ``.to()`` sets another. That also holds under autocast, because half precision changes the
    value; choose it with ``precision="bf16"``. Distances are summed in float64. Whether float32 on CUDA means TF32
    depends on torch's settings for the process, for forward and backward alike.

    Args:
        preset: the name of a built-in preset, or the path of a TOML file.
        layers: ``tap[:distance][=weight]``, separated by commas or as a list, or a mapping from tap to weight;
            replaces the preset's layers.
        distance: replaces the preset's distance.
        backbone: the weights to use instead of the preset's. Layers that this network lacks are replaced by the
            last layer of the same block.
        precision: ``fp32``, ``tf32`` (here the same as ``fp32``), ``bf16`` or ``fp16``; None for the preset's.
        value_range: the values of black and of full white in the images that you pass.
        reduction: ``mean`` or ``sum`` over the batch, or ``none`` for one value per pair.
        per_layer: whether to also return the contribution of each layer.
        spatial: whether to return a map of distances per pixel instead of one value per pair: the layers' maps,
            enlarged to the size of the image (bilinear, corners not aligned) and added. Nothing is reduced.
        check: whether to check the values. This takes a pass over both images and, on a GPU, a synchronisation.
            Use False in compiled loops.
        checkpoint: whether to keep only the activations between the blocks of the network for the backward pass
            and compute the others again: the same values and gradients with less memory and more time.

    Raises:
        InvalidSetting: for a recipe, range or reduction that does not exist.
        WeightsUnavailable: if the weights file is missing or wrong.
    """

    def __init__(
        self,
        preset: str | os.PathLike[str] = FIVE_TAPS,
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
        self.value_range = checked_range(value_range)
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
        self._sections = tuple(sections_of(self.spec.record, taps))
        layers_run = {layer.name for section in self._sections for layer in section.layers}
        self._names = tuple(name for name in self.spec.record.shapes() if name.partition(".")[0] in layers_run)
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
            reference: N×3×H×W, any floating-point dtype, sRGB in ``value_range``, on the module's device; H and W
                large enough for the deepest tap (16 for the deepest taps of VGG-16).
            candidate: the same shape and device.

        Returns:
            A scalar for ``mean`` and ``sum``, N values for ``none``, N×1×H×W with ``spatial``; float32, or float64
            if the module is float64. With ``per_layer``, also a dict from tap to contribution, weight included, in
            the order of the recipe.

        Raises:
            InvalidInput: if an argument is not such a tensor, or, unless ``check`` is False, has NaN or infinite
                values or values far outside ``value_range``.
        """
        self._check(reference, candidate)
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
        """Tap → N float64 distances, or N×1×H×W of the tap's positions, section by section.

        The sides run in step but apart from each other, so that of one that needs no gradient nothing is kept.
        """
        found: dict[str, Tensor] = {}
        for section in self._sections:
            is_wanted = torch.is_grad_enabled() and (reference.requires_grad or candidate.requires_grad)
            if self.checkpoint and is_wanted:
                reference, candidate, *distances = torch.utils.checkpoint.checkpoint(
                    self._compared, section, reference, candidate, use_reentrant=False, preserve_rng_state=False
                )
            else:
                reference, candidate, *distances = self._compared(section, reference, candidate)
            found.update(zip(section.taps, distances, strict=True))
        return found

    def _compared(self, section: Section, reference: Tensor, candidate: Tensor) -> tuple[Tensor, ...]:
        """What the next section reads of both sides, and the distance at each of this one's taps."""
        kernels, dtype = self._kernels, self._dtype(reference)
        distances = []
        sides = reference, candidate
        both = (section.features(side, kernels, dtype) for side in sides)
        for (tap, first), (_, second) in zip(*both, strict=True):
            sides = first, second
            if tap in section.taps:
                distances.append(self._distance(tap, first, second))
        return *sides, *distances

    def _distance(self, tap: str, first: Tensor, second: Tensor) -> Tensor:
        """Of each pair, N, or of each position, N×1×H×W; float64."""
        distance = self._distances[tap]
        if not self.spatial:
            return distance(first, second)
        assert isinstance(distance, LocalDistance)
        return distance.map(first, second)[:, None]

    @property
    def _kernels(self) -> dict[str, Tensor]:
        return {name: self.get_buffer(name.replace(".", "_")) for name in self._names}

    def _dtype(self, pictures: Tensor) -> torch.dtype:
        """What the network computes in: its kernels' dtype, if it has any."""
        return next((k.dtype for k in self._kernels.values()), torch.promote_types(pictures.dtype, torch.float32))

    def _unit_range(self, pictures: Tensor) -> Tensor:
        """The same in [0, 1], at least float32."""
        low, high = self.value_range
        pictures = pictures.to(torch.promote_types(self._dtype(pictures), torch.float32))
        return pictures if (low, high) == (0.0, 1.0) else (pictures - low) / (high - low)

    def _reduced(self, distances: Tensor) -> Tensor:
        if self.reduction == "none" or self.spatial:
            return distances
        return distances.mean() if self.reduction == "mean" else distances.sum()

    def _check(self, reference: Tensor, candidate: Tensor) -> None:
        """Refuse what is no pair of batches, or has values that cannot be meant; tell once of narrow ones."""
        device = next((kernel.device for kernel in self._kernels.values()), None)
        check_tensors(reference, candidate, smallest=self._smallest, device=device)
        for layer in self.spec.layers:
            _, rows, columns = tap_shape(self.spec.record.network, layer.tap, *reference.shape[2:])
            found = misfit(layer.distance, rows * columns) if layer.weight else None
            if found is not None:
                why, hint = found
                raise InvalidInput(f"{shape_of(reference)} does not fit {layer.tap}: {why}", hint=hint)
        if self.check:
            low, high = check_values(reference, candidate, self.value_range)
            told = "" if self._has_warned else in_a_narrower_range(low, high, self.value_range)
            if told:
                self._has_warned = True
                warnings.warn(told, stacklevel=5)
