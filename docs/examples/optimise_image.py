"""Noise becomes a picture: only its pixels are optimised, and only by how different the two look.

python docs/examples/optimise_image.py sample_images/reference/photo-blur.png optimised.png
"""

import sys

import numpy as np
import torch
from PIL import Image

from percept_cli import PerceptualDistance


def optimise(target: torch.Tensor, steps: int) -> tuple[torch.Tensor, list[float]]:
    """From noise towards a 1×3×H×W target in [0, 1]: the picture, and the loss before each step."""
    loss = PerceptualDistance(layers="relu1_1,relu2_1,relu3_1", distance="l1", check=False)
    noise = torch.rand(target.shape, generator=torch.Generator().manual_seed(0))
    picture = (0.5 + 0.1 * (noise - 0.5)).requires_grad_()
    optimiser = torch.optim.Adam([picture], lr=0.03)
    losses = []
    for _ in range(steps):
        optimiser.zero_grad()
        value = loss(target, picture)
        value.backward()
        optimiser.step()
        picture.data.clamp_(0, 1)
        losses.append(value.item())
    return picture.detach(), losses


if __name__ == "__main__":
    source, out = sys.argv[1:]
    image = Image.open(source).convert("RGB").resize((128, 96))
    target = torch.from_numpy(np.array(image)).permute(2, 0, 1)[None] / 255
    picture, losses = optimise(target, steps=150)
    print(f"loss {losses[0]:.4f} → {losses[-1]:.4f}; target and result side by side: {out}")
    both = torch.cat((target, picture), dim=3)[0].permute(1, 2, 0)
    Image.fromarray((255 * both).round().byte().numpy()).save(out)
