"""`percept presets` lists, shows and explains."""

from __future__ import annotations

from pathlib import Path

from percept_cli.recipes.presets import preset_names
from tests.conftest import ROOT, Percept, Save


def test_presets_are_listed_and_shown(percept: Percept) -> None:
    listed = percept("presets")
    assert listed.stdout.startswith("default          How different two images look: ")
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
SRGAN's VGG loss: mean squared difference of VGG-19's relu5_4, with features
divided by 12.75.

for          A loss for super-resolution.
layers       relu5_4  mse  weight 0.00615148
mse          mean over channels and positions of (F − G)²
backbone     vgg19-imagenet1k-v1, fp32
needs        weights that are not installed; run: percept weights install
             vgg19-imagenet1k-v1; images of 16×16 pixels or more (smaller ones
             are extended)
published    Ledig et al. 2017, eq. 5, factor of section 3.2
differences  The paper sums over channels and divides by H·W. This is the mean
             over C·H·W, which reimplementations use (512 times smaller).
cite         C. Ledig, L. Theis, F. Huszar, J. Caballero, A. Cunningham, A.
             Acosta, A. Aitken, A. Tejani, J. Totz, Z. Wang, W. Shi. Photo-
             Realistic Single Image Super-Resolution Using a Generative
             Adversarial Network. CVPR 2017. arXiv:1609.04802
fingerprint  e1ff8d304848 (distances are comparable only if their fingerprints
             are equal)
as TOML      percept presets show srgan --toml
"""


def test_a_preset_is_explained_in_words(percept: Percept, tmp_path: Path) -> None:
    home = {"PERCEPT_HOME": str(tmp_path / "home")}
    assert percept("presets", "show", "srgan", env=home).stdout == SRGAN
    for name in preset_names():
        shown = percept("presets", "show", name, env=home).stdout.splitlines()
        assert max(map(len, shown)) <= 80
        labels = {line[:13].strip() for line in shown if line and line[0] != " "}
        assert {"for", "layers", "backbone", "needs", "published", "differences", "cite", "fingerprint"} <= labels


def test_a_preset_on_kernels_that_are_there_says_which_layers_it_takes_instead(
    percept: Percept, save: Save
) -> None:
    pair = save("a.png"), save("b.png", seed=1)
    missing = percept("compare", *pair, "--preset", "esrgan", env={"PERCEPT_HOME": str(pair[0].parent / "home")})
    assert (missing.returncode, missing.stdout) == (4, "")
    assert missing.stderr == (
        "Error: the weights vgg19-imagenet1k-v1 are not installed\n"
        "Hint: run: percept weights install vgg19-imagenet1k-v1\n"
        "Or use --backbone vgg16-oxford, which comes with percept but gives other numbers.\n"
    )
    found = percept("compare", *pair, "--preset", "esrgan", "--backbone", "vgg16-oxford")
    assert found.returncode == 0
    assert found.stderr == "Note: vgg16-oxford has no layer conv5_4; conv5_3 is compared instead\n"
    assert "recipe       vgg16-oxford, l1, fp32, on cpu" in found.stdout
    refused = percept("compare", *pair, "--preset", "lpips", "--backbone", "vgg16-oxford")
    assert (refused.returncode, refused.stdout) == (2, "")
    assert refused.stderr == (
        "Error: the weights of the distance lpips were learned for the channels of vgg16-imagenet1k-v1 and do not "
        "apply to vgg16-oxford: its kernels are different\n"
        "Hint: use --backbone vgg16-imagenet1k-v1.\n"
    )
