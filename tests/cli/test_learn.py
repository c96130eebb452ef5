"""`percept learn`, and `percept check` by what it has written."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import percept_cli
from tests.conftest import Percept
from tests.support.checks import results_of
from tests.support.renderings import AWAY, WITHIN, chart, renderings, save

SETTINGS = '[check]\nnoise-file = "percept-noise.json"\n'


@pytest.fixture(scope="module")
def learned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a baseline, three runs, a noise file learned from them, and images to check."""
    root = tmp_path_factory.mktemp("learned")
    base, *runs = renderings(root)
    percept_cli.learn(base, runs, output=root / "percept-noise.json")
    save(root / "now", {"chart.png": chart(99), "ui/still.png": chart()})
    save(root / "bad", {"chart.png": chart(98, defect=AWAY), "ui/still.png": chart(defect=WITHIN)})
    return root


def checked(percept: Percept, root: Path, *more: str) -> dict[str, Any]:
    report = root / "report.json"
    percept("check", "base", *more, "-o", report, cwd=root)
    return results_of(report)


def gate_of(row: dict[str, Any], name: str) -> dict[str, Any]:
    found: dict[str, Any] = next(gate for gate in row["evidence"]["gates"] if gate["name"] == name)
    return found


def test_what_is_printed_and_written(learned: Path, percept: Percept, tmp_path: Path) -> None:
    done = percept("learn", "base", "run1", "run2", "-o", tmp_path / "noise.json", cwd=learned, fresh=True)
    lines = done.stdout.splitlines()
    assert lines[0].split() == ["run", "images", "missing", "extra", "unusable", "would", "fail"]
    assert [line.split() for line in lines[1:3]] == [[f"run{n}", "2", "0", "0", "0", "0"] for n in (1, 2)]
    assert "2 learned, 1 of them equal in all runs; limits are 2.4 × the" in done.stdout
    assert max(map(len, lines)) <= 80
    assert 'write noise-file = "' in done.stderr
    text = (learned / "percept-noise.json").read_text(encoding="utf-8")
    assert json.loads(text)["images"].keys() == {"chart.png", "ui/still.png"}


def test_a_learned_image_has_its_own_limits(learned: Path, percept: Percept) -> None:
    with_file = checked(percept, learned, "now", "--noise-file", "percept-noise.json")
    assert {with_file[name]["status"] for name in ("chart.png", "ui/still.png")} == {"pass"}
    peak = gate_of(with_file["chart.png"], "peak")
    assert peak["source"] == "noise file, 3 runs"
    assert 0.12 < peak["fail"] < 1


def test_noise_excuses_nothing_elsewhere(learned: Path, percept: Percept) -> None:
    rows = checked(percept, learned, "bad", "--noise-file", "percept-noise.json")
    peak = gate_of(rows["chart.png"], "peak")
    assert (rows["chart.png"]["status"], peak["fail"]) == ("fail", 0.12)
    assert peak["source"] == "noise file, 3 runs; no noise in this place"
    assert peak["at"]["x"] < 32
    region = next(one for one in rows["chart.png"]["evidence"]["regions"] if one["box"]["x"] < 32)
    assert region["status"] == "fail"
    noisy = [one for one in rows["chart.png"]["evidence"]["regions"] if one["box"]["x"] >= 112]
    assert noisy and {one["status"] for one in noisy} <= {"pass", "warn"}
    assert rows["ui/still.png"]["status"] == "fail"


@pytest.mark.slow
def test_who_has_the_last_word(learned: Path, percept: Percept, tmp_path: Path) -> None:
    """The command line, the noise file, overrides and settings, in this order."""
    settings = tmp_path / "percept.toml"
    file = (learned / "percept-noise.json").as_posix()
    settings.write_text(f'[check]\nnoise-file = "{file}"\npeak = 3\n', encoding="utf-8")
    by_settings = "--config", str(settings)
    include = "--include", "chart.png"
    for more, source in (
        ((), "noise file, 3 runs"),
        (("--fail", "peak=2"), "command line"),
        (("--noise-file", "off"), f"{settings}"),
        (("--noise", "cross-machine"), f"{settings}"),
    ):
        row = checked(percept, learned, "now", *by_settings, *include, *more)["chart.png"]
        assert source in gate_of(row, "peak")["source"]
    override = '[[override]]\nmatch = "chart.png"\nnoise-file = "off"\n'
    settings.write_text(settings.read_text(encoding="utf-8") + override, encoding="utf-8")
    row = checked(percept, learned, "now", *by_settings, *include)["chart.png"]
    assert gate_of(row, "peak")["fail"] == 3


