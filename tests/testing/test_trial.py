"""By what a picture in a test is judged: the settings of its project, below what the test itself asks for."""

from __future__ import annotations

import inspect
from pathlib import Path

import pytest
from PIL import Image

from percept_cli.images.policy import AS_SEEN, PICTURE_SETTINGS
from percept_cli.pairs import Pair
from percept_cli.recipes.ladder import Ladder, Step, fingerprint_of
from percept_cli.recipes.presets import load_preset
from percept_cli.recipes.settings import Settings
from percept_cli.reports.data.reading import read_run
from percept_cli.scoring.api import check
from percept_cli.testing.trial import OPTIONS, Project
from tests.conftest import ROOT, drawing
from tests.support.baselines import ALONE, NEW, OLD, colours, put, write
from tests.support.baselines import project as project
from tests.support.baselines import run as run
from tests.support.colour_files import IGNORE
from tests.support.plugin_projects import BASELINE, TEST, accept, draw
from tests.support.plugin_projects import plugin_project as plugin_project
from tests.support.plugin_projects import run_with_plugin as run_with_plugin
from tests.support.pytests import Run, written


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


def test_pictures_in_tests_are_read_as_their_project_and_the_test_say(tmp_path: Path) -> None:
    pair = Pair("a.png", tmp_path / "r.png", tmp_path / "c.png")
    for settings, options, wanted in (
        ({}, {}, AS_SEEN),
        ({"ignore-icc": True}, {}, IGNORE),
        ({"ignore-icc": True}, {"preset": "five-taps"}, IGNORE),
        ({"ignore-icc": True}, {"ignore_icc": False}, AS_SEEN),
        ({}, {"ignore_icc": True, "preset": "five-taps"}, IGNORE),
    ):
        trial = Project(Settings(values=settings)).trial(pair, tmp_path, options)
        assert trial.spec.pictures == wanted


def test_a_recipe_of_ones_own_brings_its_own_ladder(tmp_path: Path) -> None:
    recipe = (ROOT / "configs" / "five-taps.toml").read_text(encoding="utf-8").replace("relu5_3", "pool4")
    (tmp_path / "mine.toml").write_text(recipe, encoding="utf-8")
    spec = load_preset(str(tmp_path / "mine.toml")).spec
    made: dict[str, str | int] = {"command": "none", "percept": "0.1.0", "photographs": 20, "interfaces": 10}
    ladder = Ladder(fingerprint_of(spec), made, (Step("jpeg", "JPEG quality 50", 0.1, 0.2, 0.3),), ())
    (tmp_path / "mine.ladder.json").write_text(ladder.as_json(), encoding="utf-8")
    pair = Pair("a.png", tmp_path / "r.png", tmp_path / "c.png")
    trial = Project(Settings(values={"preset": str(tmp_path / "mine.toml")})).trial(pair, tmp_path, {})
    assert trial.ladder == ladder
    assert Project(Settings()).trial(pair, tmp_path, {}).ladder != ladder


PICTURES = """
import os
from pathlib import Path
import pytest
from PIL import Image

PICTURE = Path(__file__).parent / "login.png"
CASES = {
    "plain": {},
    "box": {},
    "mask": {},
    "levels": {},
    "moved": {},
    "recipe": {},
    "own-box": {"ignore": ()},
    "own-mask": {"mask": None},
    "own-levels": {"fail": {"peak": 0.01}},
    "own-moved": {"max_shift": 0},
    "own-recipe": {"preset": "default"},
}

@pytest.mark.parametrize("case", CASES)
def test_it(percept_check, case, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    percept_check(Image.open(PICTURE), case, **CASES[case])

def test_baseline_of_its_own(percept_check):
    percept_check(Image.open(PICTURE), baseline="expected/own.png")
"""

RULES = """
[[override]]
match = "test_rules/*box.png"
ignore = "0,0,80,70"

[[override]]
match = "*mask.png"
mask = "all.png"

[[override]]
match = "*levels.png"
distance = "off"
peak = "off"
colour = "off"

[[override]]
match = "*moved.png"
max-shift = 4

[[override]]
match = "*recipe.png"
preset = "johnson-style"
distance = "off"
colour = "off"

[[override]]
match = "expected/*.png"
ignore = "0,0,80,70"
"""
"""All but the plain picture pass by these, unless a test asks for something else itself."""


def outcomes(done: pytest.RunResult) -> dict[str, str]:
    """Test → how it ended, of a run with -v."""
    lines = [line.split() for line in done.stdout.lines if line.startswith("test_") and "::" in line]
    return {
        words[0].split("::")[1]: words[1] for words in lines if len(words) > 1
    }  # a warning names its test alone


def shift(picture: Image.Image, by: int) -> Image.Image:
    """The picture on a wide white margin, moved to the right."""
    canvas = Image.new("RGB", (picture.width + 40, picture.height + 40), "white")
    canvas.paste(picture, (20 + by, 20))
    return canvas


