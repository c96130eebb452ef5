"""What two files hold → the pairs of pictures that are compared: frames, grounds, exposures."""

from __future__ import annotations

import csv
import io
import json
import zlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from numpy.typing import NDArray
from PIL import Image

from percept_cli import compare
from percept_cli.errors import (
    InvalidInput,
    InvalidSetting,
    NotFinite,
    PerceptError,
    SizeMismatch,
    UnsupportedImage,
)
from percept_cli.formats.decode import decode
from percept_cli.geometry import Box, View
from percept_cli.images.limits import Limits, parse_limits
from percept_cli.images.picture import Decoded, Frame, frame_of_levels
from percept_cli.images.policy import AS_SEEN, ImagePolicy, policy_from, with_settings
from percept_cli.images.srgb import from_light, to_light
from percept_cli.images.views import Side, look_at, looks, shown_picture
from percept_cli.scoring.api import check
from tests import deep_files
from tests.conftest import Percept, as_picture, drawing
from tests.pictures import seen
from tests.scenes import attribute, exr_by_hand

CHEAP: dict[str, Any] = {"layers": "relu1_2", "device": "cpu"}


def icon(colour: tuple[int, int, int], under: tuple[int, int, int] = (0, 0, 0), opacity: int = 255) -> Image.Image:
    """A disc on transparent ground."""
    image = Image.new("RGBA", (40, 40), (*under, 0))
    mask = Image.new("L", (40, 40), 0)
    mask.paste(opacity, (10, 10, 30, 30))
    image.paste((*colour, opacity), (10, 10, 30, 30))
    return image


def test_a_white_icon_that_is_gone_is_seen_on_black() -> None:
    there, gone = icon((255, 255, 255)), Image.new("RGBA", (40, 40))
    assert compare(there, gone, alpha="white", **CHEAP).distance == 0
    found = compare(there, gone, **CHEAP)
    assert found.distance == compare(there, gone, alpha="black", **CHEAP).distance > 0.01
    assert found.view == View(ground="black")
    assert [str(one.view) for one in found.views] == ["on black", "on white"]
    assert [one.distance for one in found.views] == [found.distance, 0]
    assert found.notes == (f"the worst of 2 views: on black (mean distance {found.distance / 2:.6g})",)
    assert check(there, gone, device="cpu").status == "fail"


def test_colours_under_full_transparency_contribute_nothing() -> None:
    found = compare(icon((9, 90, 200)), icon((9, 90, 200), under=(255, 0, 255)), **CHEAP)
    assert found.distance == 0
    assert [one.distance for one in found.views] == [0, 0]
    assert (
        compare(icon((9, 90, 200)), icon((9, 90, 200), under=(255, 0, 255)), alpha="ignore", **CHEAP).distance > 0
    )


def test_a_change_of_alpha_alone_is_seen() -> None:
    assert compare(icon((9, 90, 200)), icon((9, 90, 200), opacity=200), **CHEAP).distance > 0


def test_opaque_pictures_have_one_view() -> None:
    opaque = drawing(40, 30).convert("RGBA")
    found = compare(opaque, drawing(40, 30), **CHEAP)
    assert (found.distance, found.views, found.view) == (0, (), View())
    other = compare(opaque, drawing(40, 30, seed=1), **CHEAP)
    assert other.distance == compare(drawing(40, 30), drawing(40, 30, seed=1), **CHEAP).distance


@pytest.mark.parametrize("ground", ["white", "black", "#3080c0"])
def test_8_bit_colours_over_a_ground_are_those_of_pillow(ground: str) -> None:
    """So that a picture which another program made flat on it is equal."""
    rng = np.random.default_rng(3)
    image = Image.fromarray(rng.integers(0, 256, (37, 41, 4), dtype=np.uint8))
    flat = Image.alpha_composite(Image.new("RGBA", image.size, ground), image).convert("RGB")
    assert compare(image, flat, alpha=ground, **CHEAP).distance == 0


@pytest.mark.parametrize("deep", [False, True], ids=["8 bits", "deep"])
@pytest.mark.parametrize("blend", ["gamma", "linear"])
def test_mixing_is_the_formula(blend: str, *, deep: bool) -> None:
    rng = np.random.default_rng(5)
    colours = rng.integers(0, 256, (8, 9, 3)).astype(np.float32)
    alpha = rng.integers(0, 256, (8, 9)).astype(np.float32)
    alpha[0] = 0, 255, 0, 255, 128, 1, 254, 0, 255
    if deep:
        colours[..., 1] += np.float32(0.25) * (colours[..., 1] < 255)
        frame = frame_of_levels(colours, alpha)
    else:
        frame = frame_of_levels(colours.astype(np.uint8), alpha.astype(np.uint8))
    assert frame.deep == deep
    found = look_at(frame, View(ground="#204060"), ImagePolicy(blend=blend)).array.astype(np.float64)
    share, below = alpha[..., None].astype(np.float64) / 255, np.array([0x20, 0x40, 0x60], np.float64)
    if blend == "gamma":
        wanted = share * colours + (1 - share) * below
    else:
        wanted = from_light(share * to_light(colours) + (1 - share) * to_light(below)).astype(np.float64)
    # Deep values are float32, 8-bit ones rounded (by Pillow perhaps to the level beside the nearest).
    assert np.abs(found - wanted).max() < (1e-3 if deep else 1.01)
    opaque = alpha == 255
    assert np.array_equal(found[opaque], colours[opaque])
    assert (found[alpha == 0] == below).all()


