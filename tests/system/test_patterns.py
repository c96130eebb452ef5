"""Patterns as in .gitignore."""

from __future__ import annotations

from percept_cli.reports.commands import pattern_of
from percept_cli.system.patterns import Patterns


def test_a_pattern_keeps_the_space_at_the_end_of_a_name() -> None:
    assert Patterns([pattern_of("end ")]).match("end ")
    assert not Patterns([pattern_of("end ")]).match("end")
