"""The command as a person meets it: real processes, real files, whole outputs and exit codes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest

from percept_cli import __version__
from percept_cli.recipes.presets import preset_names
from tests.conftest import ROOT, Percept, Save
from tests.test_reports import SCHEMA

TORCH = """
import sys
from percept_cli.cli import run
code = run()
print("torch" in sys.modules, file=sys.stderr)
sys.exit(code)
"""


def with_torch_report(*arguments: object, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run the command in a child Python that ends by saying whether torch was imported."""
    return subprocess.run(
        [sys.executable, "-c", TORCH, *map(str, arguments)], capture_output=True, text=True, cwd=cwd, check=False
    )


def test_a_differing_pair(percept: Percept, save: Save) -> None:
    save("a.png")
    save("[red].png", seed=1)
    done = percept("compare", "a.png", "[red].png", "--format", "json", fresh=True)
    assert (done.returncode, done.stderr) == (0, "")
    document = json.loads(done.stdout)
    jsonschema.validate(document, SCHEMA)
    (result,) = document["results"]
    assert (result["name"], result["reference"], result["candidate"]) == ("[red].png", "a.png", "[red].png")
    assert (result["width"], result["height"], result["status"]) == (40, 30, "pass")
    assert result["distance"] == pytest.approx(sum(layer["contribution"] for layer in result["layers"]), rel=1e-15)
    distance = result["distance"]

    done = percept("compare", "a.png", "[red].png", "--threshold", distance)
    assert done.returncode == 0
    assert "candidate  [red].png\n" in done.stdout
    assert f"threshold    {distance} (command line)\n" in done.stdout
    assert "verdict      PASS: " in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 80

    done = percept("compare", "a.png", "[red].png", "--threshold", distance * 0.999, "--format", "score")
    assert (done.returncode, done.stdout) == (1, f"{distance!r}\t[red].png\n")


def test_swapped_pictures_have_the_same_distance(percept: Percept, save: Save) -> None:
    save("a.png", 75, 61)
    save("b.png", 75, 61, seed=1)
    scores = [
        percept("compare", *names, "--format", "score").stdout
        for names in (("a.png", "b.png"), ("b.png", "a.png"))
    ]
    assert scores[0].split("\t")[0] == scores[1].split("\t")[0]


def test_equal_pictures_are_at_zero_without_torch(tmp_path: Path, save: Save) -> None:
    save("a.png")
    (tmp_path / "copy.png").write_bytes((tmp_path / "a.png").read_bytes())
    save("reencoded.bmp")
    for candidate in ("a.png", "copy.png", "reencoded.bmp"):
        done = with_torch_report("compare", "a.png", candidate, "--format", "json", "--threshold", 0, cwd=tmp_path)
        assert (done.returncode, done.stderr) == (0, "False\n")
        document = json.loads(done.stdout)
        assert document["device"] == "none"
        assert document["results"][0]["distance"] == 0
        assert [layer["distance"] for layer in document["results"][0]["layers"]] == [0] * 5


@pytest.mark.parametrize(
    "arguments",
    [
        ["--help"],
        ["compare", "--help"],
        ["batch", "--help"],
        ["check", "--help"],
        ["approve", "--help"],
        ["report", "--help"],
        ["heatmap", "--help"],
        ["presets", "--help"],
        ["weights", "--help"],
        ["info", "--help"],
        ["info"],
        ["info", "--format", "json"],
        ["--version"],
    ],
)
def test_help_costs_no_torch(tmp_path: Path, arguments: list[str]) -> None:
    done = with_torch_report(*arguments, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "False\n")
    assert done.stdout


def test_every_command_is_in_the_help_test() -> None:
    from percept_cli.cli import cli

    assert set(cli.commands) == {
        *("compare", "batch", "check", "approve", "report"),
        *("heatmap", "presets", "weights", "info"),
    }


def test_importing_the_library_costs_no_torch() -> None:
    code = "import sys, percept_cli; percept_cli.DistanceSpec, percept_cli.compare; print('torch' in sys.modules)"
    assert subprocess.check_output([sys.executable, "-c", code], text=True) == "False\n"


