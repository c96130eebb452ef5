"""Light → colours: against formulas evaluated with plain floats, and HDR-FLIP's published coefficients."""

from __future__ import annotations

import math
import subprocess
import sys
from statistics import median_low

import numpy as np
import pytest
from numpy.typing import NDArray

from percept_cli.errors import InvalidSetting
from percept_cli.images import picture
from percept_cli.images.light import (
    LARGEST_EV,
    MOST_EXPOSURES,
    TONEMAPS,
    auto_exposure,
    exposure_range,
    parse_exposure,
    tone_map,
)

# The numerators and denominators that HDR-FLIP's C++ code lists, k0..k5.
FLIP = {
    "aces": (0.6 * 0.6 * 2.51, 0.6 * 0.03, 0.0, 0.6 * 0.6 * 2.43, 0.6 * 0.59, 0.14),
    "hable": (0.231683, 0.013791, 0.0, 0.18, 0.3, 0.018),
}
ROUNDED = 8e-6  # half the distance of two float32 below 255
LISTED = 1e-3  # Hable's numerator is listed with 6 digits: 4e-6 of up to 1, times 255


def luminance(red: float, green: float, blue: float) -> float:
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def srgb(value: float) -> float:
    return 255 * (12.92 * value if value <= 0.0031308 else 1.055 * value ** (1 / 2.4) - 0.055)


def hable(value: float) -> float:
    """J. Hable's curve as he published it, with the exposure bias of 2 and white at 11.2."""

    def curve(x: float) -> float:
        a, b, c, d, e, f = 0.15, 0.50, 0.10, 0.20, 0.02, 0.30
        return ((x * (a * x + c * b) + d * e) / (x * (a * x + b) + d * f)) - e / f

    return curve(2 * value) / curve(11.2)


def mapped(pixel: tuple[float, ...], method: str) -> list[float]:
    if method == "reinhard":
        return [value / (1 + luminance(*pixel)) for value in pixel]
    if method == "hable":
        return [hable(value) for value in pixel]
    if method == "aces":
        scaled = [0.6 * value for value in pixel]
        return [x * (2.51 * x + 0.03) / (x * (2.43 * x + 0.59) + 0.14) for x in scaled]
    return list(pixel)


def grey(*values: float) -> NDArray[np.float32]:
    return np.repeat(np.array(values, np.float32)[None, :, None], 3, axis=2)


def scattered(
    seed: int, height: int = 7, width: int = 11, low: float = -10, high: float = 8
) -> NDArray[np.float32]:
    rng = np.random.default_rng(seed)
    return (2 ** rng.uniform(low, high, (height, width, 3))).astype(np.float32)


@pytest.mark.parametrize("method", TONEMAPS)
@pytest.mark.parametrize("exposure", [0.0, -3.5, 2.25])
def test_tone_mapping_is_its_formula(method: str, exposure: float) -> None:
    light = scattered(1)
    found = tone_map(light, method, exposure)
    assert found.dtype == np.float32
    for pixel, colours in zip(light.reshape(-1, 3), found.reshape(-1, 3), strict=True):
        lit = tuple(float(value) * 2**exposure for value in pixel)
        expected = [srgb(min(max(value, 0.0), 1.0)) for value in mapped(lit, method)]
        assert colours == pytest.approx(expected, abs=ROUNDED, rel=0)


@pytest.mark.parametrize("method", FLIP)
def test_curves_have_the_coefficients_of_hdr_flip(method: str) -> None:
    k0, k1, k2, k3, k4, k5 = FLIP[method]
    values = [2.0**power for power in range(-12, 8)]
    expected = [srgb(min(1, (k0 * x * x + k1 * x + k2) / (k3 * x * x + k4 * x + k5))) for x in values]
    assert tone_map(grey(*values), method, 0.0)[0, :, 0] == pytest.approx(expected, abs=LISTED)


@pytest.mark.parametrize(
    ("method", "value", "level"),
    [
        ("none", 1.0, 255.0),
        ("none", 0.5, 187.5160),  # sRGB's 188
        ("none", 0.18, 117.6458),
        ("reinhard", 1.0, 187.5160),  # half of white
        ("hable", 5.6, 255.0),  # white at 11.2, before the bias of 2
    ],
)
def test_known_values(method: str, value: float, level: float) -> None:
    assert tone_map(grey(value), method, 0.0)[0, 0] == pytest.approx([level] * 3, abs=1e-4)


