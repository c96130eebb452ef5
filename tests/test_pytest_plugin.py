"""The pytest plugin, in pytest processes of its own, as other projects have it."""

from __future__ import annotations

import inspect
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from percept_cli.images.policy import PICTURE_SETTINGS
from percept_cli.reports.data.reading import read_run
from percept_cli.scoring.api import check
from percept_cli.testing.trial import OPTIONS
from tests.conftest import drawing
from tests.forks import Forks
from tests.pytests import Run, runner, written

TEST = """
from pathlib import Path
from PIL import Image

def picture(name):
    return Image.open(Path(__file__).parent / name)

def test_login(percept_check):
    result = percept_check(picture("login.png"))
    assert result.status in ("pass", "warn")
"""


@pytest.fixture
def project(pytester: pytest.Pytester) -> pytest.Pytester:
    """A project with one test of one picture, without a baseline, and without this machine's settings."""
    pytester.makepyfile(test_ui=TEST)
    draw(pytester, seed=1)
    return pytester


def draw(project: pytest.Pytester, *, seed: int, name: str = "login.png") -> None:
    drawing(40, 30, seed).save(project.path / name)


BASELINE = Path("percept-baselines", "test_ui", "test_login.png")


def accept(project: pytest.Pytester) -> None:
    """Make the picture its own baseline, as ``--percept-update`` would, whose tests are others."""
    (project.path / BASELINE).parent.mkdir(parents=True)
    shutil.copy(project.path / "login.png", project.path / BASELINE)


def identity(path: Path) -> tuple[int, int]:
    """What changes when a file is written or replaced; reading it changes it not."""
    found = path.stat()
    return found.st_ino, found.st_mtime_ns


@pytest.fixture
def run(forks: Forks) -> Run:
    return runner(forks)


@pytest.mark.slow
def test_the_life_of_a_baseline(project: pytest.Pytester, run: Run) -> None:
    # There is none: that fails, and none is made.
    done = run(project, fresh=True)
    done.assert_outcomes(failed=1)
    done.stdout.fnmatch_lines(
        [
            f"percept: test_login has no baseline: {BASELINE.as_posix()}",
            "    pytest --percept-update test_ui.py::test_login",
        ]
    )
    assert written(project) == []

    done = run(project, "--percept-update")
    done.assert_outcomes(passed=1)
    done.stdout.fnmatch_lines(["*percept: baselines written*", BASELINE.as_posix()])
    assert written(project) == [BASELINE.as_posix()]

    before = identity(project.path / BASELINE)
    for arguments in ([], ["--percept-update"]):
        done = run(project, *arguments)
        done.assert_outcomes(passed=1)
        assert "percept" not in done.stdout.str().split("collected")[1]
        assert identity(project.path / BASELINE) == before  # one that fits is left alone

    draw(project, seed=2)
    done = run(project, fresh=True)
    done.assert_outcomes(failed=1)
    report = ".pytest_cache/d/percept/percept-report.html"
    done.stdout.fnmatch_lines(
        [
            "E  *percept: test_login: *",
            "E  *distance: *, most in relu*",
            "E  *FAIL *; warns above *, fails above *",
            "E  *FAIL region *",
            f"E  *baseline:  {BASELINE.as_posix()}",
            f"E  *report:    {report}, when all tests are done",
            "E  *pytest --percept-update test_ui.py::test_login",
            "*percept: 1 picture did not pass*",
            f"report: *{report}",
        ]
    )
    assert done.stdout.str().count("in __call__") == 0  # the plugin's own lines are in nobody's way
    page = (project.path / report).read_text(encoding="utf-8")
    assert "test_ui.py::test_login" in page
    assert identity(project.path / BASELINE) == before

    run(project, "--percept-update").assert_outcomes(passed=1)
    run(project).assert_outcomes(passed=1)


