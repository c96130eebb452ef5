"""Of several references of one picture, the result that counts, and what is said of the others."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from percept_cli.geometry import FileStamp
from percept_cli.judging.matching import combined
from percept_cli.judging.rules import Rules
from percept_cli.results.pair import PairResult
from percept_cli.results.status import Status
from tests.support.runs import PAIR

BASE = replace(PAIR, name="a.png", notes=(), threshold=None)


def result(status: Status, distance: float, variant: str | None = None, **changes: Any) -> PairResult:
    return replace(BASE, status=status, distance=distance, variant=variant, **changes)


def best(*results: PairResult, variant: str | None = None) -> PairResult:
    (found,) = combined(((one, False) for one in results), lambda _: Rules(variant=variant))
    return found[0]


def stamp(digest: str) -> FileStamp:
    return FileStamp(1, 1, digest)


def test_the_best_verdict_counts_whatever_is_preferred() -> None:
    failed, passed = result("fail", 1.0), result("pass", 0.5, "linux")
    for variant in (None, "linux", "macos", "windows"):
        found = best(failed, result("warn", 0.1, "macos"), passed, variant=variant)
        assert (found.status, found.variant) == ("pass", "linux")
        assert found.notes == ("matches the alternate linux",)
    found = best(result("pass", 0.2), result("fail", 0.3, "linux"), variant="linux")
    assert (found.status, found.variant, found.notes) == ("pass", None, ())


def test_of_equal_verdicts_the_preferred_counts_then_the_baseline() -> None:
    results = result("fail", 3.0), result("fail", 2.0, "linux"), result("fail", 1.0, "windows")
    assert best(*results).variant is None
    assert best(*results).notes == ("no alternate matches either (linux, windows)",)
    found = best(*results, variant="linux")
    assert found.variant == "linux"
    assert found.notes == ("compared with the alternate linux", "none of its 3 references matches")
    assert best(*results[1:]).variant == "windows"  # no baseline: the nearest
    passed = [replace(one, status="pass") for one in results]
    assert [best(*passed, variant=variant).variant for variant in (None, "linux", "windows")] == [
        *(None, "linux", "windows"),
    ]


def test_an_equal_picture_is_better_than_a_preferred_one() -> None:
    found = best(result("pass", 0.1, "linux"), result("pass", 0.0), variant="linux")
    assert (found.variant, found.distance) == (None, 0.0)


def test_references_are_told_as_before() -> None:
    found = best(result("fail", 2.0), result("fail", 1.0))
    assert (found.distance, found.notes) == (1.0, ("the best of 2 references",))
    assert best(result("pass", 0.0)).notes == ()


def test_what_passed_unseen_is_known_less_of() -> None:
    unseen = result("pass", float("nan"), "linux", layers=(), width=None, height=None)
    assert best(unseen, result("pass", 0.5), variant="linux").variant is None
    assert best(unseen, result("fail", 0.5), variant="linux").variant == "linux"


def test_what_cannot_be_compared_is_told() -> None:
    bare: dict[str, Any] = {"layers": (), "width": None, "height": None}
    broken = result("error", float("nan"), "linux", reason="linux.png: it is damaged", **bare)
    told = "the alternate linux could not be compared: linux.png: it is damaged"
    assert best(result("pass", 0.5), broken, variant="linux").notes == (told,)
    found = best(result("fail", 0.5), broken, variant="linux")
    assert found.status == "fail"
    assert found.notes == ("no alternate matches either (linux)", told)
    # Another size is told where nothing fits: it may be another screen's.
    small = result("fail", float("nan"), "linux", reason="the sizes differ", **bare)
    assert best(result("pass", 0.5), small).notes == ()
    assert best(result("fail", 0.5), small).notes[1:] == (
        "the alternate linux could not be compared: the sizes differ",
    )


def test_an_alternate_that_is_equal_to_the_baseline_is_told() -> None:
    one, other = (result("fail", 0.5, variant, reference_file=stamp("a")) for variant in (None, "linux"))
    assert best(one, other).notes[1:] == ("the alternate linux is equal to the baseline, so it can be dropped",)
    assert best(one, replace(other, reference_file=stamp("b"))).notes[1:] == ()
