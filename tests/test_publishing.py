"""What publishes percept, and what its hosts are told: workflows, CITATION.cff, issue templates, classifiers."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from percept_cli import __version__
from percept_cli._project import DOCS, REPOSITORY
from scripts import try_wheel
from tests.conftest import ROOT

GITHUB = ROOT / ".github"
WORKFLOWS = sorted((GITHUB / "workflows").glob("*.yml"))
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
EXPRESSION = re.compile(r"\$\{\{")
BASH = shutil.which("bash")


def read(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def jobs_of(name: str) -> dict[str, Any]:
    return dict(read(GITHUB / "workflows" / f"{name}.yml")["jobs"])


def steps_of(workflow: Any) -> list[dict[str, Any]]:
    return [step for job in workflow["jobs"].values() for step in job["steps"]]


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_a_workflow_is_sound(path: Path) -> None:
    workflow = read(path)
    assert workflow[True]  # `on`, which YAML 1.1 reads as true
    assert isinstance(workflow["permissions"], dict)  # said, and not all of them
    for job in workflow["jobs"].values():
        assert job["runs-on"]
        needs = job.get("needs", [])
        assert set([needs] if isinstance(needs, str) else needs) <= set(workflow["jobs"])
    for step in steps_of(workflow):
        assert ("run" in step) != ("uses" in step)


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_what_others_publish_is_named_by_its_commit(path: Path) -> None:
    """A tag can be moved to other code."""
    lines = re.findall(r"\buses: (.+)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    assert lines
    for line in lines:
        assert re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", line)


@pytest.mark.skipif(BASH is None, reason="needs bash")
@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_scripts_of_workflows_are_sound_and_hold_no_expression(path: Path) -> None:
    """An expression within a script is replaced as text, so that a name of a branch could hold commands."""
    for step in steps_of(read(path)):
        if "run" in step:
            assert not EXPRESSION.search(step["run"])
            subprocess.run([str(BASH), "-n"], input=step["run"], text=True, check=True)


def test_the_gate_is_what_ci_runs() -> None:
    (job,) = jobs_of("ci").values()
    assert job["steps"][-1] == {"run": ".ci/run"}
    assert os.access(ROOT / ".ci" / "run", os.X_OK)


def test_only_a_wheel_that_was_tried_is_published_and_without_a_password() -> None:
    jobs = jobs_of("release")
    assert read(GITHUB / "workflows" / "release.yml")[True] == {"push": {"tags": ["v*"]}}
    assert {name: job.get("needs") for name, job in jobs.items()} == {
        "build": None,
        "test": "build",
        "compiled": "build",
        "publish": ["test", "compiled"],
        "announce": "publish",
    }
    assert {name: job["permissions"] for name, job in jobs.items() if "permissions" in job} == {
        "publish": {"id-token": "write"},
        "announce": {"contents": "write"},
    }
    (step,) = (
        step for step in jobs["publish"]["steps"] if step["uses"].startswith("pypa/gh-action-pypi-publish@")
    )
    assert "with" not in step
    assert jobs["publish"]["environment"]["name"] == "pypi"
    assert jobs["publish"]["environment"]["url"] == f"https://pypi.org/project/{PROJECT['name']}/"


def test_systems_and_versions_are_those_that_the_wheel_is_tried_on() -> None:
    matrix = jobs_of("release")["test"]["strategy"]["matrix"]
    systems = {"ubuntu": "POSIX :: Linux", "macos": "MacOS", "windows": "Microsoft :: Windows"}
    told = {name.partition(" :: ")[2] for name in PROJECT["classifiers"] if name.startswith("Operating System ::")}
    assert told == {systems[name.removesuffix("-latest")] for name in matrix["os"]}
    versions = [
        name.rpartition(" ")[2] for name in PROJECT["classifiers"] if re.fullmatch(r".+ :: Python :: 3\.\d+", name)
    ]
    assert versions == sorted(versions, key=lambda version: int(version.partition(".")[2]))
    assert matrix["python"] == [versions[0], versions[-1]]
    assert PROJECT["requires-python"] == f">={versions[0]}"


@pytest.mark.skipif(BASH is None, reason="needs bash")
@pytest.mark.parametrize(("tag", "code"), [(f"v{__version__}", 0), (__version__, 1), ("v0.0.9", 1)])
def test_a_tag_of_another_version_is_not_released(tmp_path: Path, tag: str, code: int) -> None:
    (step,) = (step for step in jobs_of("release")["build"]["steps"] if "GITHUB_REF_NAME" in step.get("run", ""))
    (tmp_path / "python").symlink_to(sys.executable)
    environment = {"GITHUB_REF_NAME": tag, "PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}"}
    done = subprocess.run(
        [str(BASH), "-c", step["run"]], cwd=ROOT, env=os.environ | environment, capture_output=True, text=True
    )
    assert (done.returncode, done.stdout.startswith("::error::the tag")) == (code, code == 1), done.stderr


def test_a_citation_has_what_its_format_asks_for_and_is_of_this_version() -> None:
    citation = read(ROOT / "CITATION.cff")
    assert citation["cff-version"] == "1.2.0"
    assert {"message", "title", "authors"} <= set(citation)
    assert all(author["name"] for author in citation["authors"])
    assert citation["authors"] == PROJECT["authors"]
    assert citation["type"] == "software"
    assert (citation["version"], citation["license"]) == (__version__, PROJECT["license"])
    assert (citation["repository-code"], citation["url"]) == (REPOSITORY, DOCS)


def test_addresses_of_the_package_are_the_projects() -> None:
    assert set(PROJECT["urls"]) == {"Homepage", "Documentation", "Changelog", "Issues", "Source"}
    for address in PROJECT["urls"].values():
        assert address.startswith((REPOSITORY, DOCS))


@pytest.mark.parametrize("name", ["bug", "feature"])
def test_an_issue_template_is_a_form(name: str) -> None:
    form = read(GITHUB / "ISSUE_TEMPLATE" / f"{name}.yml")
    assert form["name"] and form["description"] and form["labels"]
    ids = [field["id"] for field in form["body"]]
    assert len(set(ids)) == len(ids)
    for field in form["body"]:
        assert field["type"] in ("textarea", "input", "dropdown", "checkboxes")
        assert field["attributes"]["label"]
    assert any(field.get("validations", {}).get("required") for field in form["body"])


def test_contacts_are_the_projects() -> None:
    links = read(GITHUB / "ISSUE_TEMPLATE" / "config.yml")["contact_links"]
    for link in links:
        assert link["name"] and link["about"]
        assert link["url"].startswith((REPOSITORY, DOCS))
    assert f"{REPOSITORY}/security/advisories/new" in (ROOT / "SECURITY.md").read_text(encoding="utf-8")


@pytest.mark.slow
def test_the_trial_of_a_wheel_runs_through(tmp_path: Path) -> None:
    """With the command of this environment in place of an installed wheel, which tests/test_wheel.py installs."""
    try_wheel.try_out(Path(sys.executable).with_name("percept"), tmp_path)
    assert (tmp_path / "percept-report.html").is_file()


def test_the_trial_stops_at_a_wrong_exit_code(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="exit code 3, not 0"):
        try_wheel.run(Path(sys.executable).with_name("percept"), "check", "a", "b", cwd=tmp_path)
