"""The weights that percept knows: one record each, without torch."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from percept_cli.engine.topology import NETWORKS


@dataclass(frozen=True)
class WeightsRecord:
    """Everything that identifies one set of kernels and says how to feed it."""

    name: str
    """The name used in presets and on the command line."""
    network: str
    """Key of ``percept_cli.engine.topology.NETWORKS``."""
    file_name: str
    """File name inside the package's data folder."""
    sha256: str
    """Of the whole file, lower-case hex."""
    size: int
    """Of the whole file, in bytes."""
    scale: float
    """The picture's values in [0, 1] are multiplied by this first …"""
    mean: tuple[float, float, float]
    """… then this is subtracted, per channel in RGB order …"""
    std: tuple[float, float, float]
    """… and the rest divided by this."""
    licence: str
    source: str

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
        """Where the file is in this installation."""
        return Path(__file__).parent / "data" / self.file_name


WEIGHTS: dict[str, WeightsRecord] = {
    record.name: record
    for record in (
        WeightsRecord(
            name="vgg16-oxford",
            network="vgg16",
            file_name="vgg16-oxford.safetensors",
            sha256="b10580f3c3b37c5fad8860d18ea99a7baa1b63a599893cd73b9b82e5aac4abb4",
            size=58_861_440,
            # The "caffe" convention: 255·x − mean, the mean of the ImageNet training pictures in RGB order.
            scale=255.0,
            mean=(123.68, 116.779, 103.939),
            std=(1.0, 1.0, 1.0),
            licence="CC BY 4.0",
            source="K. Simonyan, A. Zisserman, VGG, University of Oxford, arXiv:1409.1556",
        ),
    )
}
