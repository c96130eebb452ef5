"""The labelled pairs are what their README says they are."""

from __future__ import annotations

from collections import Counter, defaultdict
from functools import cache

import numpy as np
import pytest
from PIL import Image

from tests.corpus.make.common import (
    CORPUS,
    FIELDS,
    HALVES,
    LARGEST_FILE,
    MANIFEST,
    PICTURES,
    Pixels,
    Row,
    decode,
    read_manifest,
)
from tests.corpus.make.counts import END, README, START, table

ROWS = read_manifest()
FILES = sorted({path for row in ROWS for path in (row.reference, row.candidate)})
WHOLE_FOLDER = 12_000_000
FRESH = 4_000_000


@cache
def pixels(path: str) -> Pixels:
    return decode((CORPUS / path).read_bytes())


def test_the_manifest_is_in_order() -> None:
    assert MANIFEST.read_text(encoding="utf-8").splitlines()[0] == ",".join(FIELDS)
    assert sorted(ROWS) == ROWS
    assert all(all(row) for row in ROWS)
    assert {row.label for row in ROWS} == {"same", "differs"}
    assert {row.half for row in ROWS} == set(HALVES)
    assert {row.machine for row in ROWS} == {"same", "cross"}


def test_names_and_pairs_are_unique() -> None:
    assert len({row.name for row in ROWS}) == len(ROWS)
    assert len({frozenset((row.reference, row.candidate)) for row in ROWS}) == len(ROWS)


def test_there_are_enough_pairs() -> None:
    assert len(ROWS) >= 140
    counts = Counter((row.label, row.machine) for row in ROWS)
    assert counts["differs", "cross"] >= 35
    assert counts["differs", "same"] >= 25


def test_the_third_part_is_large_and_balanced() -> None:
    counts = Counter((row.label, row.machine) for row in ROWS if row.half == "fresh")
    assert counts.total() >= 120
    assert counts["differs", "cross"] >= 50
    assert counts["differs", "same"] >= 30
    assert 0.4 < sum(counts["same", machine] for machine in ("same", "cross")) / counts.total() < 0.6


def test_every_category_has_both_labels_in_each_half() -> None:
    found: dict[str, set[tuple[str, str]]] = defaultdict(set)
    for row in ROWS:
        found[row.category].add((row.half, row.label))
    assert {len(kinds) for kinds in found.values()} == {2 * len(HALVES)}


def test_no_scene_and_no_picture_is_in_two_halves() -> None:
    halves: dict[str, set[str]] = defaultdict(set)
    for row in ROWS:
        for thing in (row.scene, row.reference, row.candidate):
            halves[thing].add(row.half)
    assert [thing for thing, found in halves.items() if len(found) > 1] == []


def test_a_scene_has_one_reference_and_one_category() -> None:
    found: dict[str, set[tuple[str, str]]] = defaultdict(set)
    for row in ROWS:
        found[row.scene].add((row.category, row.reference))
    assert [scene for scene, kinds in found.items() if len(kinds) > 1] == []


def test_the_folder_holds_what_the_manifest_names_and_nothing_else() -> None:
    there = sorted(path.relative_to(CORPUS).as_posix() for path in PICTURES.rglob("*") if path.is_file())
    assert there == FILES


def test_files_are_small() -> None:
    sizes = {path: (CORPUS / path).stat().st_size for path in FILES}
    assert max(sizes.values()) < LARGEST_FILE
    assert sum(sizes.values()) < WHOLE_FOLDER
    fresh = {path for row in ROWS if row.half == "fresh" for path in (row.reference, row.candidate)}
    assert sum(sizes[path] for path in fresh) < FRESH


def test_pictures_are_plain_rgb_or_grey() -> None:
    modes = set()
    profiles = 0
    for path in FILES:
        with Image.open(CORPUS / path) as image:
            modes.add(image.mode)
            profiles += "icc_profile" in image.info
    assert modes <= {"RGB", "L"}
    assert profiles <= 4


def test_the_pictures_of_a_pair_have_one_size_and_hardly_any_are_identical() -> None:
    identical = 0
    for row in ROWS:
        reference, candidate = pixels(row.reference), pixels(row.candidate)
        assert reference.shape == candidate.shape, row.name
        if np.array_equal(reference, candidate):
            assert row.label == "same", row.name
            identical += 1
    assert identical <= 3


@pytest.mark.parametrize("label", ["same", "differs"])
def test_sizes_go_from_tiny_to_full_hd(label: str) -> None:
    shapes = Counter(pixels(row.reference).shape[:2] for row in ROWS if row.label == label)
    assert shapes[1080, 1920] >= 2
    assert min(shapes) == (8, 8)


def test_no_two_files_of_a_scene_hold_the_same_defect_twice() -> None:
    found: dict[tuple[str, bytes], list[Row]] = defaultdict(list)
    for row in ROWS:
        found[row.scene, pixels(row.candidate).tobytes()].append(row)
    assert [rows for rows in found.values() if len(rows) > 1] == []


def test_the_readme_counts_the_pairs() -> None:
    text = README.read_text(encoding="utf-8")
    assert text.split(START)[1].split(END)[0] == table(ROWS)
