"""What several commands are asked for, and what settings files say in place of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import Percept, Save


def test_a_settings_file_gives_defaults(percept: Percept, save: Save, tmp_path: Path) -> None:
    save("a.png")
    (tmp_path / "percept.toml").write_text(
        'format = "csv"\nwide = true\nlayers = ["relu1_2", "pool1=2"]\nthreshold = 1\n'
    )
    done = percept("compare", "a.png", "a.png")
    assert done.stdout.splitlines()[0].endswith(",relu1_2,pool1,seconds,fingerprint,extra")
    assert "is within the threshold 1 (percept.toml)" in done.stdout
    # The command line is above the file, and the file above the preset.
    done = percept("compare", "a.png", "a.png", "--no-wide")
    assert ",layer,layer_distance," in done.stdout.splitlines()[0]
    assert percept("compare", "a.png", "a.png", "-q").stdout == ""
    assert percept("compare", "a.png", "a.png", "-o", "r.json").returncode == 0
    assert (tmp_path / "r.json").read_text().startswith("{")
    done = percept("compare", "a.png", "a.png", "--threshold", "2", "--format", "table", "--layers", "relu2_1")
    assert "threshold    2 (command line)" in done.stdout
    assert "relu2_1" in done.stdout
    assert "pool1" not in done.stdout


def test_a_presets_own_threshold_holds(percept: Percept, save: Save, tmp_path: Path) -> None:
    save("a.png")
    (tmp_path / "mine.toml").write_text("threshold = 0.5\n[layers]\nrelu1_2 = 1\n")
    done = percept("compare", "a.png", "a.png", "--preset", "mine.toml")
    assert "threshold    0.5 (preset mine.toml)" in done.stdout


@pytest.mark.parametrize(
    ("text", "messages"),
    [
        ("treshold = 1\n", ["percept.toml: unknown key 'treshold'", "did you mean threshold?"]),
        ('format = "xml"\n', ["percept.toml: Invalid value for '--format'"]),
        ('layers = "relu9"\n', ["unknown layer 'relu9'", "percept.toml sets: layers"]),
        ("threshold = -1\n", ["the threshold must be", "percept.toml sets: threshold"]),
        ("broken", ["percept.toml: cannot be read as TOML"]),
    ],
)
def test_a_wrong_settings_file_is_named(
    percept: Percept, save: Save, tmp_path: Path, text: str, messages: list[str]
) -> None:
    save("a.png")
    (tmp_path / "percept.toml").write_text(text)
    done = percept("compare", "a.png", "a.png")
    assert (done.returncode, done.stdout) == (2, "")
    for message in messages:
        assert message in done.stderr
