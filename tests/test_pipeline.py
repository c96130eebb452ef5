"""The pipeline: same numbers as one by one, in order, within bounds, whatever comes and goes."""

from __future__ import annotations

import queue
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from torch import Tensor

from percept_cli import compare_folders
from percept_cli.engine.backbone import Backbone, Band
from percept_cli.engine.bands import Schedule
from percept_cli.errors import DeviceUnavailable, InvalidSetting, UnusablePair
from percept_cli.pairs import Pair, Pairs, pair_of_files
from percept_cli.recipes.presets import load_preset
from percept_cli.recipes.spec import DistanceSpec, LayerSpec
from percept_cli.results.run import PairResult
from percept_cli.scoring import pipeline
from percept_cli.scoring.pipeline import Pipeline, worker_count
from percept_cli.scoring.scorer import Scorer
from tests.conftest import Save

DEFAULT = load_preset("default").spec
CHEAP = DistanceSpec((LayerSpec("relu1_2"),))
SIZES = ((40, 30), (64, 48), (17, 16), (8, 5))


@pytest.fixture
def mixed(save: Save) -> list[Pair]:
    """Twenty pairs of four sizes, three of them equal."""
    pairs = []
    for index in range(20):
        width, height = SIZES[index % 4 if index % 5 else 0]
        reference = save(f"{index}-r.png", width, height, seed=index)
        candidate = save(f"{index}-c.png", width, height, seed=index if index % 7 == 3 else index + 50)
        pairs.append(pair_of_files(reference, candidate))
    return pairs


def scores(pairs: list[Pair], spec: DistanceSpec = DEFAULT, **options: Any) -> list[PairResult]:
    line = Pipeline(Scorer(spec, device="cpu"), **options)
    return [result for result, reused in line.results(Pairs(pairs)) if not reused]


def numbers(results: list[PairResult]) -> list[tuple[str, float, list[float]]]:
    return [(result.name, result.distance, [layer.distance for layer in result.layers]) for result in results]


@pytest.mark.parametrize("options", [{}, {"batch_size": 1}, {"batch_size": 3, "workers": 1}, {"workers": 7}])
def test_batched_is_single_and_in_order(mixed: list[Pair], options: dict[str, Any]) -> None:
    scorer = Scorer(DEFAULT, device="cpu")
    alone = [scorer.score(pair) for pair in mixed]
    together = scores(mixed, **options)
    assert [result.name for result in together] == [pair.name for pair in mixed]
    assert [result.distance == 0 for result in together] == [result.distance == 0 for result in alone]
    for one, other in zip(alone, together, strict=True):
        # The contract. On the machines seen so far the digits are all the same.
        expected = [layer.distance for layer in one.layers]
        assert [layer.distance for layer in other.layers] == pytest.approx(expected, rel=1e-6, abs=0)
        assert other.notes == one.notes
        assert other.reference_file == one.reference_file


@pytest.mark.parametrize("distance", ["unit", "gram-chw", "frobenius"])
def test_one_against_many_runs_the_reference_once(
    save: Save, monkeypatch: pytest.MonkeyPatch, distance: str
) -> None:
    spec = DistanceSpec((LayerSpec("input", distance), LayerSpec("relu2_2", distance)))
    reference = save("r.png")
    candidates = [save(f"{index}.png", seed=index + 1) for index in range(6)]
    expected = numbers(scores([pair_of_files(reference, candidate) for candidate in candidates], spec))

    pictures = []
    real: Callable[[Backbone, Tensor, Schedule], Iterator[Band]] = Backbone.bands

    def counting(self: Backbone, batch: Tensor, schedule: Schedule) -> Iterator[Band]:
        pictures.append(batch.shape[0])
        return real(self, batch, schedule)

    monkeypatch.setattr(Backbone, "bands", counting)
    shared = [Pair(str(path), reference, path, shared=True) for path in candidates]
    found = numbers(scores(shared, spec, batch_size=2))
    assert [name for name, *_ in found] == [path.as_posix() for path in candidates]
    for (_, one, layers), (_, other, other_layers) in zip(expected, found, strict=True):
        assert other == pytest.approx(one, rel=1e-6, abs=0)
        assert other_layers == pytest.approx(layers, rel=1e-6, abs=0)
    assert sum(pictures) == 1 + len(candidates)


