"""`percept weights` from list to remove."""

from __future__ import annotations

from pathlib import Path

import pytest

from percept_cli.networks.loading import load_kernels
from percept_cli.networks.registry import WeightsRecord
from percept_cli.networks.stamp import kernels_sha256
from tests.conftest import Percept, Save
from tests.support.shipped import RECORD
from tests.support.weights_home import PRESET, record_of, run
from tests.support.weights_home import home as home
from tests.support.weights_home import server as server
from tests.support.weights_home import tiny as tiny
from tests.support.weights_server import FILE, PUBLISHED, Server


def test_the_command_verifies(percept: Percept, tmp_path: Path) -> None:
    done = percept("weights", "verify")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"vgg16-oxford: OK, sha256 {RECORD.sha256}\n  {RECORD.path}\n"

    (tmp_path / "w").write_bytes(b"not weights")
    done = percept("weights", "verify", "vgg16-oxford", "--file", "w")
    assert done.returncode == 4
    assert done.stderr.startswith(
        "Error: w: not the weights file of vgg16-oxford, or truncated or altered\n  expected 588"
    )
    assert percept("weights", "verify", "vgg61").returncode == 2
    assert percept("weights", "verify", "--file", "w").returncode == 2


def test_the_command_lists(percept: Percept) -> None:
    done = percept("weights", "list")
    assert done.returncode == 0
    assert done.stdout.startswith("vgg16-oxford  vgg16, CC BY 4.0, installed\n")


# The command


@pytest.mark.slow
@pytest.mark.usefixtures("home", "tiny")
def test_the_command_from_list_to_remove(server: Server, home: Path, tiny: WeightsRecord) -> None:
    url = server.url("whole")
    tiny = record_of(url)
    path, sha256 = tiny.path, tiny.published_sha256
    done = run(url, "list")
    assert done.stdout.endswith(
        "tiny  tiny, MIT, not installed\n  a test\n  run: percept weights install tiny\n"
        f"  0.0 MB, from a download of 0.3 MB, sha256 {sha256}\n"
    )
    done = run(url, "where", "tiny")
    assert (done.returncode, done.stdout) == (4, "")
    assert done.stderr == ("Error: the weights tiny are not installed\nHint: run: percept weights install tiny\n")
    assert run(url, "where").stdout == f"{home / 'weights'}\n"
    done = run(url, "install", "tiny")
    assert (done.returncode, done.stdout) == (0, f"tiny: installed\n  {path}\n")
    assert done.stderr == "downloading 0.3 MB\n"
    assert run(url, "where", "tiny").stdout == f"{path}\n"
    assert run(url, "list").stdout.endswith(
        f"tiny  tiny, MIT, installed\n  a test\n  {path}\n  0.0 MB, according to its header from {FILE}, "
        f"sha256 {sha256}; to check it, run: percept weights verify tiny\n"
    )
    done = run(url, "verify", "tiny")
    assert done.stdout == f"tiny: OK, sha256 of its kernels {kernels_sha256(load_kernels(tiny))}\n  {path}\n"
    done = run(url, "remove", "tiny")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", f"deleted {path}\n")
    done = run(url, "remove", "tiny")
    assert (done.returncode, done.stderr) == (0, "tiny is not installed; nothing was deleted\n")
    assert run(url, "remove", "vgg16-oxford").returncode == 2


@pytest.mark.usefixtures("home", "tiny")
def test_the_command_takes_files(percept: Percept, tmp_path: Path) -> None:
    (tmp_path / "w.pth").write_bytes(PUBLISHED)
    done = percept("weights", "install", "vgg16-imagenet1k-v1", "--from", "w.pth", fresh=True)
    assert done.returncode == 4
    assert done.stderr.startswith("Error: w.pth: not the weights file of vgg16-imagenet1k-v1")
    assert "expected 553433881 bytes, sha256 397923af8e79" in done.stderr
    assert percept("weights", "install", "vgg61").returncode == 2
    done = percept("weights", "install", "vgg16-oxford")
    assert (done.returncode, done.stdout) == (0, "")
    assert "comes with percept" in done.stderr
    assert percept("weights", "install", "vgg16-oxford", "--from", "w.pth").returncode == 2


@pytest.mark.usefixtures("home", "tiny")
def test_the_command_says_offline_what_to_put_where(percept: Percept, tmp_path: Path) -> None:
    done = percept("weights", "install", "vgg19-imagenet1k-v1", env={"PERCEPT_OFFLINE": "1"})
    assert done.returncode == 4
    assert done.stderr == (
        "Error: the weights vgg19-imagenet1k-v1 are not installed, and PERCEPT_OFFLINE forbids downloading them\n"
        "  file    vgg19-dcbb9e9d.pth, 574673361 bytes\n"
        "  from    https://download.pytorch.org/models/vgg19-dcbb9e9d.pth\n"
        "  sha256  dcbb9e9dad569fff7a846263a77324fc34978fea2bfb039c012d710e1776ae44\n"
        f"  to      {tmp_path}/torch/hub/checkpoints/vgg19-dcbb9e9d.pth, or anywhere with --from\n"
        "Hint: download the file on a machine with a network, then run: "
        "percept weights install vgg19-imagenet1k-v1 --from vgg19-dcbb9e9d.pth\n"
    )


@pytest.mark.usefixtures("home", "tiny")
def test_without_the_weights_a_preset_says_how_to_get_them(percept: Percept, tmp_path: Path, save: Save) -> None:
    save("a.png")
    save("b.png", seed=1)
    (tmp_path / "mine.toml").write_text(PRESET)
    done = percept("compare", "a.png", "b.png", "--preset", "mine.toml")
    assert done.returncode == 4
    assert done.stderr == (
        "Error: the weights vgg16-imagenet1k-v1 are not installed\n"
        "Hint: run: percept weights install vgg16-imagenet1k-v1\n"
    )
    assert (
        percept("compare", "a.png", "a.png", "--preset", "mine.toml").returncode == 0
    )  # equal pictures need none
