"""Convert the channel weights that DISTS_pytorch publishes to the file that percept ships.

    python scripts/convert_dists.py WEIGHTS.pt OUTPUT.safetensors

WEIGHTS.pt is ``DISTS_pytorch/weights.pt`` of the wheel DISTS_pytorch 0.1 on PyPI (K. Ding, MIT licence). No value
is altered: the two vectors of 1475 values, one per channel of six taps, are cut into one pair per tap.
"""

from __future__ import annotations

import argparse
import hashlib
from pathlib import Path

import torch
from safetensors.torch import save

from percept_cli.weights.channels import CHANNEL_WEIGHTS

SHA256 = "f5e65c96230b7f6ca995691647d482237e4cab8a50c5c4a5784f219ef0748218"
"""Of the published file."""


def convert(published: Path) -> bytes:
    """The content of percept's file.

    Raises:
        ValueError: if the published file is not the one that is known, which is then not even opened as a pickle.
    """
    found = hashlib.sha256(published.read_bytes()).hexdigest()
    if found != SHA256:
        raise ValueError(f"{published}: sha256 {found}, expected {SHA256}")
    weights = torch.load(published, map_location="cpu", weights_only=True)
    record = CHANNEL_WEIGHTS["dists"]
    channels = [record.channels(tap) for tap in record.taps]
    tensors = {
        f"{tap}.{part}": values.clone()
        for part in record.parts
        for tap, values in zip(record.taps, weights[part].flatten().split(channels), strict=True)
    }
    return save(tensors)


def main() -> None:
    """Read the command line and write the file."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("published", type=Path, metavar="WEIGHTS.pt")
    parser.add_argument("output", type=Path, metavar="OUTPUT.safetensors")
    arguments = parser.parse_args()
    content = convert(arguments.published)
    arguments.output.write_bytes(content)
    print(f"{arguments.output}: {len(content)} bytes, sha256 {hashlib.sha256(content).hexdigest()}")


if __name__ == "__main__":
    main()