def test_a_shared_reference_that_changes_is_read_again(save: Save) -> None:
    reference, candidate = save("r.png"), save("c.png", seed=1)
    pair = Pair("c", reference, candidate, shared=True)

    answers: queue.Queue[float] = queue.Queue()

    def pairs() -> Iterator[Pair]:
        yield pair
        yield pair
        first, second = answers.get(timeout=60), answers.get(timeout=60)
        assert first == second > 0
        save("r.png", seed=1)
        yield pair

    for result, _ in Pipeline(Scorer(CHEAP, device="cpu")).results(Pairs(pairs(), live=True)):
        answers.put(result.distance)
    assert answers.get_nowait() == 0


def test_trouble_takes_its_place_in_the_order(save: Save, tmp_path: Path) -> None:
    reference, candidate = save("r.png"), save("c.png", seed=1)
    (tmp_path / "bad.png").write_text("x")
    pairs = [
        Pair("line 1", None, None, trouble=UnusablePair("line 1: not JSON", hint="write JSON.")),
        Pair("bad", reference, tmp_path / "bad.png"),
        Pair("fine", reference, candidate, weight=2.0, extra={"id": 1}, threshold=0.0, threshold_source="line 3"),
        Pair("new", None, candidate),
        Pair("missing", reference, None),
        Pair("gone", reference, tmp_path / "gone.png"),
        Pair("same", reference, reference),
    ]
    found = scores(pairs, CHEAP)
    assert [(result.name, result.status) for result in found] == [
        ("line 1", "error"), ("bad", "error"), ("fine", "fail"), ("new", "new"), ("missing", "missing"),
        ("gone", "error"), ("same", "pass"),
    ]  # fmt: skip
    assert found[0].reason == "line 1: not JSON; write JSON."
    assert "bad.png: not a picture" in found[1].reason
    assert (found[2].weight, found[2].extra, found[2].threshold_source) == (2.0, {"id": 1}, "line 3")
    assert all(
        not result.scored and not result.compared for result in found if result.status not in ("fail", "pass")
    )


def test_no_more_is_taken_than_fits(save: Save, monkeypatch: pytest.MonkeyPatch) -> None:
    reference, candidate = save("r.png"), save("c.png", seed=1)
    taken = handed_out = most = 0

    def pairs() -> Iterator[Pair]:
        nonlocal taken, most
        for _ in range(60):
            taken += 1
            most = max(most, taken - handed_out)
            yield Pair("x", reference, candidate)

    def run() -> int:
        nonlocal taken, handed_out, most
        taken = handed_out = most = 0
        for _ in Pipeline(Scorer(CHEAP, device="cpu"), workers=2).results(Pairs(pairs())):
            handed_out += 1
        assert handed_out == 60
        return most

    monkeypatch.setattr(pipeline, "PAIRS_IN_FLIGHT", 5)
    assert run() <= 5


def test_no_more_is_decoded_than_fits(save: Save, monkeypatch: pytest.MonkeyPatch) -> None:
    """Large pictures after small ones, and a device that is slower than the workers."""
    small = pair_of_files(save("r.png"), save("c.png", seed=1))
    large = pair_of_files(save("R.png", 200, 150), save("C.png", 200, 150, seed=1))
    bytes_of_large = 6 * 200 * 150
    monkeypatch.setattr(pipeline, "BYTES_IN_FLIGHT", 3 * bytes_of_large)
    line = Pipeline(Scorer(CHEAP, device="cpu"), workers=2, batch_size=1)
    most = 0
    for result, _ in line.results(Pairs([small] * 20 + [large] * 30)):
        assert result.scored
        most = max(most, line._readers.held)
        time.sleep(0.01)
    # Up to the limit, and what each worker had begun below it.
    assert bytes_of_large < most <= (3 + 2) * bytes_of_large


