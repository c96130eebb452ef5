"""The weights that percept knows: one record each, without torch."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from percept_cli.networks.folders import weights_folder
from percept_cli.networks.origin import Origin
from percept_cli.networks.stamp import Stamp, read_stamp
from percept_cli.topology import NETWORKS

_DATA = Path(__file__).parent / "data"


@dataclass(frozen=True)
class WeightsRecord:
    """Everything that identifies one set of kernels and says how to feed it."""

    name: str
    """The name used in presets and on the command line."""
    network: str
    """Key of ``percept_cli.topology.NETWORKS``."""
    file_name: str
    """File name inside the package's data folder, or the user's. Records of one file name share the file."""
    published_sha256: str
    """Of the whole file, lower-case hex; of the published file if there is an origin."""
    size: int
    """Of the whole file, in bytes; of the values alone if there is an origin."""
    scale: float
    """The picture's values in [0, 1] are multiplied by this first …"""
    mean: tuple[float, float, float]
    """… then this is subtracted, per channel in RGB order …"""
    std: tuple[float, float, float]
    """… and the rest divided by this."""
    licence: str
    source: str
    origin: Origin | None = None
    """Where ``percept weights install`` has them from; None if they come inside the package."""
    kernels_sha256: str = ""
    """Of the kernels that the published file is converted to (``stamp.kernels_sha256``): what a file is held to,
    whatever its own note claims. Empty where nobody could compute it yet."""
    unpinned: str = ""
    """Why there is none; shown by ``percept weights verify``."""

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Every tensor the file must hold, by key, and its shape: OIHW kernels and biases, float32."""
        expected: dict[str, tuple[int, ...]] = {}
        for layer in NETWORKS[self.network]:
            if layer.kind == "conv":
                expected[f"{layer.name}.weight"] = (layer.out_channels, layer.in_channels, 3, 3)
                expected[f"{layer.name}.bias"] = (layer.out_channels,)
        return expected

    @property
    def path(self) -> Path:
        """Where the file is in this installation, or would be if it were installed."""
        packaged = _DATA / self.file_name
        if self.origin is None or packaged.is_file():
            return packaged
        return weights_folder() / self.file_name

    @property
    def is_packaged(self) -> bool:
        """Whether they come inside the package, so that nothing installs or removes them."""
        return self.path.parent == _DATA

    @property
    def sha256(self) -> str:
        """What tells these kernels from all others, in fingerprints: the SHA-256 of the published file.

        Only if they were installed from another file, which nothing vouches for, that of the kernels themselves.
        """
        if self.origin is not None:
            stamp = read_stamp(self.path, self.file_name)
            if stamp is not None and not self.vouches_for(stamp):
                return stamp.kernels_sha256
        return self.published_sha256

    def vouches_for(self, stamp: Stamp) -> bool:
        """Whether a note claims the published file, and kernels that are not known to be others."""
        claimed = stamp.origin_sha256 == self.published_sha256
        return claimed and self.kernels_sha256 in ("", stamp.kernels_sha256)


_NOT_PINNED = (
    "percept has no hash of all its values, and compared only the first ones with those that were published"
)

# Mean and deviation of the ImageNet training pictures, of values in [0, 1].
_IMAGENET: dict[str, Any] = {"scale": 1.0, "mean": (0.485, 0.456, 0.406), "std": (0.229, 0.224, 0.225)}


def _of_torchvision(
    network: str, *, published_sha256: str, size: int, published_size: int, first_values: tuple[float, ...]
) -> WeightsRecord:
    return WeightsRecord(
        name=f"{network}-imagenet1k-v1",
        network=network,
        file_name=f"{network}-imagenet1k-v1.safetensors",
        published_sha256=published_sha256,
        size=size,
        **_IMAGENET,
        licence="BSD-3-Clause",
        source=f"torchvision, {network.upper()}_Weights.IMAGENET1K_V1, after K. Simonyan, A. Zisserman, "
        "arXiv:1409.1556",
        unpinned=_NOT_PINNED,
        origin=Origin(
            url=f"https://download.pytorch.org/models/{network}-{published_sha256[:8]}.pth",
            size=published_size,
            first_values=first_values,
        ),
    )


WEIGHTS: dict[str, WeightsRecord] = {
    record.name: record
    for record in (
        WeightsRecord(
            name="vgg16-oxford",
            network="vgg16",
            file_name="vgg16-oxford.safetensors",
            published_sha256="b10580f3c3b37c5fad8860d18ea99a7baa1b63a599893cd73b9b82e5aac4abb4",
            size=58_861_440,
            # The "caffe" convention: 255·x − mean, the mean of the ImageNet training pictures in RGB order.
            scale=255.0,
            mean=(123.68, 116.779, 103.939),
            std=(1.0, 1.0, 1.0),
            licence="CC BY 4.0",
            source="K. Simonyan, A. Zisserman, VGG, University of Oxford, arXiv:1409.1556",
            kernels_sha256="cdc48d9417666f1eb03b43caa3a2c71408c3f08fe83d2f18e3132f8201dc22f0",
        ),
        _of_torchvision(
            "vgg16",
            published_sha256="397923af8e79cdbb6a7127f12361acd7a2f83e06b05044ddf496e83de57a5bf0",
            size=58_858_752,
            published_size=553_433_881,
            first_values=(-0.5537, 0.1427, 0.5290, -0.5831, 0.3566, 0.7657, -0.6902, -0.0480, 0.4841),
        ),
        _of_torchvision(
            "vgg19",
            published_sha256="dcbb9e9dad569fff7a846263a77324fc34978fea2bfb039c012d710e1776ae44",
            size=80_097_536,
            published_size=574_673_361,
            first_values=(-0.0535, -0.0493, -0.0679, 0.0153, 0.0451, 0.0021, 0.0362, 0.0200, 0.0199),
        ),
        WeightsRecord(
            name="vgg16-st-lpips",
            network="vgg16-blurpool",
            file_name="vgg16-st-lpips.safetensors",
            published_sha256="44597da68f49c1837c100ff52299050f274d102eb102e5837178c79be6f0e250",
            size=58_858_752,
            **_IMAGENET,
            licence="BSD-2-Clause",
            source="A. Ghildyal, F. Liu, Shift-tolerant Perceptual Similarity Metric, arXiv:2207.13686",
            kernels_sha256="a028e9672ed255b510efb374a6c3b38eba585b0d92b6c14b0f8fd794e68d9244",
            origin=Origin(
                url="https://pypi.org/project/stlpips_pytorch/0.0.2/#files",
                size=58_907_298,
                layout="st-lpips",
                first_values=(0.1562, 0.0086, 0.0014, -0.0057, 0.0214, -0.0302, 0.0750, -0.1296, -0.1629),
                package="stlpips_pytorch",
                member="stlpips_pytorch/weights/vST0.0/vgg_shift_tolerant.pth",
                extra="st-lpips",
            ),
        ),
    )
}

# The same kernels with other pools than the maxima they were trained with: what distances on L2 pools need.
for _name in ("vgg16-oxford", "vgg16-imagenet1k-v1"):
    WEIGHTS[f"{_name}-l2pool"] = replace(WEIGHTS[_name], name=f"{_name}-l2pool", network="vgg16-l2pool")