@pytest.mark.slow
def test_one_report_of_all_failures_also_under_xdist(project: pytest.Pytester, run: Run) -> None:
    names = [f"p{number}.png" for number in range(4)]
    tests = [f"def test_{name[:-4]}(percept_check):\n    percept_check(picture({name!r}))\n" for name in names]
    project.makepyfile(test_ui=TEST + "\n".join(tests))
    for number, name in enumerate(names):
        draw(project, seed=number, name=name)
    done = run(project, "--percept-update", "-n", "2", fresh=True)
    done.assert_outcomes(passed=5)
    assert len(written(project)) == 5
    done.stdout.fnmatch_lines(["*baselines written*", *written(project)])
    for name in names[:3]:
        draw(project, seed=9, name=name)
    done = run(project, "-n", "2", "--percept-report", "reports/all.json", fresh=True)
    done.assert_outcomes(passed=2, failed=3)
    done.stdout.fnmatch_lines(["*percept: 3 pictures did not pass*", f"report: {project.path}/reports/all.json"])
    found = read_run(project.path / "reports" / "all.json")
    assert sorted(result.name for result in found.results) == [
        f"test_ui.py::test_p{number}: test_p{number}" for number in range(3)
    ]
    assert {result.status for result in found.results} == {"fail"}
    assert all(result.evidence is not None and result.evidence.regions for result in found.results)


def test_pictures_of_every_kind(project: pytest.Pytester, run: Run) -> None:
    project.makepyfile(
        test_kinds="""
        import io
        from types import SimpleNamespace

        import numpy as np
        import pytest
        import torch
        from PIL import Image

        import percept_cli

        RGB = np.arange(1800).reshape(20, 30, 3).astype(np.uint8)
        FILE = io.BytesIO()
        Image.fromarray(RGB).save(FILE, "PNG")
        EXIF = Image.Exif()
        EXIF[0x0112] = 6
        TURNED = io.BytesIO()
        Image.fromarray(RGB).save(TURNED, "PNG", exif=EXIF)
        PICTURES = {
            "deep": RGB.astype(np.uint16) * 200,
            "deep-rgba": np.arange(2400).reshape(20, 30, 4).astype(">u2") * 17,
            "deep-grey": Image.fromarray(RGB[..., 0].astype(np.uint16) * 99),
            "tensor": torch.from_numpy(RGB.copy()).permute(2, 0, 1),
            "bytes": FILE.getvalue(),
            "jpeg": None,
            "file": FILE,
            "figure": SimpleNamespace(savefig=lambda file, **options: Image.fromarray(RGB).save(file, **options)),
            "cmyk": Image.fromarray(RGB).convert("CMYK"),
            "grey-alpha": Image.fromarray(RGB).convert("LA"),
            "turned": Image.open(TURNED),
            "rgb": RGB,
            "rgba": np.full((20, 30, 4), 255, np.uint8),
            "grey": RGB[..., 0],
            "image": Image.fromarray(RGB),
            "palette": Image.fromarray(RGB).convert("P"),
            "path": "drawn.jpg",
        }

        @pytest.mark.parametrize("kind", PICTURES)
        def test_kind(percept_check, kind, request):
            Image.fromarray(RGB).save("drawn.jpg")
            picture = PICTURES[kind]
            if kind == "jpeg":
                file = io.BytesIO()
                Image.fromarray(RGB).save(file, "JPEG")
                picture = file.getvalue()
            result = percept_check(picture)
            assert percept_cli.compare(result.reference, picture).distance == 0

        WRONG = [RGB / 255, RGB[0, 0], np.zeros((2, 2, 2), np.uint8), 7, Image.new("F", (9, 9)), b"",
                 np.ma.masked_equal(RGB, 0), io.StringIO("text")]

        @pytest.mark.parametrize("wrong", WRONG)
        def test_wrong(percept_check, wrong):
            with pytest.raises(TypeError, match="percept_check"):
                percept_check(wrong)

        def test_several(percept_check):
            percept_check(RGB, "first")
            percept_check(RGB, "second/../[x]")
            percept_check(RGB)
            percept_check(RGB)
            with pytest.raises(ValueError, match="used in this test already"):
                percept_check(RGB, "first")
        """
    )
    run(project, "--percept-update", "test_kinds.py").assert_outcomes(passed=26)
    run(project, "test_kinds.py").assert_outcomes(passed=26)
    folder = project.path / "percept-baselines" / "test_kinds"
    kinds = "bytes cmyk deep deep-grey deep-rgba figure file grey grey-alpha image palette rgb rgba tensor turned"
    several = ["test_several", "test_several@2", "test_several@first", "test_several@second-..-x-f187e25e"]
    pngs = [*(f"test_kind-{kind}" for kind in kinds.split()), *several]
    assert written(project) == sorted(f"percept-baselines/test_kinds/{name}.png" for name in pngs)
    assert (folder / "test_kind-path.jpg").read_bytes() == (project.path / "drawn.jpg").read_bytes()
    assert (folder / "test_kind-jpeg.jpg").read_bytes()[:2] == b"\xff\xd8"  # what is a file stays one of its kind


