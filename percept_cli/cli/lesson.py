"""What was learned, as a table for a terminal and as JSON."""

from __future__ import annotations

import io
import json
import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.text import Text

from percept_cli._version import __version__
from percept_cli.judging.learned import margin
from percept_cli.reports import Style
from percept_cli.reports.text.parts import facts_table, plain_table
from percept_cli.runs.learning import Lesson, Odd
from percept_cli.runs.noise_file import Written
from percept_cli.system.names import counted, harmless, posix, printable, shown


def as_json(lesson: Lesson, written: Written | None, baseline: Path, path: Path, fingerprint: str) -> str:
    """All of it, but for what is in the noise file."""
    document: dict[str, Any] = {
        "tool": "percept",
        "version": __version__,
        "kind": "learn",
        "fingerprint": fingerprint,
        "baseline": posix(baseline),
        "output": None if written is None else posix(path),
        "images": len(lesson.images),
        "equal": lesson.equal,
        "kept": 0 if written is None else written.kept,
        "dropped": [] if written is None else list(written.dropped),
        "too_few_runs": lesson.too_few,
        "runs": [
            {
                "run": run.name,
                "images": run.images,
                "missing": run.missing,
                "extra": run.extra,
                "unusable": [{"name": name, "reason": reason} for name, reason in run.unusable],
                "elsewhere": run.elsewhere,
                "would_fail": [
                    {"name": name, "gate": gate, "times_limit": times} for name, gate, times in run.failing
                ],
            }
            for run in lesson.runs
        ],
        "changes": [_odd(one, "times_limit") for one in lesson.changes],
        "wide": [_odd(one, "times_others") for one in lesson.wide],
        "notes": lesson.notes,
    }
    text = json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def _odd(one: Odd, times: str) -> dict[str, Any]:
    return {
        "name": one.name,
        "run": one.run,
        "gate": one.gate,
        times: one.times if math.isfinite(one.times) else None,
    }


def as_table(
    lesson: Lesson, written: Written | None, baseline: Path, path: Path, fingerprint: str, style: Style
) -> str:
    """The runs, what is odd about them, and what was written, in at most ``style.width`` columns."""
    out = io.StringIO()
    console = Console(
        file=out,
        width=style.width,
        force_terminal=style.colour,
        color_system="standard" if style.colour else None,
        no_color=not style.colour,
        markup=False,
        emoji=False,
        highlight=False,
        legacy_windows=False,
    )
    table = plain_table("images", "missing", "extra", "unusable", "would fail", first="run", folds=True)
    for run in lesson.runs:
        counts = (run.images, len(run.missing), len(run.extra), len(run.unusable), len(run.failing))
        table.add_row(Text(printable(run.name)), *map(str, counts))
    console.print(table)
    console.print()
    for heading, lines in _findings(lesson, written):
        if lines:
            console.print(Text(heading, style="bold"))
            shown_lines = lines if style.top is None else lines[: style.top]
            for line in shown_lines:
                console.print(Text(f"  {line}"), soft_wrap=False)
            if len(lines) > len(shown_lines):
                console.print(f"  … and {len(lines) - len(shown_lines)} more; --top all lists them")
            console.print()
    facts = facts_table()
    facts.add_row("baseline", Text(shown(baseline)))
    facts.add_row("images", _images(lesson))
    if written is not None:
        facts.add_row("written", Text(_written(lesson, written, path)))
    facts.add_row("fingerprint", fingerprint)
    console.print(facts)
    lines = harmless(out.getvalue(), coloured=style.colour).removesuffix("\n").split("\n")
    text = "".join(f"{line.rstrip()}\n" for line in lines)
    return text if style.unicode else text.replace("×", "x").replace("…", "...").replace("–", "-")


def _findings(lesson: Lesson, written: Written | None) -> Iterator[tuple[str, Sequence[str]]]:
    yield (
        "Is this a real change? One run differs far more than all others:",
        [
            f"{printable(one.name)} in {printable(one.run)}: {one.gate} is {one.times:.3g} × the limit that the "
            "other runs taught"
            for one in lesson.changes
        ],
    )
    told = {(one.name, one.run) for one in lesson.changes}
    yield (
        "Would have failed by what the other runs taught:",
        [
            f"{printable(name)} in {printable(run.name)}: {gate} is {times:.3g} × its limit"
            for run in lesson.runs
            for name, gate, times in run.failing
            if (name, run.name) not in told
        ],
    )
    yield (
        "Wider than needed, because of one run alone:",
        [
            f"{printable(one.name)} by {printable(one.run)}: {one.gate} is {_times(one.times)}"
            for one in lesson.wide
        ],
    )
    for heading, field in (
        ("Could not be compared:", "unusable"),
        ("Missing in a run:", "missing"),
        ("Without a baseline:", "extra"),
        ("Compared with another baseline, or nearer to a further reference:", "elsewhere"),
    ):
        found = [(entry, run.name) for run in lesson.runs for entry in getattr(run, field)]
        yield heading, [_entry(entry, run) for entry, run in found]
    yield "Not learned, since fewer than two runs can be used:", list(map(printable, lesson.too_few))
    if written is not None:
        yield (
            "Dropped from the file, since their baseline is gone or changed:",
            list(map(printable, written.dropped)),
        )


def _entry(entry: Any, run: str) -> str:
    if isinstance(entry, str):
        return f"{printable(entry)} in {printable(run)}"
    return f"{printable(entry[0])} in {printable(run)}: {printable(entry[1])}"


def _times(times: float) -> str:
    return f"{times:.3g} × that of any other run" if math.isfinite(times) else "0 in all other runs"


def _images(lesson: Lesson) -> str:
    most = max((entry.runs for entry in lesson.images.values()), default=0)
    limits = f"; limits are {margin(most):.2g} × the largest of {most} runs" if most else ""
    equal = f", {lesson.equal} of them equal in all runs" if lesson.equal else ""
    return f"{len(lesson.images)} learned{equal}{limits}"


def _written(lesson: Lesson, written: Written, path: Path) -> str:
    kept = f", and {counted(written.kept, 'entry').replace('entrys', 'entries')} kept" if written.kept else ""
    size = f"{written.size:,} bytes; at most {written.largest:,} an image"
    return f"{shown(path)}: {counted(len(lesson.images), 'image')} learned{kept} ({size})"
