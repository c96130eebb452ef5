"""A super-resolution loss: pixels for the colours, features for the details (Ledig et al. 2017, eq. 3).

A small network learns to enlarge pictures twice. With the pixel loss alone it averages all that the missing detail
could be, which is blur; the perceptual term prefers some sharp detail that looks right.

python docs/examples/super_resolution.py sample_images/reference
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor, nn

from percept_cli import PerceptualDistance


class Enlarger(nn.Module):
    """Twice the size, by what it adds to bilinear interpolation (after Shi et al. 2016)."""

    def __init__(self, width: int = 32) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(3, width, 5, padding=2), nn.ReLU(), nn.Conv2d(width, 12, 3, padding=1), nn.PixelShuffle(2)
        )

    def forward(self, small: Tensor) -> Tensor:
        """N×3×H×W in [0, 1] → N×3×2H×2W, about in [0, 1]."""
        enlarged = F.interpolate(small, scale_factor=2, mode="bilinear")
        added: Tensor = self.layers(small)
        return enlarged + 0.1 * added


def crops(files: Sequence[Path], side: int, count: int, generator: torch.Generator) -> Tensor:
    """Random crops: count×3×side×side, sRGB in [0, 1]."""
    found = []
    for _ in range(count):
        file = files[int(torch.randint(len(files), (), generator=generator))]
        pixels = torch.from_numpy(np.array(Image.open(file).convert("RGB"))).permute(2, 0, 1)
        top, left = (int(torch.randint(end - side + 1, (), generator=generator)) for end in pixels.shape[1:])
        found.append(pixels[:, top : top + side, left : left + side] / 255)
    return torch.stack(found)


def train(files: Sequence[Path], *, steps: int, side: int = 96, batch: int = 4) -> list[float]:
    """Train on random crops, and give the loss of the same few crops every 20 steps, and at the end."""
    generator = torch.Generator().manual_seed(0)
    torch.manual_seed(0)
    network = Enlarger()
    # Before the ReLU, as ESRGAN found better: fewer values are 0 there (Wang et al. 2018, section 3.3).
    perceptual = PerceptualDistance(layers="conv2_2,conv3_3", distance="unit")
    optimiser = torch.optim.Adam(network.parameters(), lr=2e-3)

    def loss_of(sharp: Tensor) -> Any:  # a scalar tensor
        enlarged = network(F.avg_pool2d(sharp, 2))
        return F.l1_loss(enlarged, sharp) + 0.1 * perceptual(sharp, enlarged)

    watched = crops(files, side, 2 * batch, generator)
    losses = []
    for step in range(steps + 1):
        if step % 20 == 0 or step == steps:
            with torch.no_grad():
                losses.append(loss_of(watched).item())
            print(f"step {step}: loss {losses[-1]:.4f}", flush=True)
        optimiser.zero_grad()
        loss_of(crops(files, side, batch, generator)).backward()
        optimiser.step()
    return losses


def main() -> None:
    """Train on the pictures of a folder."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--steps", type=int, default=200)
    options = parser.parse_args()
    losses = train(sorted(options.folder.glob("photo-*.png")), steps=options.steps)
    print(f"loss {losses[0]:.4f} → {losses[-1]:.4f}")


if __name__ == "__main__":
    main()
