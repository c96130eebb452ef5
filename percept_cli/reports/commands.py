"""The commands that go on from a report: to see where a pair differs, and to accept it."""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import Literal

from percept_cli.pairs.alternates import owner_of
from percept_cli.recipes.told import in_words
from percept_cli.results.pair import PairResult
from percept_cli.results.run import Run
from percept_cli.results.status import Status
from percept_cli.system.names import shell_quoted

Purpose = Literal["show", "accept"]
ACCEPTED: dict[Status, str] = {"fail": "", "warn": "", "new": "", "missing": " --prune"}
"""What can be accepted, by its status, and the option of ``percept approve`` that it needs."""


def commands_for(result: PairResult, run: Run, json_report: str | None) -> dict[Purpose, str]:
    """What to type to go on from a pair, as far as there is anything.

    Args:
        result: the pair.
        run: what it is a result of.
        json_report: the run's JSON report, which approving reads; None if there is none.
    """
    found: dict[Purpose, str | None] = {"show": _show(result, run), "accept": _accept(result, run, json_report)}
    return {purpose: command for purpose, command in found.items() if command is not None}


def _show(result: PairResult, run: Run) -> str | None:
    """What draws where a pair differs, by the recipe that judged it; None where there is nothing to draw."""
    if not (result.scored and result.distance and result.reference and result.candidate):
        return None
    if result.fingerprint is not None:  # another recipe, which the run does not know
        return None
    recipe = in_words(run.spec)
    files = f"{shell_quoted(result.reference)} {shell_quoted(result.candidate)}"
    return f"percept heatmap {files}{recipe.options} -o heat.png" if recipe.has_map else None


def _accept(result: PairResult, run: Run, json_report: str | None) -> str | None:
    """What makes a picture the baseline; None where nothing can."""
    if json_report is None or run.folders is None or result.status not in ACCEPTED:
        return None
    if result.reference is not None and not _is_own(PurePosixPath(result.reference), result.name, run.folders[0]):
        return None  # compared with another of its references, which only the settings of the check vouch for
    words = [shell_quoted(json_report), *folder_options(run.folders), "--filter"]
    return f"percept approve {' '.join(words)} {shell_quoted(pattern_of(result.name))}{ACCEPTED[result.status]}"


def _is_own(reference: PurePosixPath, name: str, folder: str) -> bool:
    """Whether a reference is the image's baseline, or an alternate of it."""
    if reference == PurePosixPath(folder, name):
        return True
    owner = owner_of(reference.relative_to(folder).as_posix()) if reference.is_relative_to(folder) else None
    return owner is not None and owner[0] == name


def command_to_keep(result: PairResult, run: Run, json_report: str | None) -> str | None:
    """What keeps a picture as an alternate, beside its baseline; None where there is nothing to keep."""
    command = _accept(result, run, json_report)
    return None if command is None or result.status not in ("fail", "warn") else f"{command} --as-alternate"


def folder_options(folders: tuple[str, str]) -> list[str]:
    """The two folders as ``percept approve`` wants them named, for a shell."""
    return [
        f"--{role} {shell_quoted(folder)}" for role, folder in zip(("baseline", "current"), folders, strict=True)
    ]


def pattern_of(name: str) -> str:
    """The pattern, as in .gitignore, that this name alone matches."""
    escaped = re.sub(r"[\\*?\[\]]", r"\\\g<0>", name)
    if escaped.endswith(" "):  # which patterns otherwise lose
        escaped = f"{escaped[:-1]}\\ "
    return f"/{escaped}"