def test_where_baselines_are(project: pytest.Pytester, run: Run) -> None:
    project.makeini("[pytest]\npercept_baselines = expected\n")
    (project.path / "sub").mkdir()
    (project.path / "test_ui.py").rename(project.path / "sub" / "test_ui.py")
    (project.path / "login.png").rename(project.path / "sub" / "login.png")
    run(project, "--percept-update").assert_outcomes(passed=1)
    assert (project.path / "expected" / "sub" / "test_ui" / "test_login.png").is_file()
    own = "percept_check('sub/login.png', baseline='expected/sub/test_ui/test_login.png')"
    project.makepyfile(test_own=f"def test_own(percept_check):\n    {own}")
    run(project, "test_own.py").assert_outcomes(passed=1)


def test_options_are_those_of_check(project: pytest.Pytester, run: Run) -> None:
    accept(project)
    project.makepyfile(test_ui=TEST.replace('"login.png"))', '"login.png"), noise="loud")'))
    draw(project, seed=2)
    done = run(project)
    done.assert_outcomes(failed=1)
    done.stdout.fnmatch_lines(["E  *percept: *noise must be one of *, not 'loud'*"])
    before = (project.path / BASELINE).read_bytes()
    run(project, "--percept-update").assert_outcomes(failed=1)  # a mistake in the options replaces nothing
    assert (project.path / BASELINE).read_bytes() == before


def test_what_cannot_be_compared_fails(project: pytest.Pytester, run: Run) -> None:
    accept(project)
    (project.path / BASELINE).write_text("no picture")
    done = run(project)
    done.assert_outcomes(failed=1)
    done.stdout.fnmatch_lines(["E  *percept: *test_login.png: not a picture*"])
    run(project, "--percept-update").assert_outcomes(passed=1)
    good = (project.path / BASELINE).read_bytes()
    (project.path / "broken.png").write_text("no picture")
    project.makepyfile(test_ui=TEST.replace('picture("login.png")', '"broken.png"'))
    run(project, "--percept-update").assert_outcomes(failed=1)  # what is no picture never becomes a baseline
    assert (project.path / BASELINE).read_bytes() == good


def test_without_pytests_cache(project: pytest.Pytester, run: Run) -> None:
    accept(project)
    draw(project, seed=2)
    done = run(project, "-p", "no:cacheprovider")
    done.stdout.fnmatch_lines([f"report: {project.path}/percept-report.html"])
    assert (project.path / "percept-report.html").is_file()


