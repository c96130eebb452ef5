"""A pair of two files, named after its candidate."""

from __future__ import annotations

from pathlib import Path, PureWindowsPath

from percept_cli.pairs import Pair, Pairs, pair_of_files


def test_a_pair_is_named_after_its_candidate_as_it_was_given() -> None:
    pair = pair_of_files("old/a.png", Path("new/./b.png"))
    assert (pair.name, pair.reference, pair.candidate) == ("new/b.png", Path("old/a.png"), Path("new/b.png"))


def test_names_have_slashes_on_every_system() -> None:
    assert pair_of_files("a.png", PureWindowsPath(r"new\b.png")).name == "new/b.png"


def test_a_plain_pair_has_the_threshold_of_its_run_and_counts_once() -> None:
    pair = Pair("a", None, Path("a.png"))
    assert (pair.threshold, pair.weight, dict(pair.extra)) == (None, 1.0, {})
    assert (pair.shared, pair.trouble) == (False, None)
    assert not Pairs([pair]).live
