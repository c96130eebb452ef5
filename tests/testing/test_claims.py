"""No two tests have one baseline."""

from __future__ import annotations

import shutil

import pytest

from tests.support.baselines import project as project
from tests.support.baselines import run as run
from tests.support.baselines import write
from tests.support.pytests import Run


@pytest.mark.slow
def test_two_that_have_one_file_are_named(project: pytest.Pytester, run: Run) -> None:
    # A class of a module, and a module of a folder that is called as the module.
    project.makeini("[pytest]\npercept_baselines = expected\npython_classes = Test test_\n")
    method = "    def test_b(self, percept_check):\n        percept_check(pic('red'))\n"
    write(project, f"class test_a:\n{method}")
    write(project, "def test_b(percept_check):\n    percept_check(pic('blue'))\n", "test_ui/test_a.py")
    told = "percept: two tests use the same baseline: expected/test_ui/test_a/test_b.png"
    for arguments, fresh in ((["--percept-update"], False), (["-n", "2", "--percept-update"], True)):
        done = run(project, *arguments, fresh=fresh)
        done.assert_outcomes(passed=1, failed=1)
        lines = [line.rstrip() for line in done.stdout.lines]
        at = lines.index(told)
        assert {line.strip() for line in lines[at + 1 : at + 3]} == {
            "test_ui.py::test_a::test_b",
            "test_ui/test_a.py::test_b",
        }
    assert len(list((project.path / "expected").rglob("*.png"))) == 1
    project.makeini("[pytest]\n")
    shutil.rmtree(project.path / "test_ui")
    # With baseline= they share it.
    shared = 'percept_check(pic("red"), baseline="percept-baselines/test_ui/same.png")'
    write(project, f"def test_a(percept_check):\n    {shared}\ndef test_b(percept_check):\n    {shared}\n")
    run(project, "--percept-update").assert_outcomes(passed=2)
    run(project).assert_outcomes(passed=2)


def test_tests_that_share_a_baseline_do_not_write_over_each_other(project: pytest.Pytester, run: Run) -> None:
    write(
        project,
        """
def test_one(percept_check):
    percept_check(pic("red"), baseline="shared.png")

def test_two(percept_check):
    percept_check(pic("blue"), baseline="shared.png")

def test_three(percept_check):
    percept_check(pic("red"), baseline="shared.png")
""",
    )
    done = run(project, "--percept-update")
    done.assert_outcomes(passed=2, failed=1)
    said = done.stdout.str()
    assert "two tests that share a baseline have different images: shared.png" in said
    assert "test_ui.py::test_one has just written it" in said
    assert "test_ui.py::test_two differs from it" in said
    run(project).assert_outcomes(passed=2, failed=1)  # what was written has stayed