def animation(seeds: list[int], durations: int | list[int] = 100, form: str = "GIF") -> bytes:
    file = io.BytesIO()
    first, *rest = (drawing(24, 20, seed).quantize(64).convert("RGB") for seed in seeds)
    lossless = {"lossless": True} if form == "WEBP" else {}
    first.save(file, form, save_all=True, append_images=rest, duration=durations, **lossless)
    return file.getvalue()


ANIMATED = {"gif": "GIF", "png": "PNG", "webp": "WEBP", "tif": "TIFF"}


@pytest.mark.parametrize("ending", ANIMATED)
def test_frames_are_compared_one_by_one(ending: str, tmp_path: Path) -> None:
    files = tmp_path / f"a.{ending}", tmp_path / f"b.{ending}"
    for path, seeds in zip(files, ([0, 1, 2], [0, 3, 2]), strict=True):
        path.write_bytes(animation(seeds, form=ANIMATED[ending]))
    found = compare(*files, **CHEAP)
    assert [one.view.frame for one in found.views] == [1, 2, 3]
    distances = [one.distance for one in found.views]
    assert distances[0] == distances[2] == 0
    assert found.distance == distances[1] > 0
    assert found.view == View(frame=2)
    alone = [drawing(24, 20, seed).quantize(64).convert("RGB") for seed in (1, 3)]
    # GIF has its own palette per frame; the others keep every pixel.
    tolerance = 0.2 if ending == "gif" else 1e-6
    assert compare(*alone, **CHEAP).distance == pytest.approx(found.distance, rel=tolerance)
    assert compare(*files, frame=1, **CHEAP).distance == 0
    assert compare(*files, frame=2, **CHEAP).distance == found.distance
    with pytest.raises(UnsupportedImage, match=r"has 3 frames, and frame 4 is asked for"):
        compare(*files, frame=4, **CHEAP)


def test_other_numbers_of_frames_do_not_match(tmp_path: Path) -> None:
    files = tmp_path / "a.gif", tmp_path / "b.gif"
    files[0].write_bytes(animation([0, 1, 2]))
    files[1].write_bytes(animation([0, 1]))
    with pytest.raises(SizeMismatch, match=r"a\.gif has 3, .*b\.gif has 2") as error:
        compare(*files, **CHEAP)
    assert "--frame" in error.value.hint
    assert compare(*files, frame=1, **CHEAP).distance == 0
    assert check(*files, device="cpu", frame=2).status == "pass"


def test_other_durations_are_told(tmp_path: Path) -> None:
    files = tmp_path / "a.gif", tmp_path / "b.gif"
    files[0].write_bytes(animation([0, 1, 2], [100, 100, 100]))
    files[1].write_bytes(animation([0, 1, 2], [100, 120, 140]))
    found = compare(*files, **CHEAP)
    assert found.distance == 0
    assert found.notes == (
        "the durations differ: frame 2 is shown for 100 ms in the reference, 120 ms in the candidate (and 1 more)",
    )


def test_pages_may_have_sizes_of_their_own_and_thumbnails_are_left_out(tmp_path: Path) -> None:
    pages = [drawing(24, 20), drawing(30, 16, seed=1)]
    for name in "ab":
        pages[0].save(tmp_path / f"{name}.tif", save_all=True, append_images=pages[1:])
    found = compare(tmp_path / "a.tif", tmp_path / "b.tif", **CHEAP)
    assert [one.view.frame for one in found.views] == [1, 2]
    small = io.BytesIO()
    from PIL.TiffImagePlugin import ImageFileDirectory_v2

    tags = ImageFileDirectory_v2()
    tags[254] = 1  # a smaller copy
    thumbnail = drawing(6, 5)
    thumbnail.encoderinfo = {"tiffinfo": tags}
    pages[0].save(small, "TIFF", save_all=True, append_images=[thumbnail])
    (tmp_path / "c.tif").write_bytes(small.getvalue())
    assert compare(tmp_path / "c.tif", pages[0], **CHEAP).views == ()


def test_the_still_picture_of_an_animated_png_is_left_out(tmp_path: Path) -> None:
    frames = [drawing(24, 20, seed) for seed in range(3)]
    for name, still in (("a", 0), ("b", 1)):
        frames[still].save(
            tmp_path / f"{name}.png", save_all=True, append_images=frames[1:], default_image=True, duration=100
        )
    found = compare(tmp_path / "a.png", tmp_path / "b.png", **CHEAP)
    assert [one.distance for one in found.views] == [0, 0]


