"""Learned weights of channels are those that were recorded."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from percept_cli.errors import WeightsUnavailable
from percept_cli.networks.channels import CHANNEL_WEIGHTS, ChannelWeights, load_channel_weights


def test_channel_weights_are_the_recorded_ones(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for record in CHANNEL_WEIGHTS.values():
        assert record.path.stat().st_size == record.size
        shapes = {key: tuple(values.shape) for key, values in load_channel_weights(record).items()}
        assert shapes == {f"{tap}.{part}": (record.channels(tap),) for tap in record.taps for part in record.parts}
    record = replace(CHANNEL_WEIGHTS["dists"], source="another, so that nothing is cached")
    content = bytearray(record.path.read_bytes())
    content[5000] ^= 1
    (tmp_path / "w").write_bytes(content)
    monkeypatch.setattr(ChannelWeights, "path", tmp_path / "w")
    with pytest.raises(WeightsUnavailable, match=f"truncated or altered\n.*{record.sha256}\n"):
        load_channel_weights(record)
    monkeypatch.setattr(ChannelWeights, "path", tmp_path / "nowhere")
    with pytest.raises(WeightsUnavailable, match="cannot be read: No such file"):
        load_channel_weights(record)
