"""Baselines of tests: each test has its own, and old ones are taken over."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from percept_cli.system.names import folded
from percept_cli.testing.baselines import LONGEST, part_of
from tests.support.baselines import ALONE, CLASSES, FOLDER, NEW, OLD, colours, put, write
from tests.support.baselines import project as project
from tests.support.baselines import run as run
from tests.support.pytests import Run, written

COLLIDING = """
@pytest.mark.parametrize(
    ("text", "colour"),
    [("a/b", "red"), ("a-b", "blue"), ("a b", "green"), ("?", "red"), ("*", "blue"), ("Ab", "red"), ("aB", "blue"),
     ("e\u0301", "red"), ("\u00e9", "blue"), ("x" * 300, "red"), ("x" * 299 + "y", "blue")],
    ids=lambda value: value if value not in ("red", "blue", "green") else "",
)
def test_p(percept_check, text, colour):
    percept_check(pic(colour))

@pytest.mark.parametrize("colour", ["red", "blue"], ids=["", "2"])
def test_r(percept_check, colour):
    percept_check(pic(colour))
    percept_check(pic("green" if colour == "red" else "white"))

def test_r2(percept_check):
    percept_check(pic("red"), "2")
    percept_check(pic("blue"))
    percept_check(pic("green"))
    percept_check(pic("red"), "Logo")
    percept_check(pic("blue"), "logo")
    percept_check(pic("red"), "a/b")
    percept_check(pic("blue"), "a-b")
    percept_check(pic("white"), "aux")
    percept_check(pic("white"), "y" * 300)

def test_r3(percept_check):
    percept_check(pic("white"), "Logo")

class TestButton:
    def test_plot(self, percept_check):
        percept_check(pic("red"))

class TestMenu:
    def test_plot(self, percept_check):
        percept_check(pic("blue"))

    class TestDeep:
        def test_plot(self, percept_check):
            percept_check(pic("green"))

def test_plot(percept_check):
    percept_check(pic("white"))

def test_Plot(percept_check):
    percept_check(pic("green"))
"""


def test_every_test_has_a_baseline_of_its_own(project: pytest.Pytester, run: Run) -> None:
    write(project, COLLIDING)
    write(project, "def test_plot(percept_check):\n    percept_check(pic('green'))\n", "test_UI.py")
    escaping = "disable_test_id_escaping_and_forfeit_all_rights_to_community_support = true"
    project.makeini(f"[pytest]\n{escaping}\n")
    done = run(project, "--percept-update")
    done.assert_outcomes(passed=21)
    names = written(project)
    assert len(names) == 31
    assert len(set(map(folded, names))) == 31  # nor does a system that tells no cases apart
    assert all(len(part.encode()) < 255 for name in names for part in Path(name).parts)
    assert not any(Path(name).stem.split("@")[-1] in ("aux", "2-") for name in names)
    run(project).assert_outcomes(passed=21)
    before = colours(project)
    # One test alone has the same names.
    for test in ("test_ui.py::test_p[Ab-]", "test_ui.py::TestMenu::test_plot", "test_ui.py::test_Plot"):
        run(project, "--percept-update", test).assert_outcomes(passed=1)
    assert colours(project) == before


def test_what_a_name_becomes() -> None:
    assert part_of("test_a-1.5", "x") == "test_a-1.5"
    for unfit in ("a/b", "", "CON", "nul.x", "a.", "-a", "e\u0301", "\u212b", "\ud800", "x" * (LONGEST + 1)):
        found = part_of(unfit, unfit)
        assert found[-9] == "-"
        assert found.isprintable()
        assert len(found.encode()) <= LONGEST + 9
        assert found != part_of(unfit, unfit + "!")


RERUN = """
from _pytest.runner import runtestprotocol

def pytest_runtest_protocol(item, nextitem):
    item.ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
    for attempt in range(3):
        reports = runtestprotocol(item, nextitem=nextitem, log=False)
        failed = any(report.failed for report in reports)
        if failed and attempt < 2:
            for report in reports:
                report.outcome = "rerun" if report.failed else report.outcome
        for report in reports:
            item.ihook.pytest_runtest_logreport(report=report)
        if not failed:
            break
        item._initrequest()
    item.ihook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
    return True
"""


def test_a_test_that_is_run_again_has_the_same_baseline(project: pytest.Pytester, run: Run) -> None:
    project.makeconftest(RERUN)
    body = """
TIMES = []

def test_flaky(percept_check):
    percept_check(pic("red"))
    percept_check(pic("blue"), "second")
    TIMES.append(1)
    assert len(TIMES) > 1
