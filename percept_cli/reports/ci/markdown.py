"""Markdown, for the summary of a pipeline's step: the verdict, what did not pass, and how to go on."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator

from percept_cli.reports import Report
from percept_cli.reports.commands import folder_options
from percept_cli.reports.findings import boxes_in_words, most_in, outcome_of, reason_of
from percept_cli.results.numbers import beside, rounded
from percept_cli.results.pair import PairResult, badness
from percept_cli.results.run import Run
from percept_cli.results.summary import Summary
from percept_cli.results.verdict import judge_run
from percept_cli.system.names import printable, shell_quoted

MOST_BYTES = 1_000_000
"""GitHub shows no summary at all of a step that writes more than 1 MiB (1 048 576 bytes)."""

_FOR_THE_END = 4_000  # bytes kept free for what follows the tables
_TABLE = (
    "| status | image | gate | value | limit | regions (x,y,width,height) | top layer |\n"
    "|---|---|---|--:|--:|---|---|\n"
)
_HARMLESS = re.compile(r"[^`|\\<>&\s]+(?: [^`|\\<>&\s]+)*")


class MarkdownReport(Report):
    """The summary; what is beyond the limit is counted instead of shown."""

    def render(self) -> Iterator[str]:
        """What did not pass, then what did, then how to go on."""
        run = self.run
        status, reason = judge_run(run)
        room = _Room(MOST_BYTES - _FOR_THE_END)
        yield room.take(f"## percept: {status.upper()}\n\n{_text(reason)}.\n\n{_counts(run)}\n")
        # Results may be read from disk, so that their rows are kept instead of them.
        bad = sorted(
            (badness(result), _row(result))
            for result in run.results
            if outcome_of(result, run) not in ("pass", "skipped")
        )
        if bad:
            yield room.take(_TABLE)
            yield from room.take_all(
                (row for _, row in bad), "\n… and {} more that did not pass; the other reports list them all.\n"
            )
            yield "\n"
        fine = len(run.results) - len(bad)
        if fine:
            yield f"<details><summary>{_fine(run.summary, fine)}</summary>\n\n"
            names = (_item(result) for result in run.results if outcome_of(result, run) in ("pass", "skipped"))
            yield from room.take_all(names, "\n… and {} more.\n")
            yield "\n</details>\n\n"
        if bad:
            yield _how_to_go_on(run, self.style.json_report or "percept-report.json")
        yield f"percept {_text(run.version)}, recipe `{run.fingerprint}`\n"


class _Room:
    """What may still be written, in bytes of UTF-8."""

    def __init__(self, size: int) -> None:
        self._left = size

    def take(self, text: str) -> str:
        self._left -= len(text.encode())
        return text

    def take_all(self, lines: Iterable[str], rest: str) -> Iterator[str]:
        """The lines for which there is room, and in the place of the others how many they are."""
        left_out = 0
        for line in lines:
            if left_out or len(line.encode()) > self._left:
                left_out += 1
            else:
                yield self.take(line)
        if left_out:
            yield rest.format(left_out)


def _counts(run: Run) -> str:
    found = run.summary
    counts = {
        "passed": found.within,
        "measured": found.measured,
        "tolerated": found.tolerated,
        "not compared": found.not_compared,
        "warned": found.warned + found.warns,
        "failed": found.failed,
        "new": found.new,
        "missing": found.missing,
        "errors": found.errors,
    }
    for name in ("measured", "tolerated", "not compared"):
        if not counts[name]:
            del counts[name]
    return f"| {' | '.join(counts)} |\n|{'--:|' * len(counts)}\n| {' | '.join(map(str, counts.values()))} |\n"


def _row(result: PairResult) -> str:
    name = code(result.name)
    gate = None if result.evidence is None else result.evidence.deciding
    if result.status in ("fail", "warn") and gate is not None and gate.status != "pass":
        unit = f" {gate.unit}" if gate.unit else ""
        value, limit = (rounded(gate.value), "") if gate.limit is None else beside(gate.value, gate.limit)
        cells = [gate.name, f"{value}{unit}", limit]
        cells += [boxes_in_words(result), most_in(result)]
    elif result.status in ("fail", "warn") and result.threshold is not None:
        cells = ["distance", *beside(result.distance, result.threshold), "", most_in(result)]
    else:
        name += f"<br>{_text(reason_of(result))}"
        cells = ["", "", "", boxes_in_words(result), ""]
    return f"| {' | '.join((result.status.upper(), name, *cells))} |\n"


def _item(result: PairResult) -> str:
    if result.status in ("pass", "measured") and result.scored:
        told = "".join((f" {result.distance:.6g}", *(f"; {_text(note)}" for note in result.notes)))
    else:
        told = f" {result.status}: {_text(reason_of(result))}"
    return f"- {code(result.name)}{told}\n"


def _fine(found: Summary, count: int) -> str:
    """What the results are that are not in the table, of which there are so many."""
    counts = {
        "passed": found.within,
        "measured": found.measured,
        "tolerated": found.tolerated,
        "not compared": found.not_compared,
    }
    counts["without a counterpart"] = count - sum(counts.values())
    return ", ".join(f"{number:,} {what}" for what, number in counts.items() if number)


def _how_to_go_on(run: Run, report: str) -> str:
    if run.folders is None:
        return ""
    baseline, current, json_report = map(shell_quoted, (*run.folders, report))
    return (
        "To see what changed, and to accept it if it is right:\n\n"
        f"{_block(f'percept check {baseline} {current} -o {json_report} -o percept-report.html')}"
        f"{_block(' '.join(('percept approve', json_report, *folder_options(run.folders))))}\n"
    )


def _block(command: str) -> str:
    # Indented blocks need no fence that a name could close.
    return f"    {command}\n"


def code(text: str) -> str:
    """A name in the type of code, whatever is in it."""
    text = printable(text)
    if _HARMLESS.fullmatch(text):
        return f"`{text}`"
    return f"<code>{_text(text)}</code>"


def _text(text: str) -> str:
    """Text in which nothing is markup: what could be read as such stands as a character reference."""
    return re.sub(
        r"[^\w\s.,;:/()%+=-]|(?<!\w)_|_(?!\w)|:(?=\S)", lambda char: _reference(char[0]), printable(text)
    )


def _reference(char: str) -> str:
    return html.escape(char) if char in "<>&" else f"&#{ord(char)};" if char.isascii() else char
