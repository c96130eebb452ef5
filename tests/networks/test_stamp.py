"""The note in a weights file vouches for nothing by itself."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from safetensors.torch import save_file

from percept_cli.errors import WeightsUnavailable
from percept_cli.networks.convert import read_kernels
from percept_cli.networks.loading import load_kernels, verify
from percept_cli.networks.registry import WeightsRecord
from percept_cli.networks.stamp import Stamp, kernels_sha256
from percept_cli.networks.store import install, remove
from tests.support.weights_home import Listener
from tests.support.weights_home import home as home
from tests.support.weights_home import tiny as tiny
from tests.support.weights_server import FILE, PUBLISHED, tiny_state

pytestmark = pytest.mark.usefixtures("home", "tiny")


# Notes that claim what is not so


def forged(record: WeightsRecord, path: Path, *, by: float, first: bool) -> Path:
    """Other kernels, under a note that says they come from the published file; ``first`` among them or not."""
    kernels = read_kernels(record, written(path.with_name("real"), PUBLISHED))
    for kernel in kernels.values():
        kernel += by
    if not first:
        key = next(iter(kernels))
        kernels[key].flatten()[:9] -= by
    stamp = Stamp(record.file_name, kernels_sha256(kernels), record.published_sha256)
    save_file(kernels, path, metadata=stamp.metadata())
    return path


def written(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


@pytest.fixture
def pinned(tiny: WeightsRecord, tmp_path: Path) -> WeightsRecord:
    kernels = read_kernels(tiny, written(tmp_path / "published", PUBLISHED))
    return replace(tiny, kernels_sha256=kernels_sha256(kernels))


def test_a_forged_note_vouches_for_nothing(tiny: WeightsRecord, pinned: WeightsRecord, tmp_path: Path) -> None:
    """Neither when it is installed, nor when the file is laid into its place by hand."""
    crude = forged(tiny, tmp_path / "crude", by=0.5, first=True)
    subtle = forged(tiny, tmp_path / "subtle", by=0.5, first=False)
    for record, file, message in (
        (tiny, crude, "not the kernels of tiny, but of another training"),
        (pinned, crude, "not the kernels of tiny, but of another training"),
        (pinned, subtle, "its metadata says that it holds the kernels of tiny, but it holds others"),
    ):
        with pytest.raises(WeightsUnavailable, match=message):
            install(record, file)
        assert not record.path.exists()
        record.path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(file, record.path)
        with pytest.raises(WeightsUnavailable, match=message):
            verify(record)
        if record is tiny:  # where there is a pin, the fingerprint is already their own
            with pytest.raises(WeightsUnavailable, match=message):
                load_kernels(record)
        remove(record)
    # Of kernels that are known to be others the fingerprint is their own.
    shutil.copy(subtle, pinned.path)
    assert pinned.sha256 != pinned.published_sha256


def test_known_kernels_need_no_note(pinned: WeightsRecord, tmp_path: Path) -> None:
    save_file(tiny_state(), tmp_path / "w")
    install(pinned, tmp_path / "w")
    assert pinned.sha256 == pinned.published_sha256
    assert verify(pinned) == pinned.path


def test_what_is_not_pinned_is_said(tiny: WeightsRecord, tmp_path: Path) -> None:
    carried = Path(shutil.copy(install(tiny, written(tmp_path / FILE, PUBLISHED)), tmp_path / "carried"))
    remove(tiny)
    meter = Listener()
    install(replace(tiny, unpinned="nobody had the file"), carried, meter=meter)
    assert meter.said == [f"{carried}: accepted as tiny because its metadata says so; nobody had the file"]
