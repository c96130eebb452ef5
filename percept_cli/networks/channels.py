"""What distances have learned: weights for every channel of some taps, one record each, read without torch."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from percept_cli.errors import InvalidSetting, WeightsUnavailable
from percept_cli.networks.registry import WEIGHTS
from percept_cli.system.names import shown
from percept_cli.topology import smallest_side, tap_shape

if TYPE_CHECKING:
    from torch import Tensor

_RELU_TAPS = ("relu1_2", "relu2_2", "relu3_3", "relu4_3", "relu5_3")


@dataclass(frozen=True, kw_only=True)
class ChannelWeights:
    """What identifies one distance's learned weights, and what they are for."""

    distance: str
    """The name under which the distance is registered."""
    network: str
    """Key of ``percept_cli.topology.NETWORKS``: the features that they were learned on, and mean nothing
    without."""
    backbones: tuple[str, ...] | None
    """Names of the weights records that they may be used with; None for all of that network."""
    taps: tuple[str, ...] = _RELU_TAPS
    parts: tuple[str, ...] = ("weight",)
    """How many weights each channel has, by name. The file's keys are ``tap.part``."""
    sha256: str
    """Of the whole file, lower-case hex."""
    size: int
    """Of the whole file, in bytes."""
    licence: str
    source: str

    @property
    def path(self) -> Path:
        """Where the file is in this installation."""
        return Path(__file__).parent / "data" / f"{self.distance}.safetensors"

    def channels(self, tap: str) -> int:
        """How many channels a tap has."""
        side = smallest_side(self.network, [tap])
        return tap_shape(self.network, tap, side, side)[0]

    def check(self, backbone: str, network: str, tap: str) -> None:
        """Refuse what nothing was learned for.

        Args:
            backbone: name of a weights record.
            network: its topology.
            tap: one of its taps.

        Raises:
            InvalidSetting: saying what it was learned for.
        """
        if network != self.network or (self.backbones is not None and backbone not in self.backbones):
            learned_on = self.network if self.backbones is None else " or ".join(self.backbones)
            others = [name for name, record in WEIGHTS.items() if record.network == self.network]
            why = "its kernels are different" if self.backbones else "its pooling layers are different"
            raise InvalidSetting(
                f"the weights of the distance {self.distance} were learned for the channels of "
                f"{learned_on} and do not apply to {backbone}: {why}",
                hint=f"use --backbone {' or '.join(self.backbones or others)}.",
            )
        if tap not in self.taps:
            raise InvalidSetting(
                f"the distance {self.distance} has no weights for the channels of layer {tap}",
                hint=f"choose from {', '.join(self.taps)}.",
            )


CHANNEL_WEIGHTS: dict[str, ChannelWeights] = {
    record.distance: record
    for record in (
        ChannelWeights(
            distance="dists",
            network="vgg16-l2pool",
            backbones=None,  # the preset's file tells what another training of the kernels changes
            taps=("input", *_RELU_TAPS),
            parts=("alpha", "beta"),
            sha256="e9d993e346d9b823da12e3bd25686af9dd1a1659be7a5588577f07e8a401546c",
            size=12_656,
            licence="MIT",
            source="K. Ding, K. Ma, S. Wang, E. P. Simoncelli, arXiv:2004.07728; DISTS_pytorch 0.1 on PyPI",
        ),
        ChannelWeights(
            distance="lpips",
            network="vgg16",
            backbones=("vgg16-imagenet1k-v1",),
            sha256="4b6ccf861947e6c5df75a61f4c42de102f46e5e46a922dacb1fc303822df2e81",
            size=6_264,
            licence="BSD-2-Clause",
            source="R. Zhang, P. Isola, A. Efros, E. Shechtman, O. Wang, arXiv:1801.03924; lpips 0.1.4 on PyPI",
        ),
        ChannelWeights(
            distance="st-lpips",
            network="vgg16-blurpool",
            backbones=("vgg16-st-lpips",),
            sha256="f4a7af0106f83cc1203ab619d17bed39528dae7d1d1b27a12cc812dbb4657a54",
            size=6_264,
            licence="BSD-2-Clause",
            source="A. Ghildyal, F. Liu, arXiv:2207.13686; stlpips_pytorch 0.0.2 on PyPI, vST0.0",
        ),
    )
}
"""By the name of the distance."""


@cache
def load_channel_weights(record: ChannelWeights) -> Mapping[str, Tensor]:
    """Read every tensor of a file, which is small enough to be compared with its hash each time.

    Returns:
        ``tap.part`` → float32 vector on the CPU, one value per channel.

    Raises:
        WeightsUnavailable: if the file is missing, or not byte for byte the recorded one.
    """
    import torch
    from safetensors.torch import load

    try:
        content = record.path.read_bytes()
    except OSError as error:
        raise WeightsUnavailable(
            f"{shown(record.path)}: the channel weights of {record.distance} cannot be read: {error.strerror}",
            hint="reinstall percept; a complete package contains them.",
        ) from None
    found = hashlib.sha256(content).hexdigest()
    if found != record.sha256:
        raise WeightsUnavailable(
            f"{shown(record.path)}: not the channel weights of {record.distance}, or truncated or "
            f"altered\n  expected {record.size} bytes, sha256 {record.sha256}\n  found    {len(content)} "
            f"bytes, sha256 {found}",
            hint="reinstall percept; nothing was changed.",
        )
    with torch.inference_mode(False):  # autograd may meet them later
        return load(content)
