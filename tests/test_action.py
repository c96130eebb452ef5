"""action.yml: what a runner of GitHub would read, and its scripts run by a real shell with the real percept."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.conftest import ROOT, Save

ACTION: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
STEPS: list[dict[str, Any]] = ACTION["runs"]["steps"]
BASH = shutil.which("bash")
EXPRESSION = re.compile(r"\$\{\{\s*(.+?)\s*\}\}")

pytestmark = pytest.mark.skipif(BASH is None, reason="needs bash")


def test_inputs_and_outputs_are_described_and_exist() -> None:
    assert ACTION["runs"]["using"] == "composite"
    inputs = {"baseline", "current", "args", "shard", "merge", "report-name", "python-version", "version"}
    assert set(ACTION["inputs"]) == inputs
    assert set(ACTION["outputs"]) == {"exit-code", "report", "report-name"}
    for entry in (*ACTION["inputs"].values(), *ACTION["outputs"].values()):
        assert entry["description"]
    for entry in ACTION["inputs"].values():
        assert ("default" in entry) != entry.get("required", False)
    used = set(EXPRESSION.findall(json.dumps(ACTION)))
    assert {name.removeprefix("inputs.") for name in used if name.startswith("inputs.")} <= inputs
    ids = {step["id"] for step in STEPS if "id" in step}
    assert {name.split(".")[1] for name in used if name.startswith("steps.")} <= ids


@pytest.mark.parametrize("step", [step for step in STEPS if "run" in step], ids=lambda step: step["name"])
def test_scripts_are_sound_and_hold_no_expression(step: dict[str, Any]) -> None:
    """An expression within a script is replaced as text, so that an input could hold commands."""
    assert step["shell"] == "bash"
    assert not EXPRESSION.search(step["run"])
    subprocess.run([str(BASH), "-n"], input=step["run"], text=True, check=True)
    assert step["run"].startswith("set -euo pipefail\n")


def test_the_reports_are_kept_whatever_the_outcome() -> None:
    assert STEPS[-1]["uses"].startswith("actions/upload-artifact@")
    assert STEPS[-1]["if"].startswith("always()")


def test_a_job_that_is_run_again_replaces_its_report() -> None:
    """Otherwise the upload fails, since the artifact of the first attempt is there."""
    assert STEPS[-1]["with"]["overwrite"] == "${{ github.run_attempt != '1' }}"


def test_what_others_publish_is_named_by_its_commit() -> None:
    lines = re.findall(r"^\s*uses: (.+)$", (ROOT / "action.yml").read_text(encoding="utf-8"), re.MULTILINE)
    assert len(lines) == sum("uses" in step for step in STEPS) == 2
    for line in lines:
        assert re.fullmatch(r"actions/[a-z-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", line)


@pytest.mark.parametrize("version", ["-r", "--index-url=https://example.com/", "-e ."])
def test_a_version_that_is_an_option_is_refused(tmp_path: Path, version: str) -> None:
    (step,) = (step for step in STEPS if "PERCEPT_VERSION" in step.get("env", {}))
    environment = {"PERCEPT_VERSION": version, "RUNNER_TEMP": str(tmp_path), "ACTION_PATH": "."}
    environment |= {"GITHUB_ENV": str(tmp_path / "env"), "PATH": os.environ["PATH"]}
    done = subprocess.run(
        [str(BASH), "--noprofile", "--norc", "-c", step["run"]],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert done.stdout == "::error title=percept::the input version is an option and not what pip is to install\n"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "name", ["../up", "..", ".", "", "/tmp/elsewhere", "a/b", "a\\b", "a\nexit-code=0", "a\rb", 'a"b', "a*"]
)
def test_a_report_name_that_is_more_than_a_name_is_refused(folders: Path, name: str) -> None:
    code, log, outputs, summary = compare(folders, "base line", "current", name=name)
    assert (code, outputs, summary) == (2, {"exit-code": "2"}, "")
    assert log.startswith("::error title=percept::the input report-name must be a name, without ")
    assert sorted(os.listdir(folders / "runner")) == ["output"]


def test_code_in_the_repository_that_is_checked_is_not_run(folders: Path, save: Save) -> None:
    save("current/icon.png", seed=1)
    for module in ("shlex", "click", "pip", "percept_cli"):
        (folders / f"{module}.py").write_text("import pathlib; pathlib.Path('ran').touch()")
    code, log, _, _ = compare(folders, "base line", "current")
    assert code == 0, log
    assert not (folders / "ran").exists()
    for step in STEPS:
        assert not re.search(r"(?i:python)\"? -(?!I )", step.get("run", ""))


def compare(
    folder: Path,
    baseline: str,
    current: str,
    args: str = "",
    name: str = "percept-report",
    *,
    shard: str = "",
    merge: str = "",
) -> tuple[int, str, dict[str, str], str]:
    """Run the step as a runner does: its exit code, its log, its outputs, and the job's summary."""
    (step,) = (step for step in STEPS if step.get("id") == "check")
    runner = folder / "runner"
    runner.mkdir(exist_ok=True)
    environment = {
        "RUNNER_TEMP": str(runner),
        "GITHUB_OUTPUT": str(runner / "output"),
        "GITHUB_STEP_SUMMARY": str(runner / "summary"),
        "PERCEPT_PYTHON": sys.executable,
        "PERCEPT_BASELINE": baseline,
        "PERCEPT_CURRENT": current,
        "PERCEPT_ARGS": args,
        "PERCEPT_SHARD": shard,
        "PERCEPT_MERGE": merge,
        "PERCEPT_REPORT": name,
        "CI": "true",
    }
    assert set(step["env"]) <= set(environment)
    done = subprocess.run(
        [str(BASH), "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]],
        cwd=folder,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=False,
    )
    outputs = runner / "output"
    pairs = outputs.read_text().splitlines() if outputs.exists() else []
    summary = runner / "summary"
    log = done.stdout + done.stderr
    return (
        done.returncode,
        log,
        dict(line.split("=", 1) for line in pairs),
        summary.read_text() if summary.exists() else "",
    )


@pytest.fixture
def folders(tmp_path: Path, save: Save) -> Path:
    for folder in ("base line", "current"):
        (tmp_path / folder).mkdir()
        save(f"{folder}/same.png")
    save("base line/icon.png", seed=1)
    return tmp_path


@pytest.mark.slow
def test_a_difference_fails_the_job_with_reports(folders: Path, save: Save) -> None:
    save("current/icon.png", seed=2)
    code, log, outputs, summary = compare(folders, "base line", "current")
    assert code == 1, log
    assert outputs["exit-code"] == "1"
    assert sorted(os.listdir(outputs["report"])) == ["junit.xml", "report.html", "report.json", "summary.md"]
    assert re.search(r"^::error file=base line/icon\.png,title=percept fail%3A icon\.png::", log, re.MULTILINE)
    assert summary.startswith("## percept: FAIL\n")
    assert "`icon.png`" in summary


def test_equal_folders_pass(folders: Path, save: Save) -> None:
    save("current/icon.png", seed=1)
    code, log, outputs, summary = compare(folders, "base line", "current")
    assert (code, outputs["exit-code"]) == (0, "0"), log
    assert "::error" not in log
    assert summary.startswith("## percept: PASS\n")


def test_trouble_keeps_its_code(folders: Path) -> None:
    code, log, outputs, summary = compare(folders, "base line", "nowhere")
    assert (code, outputs["exit-code"], summary) == (3, "3", ""), log


def test_arguments_are_split_but_not_run(folders: Path, save: Save) -> None:
    save("current/icon.png", seed=2)
    arguments = "--exclude 'icon.png' --exclude \"$(touch ran) ; touch ran\""
    code, log, _, _ = compare(folders, "base line", "current", arguments)
    assert code == 0, log
    assert not (folders / "ran").exists()


def test_arguments_that_are_none_are_an_error(folders: Path) -> None:
    code, log, outputs, _ = compare(folders, "base line", "current", "--exclude 'open")
    assert (code, outputs) == (2, {"exit-code": "2"})
    assert "::error title=percept::the input args is not quoted" in log
    assert "No closing quotation" in log


def test_folders_may_be_those_of_the_settings(folders: Path, save: Save) -> None:
    save("current/icon.png", seed=1)
    (folders / "percept.toml").write_text('[check]\nbaseline = "base line"\ncurrent = "current"\n')
    code, log, outputs, _ = compare(folders, "", "")
    assert (code, outputs["exit-code"]) == (0, "0"), log


@pytest.mark.parametrize(("baseline", "current"), [("base line", ""), ("", "current")])
def test_one_folder_alone_is_refused(folders: Path, baseline: str, current: str) -> None:
    code, log, outputs, _ = compare(folders, baseline, current)
    assert (code, outputs) == (2, {"exit-code": "2"})
    assert log == "::error title=percept::give both inputs baseline and current, or neither\n"


@pytest.mark.slow
def test_jobs_of_a_matrix_become_one_report_with_one_verdict(folders: Path, save: Save) -> None:
    """Their artifacts have names of their own; annotations and summary are those of the last job."""
    save("current/icon.png", seed=2)
    names = set()
    for one in (1, 2):
        _, log, outputs, summary = compare(folders, "base line", "current", shard=f"{one}/2")
        names.add(outputs["report-name"])
        assert ("::error" in log, summary) == (False, "")
        assert f"shard {one}/2 " in log
        shutil.copytree(outputs["report"], folders / "shards" / outputs["report-name"])
    assert names == {"percept-report-1-of-2", "percept-report-2-of-2"}
    code, log, outputs, summary = compare(folders, "", "", merge="shards")
    assert (code, outputs["exit-code"], outputs["report-name"]) == (1, "1", "percept-report")
    assert len(re.findall("^::error ", log, re.MULTILINE)) == 1
    assert summary.startswith("## percept: FAIL\n\n1 of 2 images failed.\n")
    assert sorted(os.listdir(outputs["report"])) == ["junit.xml", "report.html", "report.json", "summary.md"]
    shutil.rmtree(folders / "shards" / "percept-report-2-of-2")
    code, log, outputs, _ = compare(folders, "", "", merge="shards")
    assert (code, outputs["exit-code"]) == (3, "3")
    assert "shard 2 of 2 is missing" in log


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"shard": "3"}, "the input shard must be two numbers, such as 3/8"),
        ({"shard": "1/2\nexit-code=0"}, "the input shard must be two numbers, such as 3/8"),
        (
            {"merge": "shards", "shard": "1/2"},
            "the input merge compares nothing: leave out baseline, current and shard",
        ),
        ({"merge": "nowhere"}, "no reports in the folder of the input merge: all jobs must upload theirs"),
    ],
)
def test_inputs_of_a_matrix_that_make_no_sense_are_refused(
    folders: Path, options: dict[str, str], told: str
) -> None:
    code, log, outputs, _ = compare(folders, "", "", **options)
    assert (code, outputs, log) == (2, {"exit-code": "2"}, f"::error title=percept::{told}\n")