def light(values: np.ndarray[Any, Any], alpha: np.ndarray[Any, Any] | None = None) -> Decoded:
    colours = np.broadcast_to(values.astype(np.float32)[..., None], (*values.shape, 3))
    kept = None if alpha is None else alpha.astype(np.float32).tobytes()
    height, width = values.shape
    return Decoded((Frame(width, height, np.ascontiguousarray(colours).tobytes(), kept, deep=True),), scene=True)


def test_exposures_are_taken_from_the_reference() -> None:
    dark, bright = light(np.full((4, 4), 0.01)), light(np.full((4, 4), 0.02))
    ((one,), _), ((other,), _) = (
        looks(Side("a", first), Side("b", second), AS_SEEN) for first, second in ((dark, bright), (bright, dark))
    )
    assert one.view.exposure is not None
    assert other.view.exposure is not None
    assert one.view.exposure == pytest.approx(other.view.exposure + 1, abs=0.126)  # it is rounded to 1/8
    assert one.candidate.array.mean() > one.reference.array.mean()


def test_several_exposures_are_several_views() -> None:
    policy = ImagePolicy(exposure="-1:1:1")
    sides = Side("a", light(np.full((4, 4), 0.2))), Side("b", light(np.full((4, 4), 0.3)))
    found = list(looks(*sides, policy)[0])
    assert [look.view.exposure for look in found] == [-1, 0, 1]
    assert [str(look.view) for look in found] == ["at -1 EV", "at 0 EV", "at +1 EV"]
    shown = [float(look.reference.array.mean()) for look in found]
    assert shown == sorted(set(shown))


def test_pixels_that_are_no_numbers_never_pass_unasked() -> None:
    good = np.full((4, 5), 0.2)
    bad, worse = good.copy(), good.copy()
    bad[1, 2] = worse[1, 2] = np.nan
    worse[3, 4] = np.inf
    for first, second in ((good, bad), (bad, good), (bad, bad), (bad, worse)):
        with pytest.raises(NotFinite, match=r"1 NaN"):
            looks(Side("a", light(first)), Side("b", light(second)), AS_SEEN)
    with pytest.raises(
        NotFinite, match=r"a has 1 NaN pixel \(the first at 2,1\); b has 1 NaN and 1 infinite pixels"
    ):
        looks(Side("a", light(bad)), Side("b", light(worse)), ImagePolicy(allow_nan=True))
    (look,), notes = looks(Side("a", light(bad)), Side("b", light(bad)), ImagePolicy(allow_nan=True))
    assert notes == ("1 NaN pixel (the first at 2,1) in both, in the same places, taken as black",)
    assert look.reference.pixels == look.candidate.pixels
    assert (look.reference.array[1, 2] == 0).all()


def side(name: str, values: NDArray[np.float32]) -> Side:
    return Side(name, light(values))


def test_pixels_that_are_no_numbers_count_within_the_crop_alone() -> None:
    bad = np.ones((30, 40), np.float32)
    bad[2, 3], bad[20, 30] = np.nan, np.inf
    fine = np.ones((30, 40), np.float32)
    found = looks(side("r", bad), side("c", fine), ImagePolicy(crop=Box(4, 3, 26, 17)))
    assert found[1] == ()
    assert [look.reference == look.candidate for look in found[0]] == [True]
    within = Box(25, 15, 100, 100)
    with pytest.raises(NotFinite) as error:
        looks(side("r", bad), side("c", fine), ImagePolicy(crop=within))
    wanted = "not all pixels are finite numbers: r has 1 infinite pixel (the first at 30,20)"
    assert str(error.value) == wanted
    policy = ImagePolicy(crop=within, allow_nan=True)
    other = bad.copy()
    other[0] = np.nan  # outside
    pairs, notes = looks(side("r", bad), side("c", other), policy)
    assert notes == ("1 infinite pixel (the first at 30,20) in both, in the same places, taken as black",)
    (look,) = pairs
    assert look.reference == look.candidate
    assert (look.reference.width, look.reference.height) == (15, 15)
    assert look.reference.array[5, 5].tolist() == [0, 0, 0]
    outside, _ = looks(side("r", bad), side("c", bad), ImagePolicy(crop=Box(40, 0, 5, 5)))
    with pytest.raises(
        InvalidSetting, match="nothing of the picture of 40×30 pixels is in the rectangle 40,0,5,5"
    ):
        next(outside)


@pytest.mark.parametrize("exposure", ["auto", "auto-range"])
def test_exposures_are_taken_from_the_crop(exposure: str) -> None:
    values = np.random.default_rng(4).uniform(0.1, 2, (30, 40)).astype(np.float32)
    part = values[5:15, 8:20]
    alone = ImagePolicy(exposure=exposure)
    wanted = [(look.view, look.reference) for look in looks(side("r", part), side("c", part), alone)[0]]
    values[20:] *= 1000
    policy = replace(alone, crop=Box(8, 5, 12, 10))
    found = [(look.view, look.reference) for look in looks(side("r", values), side("c", values), policy)[0]]
    assert found == wanted
    assert shown_picture(light(values), policy) == shown_picture(light(part), alone)


