"""Which positions of the network's layers a change reaches, by masks that are sent through them."""

from __future__ import annotations

import numpy as np

NETWORK = "vgg16"
NETWORKS_WITH_POOLS = ("vgg16", "vgg16-l2pool", "vgg16-blurpool")  # VGG-19's only differs in its convolutions


def as_bytes(mask: np.ndarray) -> tuple[bytes, bytes]:
    """Two pictures that differ by one level, in one channel, where the mask is set."""
    reference = np.zeros((*mask.shape, 3), np.uint8)
    candidate = reference.copy()
    candidate[..., 1] = mask
    return reference.tobytes(), candidate.tobytes()
