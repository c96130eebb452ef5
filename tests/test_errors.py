"""Errors: each has an exit code above that of a difference, and a hint that survives."""

from __future__ import annotations

import signal
from collections.abc import Iterator

import pytest

from percept_cli import errors
from percept_cli.errors import ExitCode, PerceptError, did_you_mean


def all_errors(above: type[PerceptError] = PerceptError) -> Iterator[type[PerceptError]]:
    for error in above.__subclasses__():
        if error.__module__ == errors.__name__:
            yield error
        yield from all_errors(error)


def test_there_are_some() -> None:
    assert len(set(all_errors())) > 10


@pytest.mark.parametrize("error", sorted(set(all_errors()), key=str))
def test_trouble_never_looks_like_a_difference(error: type[PerceptError]) -> None:
    assert ExitCode(error.exit_code) in (ExitCode.USAGE, ExitCode.INPUT, ExitCode.UNAVAILABLE)
    raised = error("what happened", hint="what to do.")
    assert (str(raised), raised.hint) == ("what happened", "what to do.")
    assert error("what happened").hint == ""


def test_every_exit_code_is_in_its_own_words() -> None:
    for code in ExitCode:
        assert f"``{code.name}``:" in (ExitCode.__doc__ or "")


def test_codes_of_signals_are_those_of_a_shell() -> None:
    assert ExitCode.INTERRUPTED == 128 + signal.SIGINT
    assert ExitCode.TERMINATED == 128 + signal.SIGTERM
    assert 128 + getattr(signal, "SIGHUP", 1) == ExitCode.HUNG_UP


@pytest.mark.parametrize(
    ("word", "hint"),
    [
        ("redner", "did you mean render?"),
        ("LPIPS", "did you mean lpips?"),
        ("zzz", "choose from default, render, lpips."),
        ("", "choose from default, render, lpips."),
    ],
)
def test_a_misspelt_name_gets_the_nearest_or_all(word: str, hint: str) -> None:
    assert did_you_mean(word, iter(["default", "render", "lpips"])) == hint
