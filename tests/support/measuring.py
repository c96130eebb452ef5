"""The engine measuring tensors, which the package itself never has."""

from __future__ import annotations

import torch
from torch import Tensor

from percept_cli.engine.measure import Engine
from percept_cli.engine.plan import Piece, Plan
from percept_cli.engine.regions import whole
from percept_cli.engine.transfer import Contribution


def everything(plan: Plan) -> Piece:
    """All of a plan's picture as one piece."""
    return Piece(plan, whole(plan.height, plan.width))


def contributions(engine: Engine, reference: Tensor, candidate: Tensor, plan: Plan) -> list[list[Contribution]]:
    """What each piece of a plan contributes to each of N pairs: N×3×H×W sides, sRGB in 0..255."""
    found = []
    for piece in engine.pieces(plan):
        pixels = piece.crop.pixels
        inside = (..., slice(pixels.top, pixels.bottom), slice(pixels.left, pixels.right))
        batch = torch.cat((reference[inside], candidate[inside]))
        found.append(engine.start(batch, [piece] * len(reference)).result())
    return [list(parts) for parts in zip(*found, strict=True)] or [[] for _ in reference]


def measured(engine: Engine, reference: Tensor, candidate: Tensor, plan: Plan) -> Tensor:
    """The distance of every layer for every pair: N×L float64, layers in the order of the spec."""
    parts = contributions(engine, reference, candidate, plan)
    return torch.tensor([engine.finish(plan, mine) for mine in parts], dtype=torch.float64)
