"""What is built is what works: the wheel and the source archive, installed and run without any network."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest

from percept_cli.engine.native import build
from percept_cli.networks.channels import CHANNEL_WEIGHTS
from percept_cli.networks.registry import WEIGHTS
from tests.conftest import ROOT

pytestmark = pytest.mark.slow

# A network namespace of its own has no interface but a loopback that is down.
WITHOUT_NETWORK = ["unshare", "--net"] if shutil.which("unshare") else None


def run(*command: object, cwd: Path, prefix: list[str] | None = None) -> str:
    done = subprocess.run(
        [*(prefix or []), *map(str, command)], cwd=cwd, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Source archive and, from it, the wheel; --no-isolation takes hatchling from this environment."""
    folder = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "build", "--no-isolation", "--outdir", folder, ROOT, cwd=folder)
    return folder


def test_the_wheel_contains_weights_presets_schema_and_licences(built: Path) -> None:
    (wheel,) = built.glob("*.whl")
    record = WEIGHTS["vgg16-oxford"]
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        assert archive.getinfo(f"percept_cli/networks/data/{record.file_name}").file_size == record.size
    for name in (
        "percept_cli/py.typed",
        "percept_cli/reports/run.schema.json",
        "percept_cli/judging/percept.schema.json",
        "percept_cli/cli/templates/github.yml",
        "percept_cli/cli/templates/gitlab.yml",
    ):
        assert name in names
    for channels in CHANNEL_WEIGHTS.values():
        assert f"percept_cli/networks/data/{channels.path.name}" in names
    assert {Path(name).name for name in names if name.startswith("percept_cli/configs/")} == {
        path.name for path in (ROOT / "configs").iterdir()
    }
    assert {Path(name).name for name in names if "/licenses/" in name} == {"LICENSE", "NOTICE"}
    assert not [name for name in names if name.startswith(("tests/", "sample_images/"))]


@pytest.mark.skipif(not any(map(shutil.which, ("cc", "gcc", "clang"))), reason="there is no C compiler")
def test_a_wheel_with_compiled_convolutions_is_for_this_system(built: Path) -> None:
    (wheel,) = built.glob("*.whl")
    assert wheel.name.endswith(f"-py3-none-{sysconfig.get_platform().replace('-', '_').replace('.', '_')}.whl")
    with zipfile.ZipFile(wheel) as archive:
        assert f"percept_cli/engine/native/{build.LIBRARY}" in archive.namelist()


def test_without_a_compiler_the_wheel_is_pure(tmp_path: Path) -> None:
    """PATH has nothing in it, as where Python is all there is."""
    empty = tmp_path / "nothing"
    empty.mkdir()
    environment = {name: value for name, value in os.environ.items() if name != "CC"} | {"PATH": str(empty)}
    command = [sys.executable, "-m", "build", "--no-isolation", "--wheel", "--outdir", str(tmp_path), str(ROOT)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    said = done.stdout + done.stderr
    assert "percept will compute convolutions with torch, which takes longer: there is no C compiler" in said
    (wheel,) = tmp_path.glob("*.whl")
    assert wheel.name.endswith("-py3-none-any.whl")
    with zipfile.ZipFile(wheel) as archive:
        assert not [name for name in archive.namelist() if name.endswith(build.LIBRARY)]


def test_an_editable_install_compiles_beside_the_sources_and_does_without(tmp_path: Path) -> None:
    """Of a copy, since the tests of this checkout use its own library."""
    copy = tmp_path / "percept"
    ignored = shutil.ignore_patterns(".git", ".venv", "sample_images", "docs", "tests", "*.so.*")
    shutil.copytree(ROOT, copy, ignore=ignored)
    library = copy / "percept_cli" / "engine" / "native" / build.LIBRARY
    code = "import hatchling.build as b, sys; print(b.build_editable(sys.argv[1]))"
    run(sys.executable, "-c", code, tmp_path, cwd=copy)
    compiles = any(map(shutil.which, ("cc", "gcc", "clang")))
    assert library.exists() == compiles
    environment = os.environ | {"PATH": str(tmp_path / "nothing"), "CC": ""}
    command = [sys.executable, "-c", code, str(tmp_path)]
    done = subprocess.run(command, cwd=copy, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert not library.exists()  # which was of other sources, for all that is known


def test_an_installed_wheel_works_in_any_folder_without_a_network(built: Path, tmp_path: Path) -> None:
    """In a new environment that sees this one's torch but not this checkout."""
    (wheel,) = built.glob("*.whl")
    venv.create(tmp_path / "env", with_pip=True)
    python = tmp_path / "env" / "bin" / "python"
    run(python, "-m", "pip", "install", "--no-deps", "--no-index", wheel, cwd=tmp_path)
    libraries = run(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))", cwd=tmp_path).strip()
    # Only the libraries' folder itself: its .pth files, which may point at the checkout, are not read from here.
    (Path(libraries) / "torch_of_the_tests.pth").write_text(sysconfig.get_path("purelib") + "\n")
    percept = tmp_path / "env" / "bin" / "percept"
    where = run(python, "-c", "import percept_cli; print(percept_cli.__file__)", cwd=tmp_path)
    assert where.startswith(str(tmp_path))

    if (
        WITHOUT_NETWORK is None
        or subprocess.run([*WITHOUT_NETWORK, "true"], check=False, capture_output=True).returncode
    ):
        pytest.skip("this machine lets nobody cut off the network (needs unshare and the right to use it)")
    for folder in ("reference", "candidate"):
        shutil.copy(ROOT / "sample_images" / folder / "photo-noise.png", tmp_path / f"{folder}.png")
    out = run(
        percept, "compare", "reference.png", "candidate.png", "--format", "json",
        cwd=tmp_path, prefix=WITHOUT_NETWORK,
    )  # fmt: skip
    assert json.loads(out)["results"][0]["distance"] > 0
    assert "OK" in run(percept, "weights", "verify", cwd=tmp_path, prefix=WITHOUT_NETWORK)
    assert "johnson-style" in run(percept, "presets", cwd=tmp_path, prefix=WITHOUT_NETWORK)
