"""What two files hold → the pairs of pictures that are compared: frames, backgrounds, exposures."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import imagecodecs
import numpy as np
import pytest
from PIL import Image

from percept_cli import compare
from percept_cli.errors import SizeMismatch, UnsupportedImage
from percept_cli.formats.decode import decode
from percept_cli.geometry import Box, View
from percept_cli.images import joining
from percept_cli.images.picture import Decoded, frame_of_levels
from percept_cli.images.policy import AS_SEEN, ImagePolicy
from percept_cli.images.srgb import from_light, to_light
from percept_cli.images.views import Side, look_at, looks, shown_picture
from percept_cli.scoring.api import check
from tests.conftest import drawing
from tests.support.large_files import COLOURS, DEEP, by_pillow, in_both_places
from tests.support.large_files import place as place
from tests.support.large_files import small as small
from tests.support.views import SHALLOW, animation, icon, light, side


def test_a_white_icon_that_is_gone_is_seen_on_black() -> None:
    there, gone = icon((255, 255, 255)), Image.new("RGBA", (40, 40))
    assert compare(there, gone, alpha="white", **SHALLOW).distance == 0
    found = compare(there, gone, **SHALLOW)
    assert found.distance == compare(there, gone, alpha="black", **SHALLOW).distance > 0.01
    assert found.view == View(ground="black")
    assert [str(one.view) for one in found.views] == ["on black", "on white"]
    assert [one.distance for one in found.views] == [found.distance, 0]
    assert found.notes == (f"the worst of 2 views: on black (mean distance {found.distance / 2:.6g})",)
    assert check(there, gone, device="cpu").status == "fail"


def test_colours_under_full_transparency_contribute_nothing() -> None:
    found = compare(icon((9, 90, 200)), icon((9, 90, 200), under=(255, 0, 255)), **SHALLOW)
    assert found.distance == 0
    assert [one.distance for one in found.views] == [0, 0]
    assert (
        compare(icon((9, 90, 200)), icon((9, 90, 200), under=(255, 0, 255)), alpha="ignore", **SHALLOW).distance
        > 0
    )


def test_a_change_of_alpha_alone_is_seen() -> None:
    assert compare(icon((9, 90, 200)), icon((9, 90, 200), opacity=200), **SHALLOW).distance > 0


def test_opaque_pictures_have_one_view() -> None:
    opaque = drawing(40, 30).convert("RGBA")
    found = compare(opaque, drawing(40, 30), **SHALLOW)
    assert (found.distance, found.views, found.view) == (0, (), View())
    other = compare(opaque, drawing(40, 30, seed=1), **SHALLOW)
    assert other.distance == compare(drawing(40, 30), drawing(40, 30, seed=1), **SHALLOW).distance


@pytest.mark.parametrize("ground", ["white", "black", "#3080c0"])
def test_8_bit_colours_over_a_ground_are_those_of_pillow(ground: str) -> None:
    """So that a picture which another program made flat on it is equal."""
    rng = np.random.default_rng(3)
    image = Image.fromarray(rng.integers(0, 256, (37, 41, 4), dtype=np.uint8))
    flat = Image.alpha_composite(Image.new("RGBA", image.size, ground), image).convert("RGB")
    assert compare(image, flat, alpha=ground, **SHALLOW).distance == 0


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


ANIMATED = {"gif": "GIF", "png": "PNG", "webp": "WEBP", "tif": "TIFF"}


@pytest.mark.parametrize("ending", ANIMATED)
def test_frames_are_compared_one_by_one(ending: str, tmp_path: Path) -> None:
    files = tmp_path / f"a.{ending}", tmp_path / f"b.{ending}"
    for path, seeds in zip(files, ([0, 1, 2], [0, 3, 2]), strict=True):
        path.write_bytes(animation(seeds, form=ANIMATED[ending]))
    found = compare(*files, **SHALLOW)
    assert [one.view.frame for one in found.views] == [1, 2, 3]
    distances = [one.distance for one in found.views]
    assert distances[0] == distances[2] == 0
    assert found.distance == distances[1] > 0
    assert found.view == View(frame=2)
    alone = [drawing(24, 20, seed).quantize(64).convert("RGB") for seed in (1, 3)]
    # GIF has its own palette per frame; the others keep every pixel.
    tolerance = 0.2 if ending == "gif" else 1e-6
    assert compare(*alone, **SHALLOW).distance == pytest.approx(found.distance, rel=tolerance)
    assert compare(*files, frame=1, **SHALLOW).distance == 0
    assert compare(*files, frame=2, **SHALLOW).distance == found.distance
    with pytest.raises(UnsupportedImage, match=r"it has 3 frames, so frame 4 does not exist"):
        compare(*files, frame=4, **SHALLOW)


def test_other_numbers_of_frames_do_not_match(tmp_path: Path) -> None:
    files = tmp_path / "a.gif", tmp_path / "b.gif"
    files[0].write_bytes(animation([0, 1, 2]))
    files[1].write_bytes(animation([0, 1]))
    with pytest.raises(SizeMismatch, match=r"a\.gif has 3, .*b\.gif has 2") as error:
        compare(*files, **SHALLOW)
    assert "--frame" in error.value.hint
    assert compare(*files, frame=1, **SHALLOW).distance == 0
    assert check(*files, device="cpu", frame=2).status == "pass"


def test_other_durations_are_told(tmp_path: Path) -> None:
    files = tmp_path / "a.gif", tmp_path / "b.gif"
    files[0].write_bytes(animation([0, 1, 2], [100, 100, 100]))
    files[1].write_bytes(animation([0, 1, 2], [100, 120, 140]))
    found = compare(*files, **SHALLOW)
    assert found.distance == 0
    assert found.notes == (
        "the frame durations differ: frame 2 is shown for 100 ms in the reference, "
        "120 ms in the candidate (and 1 more)",
    )


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
    with pytest.raises(UnsupportedImage, match=r"a\.exr holds scene-linear values, but b\.png"):
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


def test_pictures_of_two_depths_are_mixed_alike() -> None:
    """One value of one pixel moved by 1/65535 must not make rounding of all others a difference."""
    rng = np.random.default_rng(1)
    levels = rng.integers(0, 256, (40, 30, 4), dtype=np.uint16) * 257
    moved, further = levels.copy(), levels.copy()
    moved[3, 4, 1] ^= 1
    further[3, 4, 1] ^= 2
    mixed, deep = (
        compare(first, second, **SHALLOW).distance for first, second in ((levels, moved), (moved, further))
    )
    assert 0 < mixed < 10 * deep


@pytest.mark.usefixtures("small")
@in_both_places
@pytest.mark.parametrize("alpha", ["worst", "#336699"])
@pytest.mark.parametrize("blend", ["gamma", "linear"])
@pytest.mark.parametrize("crop", [None, "3,5,120,80"])
@pytest.mark.parametrize("depths", [(8, 8), (16, 16), (8, 16)])
def test_views_are_the_same(
    alpha: str,
    blend: str,
    crop: str | None,
    depths: tuple[int, int],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from percept_cli.images.policy import AS_SEEN, with_settings

    policy = with_settings(AS_SEEN, {"alpha": alpha, "blend": blend, "crop": crop})
    deep = bytes(imagecodecs.png_encode(DEEP))
    of_depth = {8: by_pillow(Image.fromarray(COLOURS), "PNG"), 16: deep}
    data = [of_depth[depth] for depth in depths]

    def seen() -> list[tuple[object, ...]]:
        sides = [Side("x", decode(one, "x", policy)) for one in data]
        return [
            (look.view, picture.width, picture.height, picture.deep, picture.pixels[:])
            for look in looks(sides[0], sides[1], policy)[0]
            for picture in (look.reference, look.candidate)
        ]

    found = seen()
    with monkeypatch.context() as whole_ones:
        whole_ones.setattr(joining, "LARGE", 1 << 30)
        assert seen() == found
    assert found


def test_two_sizes_are_seen_as_they_are_where_someone_asks() -> None:
    frames = [np.zeros((height, 20, 3), np.uint8) for height in (20, 30)]
    small, large = (
        Side("a.png", Decoded((frame_of_levels(frame, np.full(frame.shape[:2], 9, np.uint8)),)))
        for frame in frames
    )
    with pytest.raises(SizeMismatch):
        list(looks(small, large, ImagePolicy())[0])
    found = list(looks(small, large, ImagePolicy(), two_sizes=True)[0])
    assert [(one.reference.size, one.candidate.size) for one in found] == [((20, 20), (20, 30))] * 2
    assert "is 20×20 pixels" in str(found[0].mismatch)
    assert [one.mismatch for one in looks(small, small, ImagePolicy(), two_sizes=True)[0]] == [None, None]
    (padded,) = {one.mismatch for one in looks(small, large, ImagePolicy(pad="white"), two_sizes=True)[0]}
    assert padded is None
