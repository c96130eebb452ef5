"""Pools by rows are those of a whole picture."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F

from percept_cli.engine.pools import differentiable_pool, pool_rows
from percept_cli.topology import NETWORKS, Layer
from tests.support.rounding import UNIT, relative_error

pytestmark = pytest.mark.numeric


POOLS = [layer for layers in NETWORKS.values() for layer in layers if layer.kind not in ("conv", "relu")]


@pytest.mark.parametrize("layer", {layer.kind: layer for layer in POOLS}.values(), ids=lambda layer: layer.kind)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.float16, torch.bfloat16])
def test_a_pool_by_rows_is_the_one_on_a_whole_picture(layer: Layer, dtype: torch.dtype, device: str) -> None:
    """Alone, where no convolution hides its last digits; large values, whose squares no half precision holds."""
    if device == "mps" and dtype == torch.float64:
        pytest.skip("Apple's GPUs have no float64")
    generator = torch.Generator().manual_seed(1)
    for height, width in ((18, 19), (5, 4), (4, 33)):
        features = (500 * torch.randn(2, 7, height, width, generator=generator)).to(device, dtype)
        whole = differentiable_pool(layer, features)
        margins = (layer.padding,) * 4
        padded = F.pad(features, margins, mode="reflect") if layer.mirrors else F.pad(features, margins)
        # Columns are the pool's own matter.
        rows = padded[:, :, :, layer.padding : layer.padding + width].permute(0, 2, 3, 1)
        out = torch.empty(whole.shape, dtype=dtype, device=device).permute(0, 2, 3, 1).contiguous()
        pool_rows(layer, rows, out)
        # Nine products, their sum and a root, none of which cancel: at most 11 roundings on either way. Half
        # precision is computed in float32, and rounded once.
        rounding = torch.finfo(dtype).eps / 2
        assert whole.isfinite().all()
        difference = relative_error(out.permute(0, 3, 1, 2).cpu(), whole.cpu())
        assert difference <= 2 * rounding * (11 if dtype in (torch.float32, torch.float64) else 1 + 1e-3)


def test_the_root_of_an_l2_pool_at_zero() -> None:
    """1e-12 is under the root: the value is 1e-6, and there is a gradient."""
    layer = next(layer for layer in NETWORKS["vgg16-l2pool"] if layer.kind == "l2pool")
    features = torch.zeros(1, 2, 6, 6, requires_grad=True)
    whole = differentiable_pool(layer, features)
    whole.sum().backward()  # type: ignore[no-untyped-call]
    assert features.grad is not None
    assert features.grad.isfinite().all()
    out = torch.empty(1, 3, 3, 2)
    pool_rows(layer, torch.zeros(1, 7, 6, 2), out)
    for found in (whole.detach(), out):
        torch.testing.assert_close(
            found, torch.full_like(found, 1e-6), rtol=3 * UNIT, atol=0
        )  # a sum, a root, and 1e-6
