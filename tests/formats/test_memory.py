"""Pictures in memory: the pixels, and so the results, of a file that holds the same."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import imagecodecs
import numpy as np
import pytest
import torch
from PIL import Image

from percept_cli import check, compare
from percept_cli.errors import InvalidInput, PerceptError, SizeMismatch, UnreadableImage, UnsupportedImage
from percept_cli.formats.decode import decode
from percept_cli.formats.files import read_file
from percept_cli.formats.memory import to_decoded
from percept_cli.images.policy import AS_SEEN
from tests.conftest import Save, as_picture, drawing
from tests.support import icc
from tests.support.colour_files import IGNORE, P3, PICTURE, chrm, expressed, levels, off, saved_as, with_chunks
from tests.support.pictures import seen, seen_in_memory
from tests.support.views import SHALLOW

RGB = np.asarray(drawing(40, 30))
ALPHA = (np.arange(30 * 40).reshape(30, 40, 1) % 256).astype(np.uint8)
RGBA = np.concatenate([RGB, ALPHA], axis=2)
GREY = np.asarray(drawing(40, 30).convert("L"))


def saved(image: Image.Image, form: str = "PNG", **options: Any) -> bytes:
    file = io.BytesIO()
    image.save(file, form, **options)
    return file.getvalue()


def closed() -> io.BytesIO:
    file = io.BytesIO(b"closed")
    file.close()
    return file


FIGURE = SimpleNamespace(savefig=lambda file, **options: drawing(40, 30).save(file, **options))
"""What has savefig as matplotlib's figures have it."""


def planes(array: Any) -> torch.Tensor:
    return torch.from_numpy(np.moveaxis(array, -1, 0).copy())


@pytest.mark.parametrize("source", [RGB, RGBA, GREY], ids=["rgb", "rgba", "grey"])
@pytest.mark.parametrize(
    "hold",
    [
        lambda a: a,
        lambda a: a[::-1, ::-1][::-1, ::-1],
        lambda a: np.asfortranarray(a),
        Image.fromarray,
        lambda a: planes(a if a.ndim == 3 else a[..., None]),
        lambda a: planes(a if a.ndim == 3 else a[..., None])[None],
        lambda a: (
            planes(a if a.ndim == 3 else a[..., None]).contiguous().permute(1, 2, 0).contiguous().permute(2, 0, 1)
        ),
    ],
    ids=["array", "view", "fortran", "image", "tensor", "batch of one", "channels last"],
)
def test_pixels_are_those_of_a_file(tmp_path: Path, source: Any, hold: Callable[[Any], Any]) -> None:
    path = tmp_path / "same.png"
    Image.fromarray(source).save(path)
    before = source.copy()
    assert seen_in_memory(hold(source), "reference") == seen(read_file(path), path)
    assert np.array_equal(source, before)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "YCbCr"])
def test_modes_of_images_are_read_as_in_files(tmp_path: Path, mode: str) -> None:
    image = Image.fromarray(RGBA).convert("RGB" if mode in ("CMYK", "YCbCr") else "RGBA").convert(mode)
    path = tmp_path / ("same.png" if mode == "P" else "same.tiff")  # whose palettes have no alpha
    image.save(path)
    assert seen_in_memory(image, "reference") == seen(read_file(path), path)