def test_public_names_are_listed_before_they_are_used() -> None:
    code = "import percept_cli as p; assert set(p.__all__) <= set(dir(p)); print(*vars(p))"
    names = subprocess.check_output([sys.executable, "-c", code], text=True).split()
    assert "PerceptualDistance" not in names


def test_version_and_module() -> None:
    assert subprocess.check_output([sys.executable, "-m", "percept_cli", "--version"], text=True) == (
        f"percept, version {__version__}\n"
    )


# What is typed (in a folder with a.png 40×30, b.png that differs, big.png 50×30), the exit code, and what the
# message must hold.
TROUBLE = {
    "missing file": (["a.png", "missing.png"], 3, "missing.png: no such file"),
    "directory": (["folder", "b.png"], 3, "folder: is a directory"),
    "empty file": (["a.png", "empty.png"], 3, "empty.png: empty (0 bytes)"),
    "text called png": (["text.png", "b.png"], 3, "text.png: not a picture"),
    "equal text files": (["text.png", "text.png"], 3, "text.png: not a picture"),
    "truncated png": (["a.png", "truncated.png"], 3, "truncated.png: the picture is damaged or cut off"),
    "equal truncated files": (["truncated.png", "truncated.png"], 3, "truncated.png: the picture is damaged"),
    "zero-size": (["zero.png", "b.png"], 3, "zero.png: "),
    "sizes differ": (["a.png", "big.png"], 3, "a.png is 40×30 pixels, big.png is 50×30"),
    "light": (["light.npy", "b.png"], 3, "light.npy holds light without a limit, and b.png"),
    "name with escape codes": (["a.png", "\x1b[31mred.png"], 3, "\\x1b[31mred.png: no such file"),
    "name through a missing folder": (["a.png", "sub/../missing.png"], 3, "missing.png: no such file"),
    "unknown layer": (["a.png", "b.png", "--layers", "relu3_9"], 2, "unknown layer 'relu3_9'"),
    "negative weight": (["a.png", "b.png", "--layers", "relu3_3=-2"], 2, "weight of layer relu3_3"),
    "NaN weight": (["a.png", "b.png", "--layers", "relu3_3=nan"], 2, "weight of layer relu3_3"),
    "empty layer list": (["a.png", "b.png", "--layers", ""], 2, "the list of layers is empty"),
    "unknown distance that no layer takes": (
        ["a.png", "b.png", "--layers", "relu1_2:mse", "--distance", "nope"],
        2,
        "unknown distance 'nope'",
    ),
    "name with a line break": (["a.png", "new\nline.png"], 3, "Error: new\\nline.png: no such file"),
    "device number absurd": (["a.png", "b.png", "--device", "cuda:99999999999999999999"], 2, "unknown device"),
    "config name empty": (["a.png", "b.png", "--config", ""], 2, "cannot be read"),
    "unknown distance": (["a.png", "b.png", "--distance", "cosin"], 2, "did you mean cosine?"),
    "unknown preset": (["a.png", "b.png", "--preset", "jonson-style"], 2, "did you mean johnson-style?"),
    "threshold NaN": (["a.png", "b.png", "--threshold", "nan"], 2, "the threshold must be a finite number"),
    "threshold negative": (["a.png", "b.png", "--threshold", "-1"], 2, "the threshold must be a finite number"),
    "threshold no number": (["a.png", "b.png", "--threshold", "low"], 2, "'low' is not a valid float"),
    "unknown device": (["a.png", "b.png", "--device", "gpu"], 2, "unknown device 'gpu'"),
    "unknown precision": (["a.png", "b.png", "--precision", "fp8"], 2, "unknown precision 'fp8'"),
    "unknown format": (["a.png", "b.png", "--format", "xml"], 2, "'xml' is not one of"),
    "unknown option": (["a.png", "b.png", "--treshold", "1"], 2, "--threshold"),
    "one picture": (["a.png"], 2, "Missing argument 'CANDIDATE'"),
    "output is an input": (["a.png", "b.png", "--output", "b.png", "--format", "json"], 2, "overwrite the input"),
    "output is a folder": (["a.png", "b.png", "--output", "folder"], 2, "the output is a directory"),
    "output folder missing": (["a.png", "b.png", "-o", "no/r.json"], 2, "/no does not exist"),
    "output ending unknown": (["a.png", "b.png", "-o", "r.xyz"], 2, "the ending .xyz says no format"),
    "config missing": (["a.png", "b.png", "--config", "no.toml"], 2, "no.toml: cannot be read: No such file"),
}


