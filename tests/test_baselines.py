"""Baselines of tests: each test has its own, old ones are taken over, and those that are nobody's are found."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from PIL import Image

from percept_cli.system.names import folded
from percept_cli.testing.baselines import LONGEST, part_of
from tests.forks import Forks
from tests.pytests import Run, runner, written

HEAD = """
import pytest
from PIL import Image

def pic(colour, width=32):
    return Image.new("RGB", (width, 32), colour)
"""
FOLDER = Path("percept-baselines")


@pytest.fixture
def project(pytester: pytest.Pytester) -> pytest.Pytester:
    return pytester


@pytest.fixture
def run(forks: Forks) -> Run:
    return runner(forks)


def write(project: pytest.Pytester, body: str, name: str = "test_ui.py") -> None:
    (project.path / name).parent.mkdir(parents=True, exist_ok=True)
    (project.path / name).write_text(HEAD + body, encoding="utf-8")


def put(project: pytest.Pytester, name: str, colour: str = "red") -> Path:
    """A picture where a baseline is, or was."""
    path = project.path / FOLDER / name
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (32, 32), colour).save(path)
    return path


def colours(project: pytest.Pytester) -> dict[str, str]:
    """Baseline → what colour it has."""
    names = {(255, 0, 0): "red", (0, 0, 255): "blue", (255, 255, 255): "white", (0, 128, 0): "green"}
    found = {}
    for name in written(project):
        with Image.open(project.path / name) as image:
            pixel = image.convert("RGB").getpixel((0, 0))
            found[name.removeprefix("percept-baselines/")] = names[pixel]  # type: ignore[index]
    return found


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


@pytest.mark.slow
def test_two_that_have_one_file_are_named(project: pytest.Pytester, run: Run) -> None:
    # A class of a module, and a module of a folder that is called as the module.
    project.makeini("[pytest]\npercept_baselines = expected\npython_classes = Test test_\n")
    method = "    def test_b(self, percept_check):\n        percept_check(pic('red'))\n"
    write(project, f"class test_a:\n{method}")
    write(project, "def test_b(percept_check):\n    percept_check(pic('blue'))\n", "test_ui/test_a.py")
    told = "percept: two tests have one baseline: expected/test_ui/test_a/test_b.png"
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
    done.stdout.fnmatch_lines(["*baselines that no test claims*", "percept-baselines/test_ui/test_gone.png"])


CLASSES = """
class TestButton:
    def test_plot(self, percept_check):
        percept_check(pic("red"))

class TestMenu:
    def test_{other}(self, {fixture}):
        {call}

class TestNothing:
    pass
