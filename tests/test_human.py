"""scripts/human: the stimuli that are rebuilt, the measure of agreement, and the page that tells it."""

from __future__ import annotations

import gzip
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from scipy import stats

from scripts.human import agreement, evaluate, measure, metrics, raid, stimuli
from tests.conftest import drawing

LARGE = 500


@pytest.fixture(scope="module")
def source() -> stimuli.Pixels:
    return np.asarray(drawing(LARGE, LARGE, seed=5))


# The stimuli


def test_levels_are_what_is_known_of_them() -> None:
    assert list(stimuli.PARAMETERS) == list(raid.DISTORTIONS)
    for values in stimuli.PARAMETERS.values():
        assert len(values) == 10 and all(low < high for low, high in pairwise(values))
    assert stimuli.PARAMETERS["rotation"][::9] == (0, 18)
    assert stimuli.PARAMETERS["scale"][::9] == (1, 1.09)
    assert stimuli.PARAMETERS["translation"][9] / metrics.PIXELS_PER_DEGREE == pytest.approx(0.63)
    decibels = {level: 10 * np.log10(255**2 / stimuli.noise_variance(level)) for level in (2, 3, 5, 10)}
    assert decibels == pytest.approx({2: 30, 3: 27, 5: 24, 10: 21})  # TID2013's levels 2 to 5
    assert stimuli.noise_variance(4) == pytest.approx(195, rel=0.01)


@pytest.mark.parametrize("distortion", list(stimuli.PARAMETERS))
def test_stimuli_have_their_size_and_are_made_alike_each_time(source: stimuli.Pixels, distortion: str) -> None:
    first, again, other = (stimuli.stimulus(source, number, distortion, 7) for number in (1, 1, 2))
    assert first.shape == (stimuli.SIDE, stimuli.SIDE, 3) and first.dtype == np.uint8
    assert np.array_equal(first, again)
    assert np.array_equal(first, other) == (distortion != "gaussian_noise")
    undistorted = stimuli.stimulus(source, 1, distortion, 1)
    assert np.array_equal(undistorted, source[23:477, 23:477])
    assert not np.array_equal(first, undistorted)


def dot(distortion: str, level: int) -> tuple[float, float]:
    """Where a dot is seen that is 100 pixels to the right of the middle: right and up from there."""
    canvas = np.zeros((LARGE, LARGE, 3), np.uint8)
    canvas[247:253, 347:353] = 255  # its middle is at 350, 250
    seen = stimuli.stimulus(canvas, 1, distortion, level).astype(float).sum(axis=2)
    y, x = (np.average(np.arange(stimuli.SIDE) + 0.5, weights=seen.sum(axis=axis)) for axis in (1, 0))
    return x - stimuli.SIDE / 2, stimuli.SIDE / 2 - y


@pytest.mark.parametrize(
    ("distortion", "expected"),
    [
        ("rotation", (100 * np.cos(np.pi / 10), 100 * np.sin(np.pi / 10))),
        ("scale", (109, 0)),
        ("translation", (118, 0)),
    ],
)
def test_content_goes_where_it_should(distortion: str, expected: tuple[float, float]) -> None:
    assert dot(distortion, 1) == pytest.approx((100, 0), abs=1e-9)
    assert dot(distortion, 10) == pytest.approx(expected, abs=0.1)


def test_noise_has_its_variance_and_patterns_of_its_own() -> None:
    grey = np.full((LARGE, LARGE, 3), 128, np.uint8)

    def noise(level: int, *, one_pattern: bool = False) -> np.ndarray:
        return stimuli.stimulus(grey, 3, "gaussian_noise", level, one_pattern=one_pattern).astype(float) - 128

    for level in (2, 10):
        assert noise(level).var() == pytest.approx(stimuli.noise_variance(level) + 1 / 12, rel=0.01)
    assert abs(np.corrcoef(noise(5).ravel(), noise(6).ravel())[0, 1]) < 0.01
    assert np.corrcoef(noise(5, one_pattern=True).ravel(), noise(6, one_pattern=True).ravel())[0, 1] > 0.99


# The answers


def test_answers_and_scales_are_read(tmp_path: Path) -> None:
    names = "gender,age_group,transformation,image_id_01,distortion_level_11,distortion_level_12,"
    names += "distortion_level_21,distortion_level_22,reaction_time_ms,answer\n"
    lines = ["man,41-50,rotation,1,2,1,4,6,3335,2\n", "woman,18-25,gaussian_noise,3,1,2,6,4,999,1\n"]
    with gzip.open(tmp_path / "answers.csv.gz", "wt") as file:
        file.write(names + "".join(lines))
    answers = raid.read_answers(tmp_path)
    assert answers.levels.tolist() == [[2, 1, 4, 6], [1, 2, 6, 4]] and answers.second.tolist() == [True, False]
    assert answers.pairs() == [
        ("rotation", 1, 1, 2),
        ("rotation", 1, 4, 6),
        ("gaussian_noise", 3, 1, 2),
        ("gaussian_noise", 3, 4, 6),
    ]
    with gzip.open(tmp_path / "responses.csv.gz", "wt") as file:
        file.write("Reference,Distorted,Curve_Value,Sigmas,Response,Estimated_MOS\n")
        for kind in ("rot", "trans", "scale", "gn"):
            for number in range(1, 25):
                for level in range(1, 11):
                    name = f"{kind}_img_{number:02}_level_{level:02}.png"
                    file.write(f"img_{number:02}.png,{name},0,1,{number + level / 100},5\n")
    scales = raid.read_scales(tmp_path)
    assert scales.shape == (4, 24, 10) and scales[3, 23, 9] == 24.1