def test_an_entry_of_another_baseline_is_told(learned: Path, percept: Percept, tmp_path: Path) -> None:
    save(tmp_path / "base", {"chart.png": chart(5, noise=1), "new.png": chart()})
    save(tmp_path / "now", {"chart.png": chart(6, noise=1), "new.png": chart()})
    file = learned / "percept-noise.json"
    rows = checked(percept, tmp_path, "now", "--noise-file", str(file))
    told = "percept-noise.json was learned with another baseline, so it is not used for this image"
    assert rows["chart.png"]["notes"] == [told]
    assert gate_of(rows["chart.png"], "peak")["source"].startswith("automatic limit")
    assert "notes" not in rows["new.png"]
    done = percept("check", "base", "now", "--noise-file", file, "--preset", "five-taps", cwd=tmp_path)
    assert "was learned by another recipe (" in done.stderr


def test_a_noise_file_that_is_not_there(learned: Path, percept: Percept, tmp_path: Path) -> None:
    (tmp_path / "percept.toml").write_text(SETTINGS, encoding="utf-8")
    done = percept("check", learned / "base", learned / "now", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr == (
        "Error: percept-noise.json: no such noise file (the noise-file of [check] in percept.toml)\n"
        "Hint: write it with: percept learn BASELINE RUN RUN\n"
    )


@pytest.mark.slow
def test_reports_teach_as_their_folders_do(learned: Path, percept: Percept, tmp_path: Path) -> None:
    """What they do not have is where in a region the noise is; so their maps are as wide, or wider."""
    reports = []
    for run in ("run1", "run2"):
        reports.append(tmp_path / f"{run}.json")
        percept("check", "base", run, "--noise", "cross-machine", "-o", reports[-1], cwd=learned)
    for output, given in (("folders.json", ("run1", "run2")), ("reports.json", reports)):
        done = percept("learn", "base", *given, "-o", tmp_path / output, cwd=learned)
        assert done.returncode == 0, done.stderr
    folders, of_reports = (
        json.loads((tmp_path / name).read_text(encoding="utf-8"))["images"]
        for name in ("folders.json", "reports.json")
    )
    assert of_reports["ui/still.png"] == folders["ui/still.png"]
    for key in ("baseline", "size", "runs", "overall", "peak", "changed-pixels"):
        assert of_reports["chart.png"][key] == folders["chart.png"][key]
    for row, other in zip(folders["chart.png"]["peaks"], of_reports["chart.png"]["peaks"], strict=True):
        assert all(one == "." or there >= one for one, there in zip(row, other.ljust(len(row), "."), strict=False))
    other = percept("learn", "base", *reports, "--preset", "five-taps", "-o", "five.json", cwd=learned)
    assert other.returncode == 3
    assert "run1.json: its recipe has the fingerprint aff7e4b89df6, and this one has " in other.stderr


def test_bad_input(learned: Path, percept: Percept, tmp_path: Path) -> None:
    one = percept("learn", "base", "run1", cwd=learned)
    assert one.returncode == 2
    assert "nothing can be learned from a single run" in one.stderr
    damaged = tmp_path / "noise.json"
    damaged.write_text("{", encoding="utf-8")
    kept = percept("learn", "base", "run1", "run2", "-o", damaged, cwd=learned)
    assert kept.returncode == 2
    assert (
        "is damaged: line 1: not JSON; it was left as it is\nHint: to replace it, add --overwrite." in kept.stderr
    )
    assert damaged.read_text(encoding="utf-8") == "{"
    nowhere = percept("learn", "base", "run1", "run2", "-o", tmp_path / "gone/noise.json", cwd=learned)
    assert nowhere.returncode == 2
    for folder in ("empty", "empty1", "empty2"):
        (tmp_path / folder).mkdir()
    nothing = percept("learn", "empty", "empty1", "empty2", cwd=tmp_path)
    assert nothing.returncode == 3
    assert "Error: nothing was learned, and nothing was written: no images were found\n" in nothing.stderr
    gone = percept("learn", "empty", "empty1", "gone.json", cwd=tmp_path)
    assert (gone.returncode, "gone.json: no such file or folder\n" in gone.stderr) == (3, True)


def test_json_and_an_image_that_cannot_be_read(learned: Path, percept: Percept, tmp_path: Path) -> None:
    for name in ("one", "two", "three"):
        save(tmp_path / name, {"ui/still.png": chart()})
    (tmp_path / "two/ui/still.png").write_bytes(b"no picture")
    runs = [tmp_path / name for name in ("one", "two", "three")]
    done = percept("learn", "base", *runs, "--format", "json", "-o", tmp_path / "noise.json", cwd=learned)
    assert done.returncode == 3
    assert "Error: 1 image could not be compared; the others were learned\n" in done.stderr
    document = json.loads(done.stdout)
    assert (document["kind"], document["images"], document["equal"]) == ("learn", 1, 1)
    assert [run["missing"] for run in document["runs"]] == [["chart.png"]] * 3
    (bad,) = document["runs"][1]["unusable"]
    assert bad["name"] == "ui/still.png" and "not an image" in bad["reason"]
    assert json.loads((tmp_path / "noise.json").read_text(encoding="utf-8"))["images"].keys() == {"ui/still.png"}
