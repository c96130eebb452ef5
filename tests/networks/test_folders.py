"""Where weights are looked for."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
import torch

from percept_cli.errors import WeightsUnavailable
from percept_cli.networks import folders as places
from percept_cli.networks.store import install, remove
from tests.support.weights_home import assert_tells_what_to_fetch, check_installed, record_of
from tests.support.weights_home import home as home
from tests.support.weights_home import server as server
from tests.support.weights_home import tiny as tiny
from tests.support.weights_server import FILE, PUBLISHED, Server

pytestmark = pytest.mark.usefixtures("home", "tiny")


def test_percept_offline_says_what_to_put_where(
    server: Server, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PERCEPT_OFFLINE", "1")
    record = record_of(server.url("whole"))
    with pytest.raises(WeightsUnavailable, match="PERCEPT_OFFLINE forbids") as error:
        install(record)
    assert_tells_what_to_fetch(error.value, record)
    assert server.requests == []
    fetched = home.parent / FILE
    fetched.write_bytes(PUBLISHED)
    install(record, fetched)
    check_installed(record)
    monkeypatch.setenv("PERCEPT_OFFLINE", "0")
    remove(record)
    install(record)
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    "variables", [{"TORCH_HOME": "~/t"}, {"TORCH_HOME": "/t"}, {"XDG_CACHE_HOME": "/c"}, {"HOME": "/h"}]
)
def test_torchs_cache_is_where_torch_says(monkeypatch: pytest.MonkeyPatch, variables: dict[str, str]) -> None:
    for name in ("TORCH_HOME", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert places.hub_file(FILE) == Path(torch.hub.get_dir()) / "checkpoints" / FILE


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have other folders")
def test_where_weights_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    assert places.weights_folder() == Path(os.environ["PERCEPT_HOME"]) / "weights"
    monkeypatch.setenv("PERCEPT_HOME", "")
    monkeypatch.setenv("XDG_DATA_HOME", "/data")
    assert places.weights_folder() == Path("/data/percept/weights")
    monkeypatch.setenv("XDG_DATA_HOME", "relative")
    monkeypatch.setenv("HOME", "/h")
    assert places.weights_folder() == Path("/h/.local/share/percept/weights")