def test_a_start_of_pytest_costs_next_to_nothing() -> None:
    code = (
        "import sys, pytest; before = set(sys.modules); import percept_cli.pytest_plugin;"
        "print(*sorted(name for name in set(sys.modules) - before if not name.startswith('percept_cli')))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert set(done.stdout.split()) <= set(sys.stdlib_module_names)


@pytest.mark.slow
def test_a_warning_is_one_of_pytests(project: pytest.Pytester, run: Run) -> None:
    accept(project)
    picture = drawing(40, 30, 1)
    red, green, blue = picture.getpixel((0, 0))  # type: ignore[misc]
    picture.putpixel((0, 0), (red ^ 1, green, blue))
    picture.save(project.path / "login.png")
    run(project).assert_outcomes(passed=1)
    project.makepyfile(test_ui=TEST.replace('"login.png"))', '"login.png"), warn={"changed-pixels": 0})'))
    done = run(project)
    done.assert_outcomes(passed=1, warnings=1)
    done.stdout.fnmatch_lines(["*test_ui.py:8: PerceptWarning: test_login: *changed-pixels*"])
    run(project, "-W", "error").assert_outcomes(failed=1)


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
    "own-recipe": {"preset": "render"},
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
max-shift = 1

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
def test_the_settings_of_check_hold_and_a_tests_own_stand_above_them(project: pytest.Pytester, run: Run) -> None:
    (project.path / "test_ui.py").unlink()
    project.makepyfile(test_rules=PICTURES)
    Image.new("L", (80, 70), 0).save(project.path / "all.png")
    shift(drawing(40, 30, 1), 0).save(project.path / "login.png")
    run(project, "--percept-update").assert_outcomes(passed=12)
    shift(drawing(40, 30, 1), 1).save(project.path / "login.png")
    run(project).assert_outcomes(failed=12)  # without settings

    own = ("own-box", "own-mask", "own-levels", "own-moved", "own-recipe")
    passed = {f"test_it[{case}]": "PASSED" for case in ("box", "mask", "levels", "moved", "recipe")}
    failed = {f"test_it[{case}]": "FAILED" for case in ("plain", *own)}
    for file, table in (("percept.toml", "override"), ("pyproject.toml", "tool.percept.override")):
        settings = project.path / file
        settings.write_text(RULES.replace("[[override]]", f"[[{table}]]"), encoding="utf-8")
        done = run(project, "-v")
        assert outcomes(done) == passed | failed | {"test_baseline_of_its_own": "PASSED"}, file
        assert "0.01 (argument)" in done.stdout.str()
        settings.unlink()


@pytest.mark.slow
def test_the_run_rules_hold_for_all_and_levels_are_those_of_the_file(project: pytest.Pytester, run: Run) -> None:
    accept(project)
    draw(project, seed=2)
    settings = project.path / "percept.toml"
    settings.write_text('[check]\nbaseline = "elsewhere"\nignore = ["0,0,40,30"]\n', encoding="utf-8")
    run(project).assert_outcomes(passed=1)
    settings.write_text("[check.peak]\nwarn = 0.001\nfail = 0.002\n", encoding="utf-8")
    done = run(project)
    done.assert_outcomes(failed=1)
    done.stdout.fnmatch_lines(["E  *FAIL peak *; warns above 0.001, fails above 0.002 (percept.toml)"])
    # The recipe is the file's too, as for percept check.
    settings.write_text('layers = "relu1_1,relu3_1"\nthreshold = 0.001\n', encoding="utf-8")
    done = run(project, "--percept-report", "report.json")
    done.assert_outcomes(failed=1)
    done.stdout.fnmatch_lines(["E  *FAIL distance *; fails above 0.001 (percept.toml)"])
    assert [layer.tap for layer in read_run(project.path / "report.json").spec.layers] == ["relu1_1", "relu3_1"]
    settings.write_text('preset = "johnson-style"\n', encoding="utf-8")
    run(project).stdout.fnmatch_lines(
        [
            "*PerceptWarning: test_login: the recipe johnson-style of percept.toml has no levels for distance and "
            "peak, so colour alone decides"
        ]
    )


@pytest.mark.slow
def test_further_references_and_other_sizes(project: pytest.Pytester, run: Run) -> None:
    accept(project)
    draw(project, seed=2, name="percept-baselines/dark.png")
    draw(project, seed=2)
    settings = project.path / "percept.toml"
    settings.write_text('[check]\nreferences = "dark.png"\n', encoding="utf-8")
    run(project).assert_outcomes(passed=1)
    (project.path / BASELINE).unlink()
    run(project).assert_outcomes(passed=1)
    drawing(41, 30, 2).save(project.path / "login.png")
    done = run(project)
    done.assert_outcomes(failed=1)
    done.stdout.fnmatch_lines(
        [
            "E  *percept: test_login: the sizes differ: *dark.png is 40×30 pixels, * is 41×30",
            "E  *baseline:  percept-baselines/dark.png",
            "*percept: 1 picture did not pass*",
        ]
    )
    for policy in ("warn", "pass"):
        settings.write_text(f'[check]\nreferences = "dark.png"\nsize-mismatch = "{policy}"\n', encoding="utf-8")
        done = run(project)
        done.assert_outcomes(passed=1, warnings=1)
        done.stdout.fnmatch_lines(
            ["*PerceptWarning: test_login: the sizes differ: *dark.png is 40×30 *; nothing was compared"]
        )
    # Then there is something to compare with.
    run(project, "--percept-update").assert_outcomes(passed=1)
    assert (project.path / BASELINE).read_bytes() != (project.path / "percept-baselines/dark.png").read_bytes()
    (project.path / "percept-baselines/dark.png").unlink()
    done = run(project)
    done.assert_outcomes(passed=1)
    assert "PerceptWarning" not in done.stdout.str()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[check]\nnoize = 1\n", ["percept: percept.toml: unknown key 'noize'", "  hint: did you mean noise?"]),
        (
            '[[override]]\nmatch = "*"\nignored = "0,0,1,1"\n',
            ["percept: percept.toml: override 1: unknown key 'ignored'", "  hint: did you mean ignore?"],
        ),
        ("chek = 1\n", ["percept: *percept.toml: unknown key 'chek'", "  hint: did you mean check?"]),
        ('layers = "relu9"\n', ["percept: percept.toml: unknown *'relu9'*"]),
    ],
)
def test_a_mistake_in_the_settings_names_the_file(
    project: pytest.Pytester, run: Run, text: str, told: list[str]
) -> None:
    (project.path / "percept.toml").write_text(text, encoding="utf-8")
    done = run(project, "--percept-update")
    done.assert_outcomes(errors=1)
    done.stdout.fnmatch_lines(told)
    assert "snapshots.py" not in done.stdout.str()
    assert written(project) == []


