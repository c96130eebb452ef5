"""The script that tries percept on a GPU: here on a CPU, at reduced sizes; and what carries it to a GPU."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch

from percept_cli.networks.channels import CHANNEL_WEIGHTS
from percept_cli.networks.registry import WEIGHTS
from scripts import gpu_carry, gpu_check, plain_safetensors
from scripts.gpu_steps.bench import Bench, Finding, NotHereError
from tests.conftest import ROOT
from tests.support.fake_cuda import FakeCuda, OnCpu

NOT_INSTALLED = (
    "safetensors",
    "psutil",
    "imagecodecs",
    "scipy",
    "jinja2",
    "rich",
    "click",
    "filelock",
    "pathspec",
)
"""Some of what percept depends on and the check does without."""


def record_of(*outcomes: str, left: float = 60) -> tuple[gpu_check.Record, list[dict[str, object]]]:
    """What comes of steps that end so."""

    def step(outcome: str) -> Callable[[Bench], Finding]:
        def done(_: Bench) -> Finding:
            if outcome == gpu_check.BROKE:
                raise ValueError("a mistake")
            if outcome == gpu_check.SKIPPED:
                raise NotHereError("no such thing")
            return Finding(outcome == gpu_check.OK, "a note", {"seen": 1})

        return done

    out = io.StringIO()
    record = gpu_check.Record(out)
    bench = Bench("cpu", small=True, ends=time.monotonic() + left)
    gpu_check.run(bench, {f"{index} {name}": step(name) for index, name in enumerate(outcomes)}, record)
    return record, [json.loads(line) for line in out.getvalue().splitlines()]


@pytest.mark.parametrize(
    ("outcomes", "code"),
    [
        (("ok", "ok"), 0),
        (("ok", "not here"), 0),
        (("wrong", "ok"), 1),
        (("broke", "ok"), 3),
        (("wrong", "broke"), 3),
    ],
)
def test_one_line_a_step_and_a_code_by_the_worst(outcomes: tuple[str, ...], code: int) -> None:
    record, lines = record_of(*outcomes)
    assert [line["outcome"] for line in lines] == list(outcomes)
    assert record.exit_code() == code
    assert len(record.table().splitlines()) == len(outcomes)
    if "broke" in outcomes:
        broken = next(line for line in lines if line["outcome"] == "broke")
        assert broken["note"] == "ValueError: a mistake"
        assert "in done" in str(broken["values"])


def test_at_the_deadline_no_step_begins() -> None:
    record, lines = record_of("ok", "wrong", left=-1)
    assert [line["outcome"] for line in lines] == ["no time", "no time"]
    assert record.exit_code() == 4


def test_a_step_that_hangs_is_stopped_with_the_process() -> None:
    code = (
        "import sys, time\n"
        "from scripts import gpu_check\n"
        "from scripts.gpu_steps.bench import Bench, Finding\n"
        "gpu_check.GRACE = 0\n"
        "steps = {'quick': lambda _: Finding(True, 'done'), 'hangs': lambda _: time.sleep(60)}\n"
        "gpu_check.run(Bench('cpu', True, time.monotonic() + 1), steps, gpu_check.Record(sys.stdout))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=50, check=False
    )
    first, second, *table = done.stdout.splitlines()
    assert (json.loads(first)["outcome"], json.loads(second)["outcome"]) == ("ok", "no time")
    assert [line.split()[0] for line in table] == ["quick", "hangs"]
    assert done.returncode == 4


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_without_the_device_it_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    assert gpu_check.main(["--device", "cuda"]) == 4
    assert "Error: device cuda is not available" in capsys.readouterr().err


def test_bad_options(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for words, expected in (
        (["--device", "cpu", "--steps", "none"], "unknown step 'none': choose from versions, presets"),
        (["--vendor", str(tmp_path / "gone")], "is no folder"),
    ):
        with pytest.raises(SystemExit) as ended:
            gpu_check.main(words)
        assert ended.value.code == 2
        assert expected in capsys.readouterr().err


@pytest.mark.slow
def test_all_steps_on_a_cpu(tmp_path: Path) -> None:
    """The numbers are real, only the device is another."""
    output = tmp_path / "steps.jsonl"
    words = ["--device", "cpu", "--small", "--deadline", "540", "--output", str(output)]
    done = subprocess.run(
        [sys.executable, "-m", "scripts.gpu_check", *words], cwd=ROOT, capture_output=True, text=True, check=False
    )
    lines = [json.loads(line) for line in output.read_text(encoding="utf-8").splitlines()]
    outcomes = {line["step"]: line["outcome"] for line in lines}
    assert outcomes.pop("graphs") == "not here"
    assert outcomes == dict.fromkeys([name for name in gpu_check.steps() if name != "graphs"], "ok"), done.stdout
    assert done.returncode == 0


@pytest.mark.slow
@pytest.mark.parametrize(
    ("step", "most"),
    [
        ("versions", 0),
        ("presets", 1 << 40),
        ("precisions", 1 << 40),
        ("pieces", 1 << 40),
        ("memory", 400_000),
        ("times", 1 << 40),
        ("sweep", 1 << 40),
        ("batch", 1 << 40),
        ("layouts", 1 << 40),
        ("3×tf32", 1 << 40),
        ("uploads", 1 << 40),
    ],
)
def test_what_a_step_does_only_on_a_gpu(monkeypatch: pytest.MonkeyPatch, step: str, most: int) -> None:
    """By a stand-in for CUDA, since there may be no GPU: it must not break on the day that there is one.

    Compiling, graphs and autocast ask the driver itself, and have no test.
    """
    cuda = FakeCuda(monkeypatch)
    gpu = SimpleNamespace(name="a mock", total_memory=8 << 30, major=9, minor=0)
    for name, made in {
        "get_device_properties": lambda _: gpu,
        "max_memory_allocated": lambda _: 1,
        "synchronize": lambda _: cuda.computing.finish(),
        "reset_peak_memory_stats": lambda _: None,
        "set_per_process_memory_fraction": lambda *_: None,
        "empty_cache": lambda: None,
    }.items():
        monkeypatch.setattr(torch.cuda, name, made)
    out = io.StringIO()
    record = gpu_check.Record(out)
    with OnCpu(cuda, most=most):
        bench = Bench("cuda:0", small=True, ends=time.monotonic() + 300)
        gpu_check.run(bench, {step: gpu_check.steps()[step]}, record)
    assert record.exit_code() == 0, out.getvalue()


@pytest.mark.slow
def test_it_needs_nothing_but_torch_numpy_and_pillow() -> None:
    code = (
        "import sys\n"
        "class Nothing:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        f"        if name.partition('.')[0] in {NOT_INSTALLED}:\n"
        "            raise ModuleNotFoundError(name)\n"
        "sys.meta_path.insert(0, Nothing())\n"
        "from scripts import gpu_check\n"
        "sys.exit(gpu_check.main(['--device', 'cpu', '--small', '--steps', 'versions,pieces,memory']))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_plain_safetensors_reads_what_the_package_reads(tmp_path: Path) -> None:
    from safetensors import safe_open
    from safetensors.torch import load

    for record in CHANNEL_WEIGHTS.values():
        content = record.path.read_bytes()
        mine, theirs = plain_safetensors.load(content), load(content)
        assert mine.keys() == theirs.keys()
        assert all(torch.equal(mine[key], theirs[key]) for key in theirs)
    path = WEIGHTS["vgg16-oxford"].path
    with safe_open(path, framework="pt") as theirs_open, plain_safetensors.safe_open(path) as mine_open:
        key = "conv3_2.weight"
        assert sorted(mine_open.keys()) == sorted(theirs_open.keys())
        assert mine_open.metadata() == theirs_open.metadata()
        assert mine_open.get_slice(key).get_shape() == theirs_open.get_slice(key).get_shape()
        assert torch.equal(mine_open.get_tensor(key), theirs_open.get_tensor(key))
    short = tmp_path / "short.safetensors"
    short.write_bytes(path.read_bytes()[:100_000])
    with pytest.raises(plain_safetensors.SafetensorError, match="truncated"):
        plain_safetensors.safe_open(short).get_tensor("conv3_2.weight")
    with pytest.raises(plain_safetensors.SafetensorError, match="header"):
        plain_safetensors.File(b"no such file")


@pytest.mark.skipif(not (ROOT / ".git").exists(), reason="git says which files there are")
@pytest.mark.parametrize("runs", [False, pytest.param(True, marks=pytest.mark.slow)])
def test_a_tree_to_carry_has_what_the_check_reads_and_fits(tmp_path: Path, runs: bool) -> None:
    folder = tmp_path / "tree"
    gpu_carry.main(["tree", str(folder)])
    assert sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) < 64 << 20
    assert not (folder / "tests" / "corpus").exists()
    with pytest.raises(SystemExit):
        gpu_carry.main(["tree", str(folder)])  # it is there already
    if runs:
        environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
        steps = ["--steps", "versions,presets,memory"]
        command = [sys.executable, "-m", "scripts.gpu_check", "--device", "cpu", "--small", *steps]
        done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr


def test_only_pure_wheels_are_unpacked(tmp_path: Path) -> None:
    pure, compiled = tmp_path / "one-1.0-py3-none-any.whl", tmp_path / "two-1.0-cp312-cp312-linux_x86_64.whl"
    for wheel in (pure, compiled):
        with zipfile.ZipFile(wheel, "w") as archive:
            archive.writestr("one/__init__.py", "ONE = 1\n")
    gpu_carry.unpack([pure], tmp_path / "vendor")
    assert (tmp_path / "vendor" / "one" / "__init__.py").is_file()
    with pytest.raises(SystemExit, match="compiled for one kind of machine"):
        gpu_carry.unpack([compiled], tmp_path / "vendor")
