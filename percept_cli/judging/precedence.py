"""Everything that has a say in an image's verdict, the strongest first, and the one function that goes by it.

The first four decide what is compared with what; the others give limits, gate by gate. docs/numbers/precedence.md
has the same table for people, and ``tests/judging/test_precedence.py`` goes through it row by row.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce

from percept_cli.judging.rules import OFF, Levels


@dataclass(frozen=True)
class Authority:
    """One row of the table."""

    name: str
    """What people call it."""
    given_by: str
    """Where it stands."""
    what: str
    """What it decides."""


PRECEDENCE = (
    Authority("ignored", "`--ignore`, `ignore`", "rectangles that are not compared"),
    Authority("masked", "`--mask`, `mask`", "pixels that are not compared"),
    Authority("references", "`references`", "further baselines, each judged on its own; the best counts"),
    Authority("alternates", "`percept approve --as-alternate`", "further renderings, judged as references are"),
    Authority(
        "command line", "`--fail`, `--warn`, `--threshold`, `--noise`; arguments in Python", "limits of the run"
    ),
    Authority("noise file", "`--noise-file`, `noise-file`", "limits of an image that was learned"),
    Authority("overrides", "`[[override]]`", "limits of the images that match; the last one counts"),
    Authority("settings", "`[check]`", "limits of all images"),
    Authority("threshold", "`threshold` in a settings file or preset", "the limit of `overall`"),
    Authority("automatic", "`noise`", "limits that percept brings along"),
)
"""The strongest first."""


def over(*layers: Levels | None) -> Levels | None:
    """The levels of a gate from what several layers say of it, the strongest first; None where none says anything.

    The first layer that has a fail limit ends the search. One that has only a warn limit adds it.

    Raises:
        InvalidSetting: for a warn limit in per cent above a fail limit that is not, and the reverse.
    """
    found = [levels for levels in layers if levels is not None]
    return reduce(Levels.above, found) if found else None


def resolved(
    *, typed: Levels | None, learned: Levels | None, given: Levels | None, own: Levels | None
) -> Levels | None:
    """The levels that a gate is held to, with their source.

    Args:
        typed: from the command line, or an argument in Python.
        learned: from the noise file.
        given: from overrides, settings and threshold, which ``RuleBook`` has put over one another.
        own: what percept brings along.
    """
    return over(typed, learned if takes_learned(typed, given, own) else None, given, own)


def takes_learned(typed: Levels | None, given: Levels | None, own: Levels | None) -> bool:
    """Whether the noise file has a say: nothing stronger sets a fail limit, and the gate has one without it.

    It changes limits. It does not switch a gate on that is off, such as ``changed-pixels`` by default.
    """
    if typed is not None and typed.fail is not None:
        return False
    below = over(given, own)
    return below is not None and below.fail is not None and below.fail != OFF
