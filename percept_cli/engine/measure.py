"""Parts of picture pairs → what they contribute → per-layer distances."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import TYPE_CHECKING

import torch

from percept_cli.engine.backbone import Backbone
from percept_cli.engine.bands import BAND_BYTES, Schedule, schedule
from percept_cli.engine.device import bytes_held, compute_dtype, computing, free_bytes, resolve_device
from percept_cli.engine.plan import Piece, Plan
from percept_cli.engine.regions import ALIGNMENT, Crop, columns_of, margins, whole
from percept_cli.engine.terms import LayerTerms, Rows
from percept_cli.engine.transfer import Contribution, Ticket, Transfer
from percept_cli.errors import DeviceOutOfMemory
from percept_cli.images.picture import Picture
from percept_cli.recipes.spec import DistanceSpec
from percept_cli.topology import INPUT, tap_shape

if TYPE_CHECKING:
    from torch import Tensor


Features = dict[str, "Tensor"]
"""Tap name → 1×C×H×W features, channels last, on the engine's device."""

# A batch of more pairs than this gains nothing more, however small they are.
_MOST_PAIRS = 64
# Pixels per picture side by side in a batch on the CPU: beyond about one 256×256 picture the layers are large
# enough to be fast, and a batch only costs memory (tests/benchmarks/README.md).
_PIXELS_PER_BATCH_ON_CPU = 1 << 16
# Features of a reference are kept for its other candidates if they take no more than this share of the budget.
_SHARE_FOR_A_REFERENCE = 0.5


