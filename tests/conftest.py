"""Shared fixtures: seeded pictures on disk, and the real command as a real process."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

# Before numpy and torch read it. With a worker for every processor (`pytest -n auto`) threads of each would wait
# for those of the others. What a test starts inherits it; whoever wants another number says so.
if "PYTEST_XDIST_WORKER" in os.environ:
    os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import pytest
from PIL import Image

from percept_cli.images.picture import Picture
from tests.support.buckets import Bucket
from tests.support.forks import Forks

ROOT = Path(__file__).parent.parent


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A test that takes a ``device`` runs on each that this machine has; one that does not is about the CPU.

    One that names its devices itself has those.
    """
    named = [mark.args[0] for mark in metafunc.definition.iter_markers("parametrize")]
    if "device" in metafunc.fixturenames and not any("device" in names for names in named):
        import torch

        names = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
        metafunc.parametrize("device", ["cpu", *(name for name, there in names.items() if there)])


Percept = Callable[..., subprocess.CompletedProcess[str]]
Save = Callable[..., Path]


def clean_environment(**changes: str) -> dict[str, str]:
    """This one, without what moves colours and widths of outputs."""
    hidden = {"NO_COLOR", "FORCE_COLOR", "COLUMNS"}
    return {key: value for key, value in os.environ.items() if key not in hidden} | changes


def run_percept(*arguments: object, timeout: float = 120, **options: Any) -> subprocess.CompletedProcess[str]:
    """Run ``percept`` as a person's shell would: another process, no terminal, a clean colour environment."""
    environment = clean_environment(**options.pop("env", {}))
    return subprocess.run(
        [sys.executable, "-m", "percept_cli", *map(str, arguments)],
        stdout=options.pop("stdout", subprocess.PIPE),
        stderr=subprocess.PIPE,
        encoding="utf-8",
        errors="surrogateescape",
        timeout=timeout,
        env=environment,
        check=False,
        **options,
    )


@pytest.fixture(scope="session")
def forks() -> Iterator[Forks]:
    found = Forks()
    yield found
    found.close()


@pytest.fixture
def percept(tmp_path: Path, forks: Forks) -> Percept:
    """The command, run in the test's own folder.

    It is forked, which saves the time that torch takes to load, unless its options need an interpreter of its own
    or the test asks for one with ``fresh``, as at least one test of every command does.
    """

    def run(*arguments: object, fresh: bool = False, **options: Any) -> subprocess.CompletedProcess[str]:
        options.setdefault("cwd", tmp_path)
        environment = clean_environment(**options.get("env", {}))
        can_be_forked = options.keys() <= {"cwd", "env", "stdout", "timeout"} and forks.can_stand_for(environment)
        if fresh or not can_be_forked:
            return run_percept(*arguments, **options)
        options = {"timeout": 120} | options | {"env": environment}
        return forks.run("percept_cli", *map(str, arguments), **options)

    return run


def drawing(width: int, height: int, seed: int = 0) -> Image.Image:
    """A picture with flat areas, gradients and edges, different for every seed."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:height, 0:width]
    canvas = np.stack([(x * 255) // max(1, width - 1), (y * 255) // max(1, height - 1), (x + y) % 256], axis=-1)
    for _ in range(6):
        top, left = rng.integers(0, height), rng.integers(0, width)
        canvas[top : top + height // 3 + 1, left : left + width // 4 + 1] = rng.integers(0, 256, 3)
    return Image.fromarray(canvas.astype(np.uint8))


def as_picture(image: Image.Image) -> Picture:
    return Picture(image.width, image.height, image.convert("RGB").tobytes())


@pytest.fixture
def save(tmp_path: Path) -> Save:
    """Save a drawing of the given size and seed under a name in the test's folder."""

    def save_picture(name: str, width: int = 40, height: int = 30, seed: int = 0, **options: Any) -> Path:
        path = tmp_path / name
        drawing(width, height, seed).save(path, **options)
        return path

    return save_picture


@pytest.fixture(scope="session")
def store_url() -> Iterator[str]:
    """A store like S3, on loopback, while the tests run."""
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def bucket(store_url: str, monkeypatch: pytest.MonkeyPatch) -> Bucket:
    """An empty bucket, to which the environment has the key."""
    found = Bucket(store_url, f"test-{os.urandom(6).hex()}")
    for name, value in found.environment.items():
        monkeypatch.setenv(name, value)
    return found


@pytest.fixture(scope="session")
def weights_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with all weights installed: those of ST-LPIPS as published, stand-ins for torchvision's.

    No test may need a download of 550 MB. The stand-ins have the right shapes and go through all of percept: for
    VGG-16 they are the shipped kernels, for VGG-19 random ones. Nothing says that they are torchvision's, so that
    distances have fingerprints of their own.
    """
    from tests.support.peers import install_stand_ins

    home = tmp_path_factory.mktemp("weights")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PERCEPT_HOME", str(home))
        install_stand_ins()
    return home


@pytest.fixture
def all_weights(weights_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """For a test that needs weights which do not come with percept."""
    monkeypatch.setenv("PERCEPT_HOME", str(weights_home))


@pytest.fixture
def troubled(tmp_path: Path, save: Save) -> Path:
    save("a.png")
    save("b.png", seed=1)
    save("big.png", width=50)
    (tmp_path / "folder").mkdir()
    (tmp_path / "empty.png").touch()
    (tmp_path / "text.png").write_text("not a picture\n")
    data = (tmp_path / "a.png").read_bytes()
    (tmp_path / "truncated.png").write_bytes(data[: len(data) // 2])
    (tmp_path / "zero.png").write_bytes(data[:16] + bytes(8) + data[24:])  # width and height 0 in the header
    np.save(tmp_path / "light.npy", np.ones((30, 40, 3), np.float32))
    return tmp_path