def test_two_people_agree_whichever_side_a_pair_was_on() -> None:
    levels = np.array([[1, 2, 6, 4], [4, 6, 2, 1], [1, 2, 3, 4], [1, 2, 3, 4], [1, 2, 5, 9]])
    answers = raid.Answers(np.zeros(5, int), np.ones(5, int), levels, np.array([True, False, True, False, True]))
    assert evaluate.people(answers) == (2, 0.5)


# The measure


def test_agreement_by_hand() -> None:
    first, second = np.array([1.0, 1.0, 3.0, 2.0]), np.array([2.0, 2.0, 1.0, 2.0])
    said_second = np.array([True, False, True, True])
    found = agreement.scores(first, second, said_second)
    assert found.tolist() == [1, 0, 0, 0.5]  # as people, not, not, and no answer
    draws = np.array([[2, 0], [1, 1], [0, 2]])
    mean, resampled = agreement.mean_over(found, np.array([0, 0, 0, 1]), draws)
    assert mean == 0.375
    assert resampled == pytest.approx([1 / 3, 0.375, 0.5])


def test_resamples_are_those_of_their_seed() -> None:
    draws = agreement.resamples(24, 2000)
    assert draws.shape == (2000, 24) and (draws.sum(axis=1) == 24).all()
    assert np.array_equal(draws, agreement.resamples(24, 2000))
    assert not np.array_equal(draws, agreement.resamples(24, 2000, seed=1))
    # The mean of 24 values scatters by their deviation over the root of 24.
    values = np.arange(24.0)
    _, resampled = agreement.mean_over(values, np.arange(24), draws)
    found = agreement.estimate(11.5, resampled)
    assert (found.high - found.low) / 2 == pytest.approx(1.96 * values.std() / 24**0.5, rel=0.05)


def test_rank_correlation_of_resamples_is_that_of_repeated_values() -> None:
    rng = np.random.default_rng(0)
    group = np.repeat(np.arange(6), 7)
    one = rng.integers(0, 9, 42).astype(float)  # with ties
    other = one + rng.normal(0, 3, 42)
    draws = np.array([[1] * 6, [3, 0, 2, 0, 1, 0]])
    found = agreement.spearman_over(one, other, group, draws)
    for value, drawn in zip(found, draws, strict=True):
        places = np.repeat(np.arange(42), drawn[group])
        assert value == pytest.approx(stats.spearmanr(one[places], other[places]).statistic)


def test_a_run_keeps_what_is_done(tmp_path: Path, source: stimuli.Pixels, monkeypatch: pytest.MonkeyPatch) -> None:
    def differ(one: stimuli.Pixels, other: stimuli.Pixels) -> float:
        return float(np.mean(one != other))

    monkeypatch.setitem(metrics.PEERS, "plain", lambda: {"share": differ})
    (tmp_path / "kodak").mkdir()
    Image.fromarray(source).save(tmp_path / "kodak" / "kodim02.png")
    shown = [("rotation", 2, 1, 3), ("gaussian_noise", 2, 4, 5)]
    found = {}
    for one_pattern in (False, True):
        folder = tmp_path / str(one_pattern)
        measure.run("plain", shown, tmp_path / "kodak", 2, folder, one_pattern=one_pattern)
        rows = evaluate.read_csv(folder / "img_02.csv")
        found[one_pattern] = {row["distortion"]: float(row["distance"]) for row in rows}
    assert found[False].keys() == {"rotation", "gaussian_noise"} and found[True].keys() == {"gaussian_noise"}
    assert 0 < found[True]["gaussian_noise"] < found[False]["gaussian_noise"] <= 1
    (tmp_path / "kodak" / "kodim02.png").unlink()
    measure.run("plain", shown, tmp_path / "kodak", 2, tmp_path / "True")  # it is there


def test_what_is_not_done_is_left_out(tmp_path: Path) -> None:
    row = "rotation,{},1,2,{},0.5\n"
    measured = {"a": range(1, 5), "b": range(2, 6), "c": range(1, 2)}
    for number in range(1, 6):
        (tmp_path / "peers").mkdir(exist_ok=True)
        names = [name for name, numbers in measured.items() if number in numbers]
        text = ",".join(measure.HEADER) + "\n" + "".join(row.format(number, name) for name in names)
        (tmp_path / "peers" / f"img_{number:02}.csv").write_text(text)
        (tmp_path / "peers" / f"img_{number:02}.json").write_text('{"wall": 2, "processor": 1}')
    tables, times = evaluate.read_distances(tmp_path)
    assert sorted(tables) == ["a", "b"]
    for table in tables.values():
        assert np.flatnonzero(evaluate.photographs_of(table)).tolist() == [1, 2, 3]
        assert table[0, 1, 1, 0] == 0.5
    assert times == {"peers": {"wall": 10, "processor": 5, "photographs": 5}}


def test_another_guess_of_noise_takes_the_place_of_noise_alone() -> None:
    table, other = (np.full((4, 24, 10, 10), value) for value in (1.0, 2.0))
    found = evaluate.with_noise(table, other)
    assert [float(part.mean()) for part in found] == [1, 1, 1, 2] and (table == 1).all()


def test_recipes_of_a_group_share_a_backbone() -> None:
    for group in metrics.PRESETS:
        assert len({spec.backbone for spec in metrics.specs_of(group).values()}) == 1


# The page


def test_the_page_has_the_results() -> None:
    page = evaluate.PAGE.read_text(encoding="utf-8")
    assert evaluate.with_tables(page, evaluate.tables_of(evaluate.RESULTS)) == page
    numbers = (evaluate.PAGE.parent / "index.md").read_text(encoding="utf-8")
    assert f"({evaluate.PAGE.name})" in numbers
    assert sum(file.stat().st_size for file in evaluate.RESULTS.iterdir()) < 200_000
