"""A file that somebody names → the installed file, or a refusal."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from safetensors.torch import save_file

from percept_cli.errors import WeightsUnavailable
from percept_cli.networks.loading import load_kernels
from percept_cli.networks.registry import WeightsRecord
from percept_cli.networks.stamp import read_stamp
from percept_cli.networks.store import install, remove
from tests.support.weights_home import Listener, check_installed, record_of
from tests.support.weights_home import home as home
from tests.support.weights_home import server as server
from tests.support.weights_home import tiny as tiny
from tests.support.weights_server import FILE, PUBLISHED, Server, as_pth, tiny_state

pytestmark = pytest.mark.usefixtures("home", "tiny")


# Torch's cache


def test_torchs_cache_is_used_if_its_hash_fits(tiny: WeightsRecord, tmp_path: Path) -> None:
    cached = tmp_path / "torch" / "hub" / "checkpoints" / FILE
    cached.parent.mkdir(parents=True)
    cached.write_bytes(PUBLISHED)
    with pytest.raises(WeightsUnavailable, match="weights tiny are not installed") as error:
        load_kernels(tiny)
    assert error.value.hint == (
        f"run: percept weights install tiny (without a download: torch's cache has the file, {cached})"
    )
    install(tiny)
    check_installed(tiny)
    assert cached.read_bytes() == PUBLISHED


def test_another_file_in_torchs_cache_is_not_used(server: Server, tmp_path: Path) -> None:
    cached = tmp_path / "torch" / "hub" / "checkpoints" / FILE
    cached.parent.mkdir(parents=True)
    cached.write_bytes(PUBLISHED[:-1])
    record, meter = record_of(server.url("whole")), Listener()
    install(record, meter=meter)
    check_installed(record)
    assert f"{cached}: not the weights file of tiny" in meter.said[0]
    assert meter.said[0].endswith("not used; downloading")


def test_a_pth_with_another_hash_is_not_even_opened(tiny: WeightsRecord, tmp_path: Path) -> None:
    path = tmp_path / "again.pth"
    path.write_bytes(as_pth(tiny_state(), _use_new_zipfile_serialization=False))
    with pytest.raises(WeightsUnavailable, match=f"again.pth: not the weights file of tiny.*\n.*{len(PUBLISHED)}"):
        install(tiny, path)
    assert not tiny.path.exists()


def test_what_cannot_be_read_is_refused(tiny: WeightsRecord, tmp_path: Path) -> None:
    with pytest.raises(WeightsUnavailable, match="nowhere: cannot be read: No such file"):
        install(tiny, tmp_path / "nowhere")
    with pytest.raises(WeightsUnavailable, match="is a folder"):
        install(tiny, tmp_path)
    (tmp_path / "w").write_bytes((200).to_bytes(8, "little") + b"{" + bytes(20))
    with pytest.raises(WeightsUnavailable, match="w: the safetensors file is truncated or damaged"):
        install(tiny, tmp_path / "w")


def test_safetensors_of_the_same_kernels(tiny: WeightsRecord, tmp_path: Path) -> None:
    """Nothing vouches for them, so they are told from the published ones in the fingerprint."""
    save_file(tiny_state(), tmp_path / "w")
    meter = Listener()
    install(tiny, tmp_path / "w", meter=meter)
    check_installed(tiny)
    assert "no published hash confirms that every value is that of tiny" in meter.said[0]
    stamp = read_stamp(tiny.path, tiny.file_name)
    assert stamp is not None
    assert stamp.origin_sha256 == ""
    assert tiny.sha256 == stamp.kernels_sha256 != tiny.published_sha256

    # The published file takes their place.
    (tmp_path / FILE).write_bytes(PUBLISHED)
    install(tiny, tmp_path / FILE)
    assert tiny.sha256 == tiny.published_sha256


def test_safetensors_of_another_training_are_refused(tiny: WeightsRecord, tmp_path: Path) -> None:
    save_file({key: value + 0.01 for key, value in tiny_state().items()}, tmp_path / "w")
    with pytest.raises(WeightsUnavailable, match=r"of another training: conv1_1\.weight begins with"):
        install(tiny, tmp_path / "w")
    assert not tiny.path.exists()


def test_a_file_that_percept_installed_elsewhere(tiny: WeightsRecord, tmp_path: Path) -> None:
    (tmp_path / FILE).write_bytes(PUBLISHED)
    carried = tmp_path / "carried"
    shutil.copy(install(tiny, tmp_path / FILE), carried)
    remove(tiny)
    install(tiny, carried)
    check_installed(tiny)
    assert tiny.sha256 == tiny.published_sha256
    data = bytearray(carried.read_bytes())
    data[-1] ^= 1
    carried.write_bytes(data)
    with pytest.raises(WeightsUnavailable, match="carried: altered after percept wrote it\n  expected sha256"):
        install(tiny, carried)