@pytest.mark.parametrize("method", TONEMAPS)
def test_more_light_is_never_darker_and_black_is_black(method: str) -> None:
    values = np.unique(
        np.concatenate(
            [
                np.geomspace(1e-8, 1e8, 20_000, dtype=np.float32),
                # Next to each other where sRGB's two pieces meet.
                np.float32(0.0031308) * (1 + np.arange(-500, 500, dtype=np.float32) * np.float32(1.2e-7)),
                np.array([0, 3.4e38], np.float32),
            ]
        )
    )
    found = tone_map(grey(*values), method, 0.0)[0, :, 0]
    assert found[0] == 0
    assert (np.diff(found) >= 0).all()
    assert found.max() <= 255


@pytest.mark.parametrize("method", TONEMAPS)
def test_what_is_no_light_counts_as_black_or_the_brightest(method: str) -> None:
    light = grey(-1.0, -math.inf, math.nan, math.inf)
    found = tone_map(light, method, 3.0)
    assert (found[0, :3] == 0).all()
    assert (found[0, 3] > 254.99).all()  # reinhard's white is never quite reached
    assert np.isnan(light[0, 2]).all()  # and what was given is as it was


def test_reinhard_keeps_hues_and_negative_channels_do_not_count() -> None:
    light = np.array([[[0.4, 0.2, 0.1], [0.4, -5, 0.1]]], np.float32)
    found = tone_map(light, "reinhard", 0.0)[0]
    assert found[0] == pytest.approx(
        [srgb(v / (1 + luminance(0.4, 0.2, 0.1))) for v in (0.4, 0.2, 0.1)], abs=ROUNDED
    )
    assert found[1] == pytest.approx([srgb(v / (1 + luminance(0.4, 0, 0.1))) for v in (0.4, 0, 0.1)], abs=ROUNDED)


@pytest.mark.parametrize("method", TONEMAPS)
def test_bands_do_not_show(method: str, monkeypatch: pytest.MonkeyPatch) -> None:
    light = scattered(2, 23, 17)
    whole = tone_map(light, method, 1.0), auto_exposure(light), exposure_range(light, method)
    monkeypatch.setattr(picture, "_BAND", 40)  # two rows
    pieces = tone_map(light, method, 1.0), auto_exposure(light), exposure_range(light, method)
    assert np.array_equal(pieces[0], whole[0])
    assert pieces[1:] == whole[1:]


def test_auto_exposure_is_the_log_average_at_middle_grey() -> None:
    light = scattered(3)
    logs = [math.log2(luminance(*map(float, pixel))) for pixel in light.reshape(-1, 3)]
    exact = math.log2(0.18) - sum(logs) / len(logs)
    assert abs(auto_exposure(light) - exact) <= 1 / 16
    assert auto_exposure(light) * 8 == round(auto_exposure(light) * 8)


@pytest.mark.parametrize(
    ("light", "exposure"),
    [
        (grey(0.18), 0.0),
        (grey(0.18 * 2**5), -5.0),
        (grey(0.09, 0.36), 0.0),  # the mean of logarithms, and not of light
        (grey(0.0, 0.36, 0.0), -1.0),  # black does not count
        (grey(0.36, math.nan, math.inf, -math.inf, -3), -1.0),  # nor what is no light
        (grey(0.0, 0.0), 0.0),
        (grey(math.nan), 0.0),
        (grey(1e-45), float(LARGEST_EV)),
        (grey(3e38), -float(LARGEST_EV)),
        (np.zeros((0, 0, 3), np.float32), 0.0),
    ],
)
def test_auto_exposures_by_hand(light: NDArray[np.float32], exposure: float) -> None:
    assert auto_exposure(light) == exposure


@pytest.mark.parametrize("seed", range(5))
def test_auto_exposure_follows_the_light(seed: int) -> None:
    light = scattered(seed)
    assert auto_exposure(light * np.float32(4)) == auto_exposure(light) - 2


@pytest.mark.parametrize("method", TONEMAPS)
def test_the_range_of_exposures_puts_the_brightest_and_the_median_at_0_85(method: str) -> None:
    light = scattered(4)
    start, stop, step = exposure_range(light, method)
    found = [luminance(*map(float, pixel)) for pixel in light.reshape(-1, 3)]
    for exposure, pixel in ((start, max(found)), (stop, median_low(found))):
        lit = pixel * 2**exposure
        # 1e-6 EV is 7e-7 of light, which no curve here makes steeper.
        assert mapped((lit, lit, lit), method)[0] == pytest.approx(0.85, abs=1e-6)
    count = max(2, math.ceil(stop - start))
    assert step == pytest.approx((stop - start) / (count - 1), rel=1e-12)
    assert len(parse_exposure("auto-range").values(light, method)) == count