class Engine:
    """A spec made ready to compute: the weights are loaded once, then any number of batches is measured.

    Args:
        spec: the recipe.
        device: ``auto``, ``cpu``, ``cuda``, ``cuda:N`` or ``mps``.
        max_memory: most bytes that may be taken, on the CPU by the whole process, on a GPU of its memory; None for
            a share of what is free (``device.free_bytes``).
        keeps_maps: whether contributions hold the distance of every position as well; those of pairs that differ
            in places only do so anyway (``Plan.keeps_map``).
        network: another engine's, whose backbone this one uses: its record, precision and device are the same, and
            it has all taps of this recipe.

    Raises:
        DeviceUnavailable: if the device or the precision is not there.
        WeightsUnavailable: if the weights file is missing or wrong.
    """

    def __init__(
        self,
        spec: DistanceSpec,
        device: str = "auto",
        *,
        max_memory: int | None = None,
        keeps_maps: bool = False,
        network: Engine | None = None,
    ) -> None:
        self.spec = spec
        self.device: torch.device = resolve_device(device) if network is None else network.device
        self._dtype = compute_dtype(spec.precision, self.device)
        own = Backbone(spec.record, spec.taps, device=self.device, dtype=self._dtype) if network is None else None
        self._backbone: Backbone = own or network._backbone  # type: ignore[union-attr] # one of both
        self._terms = LayerTerms(spec, keeps_maps=keeps_maps)
        self.max_memory = max_memory
        self._transfer = Transfer(self.device)
        self._kept: tuple[Picture, Features] | None = None

    @property
    def depth(self) -> int:
        """How many batches to start before waiting for the first."""
        return self._transfer.depth

    @property
    def budget(self) -> int:
        """Bytes that one batch may take now."""
        if self.max_memory is None:
            free = free_bytes(self.device)
        else:
            # The next batch uses working memory again, and makes the kernels that are not there.
            held = bytes_held(self.device) - self._backbone.bytes_held + self._backbone.bytes_missing
            free = max(0, self.max_memory - held)
        return free // self.depth

    def pieces(self, plan: Plan) -> list[Piece]:
        """The crops of a plan, cut into narrower ones where their features would not fit the memory.

        Raises:
            DeviceOutOfMemory: if not even the narrowest would.
        """
        budget = self.budget
        return [Piece(plan, part) for crop in plan.crops for part in self._fitting(plan, crop, budget)]

    def _fitting(self, plan: Plan, crop: Crop, budget: int) -> list[Crop]:
        around = margins(self.spec.record.network, self.spec.taps)
        core_width = crop.core.width
        parts = [crop]
        # Its height does not matter: bands go down it.
        while any(self._schedule(part.pixels.height, part.pixels.width, budget) is None for part in parts):
            if core_width <= ALIGNMENT or plan.extended:
                held, allowed = bytes_held(self.device) / 1e6, (self.max_memory or 0) / 1e6
                of = f" of the {allowed:.0f} MB allowed" if allowed else ""
                used = f" (percept itself uses {held:.0f} MB)" if allowed else ""
                size = f"{parts[0].pixels.width}×{parts[0].pixels.height}"
                raise DeviceOutOfMemory(
                    f"only {budget / 1e6:.0f} MB{of} are left{used}; a part of {size} pixels needs more",
                    hint="close other programs, or allow more memory with --max-memory.",
                )
            core_width = -(-core_width // (2 * ALIGNMENT)) * ALIGNMENT
            parts = list(columns_of(crop, core_width, around, plan.height, plan.width))
        return parts

    def batch_size(self, piece: Piece, most: int | None = None) -> int:
        """How many pieces of this size to measure at once, at least one.

        Args:
            piece: one of them.
            most: not more than so many; None to choose.
        """
        pixels = piece.crop.pixels
        if most is None:
            on_cpu = _PIXELS_PER_BATCH_ON_CPU // pixels.pixels
            most = min(_MOST_PAIRS, on_cpu) if self.device.type != "cuda" else _MOST_PAIRS
        return max(1, min(most, self.budget // self._lowest(pixels.height, pixels.width).bytes))

    def _schedule(self, height: int, width: int, budget: int | None) -> Schedule | None:
        # A GPU's many threads want bands as high as the memory allows; the CPU's cache wants low ones.
        bands = BAND_BYTES if self.device.type == "cpu" else 1 << 40
        if budget is not None:
            budget -= 2 * 3 * height * width  # the pixels themselves
        return schedule(
            self.spec.record.network,
            self.spec.taps,
            height=height,
            width=width,
            pictures=2,
            itemsize=self._dtype.itemsize,
            budget=budget,
            band_bytes=bands,
        )

    def _lowest(self, height: int, width: int) -> Schedule:
        """Within the budget if that can be, else as without one: the device may have room after all.

        As for one pair, however many there are: the sums of a pair are then added up in the same order.
        """
        found = self._schedule(height, width, self.budget) or self._schedule(height, width, None)
        assert found is not None
        return found

    def measure(self, pictures: tuple[Picture, Picture], plan: Plan) -> list[Contribution]:
        """What all pieces of one pair contribute, one after the other.

        Args:
            pictures: reference and candidate.
            plan: their plan.

        Raises:
            DeviceOutOfMemory: if a piece does not fit the device.
        """
        return [self.submit([pictures], [piece]).result()[0] for piece in self.pieces(plan)]

    def submit(
        self,
        pictures: Sequence[tuple[Picture, Picture]],
        pieces: Sequence[Piece],
        *,
        keeps_reference: bool = False,
    ) -> Ticket:
        """Begin to measure a batch of pieces of one size; on CUDA this returns before it is done.

        Args:
            pictures: reference and candidate of each piece.
            pieces: one of each pair.
            keeps_reference: whether all have one reference, whose features are kept for its other candidates.

        Raises:
            DeviceOutOfMemory: if the batch does not fit the device.
        """
        references, candidates = ([pair[side] for pair in pictures] for side in (0, 1))
        if self._kept is not None and self._kept[0] is not references[0]:
            self._kept = None  # first, so that its memory is free
        if keeps_reference:
            if self._kept is None:
                self._kept = references[0], self._features(self._transfer.batch(references[:1]), pieces[0])
            return self._start_against(self._kept[1], self._transfer.batch(candidates), pieces)
        # An extended plan sees more than there is.
        crops = None if pieces[0].plan.extended else [piece.crop.pixels for piece in pieces] * 2
        return self.start(self._transfer.batch(references + candidates, crops), pieces)

    def start(self, pixels: Tensor, pieces: Sequence[Piece]) -> Ticket:
        """As ``submit``, of pixels.

        Args:
            pixels: 2N×3×H×W uint8 or float32, sRGB in 0..255, the references first: the pixels of each piece's
                crop, or fewer where its plan extends the pictures.
            pieces: N of one size.

        Raises:
            DeviceOutOfMemory: if the batch does not fit the device.
        """
        with self._computing():
            n = len(pieces)
            bands = ((tap, row, f[:n], f[n:]) for tap, row, f in self._bands(self._pictures(pixels, pieces[0])))
            return self._transfer.back(self._terms.contributions(bands, pieces))

    def _features(self, pictures: Tensor, piece: Piece) -> Features:
        """Every tap of the spec, to be compared with many candidates by ``_start_against``.

        Args:
            pictures: 1×3×H×W uint8, sRGB in 0..255.
            piece: the crop that they are.

        Raises:
            DeviceOutOfMemory: if they do not fit the device.
        """
        with self._computing():
            found = {}
            for tap, ((channels, rows, columns), dtype) in self.layout(piece.plan).items():
                by_row = torch.empty((1, rows, columns, channels), device=self.device, dtype=dtype)
                found[tap] = by_row.permute(0, 3, 1, 2)
            for tap, row, features in self._bands(self._pictures(pictures, piece)):
                found[tap][:, :, row : row + features.shape[2]] = features
            return found

    def layout(self, plan: Plan) -> dict[str, tuple[tuple[int, int, int], torch.dtype]]:
        """Of each tap of a whole picture the channels, rows and columns, and what they are stored as."""
        return {
            tap: (
                tap_shape(self.spec.record.network, tap, plan.height, plan.width),
                torch.float32 if tap == INPUT else self._dtype,
            )
            for tap in self.spec.taps
        }

    def fits(self, plan: Plan) -> bool:
        """Whether the memory suffices to run a picture as a whole."""
        return self._schedule(plan.height, plan.width, self.budget) is not None

    def run(self, picture: Picture, plan: Plan, take: Callable[[str, int, Tensor], None]) -> None:
        """Run the network over a whole picture, once for all who want its features.

        Args:
            picture: the picture.
            plan: how large the network sees it.
            take: given the tap, the first row and 1×C×R×W features of each band, which are valid until it returns.

        Raises:
            DeviceOutOfMemory: if the picture does not fit the device.
        """
        everything = Piece(plan, whole(plan.height, plan.width))
        with self._computing():
            for tap, row, features in self._bands(self._pictures(self._transfer.batch([picture]), everything)):
                take(tap, row, features)

    def between(self, reference: Rows, candidate: Rows, plan: Plan) -> list[Contribution]:
        """What a pair's crops contribute, as ``measure`` finds it, from features of both whole pictures.

        Args:
            reference: gives rows of features, as ``run`` hands them out.
            candidate: likewise.
            plan: of the pair.

        Raises:
            DeviceOutOfMemory: if the device has no room for some rows.
        """
        everything = whole(plan.height, plan.width)
        pieces = [Piece(plan, replace(everything, core=crop.core)) for crop in plan.crops]
        with self._computing():
            return self._transfer.back(self._terms.between(reference, candidate, pieces)).result()

    def of_side(self, picture: Rows, tap: str, shape: tuple[int, int, int]) -> Tensor:
        """The statistic of a whole picture at a tap whose distance is separable (``Distance.of_side``).

        Raises:
            DeviceOutOfMemory: if the device has no room for it.
        """
        with self._computing():
            return self._terms.of_side(picture, tap, shape)

    def keeps_features(self, piece: Piece) -> bool:
        """Whether a reference's features are kept for its other candidates: those of a whole picture that fit."""
        pixels = piece.crop.pixels
        if piece.crop != whole(piece.plan.height, piece.plan.width):
            return False
        shapes = [tap_shape(self.spec.record.network, tap, pixels.height, pixels.width) for tap in self.spec.taps]
        values = sum(channels * height * width for channels, height, width in shapes)
        return values * self._dtype.itemsize <= self.budget * _SHARE_FOR_A_REFERENCE

    def _start_against(self, reference: Features, candidate: Tensor, pieces: Sequence[Piece]) -> Ticket:
        """As ``start``, for one reference whose features are there already: the same numbers for half the work."""
        with self._computing():
            bands = self._bands(self._pictures(candidate, pieces[0]))
            both = (
                (tap, row, reference[tap][:, :, row : row + f.shape[2]].expand_as(f), f) for tap, row, f in bands
            )
            return self._transfer.back(self._terms.contributions(both, pieces))

    def finish(self, plan: Plan, parts: Sequence[Contribution]) -> list[float]:
        """The distance of every layer from what all pieces of a pair contribute, in the order of the spec.

        A layer to which no piece contributes has the distance 0: nothing that changed reaches it.
        """
        if self.device.type == "cuda" and self._terms.works_at_the_end:
            with suppress(DeviceOutOfMemory), self._computing():  # the processor has other memory
                return self._terms.finish(plan, parts, self.device)
        return self._terms.finish(plan, parts)

    def _bands(self, pictures: Tensor) -> Iterator[tuple[str, int, Tensor]]:
        bands = self._backbone.bands(pictures, self._lowest(*pictures.shape[1:3]))
        return (
            band for band in bands if band[0] in self.spec.taps
        )  # a network that is shared may give others too

    @contextmanager
    def _computing(self) -> Iterator[None]:
        try:
            with torch.inference_mode(), computing(self.spec.precision, self.device):
                yield
        except DeviceOutOfMemory:
            self._backbone.give_back()  # what a large batch took would be missing for a smaller one
            raise

    def _pictures(self, pixels: Tensor, piece: Piece) -> Tensor:
        """N×3×H×W → N×H×W×3 on the device, as large as the plan says."""
        pictures = self._transfer.there(pixels.permute(0, 2, 3, 1))
        if piece.plan.extended:
            height, width = pictures.shape[1:3]
            rows, columns = (
                torch.arange(side, device=self.device).clamp_(max=there - 1)
                for side, there in ((piece.plan.height, height), (piece.plan.width, width))
            )
            pictures = pictures[:, rows][:, :, columns]
        return pictures
