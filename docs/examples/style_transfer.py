"""Style transfer: the content of one picture in the style of another (Gatys et al. 2016, Johnson et al. 2016).

Content is the features of a middle layer; style is the Gram matrices of four, which do not say where anything is.

python docs/examples/style_transfer.py CONTENT STYLE OUTPUT
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from percept_cli import PerceptualDistance


def read(file: Path, size: tuple[int, int]) -> Tensor:
    """1×3×H×W, sRGB in [0, 1]; both pictures of a pair must have one size."""
    return torch.from_numpy(np.array(Image.open(file).convert("RGB").resize(size))).permute(2, 0, 1)[None] / 255


def transfer(content: Tensor, style: Tensor, *, steps: int, strength: float = 1.0) -> tuple[Tensor, list[float]]:
    """Begin with the content and walk towards the style.

    Args:
        content: 1×3×H×W, sRGB in [0, 1].
        style: the same size.
        steps: of the optimiser.
        strength: of the style against the content.

    Returns:
        The picture, and the loss before each step.
    """
    content_loss, style_loss = PerceptualDistance("johnson-content"), PerceptualDistance("johnson-style")
    picture = content.clone().requires_grad_()
    # On Oxford's kernels features reach thousands: each loss is measured by what there is to lose.
    content_scale, style_scale = (loss(content, style).item() for loss in (content_loss, style_loss))
    optimiser = torch.optim.Adam([picture], lr=0.02)
    losses = []
    for _ in range(steps):
        loss = content_loss(content, picture) / content_scale
        loss = loss + strength * style_loss(style, picture) / style_scale
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        picture.data.clamp_(0, 1)
        losses.append(loss.item())
    return picture.detach(), losses


def main() -> None:
    """Read, transfer, save."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("content", "style", "output"):
        parser.add_argument(name, type=Path)
    parser.add_argument("--steps", type=int, default=200)
    parser.add_argument("--strength", type=float, default=10.0)
    options = parser.parse_args()
    size = (256, 192)
    picture, losses = transfer(
        read(options.content, size), read(options.style, size), steps=options.steps, strength=options.strength
    )
    Image.fromarray((255 * picture[0].permute(1, 2, 0)).round().byte().numpy()).save(options.output)
    print(f"loss {losses[0]:.3f} → {losses[-1]:.3f}: {options.output}")


if __name__ == "__main__":
    main()