@pytest.mark.parametrize(
    ("light", "expected"),
    [
        # none: log2(0.85) = -0.234465.
        (grey(1.0, 4.0, 0.25, 0.0), (-2.234465, 1.765535, 4 / 3)),  # 4 exposures; the median is 0.25
        (grey(2.0), (-1.234465, -1.234465, 0.0)),
        (grey(1.0, 0.9, 0.8), (-0.234465, -0.082462, 0.152003)),  # two at least
        (grey(0, 0, 0, 0.5, 1), (-0.234465, 0.765535, 1.0)),  # the median is black: that of the others
        (grey(-4.0, -4.0, 1.0), (-0.234465, -0.234465, 0.0)),
        (grey(math.nan, math.inf, 1.0), (-0.234465, -0.234465, 0.0)),
        (grey(0.0), (0.0, 0.0, 0.0)),
    ],
)
def test_ranges_of_exposures_by_hand(light: NDArray[np.float32], expected: tuple[float, float, float]) -> None:
    assert exposure_range(light, "none") == pytest.approx(expected, abs=2e-6)


def test_a_huge_range_has_no_more_exposures_than_any() -> None:
    light = grey(1e-40, 1e-40, 3e38)
    found = parse_exposure("auto-range").values(light, "aces")
    assert len(found) == MOST_EXPOSURES
    assert (found[0], found[-1]) == (-LARGEST_EV, LARGEST_EV)
    assert list(found) == sorted(set(found))


@pytest.mark.parametrize(
    ("text", "canonical", "values"),
    [
        ("0", "0", (0.0,)),
        ("-0", "0", (0.0,)),
        ("+1.50", "1.5", (1.5,)),
        (" -1.5 ", "-1.5", (-1.5,)),
        ("1e-05", "0.00001", (1e-5,)),  # as Python writes it
        ("1e-300", "0", (0.0,)),
        ("64", "64", (64.0,)),
        ("10", "10", (10.0,)),
        ("-2:2", "-2:2:1", (-2.0, -1.0, 0.0, 1.0, 2.0)),
        ("0:1:0.3", "0:0.9:0.3", (0.0, 0.3, 0.6, 0.9)),
        ("0:0.3:0.1", "0:0.3:0.1", (0.0, 0.1, 0.2, 0.3)),  # the stop is reached, whatever float64 makes of 0.1
        ("3:3", "3", (3.0,)),
        ("0:0.5", "0", (0.0,)),
        (".5:2.:.5", "0.5:2:0.5", (0.5, 1.0, 1.5, 2.0)),
        ("-31.5:31.5", "-31.5:31.5:1", tuple(place - 31.5 for place in range(64))),
    ],
)
def test_exposures_are_read_and_written(text: str, canonical: str, values: tuple[float, ...]) -> None:
    found = parse_exposure(text)
    assert str(found) == canonical
    assert parse_exposure(canonical) == found
    assert found.values(grey(1.0), "aces") == values


def test_exposures_that_are_found_follow_the_reference() -> None:
    light = scattered(6)
    assert parse_exposure("auto").values(light, "aces") == (auto_exposure(light),)
    start, stop, step = exposure_range(light, "hable")
    found = parse_exposure("auto-range").values(light, "hable")
    assert (found[0], found[-1]) == (start, stop)
    assert np.diff(found) == pytest.approx(step, abs=2e-6)  # each is rounded to 1e-6
    assert [str(parse_exposure(text)) for text in ("auto", "auto-range")] == ["auto", "auto-range"]
    assert parse_exposure("auto-range").values(grey(0.0), "aces") == (0.0,)


@pytest.mark.parametrize(
    "text",
    [
        *("", " ", "nan", "inf", "-inf", "Auto", "auto:1", "one", "1:2:0", "1:2:-1", "3:1", "1:", ":1", "1:2:3:4"),
        *(
            "65",
            "-64.5",
            "0:65",
            "1e999",
            "1e999999",
            "-64:64:1",
            "0:1:1e-9",
            "0:64:0.5",
            "1_0",
            "١",
            "1,5",
            "0x10",
        ),
        *("--1", "1e", "1" * 30, "0:1:nan", "inf:inf"),
    ],
)
def test_what_is_no_exposure_is_refused_with_a_hint(text: str) -> None:
    with pytest.raises(InvalidSetting) as caught:
        parse_exposure(text)
    assert caught.value.hint


@pytest.mark.parametrize("exposure", [math.nan, math.inf, -65.0])
def test_an_exposure_that_makes_no_sense_is_refused(exposure: float) -> None:
    with pytest.raises(InvalidSetting):
        tone_map(grey(1.0), "aces", exposure)


def test_an_unknown_tone_mapper_is_refused() -> None:
    for call in (lambda: tone_map(grey(1.0), "gamma", 0.0), lambda: exposure_range(grey(1.0), "gamma")):
        with pytest.raises(InvalidSetting, match="gamma"):
            call()


def test_settings_are_read_without_numpy() -> None:
    code = (
        "import sys; from percept_cli.images.light import parse_exposure\n"
        "parse_exposure('-2:2'); assert 'numpy' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