"""
ALONE = CLASSES.format(other="plot", fixture="tmp_path", call="pass")
BOTH = CLASSES.format(other="plot", fixture="percept_check", call='percept_check(pic("blue"))')
OLD, NEW = "test_ui/test_plot.png", "test_ui/TestButton/test_plot.png"


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
        assert "no test claims" not in done.stdout.str()
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
        f"  percept-baselines/{OLD} is not used, since it may be the baseline of several tests:",
        "    test_ui.py::TestButton::test_plot",
        "    test_ui.py::TestMenu::test_plot",
        "  if it is of this one: mkdir -p *percept-baselines/test_ui/TestButton && mv *",
    ]
    for arguments in ([], ["test_ui.py::TestButton::test_plot"], ["-k", "Button"]):
        done = run(project, *arguments)
        done.assert_outcomes(failed=1 if arguments else 2, deselected=1 if "-k" in arguments else 0)
        done.stdout.fnmatch_lines(told)
    run(project, "--percept-update", "test_ui.py::TestMenu::test_plot").assert_outcomes(passed=1)
    assert colours(project) == {OLD: "red", "test_ui/TestMenu/test_plot.png": "blue"}
    done = run(project, "--percept-update", "--percept-prune")
    done.assert_outcomes(passed=2)
    done.stdout.fnmatch_lines(["*no test claims, which were deleted*", f"percept-baselines/{OLD}"])
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


@pytest.mark.slow
def test_references_of_the_settings_hold(project: pytest.Pytester, run: Run) -> None:
    write(project, ALONE)
    settings = project.path / "percept.toml"
    settings.write_text('[check]\nreferences = ["{stem}.dark.png", "dark.png"]\n', encoding="utf-8")
    put(project, "test_ui/test_plot.dark.png", "red")
    put(project, OLD, "blue")
    run(project).assert_outcomes(passed=2, warnings=1)  # it is as the further reference
    run(project, "--percept-update").assert_outcomes(passed=2)
    dark = "test_ui/TestButton/test_plot.dark.png"
    assert colours(project) == {NEW: "blue", dark: "red"}
    # What an update writes is what is compared then.
    put(project, dark, "blue")
    run(project).assert_outcomes(passed=1, failed=1)
    run(project, "--percept-update").assert_outcomes(passed=2)
    run(project, "--percept-prune").assert_outcomes(passed=2)
    assert colours(project) == {NEW: "red", dark: "blue"}
    write(project, ALONE.replace("red", "blue"))
    run(project, "--percept-update").assert_outcomes(passed=2)
    assert colours(project)[NEW] == "red"  # it is as one of the references
    write(project, ALONE.replace("red", "white"))
    run(project).assert_outcomes(passed=1, failed=1)
    run(project, "--percept-update").assert_outcomes(passed=2)
    run(project).assert_outcomes(passed=2)
    assert colours(project) == {NEW: "white", dark: "blue"}


SUITE = """
import os

def test_a(percept_check):
    percept_check(pic("red"))
    percept_check(pic("red"), "more")

def test_b(percept_check):
    if os.environ.get("TROUBLE") == "skip":
        pytest.skip("not here")
    assert os.environ.get("TROUBLE") != "fail"
    percept_check(pic("red"), mask=os.path.join(os.path.dirname(__file__), "percept-baselines/test_ui/mask.png"))

def test_plain():
    assert os.environ.get("TROUBLE") != "plain"

def test_shared(percept_check):
    percept_check(pic("red"), baseline="percept-baselines/test_ui/shared.png")
"""
GONE = ["test_gone/test_x.png", "test_ui/TestOld/test_a.png", "test_ui/test_a@old.png"]


@pytest.fixture
def suite(project: pytest.Pytester) -> pytest.Pytester:
    """A project with baselines of which three are nobody's, and files that are none."""
    write(project, SUITE)
    write(project, "def test_c(percept_check):\n    percept_check(pic('red'))\n", "test_other.py")
    write(project, "", "ignored.py")
    for name in (*GONE, "test_ui/shared.png", "dark.png", "ignored/x.png"):
        put(project, name)
    for name in ("test_ui/test_a.png", "test_ui/test_a@more.png", "test_ui/test_b.png", "test_other/test_c.png"):
        put(project, name)
    Image.new("L", (32, 32), 255).save(project.path / FOLDER / "test_ui" / "mask.png")
    (project.path / FOLDER / "test_ui" / "README.md").write_text("why")
    (project.path / FOLDER / "test_ui" / "link.png").symlink_to("README.md")
    return project


def files(project: pytest.Pytester) -> set[str]:
    folder = project.path / FOLDER
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if not path.is_dir()}