def test_light_is_no_match_for_colours_unless_it_is_taken_as_they_are() -> None:
    levels = np.arange(12, dtype=np.uint8).reshape(3, 4) * 20
    colours = np.ascontiguousarray(np.broadcast_to(levels[..., None], (3, 4, 3)))
    sides = Side("a.exr", light(to_light(levels))), Side("b.png", Decoded((frame_of_levels(colours),)))
    with pytest.raises(UnsupportedImage, match=r"a\.exr holds light without a limit, and b\.png"):
        looks(*sides, AS_SEEN)
    ((look,), _) = looks(*sides, ImagePolicy(tonemap="none", exposure="0"))
    # To float32's rounding of light and back.
    assert np.abs(look.reference.array - look.candidate.array).max() < 1e-3


def test_light_is_laid_over_a_ground_as_light() -> None:
    side = Side("a", light(np.full((2, 2), 0.25), alpha=np.array([[0, 255], [127.5, 255]])))
    found, _ = looks(side, side, ImagePolicy(tonemap="none", exposure="0"))
    on_black, on_white = (look.reference.array[..., 0] for look in found)
    assert on_white[0, 0] == 255
    assert on_black[0, 0] == on_black[0, 1]  # light that covers nothing, a flame's, is added
    assert on_white[0, 1] == pytest.approx(float(from_light(np.array(0.25))), abs=1e-3)
    assert on_white[1, 0] == pytest.approx(float(from_light(np.array(0.625))), abs=1e-3)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"alpha": "whit"}, "did you mean white"),
        ({"alpha": "#12345"}, "alpha '#12345' is no colour"),
        ({"blend": "srgb"}, "unknown blend 'srgb'"),
        ({"tonemap": "filmic"}, "unknown tonemap 'filmic'"),
        ({"exposure": "bright"}, "bright"),
        ({"exposure": "nan"}, "nan"),
        ({"frame": 0}, "there is no frame 0"),
        ({"frame": 1.5}, "there is no frame 1.5"),
        ({"frame": True}, "there is no frame True"),
        ({"resize": "half"}, "unknown resize 'half'"),
        ({"resize": "fit:0x5"}, "unknown resize 'fit:0x5'"),
        ({"resize": "scale:0"}, "unknown resize 'scale:0'"),
        ({"resize": "scale:99"}, "unknown resize 'scale:99'"),
        ({"pad": "red"}, "unknown pad 'red'"),
        ({"crop": "1,2,3"}, "1,2,3"),
        ({"crop": "0,0,0,5"}, "0,0,0,5"),
        ({"limits": "pixel=5"}, "did you mean pixels"),
        ({"limits": "pixels"}, "has no value"),
        ({"limits": "pixels=-3"}, "must be a number"),
    ],
)
def test_settings_that_make_no_sense(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidSetting) as error:
        with_settings(AS_SEEN, settings)
    assert message in f"{error.value} {error.value.hint}"


def test_an_unknown_setting_is_a_mistake_of_the_program() -> None:
    with pytest.raises(TypeError, match="'alhpa' is no setting"):
        compare(drawing(9, 9), drawing(9, 9), alhpa="white")  # type: ignore[call-arg] # that is the point


def test_the_policy_comes_back_from_a_report() -> None:
    policy = with_settings(
        AS_SEEN,
        {
            "alpha": "#ABCDEF",
            "exposure": -1,
            "frame": 2,
            "crop": (1, 2, 3, 4),
            "resize": "fit:10x20",
            "pad": "edge",
        },
    )
    assert policy_from(json.loads(json.dumps(policy.as_dict()))) == policy
    assert policy.words == ", alpha #ABCDEF, exposure -1, frame 2, resize fit:10x20, pad edge, crop 1,2,3,4"


def test_reports_name_the_views(percept: Percept, tmp_path: Path) -> None:
    (tmp_path / "a.gif").write_bytes(animation([0, 1]))
    (tmp_path / "b.gif").write_bytes(animation([0, 2]))
    done = percept("compare", "a.gif", "b.gif", "--layers", "relu1_2", "-o", "r.json", "--format", "table", "-v")
    assert done.returncode == 0
    (row,) = json.loads((tmp_path / "r.json").read_text())["results"]
    assert row["view"] == {"frame": 2, "ground": None, "exposure": None}
    assert [one["frame"] for one in row["views"]] == [1, 2]
    assert row["distance"] == row["views"][1]["distance"] > row["views"][0]["distance"] == 0
    assert "the worst of 2 views: frame 2 (mean distance" in row["reason"]
    lines = done.stdout.splitlines()
    place = next(index for index, line in enumerate(lines) if line.startswith("view"))
    assert lines[place].split() == ["view", "distance", "verdict"]
    assert lines[place + 1].split() == ["frame", "2", f"{row['distance']:.6g}", "PASS"]
    assert lines[place + 2].split() == ["frame", "1", "0", "PASS"]
    assert "frame 1: plan: the pixels are equal, nothing to compute" in done.stderr


