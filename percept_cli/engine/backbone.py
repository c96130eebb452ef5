"""Pictures → taps: the features of a pretrained network, no deeper than asked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

import torch

from percept_cli.engine.bands import Schedule, Stage
from percept_cli.engine.convolution import Convolution, kernel_bytes, prepare
from percept_cli.engine.differentiable import normalised
from percept_cli.engine.pools import pool_rows
from percept_cli.engine.workspace import Workspace
from percept_cli.networks.loading import load_kernels
from percept_cli.networks.registry import WeightsRecord
from percept_cli.topology import INPUT, Layer, layers_up_to, tile_rows

if TYPE_CHECKING:
    from torch import Tensor

Band = tuple[str, int, "Tensor"]
"""Tap name, the first row, and N×C×R×W features of R rows, channels last."""


class Backbone:
    """A pretrained network, cut off behind the deepest tap that is asked for.

    Args:
        record: which weights.
        taps: names of the taps that it will give.
        device: where it computes.
        dtype: what it computes in.

    Raises:
        WeightsUnavailable: if the weights file is missing, truncated or not what the record says.
    """

    def __init__(
        self, record: WeightsRecord, taps: Iterable[str], *, device: torch.device, dtype: torch.dtype
    ) -> None:
        self.taps = frozenset(taps)
        self.layers: tuple[Layer, ...] = layers_up_to(record.network, self.taps)
        self._record = record
        self._device = device
        self._dtype = dtype
        self._workspace = Workspace(device)
        self._convolutions: dict[str, Convolution] = {}
        # Where kernels are transformed they grow fourfold, and many a process measures a single small crop: there
        # every layer gives them up as soon as it is done, until a second batch shows that they are worth keeping.
        self._keeps_kernels = device.type != "cpu"
        if self.layers:
            load_kernels(record)  # to refuse a wrong file now; its values stay on the disk

    @property
    def bytes_held(self) -> int:
        """Working memory kept from earlier runs."""
        return self._workspace.bytes_held

    def give_back(self) -> None:
        """Let go of the working memory."""
        self._workspace.give_back()

    @property
    def bytes_missing(self) -> int:
        """What kernels will take that are not there yet."""
        missing = [layer for layer in self.layers if layer.kind == "conv" and layer.name not in self._convolutions]
        return sum(
            kernel_bytes(
                layer.in_channels,
                layer.out_channels,
                tile=tile_rows(layer),
                device=self._device,
                dtype=self._dtype,
            )
            for layer in missing
        )

    def bands(self, pictures: Tensor, schedule: Schedule) -> Iterator[Band]:
        """Run the network, giving the rows of each tap that was asked for as soon as they are there.

        Args:
            pictures: N×H×W×3 uint8 or float32, sRGB in 0..255; H and W at least ``topology.smallest_side``.
            schedule: how high the bands are.

        Yields:
            Bands, from the top, each row of a tap once. Their features are valid until the next one is asked for.
        """
        yield from _Run(self, pictures, schedule).bands()
        self._keeps_kernels = True

    def normalise(self, pictures: Tensor) -> Tensor:
        """What the first layer reads: N×R×W×3 float32, sRGB in [0, 1] → the network's own range and dtype."""
        return normalised(pictures, self._record, self._dtype)

    def run(self, stage: Stage, window: Tensor, out: Tensor) -> Iterator[str]:
        """Make one band, giving the names of taps while it holds their values.

        Args:
            stage: what runs.
            window: N×R×W×C rows of its input, padding above and below included.
            out: N×R×W×C, to be written.
        """
        layer = stage.layer
        if layer.kind != "conv":
            pool_rows(layer, window, out)
        else:
            at_once = stage.relu is not None and layer.name not in self.taps
            self._convolution(layer)(window, out, relu=at_once)
        if layer.name in self.taps:
            yield layer.name
            if stage.relu is not None:
                out.clamp_min_(0)
        if stage.relu is not None and stage.relu.name in self.taps:
            yield stage.relu.name

    def _convolution(self, layer: Layer) -> Convolution:
        """Made ready when it is first needed."""
        found = self._convolutions.get(layer.name)
        if found is None:
            kernels = load_kernels(self._record)
            weight, bias = (kernels.pop(f"{layer.name}.{part}") for part in ("weight", "bias"))
            tile = tile_rows(layer)
            found = prepare(weight, bias, tile=tile, device=self._device, dtype=self._dtype)
            self._convolutions[layer.name] = found
        return found

    def ended(self, layer: Layer) -> None:
        """A run has made the last band of a layer."""
        if not self._keeps_kernels:
            self._convolutions.pop(layer.name, None)

    def buffers(self, stages: Sequence[Stage], n: int) -> list[Tensor]:
        """Memory for the inputs of stages, and for the output of the last; the next run uses it again."""
        shapes = [(n, stage.capacity, stage.in_width, stage.layer.in_channels) for stage in stages]
        shapes += [(n, stage.rows, stage.out_width, stage.layer.out_channels) for stage in stages[-1:]]
        return self._workspace.take(shapes, self._dtype)