def test_a_live_source_is_answered_before_it_goes_on(save: Save) -> None:
    pair = pair_of_files(save("r.png"), save("c.png", seed=1))
    answers: queue.Queue[PairResult] = queue.Queue()

    def pairs() -> Iterator[Pair]:
        for _ in range(5):
            yield pair
            answers.get(timeout=60)  # raises queue.Empty if the pipeline waits for more

    for result, _ in Pipeline(Scorer(CHEAP, device="cpu")).results(Pairs(pairs(), live=True)):
        answers.put(result)
    assert answers.empty()


@pytest.mark.parametrize("live", [False, True])
def test_what_befalls_every_pair_is_raised(save: Save, live: bool) -> None:
    pair = pair_of_files(save("r.png"), save("c.png", seed=1))

    def pairs() -> Iterator[Pair]:
        yield pair
        raise InvalidSetting("the header is wrong")

    with pytest.raises(InvalidSetting, match="the header is wrong"):
        list(Pipeline(Scorer(CHEAP, device="cpu")).results(Pairs(pairs(), live=live)))
    with pytest.raises(DeviceUnavailable, match="tf32 is not available"):
        list(Pipeline(Scorer(DistanceSpec(CHEAP.layers, precision="tf32"), device="cpu")).results(Pairs([pair])))


def test_a_defect_in_a_worker_is_not_swallowed(save: Save, monkeypatch: pytest.MonkeyPatch) -> None:
    pair = pair_of_files(save("r.png"), save("c.png", seed=1))
    monkeypatch.setattr("percept_cli.scoring.reading.decode", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        list(Pipeline(Scorer(CHEAP, device="cpu")).results(Pairs([pair])))


def test_stop_hands_out_what_is_done(mixed: list[Pair]) -> None:
    line = Pipeline(Scorer(CHEAP, device="cpu"), batch_size=1)
    found = []
    for result, _ in line.results(Pairs(mixed)):
        found.append(result.name)
        if len(found) == 2:
            line.stop()
    assert 2 <= len(found) < len(mixed)
    assert line.stopped_early
    order = [pair.name for pair in mixed]
    assert found == sorted(found, key=order.index)

    finished = Pipeline(Scorer(CHEAP, device="cpu"))
    assert len(list(finished.results(Pairs(mixed)))) == len(mixed)
    assert not finished.stopped_early
    share = finished.device_time.share
    assert share is not None
    assert 0 < share <= 1


def test_equal_pairs_load_no_network(save: Save) -> None:
    scorer = Scorer(DEFAULT, device="cpu")
    pair = pair_of_files(save("r.png"), save("r.bmp"))
    assert [result.distance for result, _ in Pipeline(scorer).results(Pairs([pair] * 9))] == [0.0] * 9
    assert scorer.device == "none"


def test_counts_that_are_none() -> None:
    assert worker_count(3) == 3
    assert worker_count() >= 1
    for options in ({"workers": 0}, {"batch_size": 0}):
        with pytest.raises(InvalidSetting):
            Pipeline(Scorer(CHEAP), **options)  # type: ignore[arg-type]


def test_folders_in_python(tmp_path: Path, save: Save) -> None:
    for folder in ("expected", "actual"):
        (tmp_path / folder).mkdir()
    for name in ("a.png", "b.png"):
        save(f"expected/{name}")
        save(f"actual/{name}", seed=len(name) if name == "a.png" else 0)
    (tmp_path / "actual" / "c.png").write_text("x")
    (tmp_path / "expected" / "c.png").write_text("y")
    found = compare_folders(tmp_path / "expected", tmp_path / "actual", layers="relu1_2", threshold=1e-9)
    statuses = {result.name: result.status for result in found}
    assert statuses == {"a.png": "fail", "b.png": "pass", "c.png": "error"}
    with pytest.raises(InvalidSetting, match="unknown preset"):
        compare_folders(tmp_path / "expected", tmp_path / "actual", preset="nope")