@pytest.mark.slow
@pytest.mark.parametrize("workers", [0, 2])
def test_baselines_of_nobody_are_listed_and_deleted_when_asked(
    suite: pytest.Pytester, run: Run, workers: int
) -> None:
    arguments = ["-n", str(workers)] if workers else []
    before = files(suite)
    lines = [f"percept-baselines/{name}" for name in GONE]
    if not workers:
        done = run(suite)
        done.assert_outcomes(passed=5)
        done.stdout.fnmatch_lines(
            ["*percept: baselines that no test claims, which --percept-prune deletes*", *lines]
        )
        assert files(suite) == before
    done = run(suite, "--percept-prune", *arguments, fresh=bool(workers))
    done.assert_outcomes(passed=5)
    done.stdout.fnmatch_lines(["*percept: baselines that no test claims, which were deleted*", *lines])
    assert files(suite) == before - set(GONE)
    assert not (suite.path / FOLDER / "test_gone").exists()
    assert "no test claims" not in run(suite).stdout.str()


@pytest.mark.parametrize(
    ("arguments", "trouble", "why"),
    [
        (["-k", "test_a"], "", "only some of the tests were asked for"),
        (["test_ui.py"], "", "only some of the tests were asked for"),
        (["test_ui.py::test_a"], "", "only some of the tests were asked for"),
        (["--ignore", "test_other.py"], "", "only some of the tests were asked for"),
        (["-x"], "plain", "not all tests were run"),
        ([], "fail", "not known for tests that did not pass: test_ui.py::test_b"),
        ([], "skip", "not known for tests that did not pass: test_ui.py::test_b"),
        ([], "collect", "not all files of tests could be collected"),
        ([], "items", "only some of the tests were asked for"),
        (["-n", "2"], "fail", "not known for tests that did not pass: test_ui.py::test_b"),
    ],
)
def test_a_run_that_tells_not_all_deletes_nothing(
    suite: pytest.Pytester,
    run: Run,
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    trouble: str,
    why: str,
) -> None:
    monkeypatch.setenv("TROUBLE", trouble)
    if trouble == "collect":
        write(suite, "raise ValueError", "test_bad.py")
    if trouble == "items":  # without a word to pytest
        suite.makeconftest("def pytest_collection_modifyitems(items):\n    del items[-1]\n")
    before = files(suite)
    done = run(suite, "--percept-prune", *arguments)
    done.stdout.fnmatch_lines(
        ["*percept: no baselines were deleted*", f"Which of them no test claims is not known: {why}."]
    )
    assert files(suite) == before


def test_a_test_without_pictures_that_fails_is_in_nobodys_way(
    suite: pytest.Pytester, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TROUBLE", "plain")
    done = run(suite, "--percept-prune")
    done.assert_outcomes(passed=4, failed=1)
    # What belongs to its module stays all the same.
    assert "test_ui/test_a@old.png" in files(suite)
    assert "test_gone/test_x.png" not in files(suite)
    monkeypatch.delenv("TROUBLE")
    done = run(suite, "--lf", "--percept-prune")
    done.stdout.fnmatch_lines(["*percept: no baselines were deleted*"])


def test_in_a_folder_for_all_only_what_tests_wrote_is_deleted(project: pytest.Pytester, run: Run) -> None:
    project.makeini("[pytest]\npercept_baselines = data\n")
    write(project, "def test_a(percept_check):\n    percept_check(pic('red'))\n", "sub/test_ui.py")
    run(project, "--percept-update").assert_outcomes(passed=1)
    data = project.path / "data"
    kept = ["photos/test.png", "x.png", "sub/photo.png", "sub/test_ui/test_a.png"]
    for name in (*kept, "sub/test_ui/old.png", "sub/test_gone/test_a.png"):
        (data / name).parent.mkdir(parents=True, exist_ok=True)
        if not (data / name).exists():
            Image.new("RGB", (9, 9)).save(data / name)
    run(project, "--percept-prune").assert_outcomes(passed=1)
    assert sorted(path.relative_to(data).as_posix() for path in data.rglob("*.png")) == sorted(kept)


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
    assert "two tests that share a baseline have other pictures: shared.png" in said
    assert "test_ui.py::test_one has just written it" in said
    assert "test_ui.py::test_two differs from it" in said
    run(project).assert_outcomes(passed=2, failed=1)  # what was written has stayed
