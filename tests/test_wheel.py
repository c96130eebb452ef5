"""What is built is what works: the wheel and the source archive, installed and run without any network."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest

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
