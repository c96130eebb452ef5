"""Convert channel weights as others publish them to the files that percept ships.

    python scripts/convert_channels.py NAME PUBLISHED OUTPUT.safetensors

NAME is that of the distance, PUBLISHED a file of a wheel on PyPI: for dists ``weights.pt`` of DISTS_pytorch 0.1
(MIT licence), for lpips ``weights/v0.1/vgg.pth`` of lpips 0.1.4 (BSD 2-Clause), for st-lpips
``weights/vST0.0/vgg_shift_tolerant.pth`` of stlpips_pytorch 0.0.2 (BSD 2-Clause). No value is altered: they are
cut into one vector per tap and part.
"""

from __future__ import annotations

import argparse
import hashlib
from pathlib import Path

import torch
from safetensors.torch import save
from torch import Tensor

from percept_cli.networks.channels import CHANNEL_WEIGHTS, ChannelWeights

SHA256 = {
    "dists": "f5e65c96230b7f6ca995691647d482237e4cab8a50c5c4a5784f219ef0748218",
    "lpips": "a78928a0af1e5f0fcb1f3b9e8f8c3a2a5a3de244d830ad5c1feddc79b8432868",
    "st-lpips": "44597da68f49c1837c100ff52299050f274d102eb102e5837178c79be6f0e250",
}
"""Of the published files, by the name of the distance."""


def convert(name: str, published: Path) -> bytes:
    """The content of percept's file.

    Args:
        name: of the distance.
        published: its published file.

    Raises:
        ValueError: if the published file is not the one that is known, which is then not even opened as a pickle.
    """
    found = hashlib.sha256(published.read_bytes()).hexdigest()
    if found != SHA256[name]:
        raise ValueError(f"{published}: sha256 {found}, expected {SHA256[name]}")
    weights = torch.load(published, map_location="cpu", weights_only=True)
    record = CHANNEL_WEIGHTS[name]
    return save(_of_all_channels(record, weights) if name == "dists" else _of_heads(record, weights))


def _of_all_channels(record: ChannelWeights, weights: dict[str, Tensor]) -> dict[str, Tensor]:
    """From one vector per part, with the channels of all taps."""
    channels = [record.channels(tap) for tap in record.taps]
    return {
        f"{tap}.{part}": values.clone()
        for part in record.parts
        for tap, values in zip(record.taps, torch.split(weights[part].flatten(), channels), strict=True)
    }


def _of_heads(record: ChannelWeights, weights: dict[str, Tensor]) -> dict[str, Tensor]:
    """From one 1×1 convolution to a single channel per tap, without a bias."""
    return {
        f"{tap}.weight": weights[f"lin{index}.model.1.weight"].flatten().clone()
        for index, tap in enumerate(record.taps)
    }


def main() -> None:
    """Read the command line and write the file."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("name", choices=SHA256)
    parser.add_argument("published", type=Path, metavar="PUBLISHED")
    parser.add_argument("output", type=Path, metavar="OUTPUT.safetensors")
    arguments = parser.parse_args()
    content = convert(arguments.name, arguments.published)
    arguments.output.write_bytes(content)
    print(f"{arguments.output}: {len(content)} bytes, sha256 {hashlib.sha256(content).hexdigest()}")


if __name__ == "__main__":
    main()
