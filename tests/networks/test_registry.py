"""Every record: its attribution, its pin, its package."""

from __future__ import annotations

from pathlib import Path

import pytest

from percept_cli.errors import InvalidSetting, WeightsUnavailable
from percept_cli.networks import folders as places
from percept_cli.networks.channels import CHANNEL_WEIGHTS
from percept_cli.networks.convert import read_kernels
from percept_cli.networks.loading import load_kernels
from percept_cli.networks.registry import WEIGHTS
from percept_cli.networks.stamp import kernels_sha256
from percept_cli.networks.store import install, remove
from tests.conftest import ROOT
from tests.support.shipped import RECORD
from tests.support.weights_home import home as home
from tests.support.weights_home import tiny as tiny


def test_attribution_goes_with_the_weights() -> None:
    for name in ("NOTICE", "README.md"):
        text = (ROOT / name).read_text(encoding="utf-8")
        assert all(word in text for word in ("Simonyan", "Zisserman", "Oxford", "CC BY 4.0", "arXiv:1409.1556"))
    notice = (ROOT / "NOTICE").read_text(encoding="utf-8")
    assert RECORD.sha256 in notice
    for record in CHANNEL_WEIGHTS.values():
        assert f"networks/data/{record.path.name}" in notice
        assert record.sha256 in notice
        assert record.licence in notice


@pytest.mark.usefixtures("home", "tiny")
def test_every_record_has_a_pin_or_the_reason_why_not() -> None:
    assert all(bool(record.kernels_sha256) != bool(record.unpinned) for record in WEIGHTS.values())
    oxford, st_lpips = WEIGHTS["vgg16-oxford"], WEIGHTS["vgg16-st-lpips"]
    assert kernels_sha256(load_kernels(oxford)) == oxford.kernels_sha256
    assert st_lpips.origin is not None
    published = places.package_file(st_lpips.origin.package, st_lpips.origin.member)
    assert published is not None
    assert kernels_sha256(read_kernels(st_lpips, published)) == st_lpips.kernels_sha256


@pytest.mark.usefixtures("home", "tiny")
def test_weights_of_the_package_are_neither_installed_nor_removed(tmp_path: Path) -> None:
    record = WEIGHTS["vgg16-oxford"]
    with pytest.raises(InvalidSetting, match="come with percept"):
        install(record, tmp_path / "w")
    with pytest.raises(InvalidSetting, match="come with percept"):
        remove(record)
    assert record.path.exists()


@pytest.mark.usefixtures("home", "tiny")
def test_kernels_of_another_training_are_not_taken_for_torchvisions() -> None:
    """Oxford's have the same shapes, and other files on the web even the same names."""
    oxford = WEIGHTS["vgg16-oxford"]
    with pytest.raises(
        WeightsUnavailable, match=r"conv1_1.weight begins with 0.4800, .* not with -0.5537, 0.1427"
    ):
        install(WEIGHTS["vgg16-imagenet1k-v1"], oxford.path)
    assert not WEIGHTS["vgg16-imagenet1k-v1"].path.exists()
