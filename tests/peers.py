"""Public implementations, carrying the shipped kernels, to be compared with."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import pytest
import torch

from percept_cli.weights.loading import load_kernels
from percept_cli.weights.registry import WEIGHTS

RECORD = WEIGHTS["vgg16-oxford"]


def carry_shipped_kernels(network: torch.nn.Module) -> None:
    """Copy the shipped kernels into a VGG-16's convolutions, in the order of its modules."""
    kernels = load_kernels(RECORD)
    names = sorted(key for key in kernels if key.endswith(".weight"))
    convolutions = [module for module in network.modules() if isinstance(module, torch.nn.Conv2d)]
    with torch.no_grad():
        for module, key in zip(convolutions, names, strict=True):
            assert module.bias is not None
            module.weight.copy_(kernels[key])
            module.bias.copy_(kernels[key.replace("weight", "bias")])


def dists_with_shipped_kernels() -> Any:
    """`DISTS_pytorch.DISTS` with its own channel weights, and the shipped kernels and their normalisation."""
    import DISTS_pytorch
    from torchvision import models

    def without_download(*, pretrained: bool) -> torch.nn.Module:
        assert pretrained
        network: torch.nn.Module = models.VGG(models.vgg.make_layers(models.vgg.cfgs["D"]), init_weights=False)
        return network

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(models, "vgg16", without_download)
        model = DISTS_pytorch.DISTS(load_weights=False).eval()
    carry_shipped_kernels(model)
    weights = torch.load(published_dists_weights(), weights_only=True)
    with torch.no_grad():
        model.alpha.copy_(weights["alpha"])
        model.beta.copy_(weights["beta"])
        # It takes x in [0, 1] and computes (x - mean) / std: written out, as for lpips.
        model.mean.copy_(torch.tensor([123.68, 116.779, 103.939]).view(1, 3, 1, 1) / 255)
        model.std.fill_(1 / 255)
    return model


def published_dists_weights() -> Path:
    """The channel weights in DISTS_pytorch's own package."""
    import DISTS_pytorch

    return Path(DISTS_pytorch.__file__).parent / "weights.pt"


def lpips_with_shipped_kernels() -> Any:
    """`lpips.LPIPS(net="vgg", lpips=False)` with the shipped kernels and their normalisation."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # lpips 0.1.4 calls torchvision by argument names of long ago
        import lpips

        model = lpips.LPIPS(net="vgg", lpips=False, pnet_rand=True, verbose=False).eval()
    carry_shipped_kernels(model.net)
    with torch.no_grad():
        # lpips takes x in [-1, 1] and computes (x - shift) / scale; 255·(x + 1)/2 - mean is that with
        # scale = 2/255 and shift = 2·mean/255 - 1.
        # Written out, so that a wrong mean in percept's own record is noticed.
        mean = torch.tensor([123.68, 116.779, 103.939]).view(1, 3, 1, 1)
        model.scaling_layer.shift.copy_(2 * mean / 255 - 1)
        model.scaling_layer.scale.copy_(torch.full_like(mean, 2 / 255))
    return model