@pytest.mark.slow
def test_the_settings_of_check_hold_and_a_tests_own_stand_above_them(
    plugin_project: pytest.Pytester, run_with_plugin: Run
) -> None:
    (plugin_project.path / "test_ui.py").unlink()
    plugin_project.makepyfile(test_rules=PICTURES)
    Image.new("L", (80, 70), 0).save(plugin_project.path / "all.png")
    shift(drawing(40, 30, 1), 0).save(plugin_project.path / "login.png")
    run_with_plugin(plugin_project, "--percept-update").assert_outcomes(passed=12)
    shift(drawing(40, 30, 1), 4).save(plugin_project.path / "login.png")
    run_with_plugin(plugin_project).assert_outcomes(failed=12)  # without settings

    own = ("own-box", "own-mask", "own-levels", "own-moved", "own-recipe")
    passed = {f"test_it[{case}]": "PASSED" for case in ("box", "mask", "levels", "moved", "recipe")}
    failed = {f"test_it[{case}]": "FAILED" for case in ("plain", *own)}
    for file, table in (("percept.toml", "override"), ("pyproject.toml", "tool.percept.override")):
        settings = plugin_project.path / file
        settings.write_text(RULES.replace("[[override]]", f"[[{table}]]"), encoding="utf-8")
        done = run_with_plugin(plugin_project, "-v")
        assert outcomes(done) == passed | failed | {"test_baseline_of_its_own": "PASSED"}, file
        assert "0.01 (argument)" in done.stdout.str()
        settings.unlink()


@pytest.mark.slow
def test_the_run_rules_hold_for_all_and_levels_are_those_of_the_file(
    plugin_project: pytest.Pytester, run_with_plugin: Run
) -> None:
    accept(plugin_project)
    draw(plugin_project, seed=2)
    settings = plugin_project.path / "percept.toml"
    settings.write_text('[check]\nbaseline = "elsewhere"\nignore = ["0,0,40,30"]\n', encoding="utf-8")
    run_with_plugin(plugin_project).assert_outcomes(passed=1)
    settings.write_text("[check.peak]\nwarn = 0.001\nfail = 0.002\n", encoding="utf-8")
    done = run_with_plugin(plugin_project)
    done.assert_outcomes(failed=1)
    done.stdout.fnmatch_lines(["E  *FAIL peak *; warns above 0.001, fails above 0.002 (percept.toml)"])
    # The recipe is the file's too, as for percept check.
    settings.write_text('layers = "relu1_1,relu3_1"\nthreshold = 0.001\n', encoding="utf-8")
    done = run_with_plugin(plugin_project, "--percept-report", "report.json")
    done.assert_outcomes(failed=1)
    done.stdout.fnmatch_lines(["E  *FAIL overall *; fails above 0.001 (percept.toml)"])
    assert [layer.tap for layer in read_run(plugin_project.path / "report.json").spec.layers] == [
        "relu1_1",
        "relu3_1",
    ]
    settings.write_text('preset = "johnson-style"\n', encoding="utf-8")
    run_with_plugin(plugin_project).stdout.fnmatch_lines(
        [
            "*PerceptWarning: test_login: the recipe johnson-style of percept.toml has no limits for overall and "
            "peak, so only colour decides"
        ]
    )


@pytest.mark.slow
def test_further_references_and_other_sizes(plugin_project: pytest.Pytester, run_with_plugin: Run) -> None:
    accept(plugin_project)
    draw(plugin_project, seed=2, name="percept-baselines/dark.png")
    draw(plugin_project, seed=2)
    settings = plugin_project.path / "percept.toml"
    settings.write_text('[check]\nreferences = "dark.png"\n', encoding="utf-8")
    run_with_plugin(plugin_project).assert_outcomes(passed=1)
    (plugin_project.path / BASELINE).unlink()
    run_with_plugin(plugin_project).assert_outcomes(passed=1)
    drawing(41, 30, 2).save(plugin_project.path / "login.png")
    done = run_with_plugin(plugin_project)
    done.assert_outcomes(failed=1)
    done.stdout.fnmatch_lines(
        [
            "E  *percept: test_login: the sizes differ: *dark.png is 40×30 pixels, * is 41×30*; *1 column*",
            "E  *baseline:  percept-baselines/dark.png",
            "*percept: 1 image did not pass*",
        ]
    )
    for policy in ("warn", "pass"):
        settings.write_text(f'[check]\nreferences = "dark.png"\nsize-mismatch = "{policy}"\n', encoding="utf-8")
        done = run_with_plugin(plugin_project)
        done.assert_outcomes(passed=1, warnings=1)
        done.stdout.fnmatch_lines(
            ["*PerceptWarning: test_login: the sizes differ: *dark.png is 40×30 *; not judged: *"]
        )
    # Then there is something to compare with.
    run_with_plugin(plugin_project, "--percept-update").assert_outcomes(passed=1)
    assert (plugin_project.path / BASELINE).read_bytes() != (
        plugin_project.path / "percept-baselines/dark.png"
    ).read_bytes()
    (plugin_project.path / "percept-baselines/dark.png").unlink()
    done = run_with_plugin(plugin_project)
    done.assert_outcomes(passed=1)
    assert "PerceptWarning" not in done.stdout.str()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            "[check]\nnoize = 1\n",
            ["percept: percept.toml: *: unknown key 'noize'", "  hint: did you mean noise?"],
        ),
        (
            '[[override]]\nmatch = "*"\nignored = "0,0,1,1"\n',
            ["percept: percept.toml: override 1: unknown key 'ignored'", "  hint: did you mean ignore?"],
        ),
        ("chek = 1\n", ["percept: *percept.toml: unknown key 'chek'", "  hint: did you mean check?"]),
        ('layers = "relu9"\n', ["percept: percept.toml: unknown *'relu9'*"]),
    ],
)
def test_a_mistake_in_the_settings_names_the_file(
    plugin_project: pytest.Pytester, run_with_plugin: Run, text: str, told: list[str]
) -> None:
    (plugin_project.path / "percept.toml").write_text(text, encoding="utf-8")
    done = run_with_plugin(plugin_project, "--percept-update")
    done.assert_outcomes(errors=1)
    done.stdout.fnmatch_lines(told)
    assert "snapshots.py" not in done.stdout.str()
    assert written(plugin_project) == []