"""
    write(project, body)
    put(project, "test_ui/test_gone.png")
    done = run(project, "--percept-update")
    done.assert_outcomes(passed=1)
    assert colours(project) == {
        "test_ui/test_flaky.png": "red",
        "test_ui/test_flaky@second.png": "blue",
        "test_ui/test_gone.png": "red",
    }
    done.stdout.fnmatch_lines(["*unused baselines*", "percept-baselines/test_ui/test_gone.png"])


BOTH = CLASSES.format(other="plot", fixture="percept_check", call='percept_check(pic("blue"))')


@pytest.mark.slow
def test_a_baseline_at_its_old_place_is_used_and_moved(project: pytest.Pytester, run: Run) -> None:
    write(project, ALONE)
    put(project, OLD)
    one = "test_ui.py::TestButton::test_plot"
    for arguments in ([], [one]):
        done = run(project, *arguments)
        done.assert_outcomes(passed=2 - len(arguments), warnings=1)
        moves = "its baseline is still at *test_ui/test_plot.png; pytest --percept-update moves it to *"
        done.stdout.fnmatch_lines([f"*PerceptWarning: test_plot: {moves}/{NEW}"])
        assert "unused baselines" not in done.stdout.str()
        assert colours(project) == {OLD: "red"}
    old = (project.path / FOLDER / OLD).read_bytes()
    done = run(project, "--percept-update", one)
    done.assert_outcomes(passed=1)
    done.stdout.fnmatch_lines([f"percept-baselines/{NEW}, which was percept-baselines/{OLD}"])
    assert colours(project) == {NEW: "red"}
    assert (project.path / FOLDER / NEW).read_bytes() == old  # moved, and not made anew
    run(project).assert_outcomes(passed=2)

    # One that does not fit any more is replaced, at the new place.
    shutil.rmtree(project.path / FOLDER)
    put(project, OLD, "blue")
    run(project).assert_outcomes(passed=1, failed=1, warnings=1)
    run(project, "--percept-update").assert_outcomes(passed=2)
    assert colours(project) == {NEW: "red"}


@pytest.mark.slow
def test_an_old_baseline_that_may_be_several_tests_is_not_used(project: pytest.Pytester, run: Run) -> None:
    write(project, BOTH)
    put(project, OLD)
    told = [
        f"percept: test_plot has no baseline: percept-baselines/{NEW}",
        f"  percept-baselines/{OLD} is not used, because it could be the baseline of several tests:",
        "    test_ui.py::TestButton::test_plot",
        "    test_ui.py::TestMenu::test_plot",
        "  if it belongs to this one: mkdir -p *percept-baselines/test_ui/TestButton && mv *",
    ]
    for arguments in ([], ["test_ui.py::TestButton::test_plot"], ["-k", "Button"]):
        done = run(project, *arguments)
        done.assert_outcomes(failed=1 if arguments else 2, deselected=1 if "-k" in arguments else 0)
        done.stdout.fnmatch_lines(told)
    run(project, "--percept-update", "test_ui.py::TestMenu::test_plot").assert_outcomes(passed=1)
    assert colours(project) == {OLD: "red", "test_ui/TestMenu/test_plot.png": "blue"}
    done = run(project, "--percept-update", "--percept-prune")
    done.assert_outcomes(passed=2)
    done.stdout.fnmatch_lines(["*unused baselines (deleted)*", f"percept-baselines/{OLD}"])
    assert colours(project) == {NEW: "red", "test_ui/TestMenu/test_plot.png": "blue"}


def test_old_baselines_of_names_that_differ_in_case_are_taken_over(project: pytest.Pytester, run: Run) -> None:
    body = """
@pytest.mark.parametrize("colour", ["red", "blue"], ids=["Ab", "aB"])
def test_p(percept_check, colour):
    percept_check(pic(colour))
"""
    write(project, body)
    put(project, "test_ui/test_p-Ab.png", "red")
    put(project, "test_ui/test_p-aB.png", "blue")
    run(project, "--percept-update").assert_outcomes(passed=2)
    run(project).assert_outcomes(passed=2, warnings=0)
    assert sorted(colours(project).values()) == ["blue", "red"]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("other", "used"),
    [
        ("def test_b(percept_check):\n    percept_check(pic('red'), 'other')", True),
        ("def test_b(percept_check):\n    percept_check(pic('red'), 'common')", False),
        (
            "@pytest.mark.parametrize('n', ['common'])\n"
            "def test_b(percept_check, n):\n    percept_check(pic('red'), n)",
            False,
        ),
        ("def common(percept_check):\n    percept_check(pic('red'))", True),
    ],
)
def test_whose_an_old_baseline_with_a_name_is(project: pytest.Pytester, run: Run, other: str, used: bool) -> None:
    write(project, f"def test_a(percept_check):\n    percept_check(pic('red'), 'common')\n\n{other}\n")
    put(project, "test_ui/common.png")
    done = run(project, "test_ui.py::test_a")
    done.assert_outcomes(passed=used, failed=not used, warnings=used)
    run(project, "--percept-update")
    assert ("test_ui/common.png" in colours(project)) is not used
    assert "test_ui/test_a@common.png" in colours(project)
    run(project).assert_outcomes(passed=1 if "def common" in other else 2)