@pytest.mark.parametrize("case", TROUBLE)
def test_trouble_has_a_message_and_a_code_and_leaves_nothing(troubled: Path, percept: Percept, case: str) -> None:
    arguments, code, message = TROUBLE[case]
    before = {path: path.read_bytes() for path in troubled.iterdir() if path.is_file()}
    done = percept("compare", *arguments)
    assert (done.returncode, done.stdout) == (code, "")
    assert message in done.stderr
    assert "Error: " in done.stderr
    assert "Traceback" not in done.stderr
    assert {path: path.read_bytes() for path in troubled.iterdir() if path.is_file()} == before


@pytest.mark.parametrize(
    ("device", "precision", "message"),
    [
        ("cuda", "fp32", "device cuda is not available"),
        ("cuda:7", "fp32", "device cuda:7 is not available"),
        ("mps", "fp32", "device mps is not available"),
        ("cpu", "tf32", "precision tf32 is not available on device cpu"),
    ],
)
@pytest.mark.usefixtures("troubled")
def test_devices_that_are_not_there(percept: Percept, device: str, precision: str, message: str) -> None:
    import torch

    if device != "cpu" and (
        torch.backends.mps.is_available() if device == "mps" else torch.cuda.device_count() > 7
    ):
        pytest.skip(f"this machine has {device}")
    if device == "cuda" and torch.cuda.is_available():
        pytest.skip("this machine has cuda")
    done = percept("compare", "a.png", "b.png", "--device", device, "--precision", precision)
    assert (done.returncode, done.stdout) == (4, "")
    assert f"Error: {message}" in done.stderr
    assert "Hint: " in done.stderr


def test_missing_weights_are_exit_code_4(troubled: Path, percept: Percept) -> None:
    """A copy of the package whose weights file is cut short, as a broken download leaves it."""
    package = troubled / "copy" / "percept_cli"
    package.mkdir(parents=True)
    (package.parent / "configs").symlink_to(ROOT / "configs")
    for entry in (ROOT / "percept_cli").iterdir():
        if entry.name != "networks":
            (package / entry.name).symlink_to(entry)
    (package / "networks" / "data").mkdir(parents=True)
    for entry in (ROOT / "percept_cli" / "networks").glob("*.py"):
        (package / "networks" / entry.name).write_text(entry.read_text(encoding="utf-8"), encoding="utf-8")
    (package / "networks" / "data" / "vgg16-oxford.safetensors").write_bytes(b"\0" * 1000)
    done = percept("compare", "a.png", "b.png", env={"PYTHONPATH": str(package.parent)})
    assert (done.returncode, done.stdout) == (4, "")
    assert str(package / "networks") in done.stderr
    assert "the weights file is truncated or damaged" in done.stderr


def test_output_goes_to_the_file_whole(percept: Percept, save: Save, tmp_path: Path) -> None:
    save("a.png")
    done = percept("compare", "a.png", "a.png", "--output", "r.json")
    assert (done.returncode, done.stdout) == (0, "")
    assert (
        done.stderr
        == "PASS: no threshold was given, so any distance passes; distance 0.0\nThe report is in r.json.\n"
    )
    jsonschema.validate(json.loads((tmp_path / "r.json").read_text()), SCHEMA)
    done = percept("compare", "a.png", "a.png", "--output", "r", "--format", "csv", "--wide", "-q")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert (tmp_path / "r").read_text().startswith("name,reference,")
    assert sorted(os.listdir(tmp_path)) == ["a.png", "r", "r.json"]


def test_quiet_and_verbose(percept: Percept, save: Save) -> None:
    save("a.png")
    assert (percept("compare", "a.png", "a.png", "-q").stdout) == ""
    assert (percept("compare", "a.png", "a.png", "-q", "--format", "score").stdout) == "0.0\ta.png\n"
    done = percept("compare", "a.png", "a.png", "-v", "--format", "score")
    assert done.stdout == "0.0\ta.png\n"
    assert "preset default; settings from no file; fingerprint " in done.stderr
    assert "the network was not loaded" in done.stderr


