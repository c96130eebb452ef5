"""Public implementations, carrying the shipped kernels, to be compared with."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import torch

from percept_cli.networks.folders import weights_folder
from percept_cli.networks.loading import load_kernels
from percept_cli.networks.registry import WEIGHTS, WeightsRecord
from percept_cli.networks.store import install
from percept_cli.networks.taking import put

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


# Peers compute in float64, where two ways to one number agree: in float32 they differ by the rounding of both.
# Their constants are published as decimals and stored as float32, so they are written out again.


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
        model = DISTS_pytorch.DISTS(load_weights=False).double().eval()
    carry_shipped_kernels(model)
    weights = torch.load(published_dists_weights(), weights_only=True)
    with torch.no_grad():
        model.alpha.copy_(weights["alpha"])
        model.beta.copy_(weights["beta"])
        # It takes x in [0, 1] and computes (x - mean) / std: written out, as for lpips.
        model.mean.copy_(torch.tensor([123.68, 116.779, 103.939], dtype=torch.float64).view(1, 3, 1, 1) / 255)
        model.std.fill_(1 / 255)
    return model


def install_stand_ins() -> None:
    """Install ST-LPIPS's weights from their package, and stand-ins for torchvision's (see ``weights_home``)."""
    weights_folder().mkdir(parents=True)
    put(WEIGHTS["vgg16-imagenet1k-v1"], dict(load_kernels(RECORD)), published=False)
    put(WEIGHTS["vgg19-imagenet1k-v1"], random_kernels(WEIGHTS["vgg19-imagenet1k-v1"]), published=False)
    install(WEIGHTS["vgg16-st-lpips"])


def random_kernels(record: WeightsRecord) -> dict[str, torch.Tensor]:
    """Kernels that keep the size of features from layer to layer (He et al. 2015, eq. 10), and small biases."""
    generator = torch.Generator().manual_seed(19)
    return {
        key: torch.randn(shape, generator=generator) * ((2 / (shape[1] * 9)) ** 0.5 if len(shape) == 4 else 0.01)
        for key, shape in record.shapes().items()
    }


def published_dists_weights() -> Path:
    """The channel weights in DISTS_pytorch's own package."""
    import DISTS_pytorch

    return Path(DISTS_pytorch.__file__).parent / "weights.pt"


def lpips_with_learned_weights(*, spatial: bool = False) -> Any:
    """`lpips.LPIPS(net="vgg")`: its own head and normalisation; the kernels stand in for torchvision's."""
    model = _lpips(lpips=True, spatial=spatial)
    carry_shipped_kernels(model.net)
    write_out_scaling(model)
    return model


def write_out_scaling(model: Any) -> None:
    """The lpips package's ``ScalingLayer``, which others copied."""
    with torch.no_grad():
        for buffer, values in (("shift", (-0.030, -0.088, -0.188)), ("scale", (0.458, 0.448, 0.450))):
            published = getattr(model.scaling_layer, buffer)
            exact = torch.tensor(values, dtype=torch.float64).view(1, 3, 1, 1)
            assert torch.equal(published, exact.float().double())
            published.copy_(exact)


def _lpips(**options: bool) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # lpips 0.1.4 calls torchvision by argument names of long ago
        import lpips

        return lpips.LPIPS(net="vgg", pnet_rand=True, verbose=False, **options).double().eval()


def torchmetrics_lpips() -> Any:
    """Torchmetrics' copy of that network and head, as its functional form makes them, with the same kernels."""
    from torchmetrics.functional.image import lpips as functional

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # as above
        model = functional._LPIPS(pretrained=True, net="vgg", pnet_rand=True, eval_mode=True).double()
    carry_shipped_kernels(model.net)
    write_out_scaling(model)
    return model


def st_lpips() -> Any:
    """`stlpips_pytorch`'s network as it is published, with its own weights."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it imports IPython and torchsummary, and uses neither
        from stlpips_pytorch import stlpips

        model = stlpips.LPIPS(net="vgg", variant="shift_tolerant", verbose=False).double().eval()
    write_out_scaling(model)
    return model


def piq_loss(name: str, layers: Sequence[str], **options: Any) -> Any:
    """`piq.ContentLoss` or `piq.StyleLoss` on a VGG-16 of the shipped kernels, with their normalisation.

    Given a network of one's own, piq names layers by their index in torchvision's ``features``.
    """
    import piq
    from piq.perceptual import VGG16_LAYERS

    loss = getattr(piq, name)(
        feature_extractor=_shipped_features(),
        layers=[VGG16_LAYERS[layer] for layer in layers],
        reduction="none",
        **options,
    )
    loss.mean = torch.tensor([123.68, 116.779, 103.939], dtype=torch.float64).view(1, 3, 1, 1) / 255
    loss.std = torch.full_like(loss.mean, 1 / 255)
    return loss


@cache
def _shipped_features() -> torch.nn.Module:
    """Torchvision's layers of a VGG-16 with the shipped kernels, which piq only reads."""
    from torchvision import models

    network: torch.nn.Module = models.vgg.make_layers(models.vgg.cfgs["D"]).double().eval()
    carry_shipped_kernels(network)
    return network


def lpips_with_shipped_kernels() -> Any:
    """`lpips.LPIPS(net="vgg", lpips=False)` with the shipped kernels and their normalisation."""
    model = _lpips(lpips=False)
    carry_shipped_kernels(model.net)
    with torch.no_grad():
        # lpips takes x in [-1, 1] and computes (x - shift) / scale; 255·(x + 1)/2 - mean is that with
        # scale = 2/255 and shift = 2·mean/255 - 1.
        # Written out, so that a wrong mean in percept's own record is noticed.
        mean = torch.tensor([123.68, 116.779, 103.939], dtype=torch.float64).view(1, 3, 1, 1)
        model.scaling_layer.shift.copy_(2 * mean / 255 - 1)
        model.scaling_layer.scale.copy_(torch.full_like(mean, 2 / 255))
    return model