def test_an_exif_turn_is_applied(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    path = tmp_path / "turned.png"
    drawing(40, 30).save(path, exif=exif)
    with Image.open(path) as image:
        picture = seen_in_memory(image, "reference")
        assert image.size == (40, 30)
    assert (picture.width, picture.height) == (30, 40)
    assert picture == seen(read_file(path), path)


@pytest.mark.parametrize(
    "data",
    [
        saved(drawing(40, 30)),
        saved(Image.fromarray(RGBA), "TIFF"),
        saved(drawing(40, 30), "JPEG"),
        saved(drawing(40, 30).convert("CMYK"), "TIFF"),
        saved(drawing(40, 30), "GIF", save_all=True, append_images=[drawing(40, 30, 1)]),
        bytes(imagecodecs.png_encode(RGB.astype(np.uint16) * 200)),
    ],
    ids=["png", "alpha", "jpeg", "cmyk", "animation", "16 bits"],
)
def test_what_is_in_a_file_is_read_as_the_file(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "same"
    path.write_bytes(data)
    expected = decode(data, path)
    with path.open("rb") as file:
        file.seek(9)
        for held in (data, bytearray(data), memoryview(data), io.BytesIO(data), file):
            assert to_decoded(held, "reference") == expected
        assert file.tell() == 9  # it is left as it was
    assert check(path, data).distance == compare(io.BytesIO(data), path).distance == 0


def test_a_figure_is_what_it_saves() -> None:
    assert compare(FIGURE, RGB).distance == 0
    assert check(RGB, FIGURE).status == "pass"
    assert check(FIGURE, np.asarray(drawing(40, 30, 1))).status == "fail"


def test_what_is_read_is_held_to_the_rules_for_files() -> None:
    with pytest.raises(UnreadableImage, match=r"^candidate: empty \(0 bytes\)"):
        compare(RGB, b"")
    with pytest.raises(UnreadableImage, match=r"^candidate: not an image"):
        compare(RGB, b"no picture")
    with pytest.raises(UnreadableImage, match=r"^reference: .*damaged or truncated"):
        compare(saved(drawing(40, 30))[:-200], RGB)
    with pytest.raises(UnsupportedImage, match=r"^candidate: it has more than the limit of 50 bytes"):
        compare(RGB, io.BytesIO(saved(drawing(40, 30))), limits="file=50")
    with (
        Path(os.devnull).open("wb") as file,
        pytest.raises(InvalidInput, match=r"^candidate is a file that cannot be read"),
    ):
        compare(RGB, file)


def test_results_are_those_of_files(save: Save) -> None:
    first, second = save("first.png"), save("second.png", seed=1)
    a, b = (np.asarray(drawing(40, 30, seed)) for seed in (0, 1))
    from_files = compare(first, second)
    result = compare(a, planes(b), threshold=0.01)
    assert result.distance == from_files.distance > 0
    assert [layer.distance for layer in result.layers] == [layer.distance for layer in from_files.layers]
    assert result.status == "fail"
    assert (result.name, result.reference, result.candidate) == ("candidate", "reference", "candidate")
    assert (result.reference_file, result.candidate_file) == (None, None)
    assert compare(drawing(40, 30), a).distance == 0

    mixed = compare(first, Image.fromarray(b))
    assert mixed.distance == from_files.distance
    assert (mixed.name, mixed.reference) == ("candidate", first.as_posix())
    assert mixed.reference_file is not None
    assert mixed.candidate_file is None
    other = compare(a, second)
    assert (other.name, other.distance) == (second.as_posix(), from_files.distance)


def test_check_takes_them_as_well(save: Save) -> None:
    first, second = save("first.png"), save("second.png", seed=1)
    expected, found = check(first, second), check(drawing(40, 30), np.asarray(drawing(40, 30, 1)))
    assert (found.status, found.reason, found.distance) == (expected.status, expected.reason, expected.distance)
    assert check(RGB, planes(RGB)).status == "pass"
    assert check(first, RGB, ignore=["0,0,4,4"]).status == "pass"


@pytest.mark.parametrize(
    ("bad", "words", "hint"),
    [
        (RGB / 255, "dtype float64", "PerceptualDistance"),
        (planes(RGB) / 255, "dtype float32", "PerceptualDistance"),
        (RGB.astype(np.int16), "must have dtype uint8, with levels 0 to 255, or uint16, not int16", "0..255"),
        (planes(RGB).long(), "not int64", "0..255"),
        (GREY > 9, "not bool", "0..255"),
        (RGB.transpose(2, 0, 1), "must be an H×W, H×W×3 or H×W×4 array, not 3×30×40", "transpose"),
        (RGB[None], "not 1×30×40×3", "one image"),
        (RGB[..., :2], "not 30×40×2", "one image"),
        (RGB[:0], r"has no pixels \(40×0\)", "one image"),
        (RGB[0, 0, 0], "must be a path", "numpy"),
        (torch.from_numpy(RGB.copy()), "must be a 3×H×W tensor, not 30×40×3", "permute"),
        (torch.stack([planes(RGB)] * 2), "is a batch of 2 images", "PerceptualDistance"),
        (planes(RGB)[0], "not 30×40", "one image"),
        (planes(RGB)[:, :0], r"has no pixels \(40×0\)", "one image"),
        (RGB.tolist(), "must be a path, a PIL image, a numpy array, .* or a figure, not list", "numpy.asarray"),
        (None, "not NoneType", "save it as an image"),
        (SimpleNamespace(figure=FIGURE), "not SimpleNamespace", "x.figure"),
        (np.ma.masked_equal(RGB, 0), "is a masked array", "x.filled"),
        (np.ma.asarray(RGB), "is a masked array", "x.filled"),
        (planes(RGB).to_sparse(), "is a sparse tensor", "to_dense"),
        (io.StringIO("text"), "is a file that is open in text mode", "rb"),
        (closed(), "is a file that cannot be read: .*closed", "rb"),
        (Image.new("RGB", (0, 3)), r"has no pixels \(0×3\)", "one image"),
    ],
)
def test_what_is_no_picture_is_refused_by_name(bad: Any, words: str, hint: str) -> None:
    for name, sides in (("reference", (bad, RGB)), ("candidate", (RGB, bad))):
        with pytest.raises(InvalidInput, match=f"^{name} .*{words}") as caught:
            compare(*sides)
        assert hint in caught.value.hint
        assert caught.value.exit_code == 3


@pytest.mark.parametrize("mode", ["I", "F"])
def test_deep_images_are_refused_as_files_are(mode: str) -> None:
    with pytest.raises(UnsupportedImage, match=f"candidate: .*mode {mode}"):
        compare(RGB, Image.new(mode, (40, 30)))


@pytest.mark.parametrize("mode", ["I;16", "I;16B"])
def test_grey_images_of_16_bits_are_read_as_they_are(mode: str) -> None:
    values = np.asarray(drawing(40, 30).convert("L")).astype(np.uint16) * 257 + 1
    image = Image.fromarray(values).convert("I").convert(mode)
    assert compare(values, image).distance == 0
    assert compare(values.astype(">u2"), image).distance == 0


def test_what_is_one_picture_has_no_second_frame() -> None:
    with pytest.raises(UnsupportedImage, match="reference: it has 1 frame, so frame 2 does not exist"):
        compare(RGB, RGB, frame=2)


def test_sizes_that_differ_are_refused() -> None:
    with pytest.raises(SizeMismatch, match="reference is 40×30 pixels, candidate is 39×30"):
        compare(RGB, RGB[:, 1:])


def test_a_broken_or_closed_image_is_refused(save: Save) -> None:
    path = save("whole.png")
    cut = path.with_name("cut.png")
    cut.write_bytes(path.read_bytes()[:-200])
    with Image.open(cut) as image, pytest.raises(UnreadableImage, match=r"reference: .*damaged or truncated"):
        compare(image, RGB)
    image = Image.open(path)
    image.close()
    with pytest.raises(PerceptError, match="candidate: "):
        compare(RGB, image)


def test_arrays_that_are_equal_cost_no_torch() -> None:
    script = """if True:
        import sys, numpy, percept_cli
        a = numpy.zeros((9, 9, 3), "uint8")
        assert percept_cli.compare(a, a).distance == 0
        assert "torch" not in sys.modules
    """
    subprocess.run([sys.executable, "-c", script], check=True, timeout=120)


def test_a_page_that_was_changed_is_compared_as_it_is(tmp_path: Path) -> None:
    pages = [drawing(40, 30, seed) for seed in range(3)]
    pages[0].save(tmp_path / "a.tif", save_all=True, append_images=pages[1:])
    with Image.open(tmp_path / "a.tif") as image:
        image.seek(1)
        image.putpixel((3, 4), (255, 0, 0))
        pages[1].putpixel((3, 4), (255, 0, 0))
        assert compare(image, pages[1]).distance == 0
        assert image.tell() == 1


def test_pictures_in_memory_may_have_lost_their_profile() -> None:
    image = PICTURE.copy()
    for nothing in (None, b"", ""):
        image.info["icc_profile"] = nothing
        assert compare(PICTURE, image).distance == 0
    image.info["icc_profile"] = bytearray(P3)
    assert compare(PICTURE, image).distance > 0.1
    grey = image.convert("L")  # which keeps the profile of the colours it had
    with pytest.raises(UnsupportedImage, match="is for RGB, but the image is greyscale") as error:
        compare(PICTURE, grey)
    assert "del image.info['icc_profile']" in error.value.hint


def test_a_profile_of_an_image_in_memory_counts() -> None:
    image = expressed(icc.DISPLAY_P3)
    image.info["icc_profile"] = P3
    before = image.tobytes()
    managed = seen_in_memory(image, "reference", AS_SEEN)
    assert managed == seen(saved_as(image, icc_profile=P3), "x")
    assert seen_in_memory(image, "reference", IGNORE) == as_picture(image)
    assert image.tobytes() == before
    assert compare(PICTURE, image).distance < 0.06
    assert compare(PICTURE, image, ignore_icc=True).distance > 0.1
    with Image.open(io.BytesIO(with_chunks(image, {b"cHRM": chrm(icc.P3_POINTS)}))) as opened:
        assert off(levels(seen_in_memory(opened, "x")), levels(managed)) <= 1


def test_deep_arrays_are_deep_pictures() -> None:
    levels = np.asarray(drawing(40, 30))
    deep = levels.astype(np.uint16) * 257
    assert compare(levels, deep, **SHALLOW).distance == 0
    deep[3, 4, 1] += 1 if deep[3, 4, 1] < 65535 else -1  # 1/257 of a level
    assert 0 < compare(levels, deep, **SHALLOW).distance < 1e-5
    with pytest.raises(InvalidInput, match="does not say which value is white"):
        compare(levels / 255.0, levels, **SHALLOW)  # type: ignore[arg-type] # that is the point
