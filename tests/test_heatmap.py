"""``percept heatmap`` and ``percept check --heatmaps``: colours are values, and nothing is written elsewhere."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from dataclasses import replace
from itertools import chain, pairwise
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from percept_cli.drawing import STYLES, HeatStyle, sheet
from percept_cli.drawing.colours import SCALE
from percept_cli.drawing.heatmaps import HeatMapFolder, place_of
from percept_cli.drawing.legend import GROUND, INK, Legend, Writing, writing_for
from percept_cli.drawing.over import (
    DARKEST,
    LIGHTEST,
    OPACITY,
    colours_of,
    draw,
    over,
    titles_of,
    values_of,
)
from percept_cli.errors import InvalidSetting, OutputUnwritable
from percept_cli.formats.files import read_stamped
from percept_cli.pairs import pair_of_files
from percept_cli.recipes.presets import load_preset
from percept_cli.recipes.recipe import make_recipe
from percept_cli.recipes.spec import ceiling, check_places, recipe_of_layer
from percept_cli.results.found import HeatMap, nothing_differs
from percept_cli.results.run import PairResult
from percept_cli.scoring.api import check
from percept_cli.scoring.mapper import Mapper, Maps
from percept_cli.scoring.scorer import Scorer
from percept_cli.topology import positions_reached
from tests.conftest import ROOT, Percept, Save, as_picture, drawing
from tests.runs import CHECKED
from tests.test_cli import with_torch_report

RENDER = load_preset("render").spec
COLOURS = np.array(SCALE, np.uint8)
SAMPLES = ROOT / "sample_images"


def pixels(image: Image.Image | Path) -> NDArray[np.uint8]:
    return np.asarray(image if isinstance(image, Image.Image) else Image.open(image).convert("RGB"))


def heat(values: list[list[int]], stride: int = 1, top: float = 12.0) -> HeatMap:
    return HeatMap(stride, len(values[0]), len(values), bytes(chain.from_iterable(values)), top)


def random_heat(width: int, height: int, stride: int = 1) -> HeatMap:
    values = np.random.default_rng(0).integers(0, 256, (-(-height // stride), -(-width // stride)), np.uint8)
    return HeatMap(stride, values.shape[1], values.shape[0], values.tobytes(), 12.0)


def changed(path: Path, box: tuple[int, int, int, int], colour: tuple[int, int, int], to: Path) -> Path:
    with Image.open(path) as image:
        image.paste(colour, box)
        image.save(to)
    return to


def maps_of(reference: Path, candidate: Path) -> Maps:
    mapper = Mapper(Scorer(RENDER))
    return mapper.maps(mapper.scorer.read(pair_of_files(reference, candidate)))


# What is drawn.


def test_every_pixel_has_the_colour_of_its_value() -> None:
    found = pixels(colours_of(heat([[0, 10, 255], [7, 128, 1]], stride=2), 5, 4))
    rows = [[0, 0, 10, 10, 255], [0, 0, 10, 10, 255], [7, 7, 128, 128, 1], [7, 7, 128, 128, 1]]
    assert found.tolist() == [[list(SCALE[value]) for value in row] for row in rows]


def test_one_value_has_one_colour_in_every_picture() -> None:
    """However large a picture is, and whatever else is in it: no scale is stretched."""
    for value in (0, 1, 77, 255):
        alone = pixels(colours_of(heat([[value]]), 1, 1))
        among = pixels(colours_of(heat([[3, 255, value, 9]], stride=4), 16, 4))
        assert alone[0, 0].tolist() == among[0, 8].tolist() == list(SCALE[value])


def test_over_a_picture_equal_places_are_its_grey_and_strong_ones_their_colour() -> None:
    picture = as_picture(drawing(256, 3))
    found = pixels(over(picture, HeatMap(1, 256, 3, bytes(range(256)) * 3, 12.0)))
    grey = pixels(over(picture, nothing_differs(256, 3, 12.0)))
    assert (grey[..., 0] == grey[..., 1]).all()
    assert (grey[..., 0] == grey[..., 2]).all()
    assert grey.min() >= DARKEST
    assert grey.max() <= LIGHTEST
    nothing, all_of_it = OPACITY.index(0), OPACITY.index(255)
    assert (found[:, nothing] == grey[:, nothing]).all()
    assert (found[:, all_of_it:] == COLOURS[all_of_it:]).all()
    assert list(OPACITY) == sorted(OPACITY)


def test_a_shrunk_map_keeps_the_largest_values() -> None:
    for stride, shrink in ((1, 2), (1, 4), (2, 4), (2, 2), (8, 2)):
        whole = values_of(random_heat(37, 21, stride), 37, 21)
        small = values_of(random_heat(37, 21, stride), 37, 21, shrink)
        blocks = [
            [whole[y : y + shrink, x : x + shrink].max() for x in range(0, 37, shrink)]
            for y in range(0, 21, shrink)
        ]
        assert small.tolist() == blocks


def test_nothing_differs_at_any_size() -> None:
    for width, height in ((1, 1), (2, 1), (8, 8), (640, 3), (1920, 1080)):
        for shrink in (1, 2, 8):
            found = values_of(nothing_differs(width, height, 1.0), width, height, shrink)
            assert found.shape == (-(-height // shrink), -(-width // shrink))
            assert not found.any()


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("size", [(1, 1), (8, 8), (8, 300), (400, 30), (201, 150)])
def test_every_style_at_every_size(style: HeatStyle, size: tuple[int, int]) -> None:
    reference, candidate = (as_picture(drawing(*size, seed)) for seed in (0, 1))
    one = random_heat(*size)
    layers = {f"relu{index}_1": one for index in range(1, 4)}
    plain = draw(style, reference, candidate, one, layers=layers, scale=False)
    scaled = draw(style, reference, candidate, one, layers=layers, titles=titles_of(RENDER))
    assert scaled.shrink == plain.shrink == 1
    if style in ("overlay", "alone"):
        assert (plain.image.size, plain.enlarge) == (size, 1)
        expected = colours_of(one, *size) if style == "alone" else over(candidate, one)
        assert (pixels(plain.image) == pixels(expected)).all()
        # With the scale the very same pixels, as many times as large, in the middle of what is above it.
        large = expected.resize([side * scaled.enlarge for side in size], Image.Resampling.NEAREST)
        left = (scaled.image.width - large.width) // 2
        assert (pixels(scaled.image)[: large.height, left : left + large.width] == pixels(large)).all()
    else:
        assert scaled.enlarge == plain.enlarge
        assert scaled.image.height > plain.image.height
    assert scaled.enlarge == max(1, sheet.SMALL_SIDE // max(size))
    assert pixels(scaled.image)[-1, -1].tolist() == list(GROUND)


def test_a_triptych_holds_both_pictures_pixel_for_pixel() -> None:
    reference, candidate = (as_picture(drawing(300, 200, seed)) for seed in (0, 1))
    one = random_heat(300, 200, 4)
    found = pixels(draw("triptych", reference, candidate, one).image)
    writing = writing_for(900)
    top = writing.size // 2 + writing.line + writing.size // 3
    sides = [pixels(Image.frombytes("RGB", (300, 200), side.pixels[:])) for side in (reference, candidate)]
    for index, expected in enumerate((*sides, pixels(over(candidate, one)))):
        left = writing.size + index * (300 + writing.size)
        assert (found[top : top + 200, left : left + 300] == expected).all()


def test_a_banner_is_drawn_three_times_below_each_other() -> None:
    wide, narrow = (as_picture(drawing(*size)) for size in ((900, 100), (300, 200)))
    assert draw("triptych", wide, wide, random_heat(900, 100)).image.width < 1000
    assert draw("triptych", narrow, narrow, random_heat(300, 200)).image.width > 900


def test_what_is_too_large_is_drawn_smaller(monkeypatch: pytest.MonkeyPatch) -> None:
    picture = as_picture(drawing(640, 480))
    one = HeatMap(1, 640, 480, bytes(640 * 300 + 333) + b"\xff" + bytes(640 * 480 - 640 * 300 - 334), 12.0)
    monkeypatch.setattr(sheet, "MOST_PIXELS", 640 * 480 // 4)
    found = draw("alone", picture, picture, one, scale=False)
    assert (found.image.size, found.shrink) == ((320, 240), 2)
    assert np.argwhere((pixels(found.image) == COLOURS[255]).all(axis=2)).tolist() == [[150, 166]]
    assert draw("triptych", picture, picture, one).shrink == 4
    monkeypatch.setattr(sheet, "MOST_PIXELS", 1 << 40)
    assert draw("overlay", picture, picture, one, most_side=700).shrink == 4
    assert draw("overlay", picture, picture, one, most_side=2000).shrink == 1


# The scale.


@pytest.mark.parametrize("top", [12.0, 4.0, 1.0, 0.001, 1000.0, 2.5, 20.0, 0.3])
@pytest.mark.parametrize("width", [188, 480, 1920])
def test_the_numbers_on_the_scale_stand_where_they_belong_and_apart(top: float, width: int) -> None:
    writing = writing_for(width)
    legend = Legend(top, 0, SCALE, (("Distance",),))
    left, right = writing.size, width - writing.size
    ticks = sorted(legend.ticks(left, right, writing))
    assert [ticks[0][0], ticks[-1][0]] == [0, top]
    assert (ticks[0][1], ticks[-1][1]) == (left, right - 1)
    assert len(ticks) >= 3
    spans = []
    for value, x, text in ticks:
        assert float(text) == pytest.approx(value)
        assert x == pytest.approx(left + (value / top) ** 0.5 * (right - left - 1), abs=0.51)
        half = writing.width(text) / 2
        middle = left + half if value == 0 else right - half if value == top else x
        spans.append((middle - half, middle + half))
    assert all(one[1] < other[0] for one, other in pairwise(spans))


def test_the_scale_is_drawn_in_the_colours_of_the_picture() -> None:
    picture = as_picture(drawing(600, 40))
    found = pixels(draw("alone", picture, picture, random_heat(600, 40)).image)[40:]
    size = writing_for(600).size
    inside = found[:, size:-size]
    bars = [row for row in inside if not ((row == GROUND).all(axis=1) | (row == INK).all(axis=1)).any()]
    (bar,) = {row.tobytes() for row in bars}
    values = [SCALE.index((red, green, blue)) for red, green, blue in np.frombuffer(bar, np.uint8).reshape(-1, 3)]
    assert values == pytest.approx([place * 256 / len(values) for place in range(len(values))], abs=1)
    assert (values[0], values[-1]) == (0, 255)
    assert (found[:, :size] == GROUND).all()


def test_a_title_that_does_not_fit_gives_way() -> None:
    writing = Writing(13)
    shown = []
    for width in (200, 300, 700):
        image = Image.new("RGB", (width, 200), GROUND)
        Legend(12.0, 9, SCALE, (titles_of(RENDER),)).draw_into(image, 0, writing)
        shown.append(int((pixels(image) != GROUND).any(axis=(0, 2)).nonzero()[0].max()))
    assert all(last < width for last, width in zip(shown, (200, 300, 700), strict=True))


# What is measured.


def test_equal_pictures_are_drawn_without_torch(tmp_path: Path, save: Save) -> None:
    save("a.png")
    done = with_torch_report(
        "heatmap", "a.png", "a.png", "-o", "h.png", "--style", "alone", "--no-scale", cwd=tmp_path
    )
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr == "The pictures are equal: the map is 0 everywhere.\nThe heat map is in h.png.\nFalse\n"
    assert pixels(tmp_path / "h.png").shape == (30, 40, 3)
    assert (pixels(tmp_path / "h.png") == SCALE[0]).all()
    done = with_torch_report("heatmap", "a.png", "a.png", "-o", "h.webp", "--style", "layers", "-q", cwd=tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "False\n")


def test_a_change_is_drawn_where_it_is_and_nowhere_else(percept: Percept, save: Save, tmp_path: Path) -> None:
    a = save("a.png", 320, 256)
    b = changed(a, (40, 24, 60, 40), (255, 255, 255), tmp_path / "b.png")
    done = percept("heatmap", a, b, "-o", "h.png", "--style", "alone", "--no-scale")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "The heat map is in h.png.\n")
    found = pixels(tmp_path / "h.png")
    coloured = (found != SCALE[0]).any(axis=2)
    assert coloured[24:40, 40:60].all()
    # Beyond what the deepest layer sees is nothing but the last bit, where a tile is computed as a whole.
    reached = np.zeros((256, 320), bool)
    (top, bottom), (left, right) = (positions_reached("vgg16", "relu4_3", *ends) for ends in ((24, 39), (40, 59)))
    reached[max(0, top) * 8 : (bottom + 1) * 8, max(0, left) * 8 : (right + 1) * 8] = True
    assert reached.mean() < 0.25
    assert set(map(tuple, found[~reached].tolist())) <= {SCALE[0], SCALE[1]}
    assert not coloured[160:].any()
    assert not coloured[:, 180:].any()
    # It is the map that percept check reports, in the colours of the scale.
    evidence = check(a, b).evidence
    assert evidence is not None and evidence.heat is not None
    assert (found == COLOURS[values_of(evidence.heat, 320, 256)]).all()


def test_layers_add_up_and_one_alone_looks_as_among_the_others(save: Save, tmp_path: Path) -> None:
    a = save("a.png", 96, 64)
    b = changed(a, (40, 24, 60, 40), (255, 255, 255), tmp_path / "b.png")
    maps = maps_of(a, b)
    assert list(maps.layers) == list(RENDER.taps)
    assert {one.top for one in maps.layers.values()} == {maps.heat.top / 3}
    by_layer = [(values_of(one, 96, 64) / 255.0) ** 2 * one.top for one in maps.layers.values()]
    assert maps.heat.top == ceiling(RENDER)
    # Each value is rounded up to one of 256.
    summed = (values_of(maps.heat, 96, 64) / 255.0) ** 2 * maps.heat.top
    assert np.abs(sum(by_layer) - summed).max() < 0.15
    mapper = Mapper(Scorer(recipe_of_layer(RENDER, "relu3_3")))
    alone = mapper.maps(mapper.scorer.read(pair_of_files(a, b)))
    assert alone.heat == maps.layers["relu3_3"]


def test_without_a_ceiling_the_scale_ends_at_a_power_of_ten(save: Save, tmp_path: Path) -> None:
    a = save("a.png", 64, 64)
    b = changed(a, (0, 0, 20, 20), (255, 255, 255), tmp_path / "b.png")
    mapper = Mapper(Scorer(make_recipe("render", distance="l1").spec))
    maps = mapper.maps(mapper.scorer.read(pair_of_files(a, b)))
    exponent = np.log10(maps.heat.top)
    assert exponent == round(exponent)
    assert max(maps.heat.values) > 255 * 0.1**0.5
    assert len({one.top for one in maps.layers.values()}) == 1


def test_tiny_pictures_have_maps_of_their_own_size(save: Save) -> None:
    for width, height in ((1, 1), (8, 5), (3, 40)):
        maps = maps_of(save("a.png", width, height), save("b.png", width, height, seed=1))
        assert (maps.heat.width, maps.heat.height, maps.heat.stride) == (width, height, 1)


def test_distances_without_places_are_refused() -> None:
    gram = make_recipe("render", layers="relu1_2:gram,relu3_3:mse").spec
    with pytest.raises(InvalidSetting, match="relu1_2 is compared by gram-chw") as error:
        check_places(gram)
    assert "--distance unit" in error.value.hint
    assert "--layer relu3_3" in error.value.hint
    check_places(recipe_of_layer(gram, "relu3_3"))
    check_places(make_recipe("render", layers="relu1_2:gram=0,relu3_3:mse").spec)
    with pytest.raises(InvalidSetting, match="no layer 'relu3_2'"):
        recipe_of_layer(gram, "relu3_2")
    with pytest.raises(InvalidSetting, match="weight 0"):
        recipe_of_layer(make_recipe("render", layers="relu1_2=0,relu3_3").spec, "relu1_2")


# The command.

TROUBLE = {
    "no output": (["a.png", "b.png"], 2, "Missing option '--output'"),
    "ending of no picture": (["a.png", "b.png", "-o", "h.gif"], 2, "the ending .gif is no picture"),
    "no ending": (["a.png", "b.png", "-o", "h"], 2, "use one of .png, .jpg, .jpeg, .webp."),
    "output is an input": (["a.png", "b.png", "-o", "b.png"], 2, "overwrite the input b.png"),
    "output is a folder": (["a.png", "b.png", "-o", "folder.png"], 2, "the output is a directory"),
    "output folder missing": (["a.png", "b.png", "-o", "no/h.png"], 2, "/no does not exist"),
    "missing file": (["a.png", "gone.png", "-o", "h.png"], 3, "gone.png: no such file"),
    "folder": (["folder", "b.png", "-o", "h.png"], 3, "folder: is a directory"),
    "sizes differ": (["a.png", "big.png", "-o", "h.png"], 3, "a.png is 40×30 pixels, big.png is 50×30"),
    "no places": (
        ["a.png", "b.png", "-o", "h.png", "--preset", "johnson-style"],
        2,
        "relu1_2 is compared by gram",
    ),
    "unknown layer": (["a.png", "b.png", "-o", "h.png", "--layer", "relu3_2"], 2, "did you mean relu3_3?"),
    "unknown style": (["a.png", "b.png", "-o", "h.png", "--style", "glow"], 2, "'glow' is not one of"),
    "a threshold": (["a.png", "b.png", "-o", "h.png", "--threshold", "1"], 2, "No such option"),
    "unknown preset": (["a.png", "b.png", "-o", "h.png", "--preset", "rendr"], 2, "did you mean render?"),
    "overflow": (
        ["a.png", "b.png", "-o", "h.png", "--layers", "input:mse=1e308,conv1_1:mse=1e308"],
        3,
        "overflowed",
    ),
}


@pytest.mark.parametrize("case", TROUBLE)
def test_trouble_has_a_message_and_a_code_and_leaves_nothing(troubled: Path, percept: Percept, case: str) -> None:
    (troubled / "folder.png").mkdir()
    arguments, code, message = TROUBLE[case]
    before = {path: path.read_bytes() for path in troubled.iterdir() if path.is_file()}
    done = percept("heatmap", *arguments)
    assert (done.returncode, done.stdout) == (code, "")
    assert message in done.stderr
    assert "Error: " in done.stderr
    assert "Traceback" not in done.stderr
    assert {path: path.read_bytes() for path in troubled.iterdir() if path.is_file()} == before


def test_formats_by_ending(percept: Percept, save: Save, tmp_path: Path) -> None:
    save("a.png", 200, 100)
    (tmp_path / "h.png").write_text("an older one")
    (tmp_path / "percept.toml").write_text('threshold = 1e-9\nformat = "json"\n')  # no business of this command
    for name in ("h.png", "h.JPG", "h.jpeg", "h.webp"):
        done = percept("heatmap", "a.png", "a.png", "-o", name)
        assert (done.returncode, done.stdout) == (0, "")
    found = {}
    for name, kind in (("h.png", "PNG"), ("h.JPG", "JPEG"), ("h.jpeg", "JPEG"), ("h.webp", "WEBP")):
        with Image.open(tmp_path / name) as image:
            assert image.format == kind
            found[name] = pixels(image.convert("RGB")).astype(int)
    assert (found["h.webp"] == found["h.png"]).all()
    assert np.abs(found["h.jpeg"] - found["h.png"]).mean() < 2
    assert sorted(os.listdir(tmp_path)) == ["a.png", "h.JPG", "h.jpeg", "h.png", "h.webp", "percept.toml"]


@pytest.mark.parametrize("output", ["-", "/dev/stdout"])
def test_standard_output_gets_the_picture_alone(save: Save, tmp_path: Path, output: str) -> None:
    save("a.png", 200, 100)
    command = [sys.executable, "-m", "percept_cli", "heatmap", "a.png", "a.png", "-o", output]
    done = subprocess.run(command, capture_output=True, cwd=tmp_path, check=True)
    with Image.open(io.BytesIO(done.stdout)) as image:
        assert (image.format, image.width) == ("PNG", 200)
    assert done.stderr.decode() == "The pictures are equal: the map is 0 everywhere.\n"


def test_verbose_says_what_is_done(percept: Percept, save: Save) -> None:
    save("a.png", 96, 64)
    save("b.png", 96, 64, seed=1)
    options = ("--layer", "relu2_2", "--style", "triptych", "-v")
    done = percept("heatmap", "a.png", "b.png", "-o", "h.png", *options, fresh=True)
    assert done.returncode == 0
    assert "preset render; settings from no file; fingerprint " in done.stderr
    assert "plan: 18 of 24 cells" in done.stderr
    assert "torch " in done.stderr


# The folder of a check.


@pytest.mark.parametrize(
    ("name", "place"),
    [
        ("icon.png", "icon.png"),
        ("menu/icon.png", "menu/icon.png"),
        ("photo.jpg", "photo.jpg.png"),
        ("photo.jpg.png", "photo.jpg.png.png"),
        ("v1.2.png", "v1.2.png"),
        ("ICON.PNG", "ICON.PNG.png"),
        ("Grüße 世界.png", "Grüße 世界.png"),
    ],
)
def test_a_heat_map_is_named_after_its_pair(name: str, place: str) -> None:
    assert str(place_of(name)) == place


HOSTILE = [
    "../../etc/cron.png",
    "/etc/passwd",
    "a/../../b.png",
    "..",
    ".",
    "",
    "/",
    "....//x.png",
    "a\\..\\..\\b.png",
    "C:\\x.png",
    "nul\0byte.png",
    "new\nline.png",
    "\x1b[31mred.png",
    "stray\udcffbyte.png",
    "x" * 300 + ".png",
    "世" * 200 + ".png",
    "dots...",
    "a<b>|?*.png",
]


def test_hostile_names_stay_in_the_folder_and_apart(tmp_path: Path) -> None:
    places = [place_of(name) for name in HOSTILE]
    assert len(set(places)) == len(HOSTILE)
    for place in places:
        assert not place.is_absolute()
        assert ".." not in place.parts
        assert place.suffix == ".png"
        assert str(place).isprintable()
        assert all(len(part.encode()) <= 255 for part in place.parts)
        assert not set('<>:"|?*\\') & set(str(place))
        (tmp_path / place).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / place).touch(exist_ok=False)


def two_folders(save: Save, tmp_path: Path) -> None:
    for folder in ("base", "now"):
        (tmp_path / folder / "menu").mkdir(parents=True)
    for name, seed in (("same.png", 0), ("menu/icon.png", 1), ("[red].png", 2)):
        save(f"base/{name}", 48, 40)
        save(f"now/{name}", 48, 40, seed=seed)
    save("now/new.png")


def test_a_check_draws_what_did_not_pass(percept: Percept, save: Save, tmp_path: Path) -> None:
    two_folders(save, tmp_path)
    (tmp_path / "maps").mkdir()
    (tmp_path / "maps" / "[red].png").write_text("an older one")
    done = percept("check", "base", "now", "--heatmaps", "maps", "-o", "r.json")
    assert done.returncode == 1
    assert "2 heat maps are in maps.\n" in done.stderr
    found = sorted(
        path.relative_to(tmp_path).as_posix() for path in (tmp_path / "maps").rglob("*") if path.is_file()
    )
    assert found == ["maps/[red].png", "maps/menu/icon.png"]
    # The very map of the report, in the third picture.
    results = json.loads((tmp_path / "r.json").read_text())["results"]
    assert {result["name"] for result in results if result["status"] == "fail"} == {"[red].png", "menu/icon.png"}
    evidence = check(tmp_path / "base/menu/icon.png", tmp_path / "now/menu/icon.png").evidence
    assert evidence is not None and evidence.heat is not None
    base, now = (as_picture(Image.open(tmp_path / side / "menu/icon.png")) for side in ("base", "now"))
    expected = draw("triptych", base, now, evidence.heat, titles=titles_of(RENDER)).image
    assert (pixels(tmp_path / "maps/menu/icon.png") == pixels(expected)).all()


def test_no_heat_map_is_written_where_pictures_are_compared(percept: Percept, save: Save, tmp_path: Path) -> None:
    two_folders(save, tmp_path)
    (tmp_path / "link").symlink_to("now")
    (tmp_path / "file").touch()
    before = sorted(tmp_path.rglob("*"))
    for folder, message in (
        ("now", "among the pictures that are compared"),
        ("base/maps/new", "among the pictures that are compared"),
        ("link/maps", "among the pictures that are compared"),
        ("file", "is a file, not a folder"),
        ("file/maps", "file is a file, not a folder"),
    ):
        done = percept("check", "base", "now", "--heatmaps", folder)
        assert (done.returncode, done.stdout) == (2, "")
        assert message in done.stderr
    assert sorted(tmp_path.rglob("*")) == before


def failures(tmp_path: Path, *names: str) -> list[PairResult]:
    """Results of these names that failed; their pictures are expected/p.png and out/p.png."""
    (result,) = (result for result in CHECKED.results if result.name == "menu/icon.png")
    stamps = []
    for side in ("expected", "out"):
        (tmp_path / side).mkdir(exist_ok=True)
        drawing(48, 30).save(tmp_path / side / "p.png")
        stamps.append(read_stamped(tmp_path / side / "p.png")[1])
    result = replace(result, reference=str(tmp_path / "expected/p.png"), candidate=str(tmp_path / "out/p.png"))
    return [replace(result, name=name, reference_file=stamps[0], candidate_file=stamps[1]) for name in names]


def test_links_lead_nowhere_else_and_the_others_are_still_drawn(tmp_path: Path) -> None:
    results = failures(tmp_path, "away/a.png", "b.png", "out/p.png", "c.png")
    (tmp_path / "elsewhere").mkdir()
    folder = tmp_path / "maps"
    folder.mkdir()
    (folder / "away").symlink_to(tmp_path / "elsewhere")
    (folder / "b.png").symlink_to(tmp_path / "elsewhere" / "b.png")
    drawn = HeatMapFolder(folder, ()).draw(results, RENDER)
    assert drawn.count == 2
    assert isinstance(drawn.failure, OutputUnwritable)
    assert "away/a.png: a link leads out of the folder" in str(drawn.failure)
    assert (folder / "c.png").is_file()
    assert not list((tmp_path / "elsewhere").iterdir())
    # A folder above those that are compared: only what would be written over or among them is refused.
    before = (tmp_path / "out/p.png").read_bytes()
    drawn = HeatMapFolder(tmp_path, (tmp_path / "expected", tmp_path / "out")).draw(results[2:], RENDER)
    assert drawn.count == 1
    assert "among the pictures that are compared" in str(drawn.failure)
    assert (tmp_path / "out/p.png").read_bytes() == before


def test_pairs_that_cannot_be_drawn_are_told_of(tmp_path: Path) -> None:
    fine, changed_since, nowhere, passed = failures(tmp_path, "a.png", "b.png", "c.png", "d.png")
    drawing(48, 30, 1).save(tmp_path / "out" / "q.png")
    changed_since = replace(changed_since, candidate=str(tmp_path / "out/q.png"))
    gone = replace(changed_since, name="e.png", candidate=str(tmp_path / "out/gone.png"))
    assert nowhere.evidence is not None
    nowhere = replace(nowhere, evidence=replace(nowhere.evidence, heat=None))
    passed = replace(passed, status="pass")
    drawn = HeatMapFolder(tmp_path / "maps", ()).draw([fine, changed_since, nowhere, passed, gone], RENDER)
    assert (drawn.count, drawn.failure) == (1, None)
    assert drawn.notes[0].startswith("no heat map of b.png: ")
    assert drawn.notes[0].endswith("q.png has changed since it was compared")
    assert "gone.png: no such file" in drawn.notes[1]
    assert drawn.notes[2:] == ["no heat map of 1 that did not pass: their distance has no places"]
    assert os.listdir(tmp_path / "maps") == ["a.png"]


def test_a_map_of_one_recipe_is_not_titled_by_another(tmp_path: Path) -> None:
    mine, other = failures(tmp_path, "a.png", "b.png")
    HeatMapFolder(tmp_path / "maps", ()).draw([mine, replace(other, fingerprint="0" * 12)], RENDER)
    first, second = (pixels(tmp_path / "maps" / name) for name in ("a.png", "b.png"))
    assert first.shape == second.shape
