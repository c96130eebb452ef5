"""What a result is like: as a whole or in a place, by which ladder, and through the real command."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageFilter

from percept_cli.engine.plan import Plan, plan_pair
from percept_cli.evidence.sight import Sight
from percept_cli.geometry import View
from percept_cli.judging.likeness import likeness_of
from percept_cli.recipes.ladder import Ladder, Step, fingerprint_of
from percept_cli.recipes.presets import load_preset
from percept_cli.results.likeness import Likeness
from percept_cli.results.pair import PairResult
from tests.conftest import ROOT, Percept
from tests.support.runs import PAIR

SPEC = load_preset("default").spec
PHOTO = ROOT / "tests" / "corpus" / "pictures" / "photo" / "dusk.png"
SCREEN = ROOT / "tests" / "corpus" / "pictures" / "web" / "form.png"


def sight_of(changed: int) -> Sight:
    """Of 10,000 cells."""
    plan: Plan = plan_pair(SPEC, height=1600, width=1600, changed=bool(changed))
    return Sight(View(), None, replace(plan, changed=changed), 1600, 1600)


def like(distance: float, changed: int, own: Ladder | None = None, peak: float | None = None) -> Likeness | None:
    return likeness_of(replace(PAIR, distance=distance), sight_of(changed), [], SPEC, own, peak=peak)


OWN = Ladder(
    fingerprint_of(SPEC),
    {"command": "by hand", "percept": "0.1.0", "photographs": 20, "interfaces": 10},
    (Step("a", "a blur", 0.5, 1.0, 1.1),),
    (Step("b", "a dot", 0.5, 1.0, 1.1),),
)


@pytest.mark.parametrize(
    ("changed", "kind", "share"),
    [
        (1, "place", "0.01 %"),
        (42, "place", "0.42 %"),
        (126, "place", "1.3 %"),
        (2499, "place", "25 %"),
        (2500, "whole", ""),
        (10_000, "whole", ""),
    ],
)
def test_a_quarter_of_the_cells_makes_a_whole(changed: int, kind: str, share: str) -> None:
    found = like(1.0, changed, OWN, peak=0.9)
    assert found is not None
    assert (found.kind, found.share) == (kind, changed / 10_000)
    place = (f"touches {share} of the image; at its strongest about like a dot", 0.9, OWN.place)
    assert (found.words, found.value, found.steps) == (
        place if kind == "place" else ("about as different as a blur (1)", 1.0, OWN.whole)
    )


def test_a_share_that_no_number_of_two_digits_tells() -> None:
    huge = replace(sight_of(1), plan=replace(sight_of(1).plan, cells=1_000_000))
    found = likeness_of(PAIR, huge, [], SPEC, OWN, peak=9.0)
    assert found is not None
    assert found.words == "touches less than 0.01 % of the image; at its strongest more than a dot"


@pytest.mark.parametrize(
    ("distance", "changed"), [(0.0, 1), (0.0, 9000), (math.nan, 9000), (math.inf, 1), (1.0, 0)]
)
def test_what_is_equal_or_no_number_is_like_nothing(distance: float, changed: int) -> None:
    assert like(distance, changed, OWN, peak=1.0) is None


def test_without_places_only_the_share_is_told() -> None:
    for own, peak in ((OWN, None), (replace(OWN, place=()), 0.6)):
        found = like(1.0, 100, own, peak)
        assert found is not None
        assert (found.words, found.steps) == ("touches 1 % of the image", ())


def test_by_which_ladder() -> None:
    built_in = like(1.0, 9000)
    assert built_in is not None
    assert built_in.steps[0] in load_preset("default").ladder.whole  # type: ignore[union-attr] # it has one
    assert like(1.0, 9000, replace(OWN, fingerprint="0" * 12)) == built_in
    assert like(1.0, 9000, OWN) != built_in
    other = replace(SPEC, precision="bf16")
    assert likeness_of(PAIR, sight_of(9000), [], other, OWN) is None


def result(percept: Percept, *arguments: object) -> dict[str, Any]:
    done = percept(*arguments, "--format", "json")
    assert done.returncode in (0, 1), done.stderr
    (row,) = json.loads(done.stdout)["results"]
    found: dict[str, Any] = row
    return found


@pytest.mark.parametrize("preset", ["default", "five-taps"])
@pytest.mark.parametrize("quality", [90, 50, 10])
def test_a_photograph_saved_as_jpeg_is_like_jpeg(
    percept: Percept, tmp_path: Path, preset: str, quality: int
) -> None:
    saved = tmp_path / "saved.jpg"
    Image.open(PHOTO).convert("RGB").save(saved, quality=quality)
    row = result(percept, "compare", PHOTO, saved, "--preset", preset)
    assert row["like"]["kind"] == "whole"
    assert row["like"]["value"] == row["distance"]
    ladder = load_preset(preset).ladder
    assert ladder is not None
    (jpeg,) = (step for step in ladder.whole if step.words == f"JPEG quality {quality}")
    assert jpeg.lower / 1.2 <= row["distance"] <= jpeg.upper * 1.2
    # Photographs are not alike, so another distortion may come nearer, but one of about as much.
    medians = sorted(step["median"] for step in row["like"]["steps"])
    if row["like"]["words"].startswith("about as different as "):
        (median,) = medians
        assert 0.8 <= row["distance"] / median <= 1.25
    else:
        assert row["like"]["words"].startswith("between ")
        assert medians[0] <= row["distance"] <= medians[1]


def test_both_ends_through_the_command(percept: Percept, tmp_path: Path) -> None:
    picture = Image.open(PHOTO).convert("RGB")
    picture.point(lambda level: min(255, level + 1)).save(tmp_path / "faint.png")
    Image.effect_noise(picture.size, 90).convert("RGB").save(tmp_path / "other.png")
    faint = percept("compare", PHOTO, "faint.png").stdout
    assert "\nlike         less different than " in faint
    other = percept("compare", PHOTO, "other.png").stdout
    assert "\nlike         more different than a blur of 4 px" in other
    assert "\nlike" not in percept("compare", PHOTO, PHOTO).stdout


@pytest.mark.slow
@pytest.mark.parametrize("command", ["compare", "check"])
def test_a_small_change_is_told_by_its_strongest_place(percept: Percept, tmp_path: Path, command: str) -> None:
    changed = tmp_path / "changed.png"
    picture = Image.open(SCREEN).convert("RGB")
    picture.paste((200, 40, 40), (60, 100, 72, 112))
    picture.save(changed)
    row = result(percept, command, SCREEN, changed, "--preset", "default")
    assert row["like"]["kind"] == "place"
    assert 0 < row["like"]["share"] < 0.02
    assert " of the image; at its strongest " in row["like"]["words"]
    checked = result(percept, "check", SCREEN, changed)
    (peak,) = (gate["value"] for gate in checked["evidence"]["gates"] if gate["name"] == "peak")
    assert row["like"]["value"] == peak
    table = percept("check", SCREEN, changed).stdout
    assert f"like    {checked['like']['words']}"[:40] in table


def test_a_batch_and_its_journal_tell_it_too(percept: Percept, tmp_path: Path) -> None:
    picture = Image.open(PHOTO).convert("RGB")
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        picture.save(tmp_path / folder / "photo.png")
    picture.save(tmp_path / "b" / "photo.png", "JPEG", quality=50)
    command = ("batch", "a", "b", "--resume", "journal.jsonl", "-o", "out.json", "--quiet")
    assert percept(*command).returncode == 0
    first = json.loads((tmp_path / "out.json").read_text())["results"][0]["like"]
    assert first["kind"] == "whole"
    assert percept(*command).returncode == 0
    assert json.loads((tmp_path / "out.json").read_text())["results"][0]["like"] == first
    wide = percept("report", "out.json", "--format", "csv", "--wide").stdout
    assert first["words"] in wide


@pytest.mark.slow
def test_of_several_views_it_is_that_of_the_worst(percept: Percept, tmp_path: Path) -> None:
    picture = Image.open(SCREEN).convert("RGB")
    dotted = picture.copy()
    dotted.paste((200, 40, 40), (60, 100, 72, 112))
    for name, frames in (
        ("a.tif", [picture, picture]),
        ("b.tif", [dotted, picture.filter(ImageFilter.BoxBlur(6))]),
    ):
        frames[0].save(tmp_path / name, save_all=True, append_images=frames[1:])
    row = result(percept, "compare", "a.tif", "b.tif")
    assert row["view"]["frame"] == 2
    assert (row["like"]["kind"], row["like"]["value"]) == ("whole", row["distance"])


def test_a_result_of_two_sizes_is_like_nothing(percept: Percept, tmp_path: Path) -> None:
    Image.open(PHOTO).resize((50, 60)).save(tmp_path / "small.png")
    row = result(percept, "check", PHOTO, "small.png")
    assert (row["status"], row["like"]) == ("fail", None)


def test_results_made_without_a_judge_have_none() -> None:
    assert PairResult.__dataclass_fields__["like"].default is None
