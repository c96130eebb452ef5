"""Frames laid over each other: WebP, and what all formats of animations have in common."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import product
from pathlib import Path

import numpy as np
import pytest

from percept_cli import compare
from percept_cli.errors import UnsupportedImage
from percept_cli.formats.decode import decode
from percept_cli.images.limits import Limits
from percept_cli.images.policy import ImagePolicy
from tests.support.animations import AS_BEFORE, CLEARED, STAYS, Frame, apng, composed, gif, plain, webp
from tests.support.frames_seen import CLEAR, GREEN, NOTHING, PALETTE, PLACES, RED, assert_seen, frame_of, rgba


def test_every_combination_in_webp() -> None:
    rng, colours = np.random.default_rng(5), np.concatenate([PALETTE, NOTHING])
    for places, disposed, over in product(PLACES, product((STAYS, CLEARED), (STAYS, CLEARED), (STAYS,)), range(8)):
        frames = [
            replace(frame_of(rng, colours, place, dispose), over=bool(over >> number & 1))
            for number, (place, dispose) in enumerate(zip(places, disposed, strict=True))
        ]
        assert_seen(webp(frames), composed(frames))


def test_what_was_as_before_scores_as_it_looks(tmp_path: Path) -> None:
    """A red frame that is taken back again, with nothing laid over it, leaves the green one."""
    green, red, clear = (plain(colour, 32, 32) for colour in (GREEN, RED, CLEAR))
    files = {
        "prev": [Frame(green, over=True), Frame(red, dispose=AS_BEFORE, over=True), Frame(clear, over=True)],
        "full": [Frame(green), Frame(red), Frame(green)],
        "red": [Frame(green), Frame(red), Frame(red)],
    }
    for name, frames in files.items():
        (tmp_path / f"{name}.png").write_bytes(apng(frames, width=32, height=32, default=clear))
    assert compare(tmp_path / "prev.png", tmp_path / "full.png").distance == 0
    assert compare(tmp_path / "prev.png", tmp_path / "red.png").distance > 0


@pytest.mark.parametrize("write", [apng, lambda frames: gif(frames, PALETTE)], ids=["apng", "gif"])
def test_before_the_first_frame_there_was_nothing(write: Callable[[Sequence[Frame]], bytes]) -> None:
    first = Frame(plain(tuple(PALETTE[0])), dispose=AS_BEFORE)
    second = Frame(plain(tuple(PALETTE[1]), 2, 2), over=True)
    seen = [rgba(frame) for frame in decode(write([first, second]), "x").frames]
    assert (seen[1][:2, :2] == PALETTE[1]).all()
    assert (seen[1][2:, :, 3] == 0).all()


def test_one_frame_of_many_is_held_to_the_limits_alone() -> None:
    frames = [Frame(plain(GREEN))] * 20
    for data in (apng(frames), gif([Frame(plain(tuple(PALETTE[0])))] * 20, PALETTE)):
        with pytest.raises(UnsupportedImage, match="its 20 frames are more than the limit of 10"):
            decode(data, "x", ImagePolicy(limits=Limits(frames=10)))
        assert len(decode(data, "x", ImagePolicy(limits=Limits(frames=10), frame=20)).frames) == 1
        with pytest.raises(UnsupportedImage, match="it has 20 frames, so frame 21 does not exist"):
            decode(data, "x", ImagePolicy(frame=21))