def test_pictures_smaller_than_the_deepest_tap_are_extended_and_said_to_be(percept: Percept, save: Save) -> None:
    save("a.png", 8, 5)
    save("b.png", 8, 5, seed=1)
    note = (
        "8×5 pixels are too few for relu5_3: both pictures were extended to 16×16 by repeating their last column "
        "and row"
    )
    done = percept("compare", "a.png", "b.png", "--format", "json")
    assert (done.returncode, done.stderr) == (0, f"Note: {note}\n")
    (result,) = json.loads(done.stdout)["results"]
    assert (result["width"], result["height"]) == (8, 5)
    assert note in result["reason"]
    assert result["distance"] > 0
    done = percept("compare", "a.png", "a.png", "--threshold", 0)
    assert done.returncode == 0
    assert "note       8×5 pixels are too few" in done.stdout
    done = percept("compare", "a.png", "a.png", "--layers", "relu1_2")
    assert "too few" not in done.stdout


def test_colour_only_where_it_is_wanted(percept: Percept, save: Save) -> None:
    save("a.png")
    assert "\x1b[" not in percept("compare", "a.png", "a.png").stdout
    assert "\x1b[" in percept("compare", "a.png", "a.png", env={"FORCE_COLOR": "1"}).stdout
    assert "\x1b[" not in percept("compare", "a.png", "a.png", env={"FORCE_COLOR": "1", "NO_COLOR": "1"}).stdout
    wide = percept("compare", "a.png", "a.png", env={"COLUMNS": "160"}).stdout
    assert wide == percept("compare", "a.png", "a.png").stdout  # zero bars take no room


def test_ascii_where_the_terminal_has_no_more(percept: Percept, save: Save) -> None:
    save("a.png")
    done = percept("compare", "a.png", "a.png", env={"PYTHONIOENCODING": "ascii"})
    assert "size       40 x 30 pixels" in done.stdout
    assert done.stdout.isascii()


def test_a_settings_file_gives_defaults(percept: Percept, save: Save, tmp_path: Path) -> None:
    save("a.png")
    (tmp_path / "percept.toml").write_text(
        'format = "csv"\nwide = true\nlayers = ["relu1_2", "pool1=2"]\nthreshold = 1\n'
    )
    done = percept("compare", "a.png", "a.png")
    assert done.stdout.splitlines()[0].endswith(",relu1_2,pool1,seconds,fingerprint,extra")
    assert "is within the threshold 1.0 (percept.toml)" in done.stdout
    # The command line is above the file, and the file above the preset.
    done = percept("compare", "a.png", "a.png", "--no-wide")
    assert ",layer,layer_distance," in done.stdout.splitlines()[0]
    assert percept("compare", "a.png", "a.png", "-q").stdout == ""
    assert percept("compare", "a.png", "a.png", "-o", "r.json").returncode == 0
    assert (tmp_path / "r.json").read_text().startswith("{")
    done = percept("compare", "a.png", "a.png", "--threshold", "2", "--format", "table", "--layers", "relu2_1")
    assert "threshold    2.0 (command line)" in done.stdout
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
        ('layers = "relu9"\n', ["unknown layer 'relu9'", "in use from percept.toml: layers"]),
        ("threshold = -1\n", ["the threshold must be", "in use from percept.toml: threshold"]),
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


def test_presets_are_listed_and_shown(percept: Percept) -> None:
    listed = percept("presets")
    assert listed.stdout.startswith("default          How different two pictures look: ")
    assert max(map(len, listed.stdout.splitlines())) <= 80
    assert percept("presets", "list").stdout == listed.stdout
    for name in ("default", "johnson-content", "johnson-style"):
        assert f"\n{name}" in f"\n{listed.stdout}"
        assert percept("presets", "show", name, "--toml").stdout == (ROOT / "configs" / f"{name}.toml").read_text()
    done = percept("presets", "show", "defalt")
    assert (done.returncode, done.stdout) == (2, "")
    assert "did you mean default?" in done.stderr