def test_tables_name_the_view(percept: Percept, tmp_path: Path) -> None:
    """A line for a pair of two frames, and one for a pair of a single view, which has nothing to name."""
    parquet = pytest.importorskip("pyarrow.parquet")
    for name in ("r", "c"):
        (tmp_path / name).mkdir()
        drawing(40, 30).save(tmp_path / name / "one.png")
    (tmp_path / "r" / "two.gif").write_bytes(animation([0, 1]))
    (tmp_path / "c" / "two.gif").write_bytes(animation([0, 2]))
    reports = ("-o", "r.csv", "-o", "r.parquet", "--resume", "rows.jsonl")
    for wide in ((), ("--wide",)):  # the second time without comparing again
        percept("batch", "r", "c", "--layers", "relu1_2", *wide, *reports)
        lines = list(csv.DictReader((tmp_path / "r.csv").read_text().splitlines()))
        assert {line["name"]: line["view"] for line in lines} == {"one.png": "", "two.gif": "frame 2"}
        columns = parquet.read_table(tmp_path / "r.parquet").to_pydict()
        assert dict(zip(columns["name"], columns["view"], strict=True)) == {"one.png": None, "two.gif": "frame 2"}


def test_a_resumed_run_keeps_the_views(percept: Percept, tmp_path: Path) -> None:
    for name in ("r", "c"):
        (tmp_path / name).mkdir()
    (tmp_path / "r" / "a.gif").write_bytes(animation([0, 1]))
    (tmp_path / "c" / "a.gif").write_bytes(animation([0, 2]))
    arguments = ("batch", "r", "c", "--layers", "relu1_2", "--resume", "rows.jsonl", "-o", "r.json")
    rows = []
    for threshold in ("100", "0.001"):
        percept(*arguments, "--threshold", threshold)
        rows += json.loads((tmp_path / "r.json").read_text())["results"]
    first, again = rows
    assert [one["status"] for one in again["views"]] == ["pass", "fail"]
    for key in ("view", "distance"):
        assert again[key] == first[key]
    assert [one["distance"] for one in again["views"]] == [one["distance"] for one in first["views"]]


def test_a_heat_map_is_of_the_worst_view(percept: Percept, tmp_path: Path) -> None:
    icon((255, 255, 255)).save(tmp_path / "a.png")
    Image.new("RGBA", (40, 40)).save(tmp_path / "b.png")
    done = percept("heatmap", "a.png", "b.png", "-o", "h.png", "--style", "alone", "--no-scale")
    assert done.returncode == 0
    assert "the worst of 2 views: on black" in done.stderr
    drawn = np.asarray(Image.open(tmp_path / "h.png").convert("RGB")).astype(int)
    assert drawn[20, 20].sum() != drawn[1, 1].sum()


@pytest.mark.parametrize("side", [0, 1])
def test_a_picture_from_standard_input(percept: Percept, tmp_path: Path, side: int) -> None:
    drawing(40, 30).save(tmp_path / "a.png")
    drawing(40, 30, seed=1).save(tmp_path / "b.png")
    names = ["a.png", "b.png"]
    wanted = percept("compare", *names, "--format", "score").stdout.split()[0]
    with (tmp_path / names[side]).open("rb") as file:
        names[side] = "-"
        done = percept("compare", *names, "--format", "json", stdin=file)
    (row,) = json.loads(done.stdout)["results"]
    assert row["distance"] == float(wanted)
    assert row["name"] == ("b.png" if side == 0 else "standard input")
    assert row["files"]["reference" if side == 0 else "candidate"] is None


def test_standard_input_that_is_no_picture(percept: Percept, tmp_path: Path) -> None:
    drawing(40, 30).save(tmp_path / "a.png")
    for given, message in (("", "standard input: empty (0 bytes)"), ("text", "standard input: not a picture")):
        done = percept("compare", "a.png", "-", input=given)
        assert done.returncode == 3
        assert done.stderr.startswith(f"Error: {message}")
    done = percept("compare", "-", "-", input="")
    assert done.returncode == 2
    assert "both pictures cannot come from standard input" in done.stderr


def test_deep_arrays_are_deep_pictures() -> None:
    levels = np.asarray(drawing(40, 30))
    deep = levels.astype(np.uint16) * 257
    assert compare(levels, deep, **CHEAP).distance == 0
    deep[3, 4, 1] += 1 if deep[3, 4, 1] < 65535 else -1  # 1/257 of a level
    assert 0 < compare(levels, deep, **CHEAP).distance < 1e-5
    with pytest.raises(InvalidInput, match="do not say what white is"):
        compare(levels / 255.0, levels, **CHEAP)  # type: ignore[arg-type] # that is the point


