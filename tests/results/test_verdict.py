"""A whole run in one line."""

from __future__ import annotations

import math
from dataclasses import replace

from percept_cli.errors import ExitCode
from percept_cli.results.verdict import judge_run
from tests.support.runs import PAIR, RUN


def test_what_is_allowed_is_no_failure() -> None:
    assert replace(RUN, results=(), allow_empty=True).exit_code is ExitCode.WITHIN
    passed = replace(PAIR, status="pass")
    unmatched = replace(passed, status="new", distance=math.nan)
    run = replace(RUN, results=(passed, unmatched), allow_unmatched=True)
    assert run.exit_code is ExitCode.WITHIN
    assert judge_run(run) == ("pass", "1 new (allowed); 1 pair within the threshold")


def test_a_run_in_words() -> None:
    passed, failed = replace(PAIR, status="pass"), PAIR
    error = replace(passed, status="error", distance=math.nan)
    assert judge_run(replace(RUN, results=(passed, passed))) == ("pass", "2 pairs within the threshold")
    assert judge_run(replace(RUN, results=(passed, failed))) == ("fail", "1 of 2 pairs failed")
    assert judge_run(replace(RUN, results=(error, failed), complete=False)) == (
        "error",
        "1 of 2 pairs could not be compared, 1 failed; the run ended before its last pair",
    )
    assert judge_run(replace(RUN, results=())) == ("error", "nothing was compared")
    free = replace(passed, status="measured", threshold=None)
    assert judge_run(replace(RUN, results=(free,))) == ("measured", "1 pair measured, without a limit")
    assert judge_run(replace(RUN, results=(free, passed))) == (
        "pass",
        "1 pair within the threshold; 1 pair measured, without a limit",
    )
    tolerated = replace(PAIR, status="tolerated")
    assert judge_run(replace(RUN, results=(tolerated,))) == ("pass", "1 pair tolerated")


def test_a_run_that_compared_nothing_has_passed_nothing() -> None:
    assert judge_run(replace(RUN, results=(), allow_empty=True)) == ("empty", "nothing was compared")
    unseen = replace(PAIR, status="pass", distance=math.nan, layers=())
    assert judge_run(replace(RUN, results=(unseen,))) == ("empty", "nothing was compared in 1 pair")


def test_a_run_that_only_warned_has_passed_nothing() -> None:
    two_sizes = replace(PAIR, status="warn", distance=math.nan, layers=())
    assert judge_run(replace(RUN, results=(two_sizes,))) == ("warn", "1 pair warned")


def test_one_count_has_one_word() -> None:
    """The table of a check counts images, and so does its verdict; a batch counts pairs."""
    failed = replace(PAIR, status="fail")
    check = replace(RUN, kind="check", results=(failed, failed))
    assert judge_run(check) == ("fail", "2 of 2 images failed")
    assert judge_run(replace(check, results=(failed,), complete=False)) == (
        "fail",
        "1 image failed; the run ended before its last image",
    )


def test_what_is_new_or_missing_is_told_with_what_of_it_is_allowed() -> None:
    passed = replace(PAIR, status="pass")
    new = replace(passed, status="new", distance=math.nan)
    missing = replace(new, status="missing", allowed=True)
    run = replace(RUN, results=(passed, new, missing))
    assert judge_run(run) == ("fail", "1 missing, 1 new (1 allowed); 1 pair within the threshold")
    assert judge_run(replace(run, allow_unmatched=True))[1].startswith("1 missing, 1 new (allowed); ")
    assert judge_run(replace(run, results=(passed, missing))) == (
        "pass",
        "1 missing (allowed); 1 pair within the threshold",
    )


def test_an_image_without_a_counterpart_may_be_a_warning() -> None:
    passed = replace(PAIR, status="pass")
    new = replace(passed, status="new", distance=math.nan, allowed=True, warns=True)
    run = replace(RUN, results=(passed, new))
    assert run.exit_code is ExitCode.WITHIN
    assert judge_run(run) == ("warn", "1 new (allowed, 1 with a warning); 1 pair within the threshold")