class _Rows:
    """Rows on their way into a layer: a window of its padded input that moves down the picture."""

    def __init__(self, buffer: Tensor, layer: Layer) -> None:
        self._buffer = buffer
        self._padding = layer.padding
        self._mirrors = layer.mirrors
        self._start = 0  # the row, counted from the padding above, that is first in the buffer
        self.end = 0
        """The row behind the last that is there."""
        self.needed = 0
        """The first row that is still needed."""
        self._kept = self._padding + 1 if self._mirrors else 0  # last rows that may have to be mirrored
        self._begun = not self._mirrors
        if self._begun:
            self._add_zeros()
        else:
            self.room(self._padding)

    def begin(self) -> bool:
        """The padding above the first row; False if what is mirrored there has not come yet."""
        if not self._begun and self.end > 2 * self._padding:
            for distance in range(1, self._padding + 1):
                self._buffer[:, self._padding - distance] = self._buffer[:, self._padding + distance]
            self._begun = True
        return self._begun

    def end_here(self) -> None:
        """The padding below the last row."""
        if not self._mirrors:
            self._add_zeros()
            return
        below = self.room(self._padding)
        last = self.end - self._padding - 1 - self._start
        for distance in range(1, self._padding + 1):
            below[:, distance - 1] = self._buffer[:, last - distance]

    def _add_zeros(self) -> None:
        if self._padding:
            self.room(self._padding).zero_()

    def room(self, rows: int) -> Tensor:
        """Where to write the next rows."""
        if self.end - self._start + rows > self._buffer.shape[1]:
            first = max(self._start, min(self.needed, self.end - self._kept))
            held = self._buffer[:, first - self._start : self.end - self._start].clone()
            self._buffer[:, : held.shape[1]] = held
            self._start = first
        first = self.end - self._start
        self.end += rows
        return self._buffer[:, first : first + rows]

    def window(self, rows: int) -> Tensor:
        """The first rows that are still needed."""
        first = self.needed - self._start
        return self._buffer[:, first : first + rows]


class _Run:
    """Pictures of one batch on their way through the network."""

    def __init__(self, backbone: Backbone, pictures: Tensor, schedule: Schedule) -> None:
        self._backbone = backbone
        self._pictures = pictures
        self._schedule = schedule
        self._stages = schedule.stages
        *inputs, self._last = backbone.buffers(self._stages, pictures.shape[0]) or [pictures]
        self._rows = [_Rows(buffer, stage.layer) for buffer, stage in zip(inputs, self._stages, strict=True)]
        self._made = [0] * len(self._stages)

    def bands(self) -> Iterator[Band]:
        height = self._schedule.height
        for top in range(0, height, self._schedule.rows):
            band = self._pictures[:, top : top + self._schedule.rows].to(torch.float32, copy=True).div_(255)
            if INPUT in self._backbone.taps:
                yield INPUT, top, band.permute(0, 3, 1, 2)
            if self._stages:
                self._rows[0].room(band.shape[1]).copy_(self._backbone.normalise(band))
                yield from self._advance(0, ended=top + band.shape[1] == height)

    def _advance(self, index: int, *, ended: bool) -> Iterator[Band]:
        """Make what bands of a stage can be made; its input may have ended."""
        stage, rows = self._stages[index], self._rows[index]
        layer = stage.layer
        if not rows.begin():
            return
        if ended:
            rows.end_here()
        while True:
            left = stage.out_height - self._made[index]
            possible = min(left, stage.rows, (rows.end - layer.kernel) // layer.step + 1 - self._made[index])
            if possible < left:  # bands begin where tiles do
                possible -= possible % tile_rows(layer) if layer.kind == "conv" else 0
                if possible < stage.least:
                    return
            if possible <= 0:
                return
            yield from self._make(index, possible)

    def _make(self, index: int, count: int) -> Iterator[Band]:
        stage, rows, first = self._stages[index], self._rows[index], self._made[index]
        window = rows.window((count - 1) * stage.layer.step + stage.layer.kernel)
        is_last = index + 1 == len(self._stages)
        out = self._last[:, :count] if is_last else self._rows[index + 1].room(count)
        for tap in self._backbone.run(stage, window, out):
            yield tap, first, out.permute(0, 3, 1, 2)
        self._made[index] += count
        ended = self._made[index] == stage.out_height
        if ended:
            self._backbone.ended(stage.layer)
        rows.needed = self._made[index] * stage.layer.step
        if not is_last:
            # A pool may have made its last row before its last input comes, which it drops.
            yield from self._advance(index + 1, ended=ended)