def test_planar_tiff_is_read_whole(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    for kind, options in (
        (np.uint16, {"photometric": "rgb"}),
        (np.uint8, {"photometric": "rgb"}),
        (np.uint8, {"photometric": "minisblack", "extrasamples": ["unassalpha"]}),
        (np.uint8, {"photometric": "minisblack", "extrasamples": ["unassalpha"], "compression": "lzw"}),
    ):
        count = 3 if options["photometric"] == "rgb" else 2
        values = rng.integers(0, np.iinfo(kind).max + 1, (count, 64, 64), dtype=kind)
        changed = values.copy()
        changed[:, 40:] = values[:, :24]
        paths = [tmp_path / name for name in ("a.tif", "b.tif", "c.tif")]
        for path, planes in zip(paths, (values, changed), strict=False):
            tifffile.imwrite(path, planes, planarconfig="separate", **options)
        tifffile.imwrite(paths[2], np.moveaxis(values, 0, 2), planarconfig="contig", **options)
        assert compare(paths[0], paths[1], **CHEAP).distance > 0.1
        assert compare(paths[0], paths[2], **CHEAP).distance == 0


def test_deep_pages_behind_shallow_ones_are_not_cut_down(tmp_path: Path) -> None:
    shallow = np.asarray(drawing(40, 30))
    deep = shallow.astype(np.uint16) * 200
    for name, page in (("a.tif", deep), ("b.tif", deep + 40)):
        with tifffile.TiffWriter(tmp_path / name) as file:
            file.write(shallow, photometric="rgb")
            file.write(page, photometric="rgb")
    found = compare(tmp_path / "a.tif", tmp_path / "b.tif", **CHEAP)
    assert [one.distance > 0 for one in found.views] == [False, True]


def test_a_gif_with_a_huge_screen_is_refused_before_it_is_unpacked() -> None:
    data = bytearray(animation([0, 1, 2]))
    data[6:10] = (9_000).to_bytes(2, "little") * 2
    with pytest.raises(UnsupportedImage, match="9000×9000 pixels are more than the limit of 1,000"):
        decode(bytes(data), "x.gif", ImagePolicy(limits=parse_limits("pixels=1000")))


def test_a_size_beyond_the_limit_is_refused_before_it_is_made() -> None:
    for resize, limits in (("fit:999999x999999", "pixels=1G"), ("scale:16", "pixels=10000")):
        with pytest.raises(UnsupportedImage, match=r"brought to another size: .* are more than the limit"):
            compare(drawing(40, 30), drawing(40, 30, seed=1), resize=resize, limits=limits, **CHEAP)
    with pytest.raises(UnsupportedImage, match=r"reference brought to another size: 40×30 pixels"):
        compare(drawing(40, 10), drawing(10, 30), pad="edge", limits="pixels=1000", **CHEAP)


def test_what_is_left_out_is_said(tmp_path: Path) -> None:
    drawing(40, 30).save(tmp_path / "a.mpo", append_images=[drawing(40, 30, seed=1)], save_all=True)
    found = compare(tmp_path / "a.mpo", tmp_path / "a.mpo", **CHEAP)
    wanted = f"{(tmp_path / 'a.mpo').as_posix()}: the first of its 2 views is compared"
    assert found.notes == (wanted, wanted)
    for kind in (np.uint8, np.uint16):
        path = tmp_path / f"{np.dtype(kind).name}.tif"
        more = np.zeros((8, 8, 5), kind)
        tifffile.imwrite(path, more, photometric="rgb", planarconfig="contig", extrasamples=[0, 0])
        assert decode(path.read_bytes(), "x").notes == ("2 more of its channels not compared",)
    planes = {name: np.full((8, 8), 0.5, np.float32) for name in ("R", "G", "B", "diffuse.R", "Z")}
    for policy in (AS_SEEN, ImagePolicy(frame=1)):
        assert decode(exr_by_hand(planes), "x", policy).notes == ("not compared: Z, diffuse.R",)


def test_pages_of_light_are_counted_together() -> None:
    file = io.BytesIO()
    with tifffile.TiffWriter(file) as pages:
        for _ in range(4):
            pages.write(np.ones((8, 10, 3), np.float32), photometric="rgb")
    for limits, message in (("frames=3", "has 4 frames"), ("pixels=300", "10×8 pixels in 4 frames")):
        with pytest.raises(UnsupportedImage, match=message):
            decode(file.getvalue(), "x", ImagePolicy(limits=parse_limits(limits)))


def pages(kind: type, *, last: type | None = None) -> bytes:
    """A TIFF of three pages, the second the smallest, and a thumbnail; and of one more of another type."""
    file = io.BytesIO()
    with tifffile.TiffWriter(file) as written:
        for number, (height, width) in enumerate(((9, 12), (1, 1), (6, 5), (10, 14))):
            page: NDArray[Any] = np.full((height, width, 3), number + 1, kind)
            written.write(page, photometric="rgb", subfiletype=int(number == 1))
        if last is not None:
            written.write(np.zeros((4, 4), last))
    return file.getvalue()


def refusal(data: bytes, frame: int | None, limits: str) -> tuple[str, str | None]:
    with pytest.raises(UnsupportedImage) as error:
        decode(data, "x.tif", ImagePolicy(frame=frame, limits=parse_limits(limits)))
    return str(error.value), error.value.hint


KINDS_OF_TIFF = pytest.mark.parametrize("kind", [np.uint8, np.uint16, np.float32])


@KINDS_OF_TIFF
def test_a_page_is_read_alone(kind: type, monkeypatch: pytest.MonkeyPatch) -> None:
    """Others are not counted, not unpacked, and may be of a kind that is not read."""
    unpacked, as_array = [], tifffile.TiffPage.asarray

    def counted(page: tifffile.TiffPage, **options: Any) -> Any:
        unpacked.append((page.imagewidth, page.imagelength))
        return as_array(page, **options)

    monkeypatch.setattr(tifffile.TiffPage, "asarray", counted)
    policy = ImagePolicy(frame=2, limits=parse_limits("frames=1,pixels=30"))
    for data in (pages(kind), pages(kind, last=np.complex64)):
        (found,) = decode(data, "x.tif", policy).frames
        assert (found.width, found.height) == (5, 6)
        assert set(unpacked) <= {(5, 6)}
    whole = decode(pages(kind), "x.tif")
    assert whole.frames[1] == found
    assert [frame.height for frame in whole.frames] == [9, 6, 10]


@KINDS_OF_TIFF
def test_limits_of_pages(kind: type) -> None:
    data = pages(kind)
    for frame in (4, 20_000):
        missing = f"x.tif: has 3 frames, and frame {frame} is asked for"
        assert refusal(data, frame, "frames=off") == (missing, "choose from 1 to 3.")
    allowed = "--limits frames=3 (limits='frames=3' in Python) allows it, if you trust the file."
    assert refusal(data, None, "frames=2") == ("x.tif: has 3 frames, more than the limit of 2", allowed)
    assert "14×10 pixels are more than the limit of 139" in refusal(data, 3, "pixels=139")[0]


def test_the_usual_limit_of_pages_is_one_like_others() -> None:
    """Of a file with one picture that 10,001 directories show."""
    one = deep_files.tiff(deep_files.values(1), photometric=1)
    (begin,) = np.frombuffer(one[4:8], "<u4")
    directory, step = one[begin:-4], len(one) - int(begin)
    following = [int(begin) + step * place for place in range(1, 10_001)]
    data = one[:begin] + b"".join(directory + place.to_bytes(4, "little") for place in [*following, 0])
    allowed = "--limits frames=10001 (limits='frames=10001' in Python) allows it, if you trust the file."
    with pytest.raises(UnsupportedImage, match=r"^x: has 10,001 frames, more than the limit of 10,000$") as error:
        decode(data, "x")
    assert error.value.hint == allowed
    assert decode(data, "x", ImagePolicy(frame=10_001)).frames == decode(one, "x").frames


def test_pictures_of_two_depths_are_mixed_alike() -> None:
    """One value of one pixel moved by 1/65535 must not make rounding of all others a difference."""
    rng = np.random.default_rng(1)
    levels = rng.integers(0, 256, (40, 30, 4), dtype=np.uint16) * 257
    moved, further = levels.copy(), levels.copy()
    moved[3, 4, 1] ^= 1
    further[3, 4, 1] ^= 2
    mixed, deep = (
        compare(first, second, **CHEAP).distance for first, second in ((levels, moved), (moved, further))
    )
    assert 0 < mixed < 10 * deep


@pytest.mark.parametrize("bigtiff", [False, True], ids=["classic", "big"])
@pytest.mark.parametrize("kind", [np.uint16, np.float32])
def test_metadata_of_a_tiff_have_the_limit(kind: type, *, bigtiff: bool) -> None:
    """Of the pages that are read: a description of 3,001 bytes with its end, XMP of 2,000, a profile of 500."""
    file = io.BytesIO()
    tags = [
        (700, 1, 2000, bytes(2000), True),
        (34675, 7, 500, bytes(500), True),
        (50000, 1, 9000, bytes(9000), True),
    ]
    with tifffile.TiffWriter(file, bigtiff=bigtiff) as written:
        page: NDArray[Any] = np.ones((8, 10, 3), kind)
        written.write(page, photometric="rgb", metadata=None, software=False)
        written.write(
            page, photometric="rgb", metadata=None, software=False, description="x" * 3000, extratags=tags
        )
    for frame in (None, 2):
        message, hint = refusal(file.getvalue(), frame, "metadata=5500")
        assert message == "x.tif: 5,501 bytes of profiles, EXIF and texts are more than the limit of 5,500"
        wanted = "--limits metadata=5501 (limits='metadata=5501' in Python) allows it, if you trust the file."
        assert hint == wanted
    for policy in (ImagePolicy(frame=1, limits=Limits(metadata=0)), ImagePolicy(ignore_icc=True)):
        assert decode(file.getvalue(), "x.tif", policy).frames


def test_headers_of_openexr_have_the_limit_of_metadata() -> None:
    planes = {name: np.full((8, 8), 0.5, np.float32) for name in "RGB"}
    data = exr_by_hand(planes, extra=attribute("comments", "string", bytes(3000)))
    assert decode(data, "x.exr", ImagePolicy(limits=parse_limits("metadata=3500"))).scene
    message, hint = refusal(data, None, "metadata=3000")
    assert message.startswith("x.tif: 3,")
    assert message.endswith(" bytes of profiles, EXIF and texts are more than the limit of 3,000")
    assert hint is not None
    assert hint.startswith("--limits metadata=3")


def text_chunk(kind: str, content: bytes) -> bytes:
    """A text of a PNG, as one of the three chunks for that."""
    plain, packed = b"workflow\0", zlib.compress(content)
    return {
        "tEXt": deep_files.chunk(b"tEXt", plain + content),
        "zTXt": deep_files.chunk(b"zTXt", plain + b"\0" + packed),
        "iTXt": deep_files.chunk(b"iTXt", plain + b"\0\0en\0\0" + content),
        "iTXt, packed": deep_files.chunk(b"iTXt", plain + b"\1\0en\0\0" + packed),
    }[kind]


@pytest.mark.parametrize("behind", [False, True], ids=["before", "behind"])
@pytest.mark.parametrize("bits", [8, 16])
@pytest.mark.parametrize("kind", ["tEXt", "zTXt", "iTXt", "iTXt, packed"])
def test_texts_up_to_the_limit_move_no_pixel(kind: str, bits: int, *, behind: bool) -> None:
    """A turn that stands in a small one counts beside them."""
    levels = np.asarray(drawing(40, 30))
    turn = b"XML:com.adobe.xmp\0\0\0\0\0<rdf tiff:Orientation='3'/>".replace(b"'", b'"')
    texts = [text_chunk(kind, b"x" * 3_000_000), deep_files.chunk(b"iTXt", turn)]
    if bits == 16:
        values = levels.astype(np.uint16) * 257
        data = deep_files.png(values, behind=texts) if behind else deep_files.png(values, before=texts)
    else:
        file = io.BytesIO()
        drawing(40, 30).save(file, "PNG")
        place = -12 if behind else 33  # before the last chunk, or behind the first
        data = file.getvalue()[:place] + b"".join(texts) + file.getvalue()[place:]
    turned = as_picture(drawing(40, 30).transpose(Image.Transpose.ROTATE_180))
    assert seen(data, "x") == turned
    assert seen(data, "x", ImagePolicy(limits=parse_limits("metadata=off"))) == turned
    if not behind or bits == 16:  # a text of 8 bits behind the pixels is read when those are unpacked
        assert "of profiles, EXIF and texts" in refusal(data, None, "metadata=2M")[0]


def test_texts_beyond_all_that_pillow_holds() -> None:
    file = io.BytesIO()
    drawing(40, 30).save(file, "PNG")
    text = text_chunk("zTXt", bytes(1_000_000))
    data = file.getvalue()[:33] + 70 * text + file.getvalue()[33:]
    assert seen(data, "x", ImagePolicy(limits=parse_limits("metadata=off"))) == as_picture(drawing(40, 30))
    wanted = "x.tif: more than 16,000,000 bytes of profiles, EXIF and texts, which is the limit"
    assert refusal(data, None, "pixels=off")[0] == wanted


def test_damaged_avif_is_an_error_of_its_file() -> None:
    file = io.BytesIO()
    drawing(40, 30).save(file, "AVIF")
    found = set()
    for place in range(200, len(file.getvalue())):
        data = bytearray(file.getvalue())
        data[place] ^= 255
        try:
            decode(bytes(data), "x.avif")
        except PerceptError as error:
            found.add(str(error))
    assert found
    assert all(text.startswith("x.avif: ") for text in found)


def test_one_pair_that_is_too_large_does_not_end_a_run(percept: Percept, tmp_path: Path) -> None:
    for name in ("r", "c"):
        (tmp_path / name).mkdir()
        drawing(20, 16).save(tmp_path / name / "good.png")
    drawing(1, 6000).save(tmp_path / "r" / "bad.png")
    drawing(6000, 1).save(tmp_path / "c" / "bad.png")
    done = percept(
        "batch", "r", "c", "--pad", "edge", "--limits", "pixels=1M", "--layers", "relu1_2", "-o", "r.json"
    )
    assert done.returncode == 3
    rows = {row["name"]: row["status"] for row in json.loads((tmp_path / "r.json").read_text())["results"]}
    assert rows == {"good.png": "pass", "bad.png": "error"}