SRGAN = """\
srgan
SRGAN's VGG loss: mean squared difference of VGG-19's relu5_4, features divided
by 12.75.

for          Super-resolution, as a loss.
layers       relu5_4  mse  weight 0.00615148
mse          mean over channels and positions of (F − G)²
backbone     vgg19-imagenet1k-v1, fp32
needs        its weights, which are not installed; run: percept weights install
             vgg19-imagenet1k-v1; pictures of 16×16 pixels or more, smaller ones
             are extended
published    Ledig et al. 2017, eq. 5, factor of section 3.2
differs      The paper sums over channels and divides by H·W; this is the mean
             over C·H·W that its ports take (512 times smaller).
cite         C. Ledig, L. Theis, F. Huszar, J. Caballero, A. Cunningham, A.
             Acosta, A. Aitken, A. Tejani, J. Totz, Z. Wang, W. Shi. Photo-
             Realistic Single Image Super-Resolution Using a Generative
             Adversarial Network. CVPR 2017. arXiv:1609.04802
fingerprint  e1ff8d304848; distances compare with those of the same one
its file     percept presets show srgan --toml
"""


def test_a_preset_is_explained_in_words(percept: Percept, tmp_path: Path) -> None:
    home = {"PERCEPT_HOME": str(tmp_path / "home")}
    assert percept("presets", "show", "srgan", env=home).stdout == SRGAN
    for name in preset_names():
        shown = percept("presets", "show", name, env=home).stdout.splitlines()
        assert max(map(len, shown)) <= 80
        labels = {line[:13].strip() for line in shown if line and line[0] != " "}
        assert {"for", "layers", "backbone", "needs", "published", "differs", "cite", "fingerprint"} <= labels


def test_a_preset_on_kernels_that_are_there_says_which_layers_it_takes_instead(
    percept: Percept, save: Save
) -> None:
    pair = save("a.png"), save("b.png", seed=1)
    missing = percept("compare", *pair, "--preset", "esrgan", env={"PERCEPT_HOME": str(pair[0].parent / "home")})
    assert (missing.returncode, missing.stdout) == (4, "")
    assert missing.stderr == (
        "Error: the weights vgg19-imagenet1k-v1 are not installed\n"
        "Hint: run: percept weights install vgg19-imagenet1k-v1\n"
        "Or use --backbone vgg16-oxford, which comes with percept: other kernels, other numbers.\n"
    )
    found = percept("compare", *pair, "--preset", "esrgan", "--backbone", "vgg16-oxford")
    assert found.returncode == 0
    assert found.stderr == "Note: vgg16-oxford has no conv5_4; its conv5_3 is compared instead\n"
    assert "recipe       vgg16-oxford, l1, fp32, on cpu" in found.stdout
    refused = percept("compare", *pair, "--preset", "lpips", "--backbone", "vgg16-oxford")
    assert (refused.returncode, refused.stdout) == (2, "")
    assert refused.stderr == (
        "Error: the distance lpips has weights that were learned for the channels of vgg16-imagenet1k-v1; on "
        "vgg16-oxford they mean nothing, since other kernels see other things in each channel\n"
        "Hint: use --backbone vgg16-imagenet1k-v1.\n"
    )


def test_an_unknown_command_is_named_with_the_nearest(percept: Percept) -> None:
    done = percept("compre", "a", "b")
    assert (done.returncode, done.stdout) == (2, "")
    assert "No such command 'compre'; did you mean compare?" in done.stderr
    assert "did you mean show?" in percept("presets", "shwo").stderr
    assert "\x1b" not in percept("compare", "a", "b", "\x1b[31mc").stderr


@pytest.mark.parametrize("arguments", [[], ["weights"]])
def test_without_a_command_the_help_is_shown(percept: Percept, arguments: list[str]) -> None:
    done = percept(*arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("Usage: percept")
    assert "Error" not in done.stderr


def test_a_distance_that_overflows_is_trouble_and_no_pass(percept: Percept, save: Save) -> None:
    save("a.png")
    save("b.png", seed=1)
    done = percept(
        "compare", "a.png", "b.png", "--layers", "input:mse=1e308,conv1_1:mse=1e308", "--format", "json"
    )
    assert done.returncode == 3
    (result,) = json.loads(done.stdout)["results"]
    assert (result["status"], result["distance"]) == ("error", None)
    assert result["reason"].startswith("the distance is inf: the arithmetic overflowed")