def test_settings_are_those_of_pytests_rootdir(project: pytest.Pytester, run: Run) -> None:
    (project.path / "percept.toml").write_text('[check]\nignore = "0,0,40,30"\n', encoding="utf-8")
    (project.path / "sub").mkdir()
    for name in ("test_ui.py", "login.png"):
        (project.path / name).rename(project.path / "sub" / name)
    (project.path / "sub" / "percept.toml").write_text("", encoding="utf-8")  # which would be the nearest
    run(project, "--percept-update").assert_outcomes(passed=1)
    draw(project, seed=2, name="sub/login.png")
    run(project, "--rootdir", ".").assert_outcomes(passed=1)
    run(project, "--rootdir", "sub").assert_outcomes(failed=1)


def test_the_options_are_those_of_check_by_name(project: pytest.Pytester, run: Run) -> None:
    parameters = inspect.signature(check).parameters.values()
    named = {entry.name for entry in parameters if entry.kind is entry.KEYWORD_ONLY}
    assert set(OPTIONS) == named | set(PICTURE_SETTINGS)
    project.makepyfile(test_ui=TEST.replace('"login.png"))', '"login.png"), nois="auto")'))
    done = run(project, "--percept-update")
    done.assert_outcomes(failed=1)
    done.stdout.fnmatch_lines(["E  *TypeError: percept_check: unknown argument 'nois'; it takes preset, *"])


PAGE = """
import os

import pytest
from playwright.sync_api import sync_playwright

@pytest.fixture
def page():
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=os.environ["CHROMIUM"], chromium_sandbox=os.geteuid() != 0
        )
        yield browser.new_page(viewport={"width": 200, "height": 120})
        browser.close()

def test_page(percept_check, page):
    page.set_content(f"<body style='background: #eee'><button>{os.environ['LABEL']}</button>")
    percept_check(page.screenshot())
    percept_check(page.screenshot(type="jpeg"), "jpeg")
    percept_check(page.locator("button").screenshot(), "button")
"""


@pytest.mark.slow
def test_screenshots_of_a_real_page_are_taken_as_they_are(
    project: pytest.Pytester, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tests.test_html_browser import chromium

    monkeypatch.setenv("CHROMIUM", chromium())
    monkeypatch.setenv("LABEL", "Send")
    project.makepyfile(test_page=PAGE)
    (project.path / "test_ui.py").unlink()
    run(project, "--percept-update", fresh=True).assert_outcomes(passed=1)
    folder = project.path / "percept-baselines" / "test_page"
    assert sorted(path.name for path in folder.iterdir()) == [
        "test_page.png",
        "test_page@button.png",
        "test_page@jpeg.jpg",
    ]
    shot = (folder / "test_page.png").read_bytes()
    assert check(shot, folder / "test_page.png").status == "pass"
    assert check(folder / "test_page@button.png", (folder / "test_page@button.png").read_bytes()).distance == 0
    run(project, fresh=True).assert_outcomes(passed=1)
    monkeypatch.setenv("LABEL", "Delete")
    done = run(project, fresh=True)
    done.assert_outcomes(failed=1)
    done.stdout.fnmatch_lines(["E  *percept: test_page: *"])