def test_settings_are_those_of_pytests_rootdir(plugin_project: pytest.Pytester, run_with_plugin: Run) -> None:
    (plugin_project.path / "percept.toml").write_text('[check]\nignore = "0,0,40,30"\n', encoding="utf-8")
    (plugin_project.path / "sub").mkdir()
    for name in ("test_ui.py", "login.png"):
        (plugin_project.path / name).rename(plugin_project.path / "sub" / name)
    (plugin_project.path / "sub" / "percept.toml").write_text("", encoding="utf-8")  # which would be the nearest
    run_with_plugin(plugin_project, "--percept-update").assert_outcomes(passed=1)
    draw(plugin_project, seed=2, name="sub/login.png")
    run_with_plugin(plugin_project, "--rootdir", ".").assert_outcomes(passed=1)
    run_with_plugin(plugin_project, "--rootdir", "sub").assert_outcomes(failed=1)


def test_the_options_are_those_of_check_by_name(plugin_project: pytest.Pytester, run_with_plugin: Run) -> None:
    parameters = inspect.signature(check).parameters.values()
    named = {entry.name for entry in parameters if entry.kind is entry.KEYWORD_ONLY}
    assert set(OPTIONS) == named | set(PICTURE_SETTINGS)
    plugin_project.makepyfile(test_ui=TEST.replace('"login.png"))', '"login.png"), nois="auto")'))
    done = run_with_plugin(plugin_project, "--percept-update")
    done.assert_outcomes(failed=1)
    done.stdout.fnmatch_lines(["E  *TypeError: percept_check: unknown argument 'nois'; it takes preset, *"])


@pytest.mark.slow
def test_alternates_beside_the_baselines_hold(project: pytest.Pytester, run: Run) -> None:
    """They are written on request, count as baselines do, and are never told to be unused."""
    write(project, ALONE)
    settings = project.path / "percept.toml"
    place = f".percept/alternates/{NEW}/linux.png"
    put(project, NEW, "blue")
    run(project).assert_outcomes(passed=1, failed=1)
    run(project, "--percept-update", "--percept-alternate", "linux").assert_outcomes(passed=2)
    assert colours(project) == {NEW: "blue", place: "red"}
    run(project, "--percept-prune").assert_outcomes(passed=2)
    assert colours(project) == {NEW: "blue", place: "red"}
    # The preferred one is what is compared, and so what an update replaces.
    settings.write_text("[check]\nvariant = 'linux'\n", encoding="utf-8")
    write(project, ALONE.replace("red", "white"))
    done = run(project)
    done.assert_outcomes(passed=1, failed=1)
    done.stdout.fnmatch_lines([f"E  *baseline:  percept-baselines/{place}"])
    run(project, "--percept-update").assert_outcomes(passed=2)
    assert colours(project) == {NEW: "blue", place: "white"}
    write(project, "def test_nothing(): pass")  # an alternate of a test that is no more is for a person to delete
    done = run(project, "--percept-prune")
    assert list(colours(project)) == [place]


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--percept-alternate", "linux"), "--percept-alternate needs --percept-update"),
        (("--percept-update", "--percept-alternate", "../x"), "--percept-alternate: the variant cannot be called"),
    ],
)
def test_an_alternate_that_cannot_be_written_is_refused(
    project: pytest.Pytester, run: Run, options: tuple[str, ...], told: str
) -> None:
    write(project, ALONE)
    done = run(project, *options)
    assert told in done.stderr.str()
    assert colours(project) == {}
