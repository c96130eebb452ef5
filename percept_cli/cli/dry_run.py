"""``--dry-run``: what a run would compare, from where, and how many bytes it would read."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, nullcontext
from dataclasses import asdict, replace
from typing import Any

import click
from click.core import ParameterSource

from percept_cli._version import __version__
from percept_cli.cli.asked import Asked
from percept_cli.cli.console import print_report, print_result
from percept_cli.cli.options import note_settings
from percept_cli.cli.terms import Terms, check_outputs
from percept_cli.cli.words import say_notes
from percept_cli.errors import ExitCode, InvalidSetting
from percept_cli.pairs import Pairs
from percept_cli.pairs.manifests import STDIN
from percept_cli.reports.data.rows import dumps
from percept_cli.reports.destinations import Destinations
from percept_cli.runs.journal import Journal
from percept_cli.scoring.forecast import Action, Forecast, Foreseen
from percept_cli.scoring.scorer import Scorer
from percept_cli.system.names import counted, posix, printable, shown

_PLAIN = ("compare", "reuse")
_SIDES = ("reference", "candidate")


def foresee(
    pairs: Pairs,
    asked: Asked,
    scorer: Scorer,
    to: Destinations,
    terms: Terms,
    *,
    quiet: bool,
    verbose: bool,  # noqa: ARG001 - as of a run
) -> int:
    """Print the plan of a run, which decodes no image and writes nothing, and return the exit code.

    Raises:
        InvalidSetting: if another format than a table or JSON is asked for.
        OutputUnwritable: if a file of the run could not be written.
    """
    check_outputs(pairs, to, terms)
    form = _form(to)
    journal = Journal(terms.resume, scorer, by=terms.resume_by, read_only=True) if terms.resume else None
    if not quiet:
        note_settings(asked.settings)
        say_notes(pairs.notes)
        say_notes(journal.notes if journal is not None else ())
    with nullcontext() if journal is None else closing(journal):
        plan = _Plan(pairs, asked, scorer, to, terms, Forecast(pairs.pairs, scorer, journal))
        if form == "json":
            print_report(plan.as_json())
        elif not quiet:
            print_result("".join(f"{line}\n" for line in plan.as_text()))
        else:
            for _ in plan.forecast:  # a list that cannot be read is an error all the same
                pass
    return ExitCode.WITHIN


def _form(to: Destinations) -> str:
    ctx = click.get_current_context()
    typed = ctx.get_parameter_source("form") is ParameterSource.COMMANDLINE
    if typed and to.stdout not in ("table", "json"):
        raise InvalidSetting(
            f"--dry-run prints its plan as a table or as JSON, not as {to.stdout}",
            hint="use --format json, or leave out --format.",
        )
    return "json" if typed and to.stdout == "json" else "table"


class _Plan:
    """What a run would do, in two forms, of which one is made."""

    def __init__(
        self, pairs: Pairs, asked: Asked, scorer: Scorer, to: Destinations, terms: Terms, forecast: Forecast
    ) -> None:
        self.forecast = forecast
        self._pairs, self._asked, self._spec, self._terms = pairs, asked, scorer.spec, terms
        self._command, self._thing = ("check", "image") if terms.checks else ("batch", "pair")
        self._sides = ("baseline", "current") if terms.checks else ("reference", "candidate")
        self._outputs = [path for path, _ in to.files]
        self._outputs += [] if terms.heatmaps is None else [terms.heatmaps.path]

    def as_json(self) -> Iterator[str]:
        """One object, pair by pair; the numbers stand at its end."""
        head = {
            "tool": "percept",
            "version": __version__,
            "kind": self._command,
            "dry_run": True,
            "fingerprint": self._spec.fingerprint,
            "origin": None if self._pairs.origin is None else dict(zip(_SIDES, self._pairs.origin, strict=True)),
            "resume": None if self._terms.resume is None else posix(self._terms.resume),
            "outputs": [posix(path) for path in self._outputs],
            "notes": list(self._pairs.notes),
        }
        yield f'{dumps(head, indent=2).removesuffix("}").rstrip()},\n  "pairs": ['
        for number, one in enumerate(self.forecast):
            yield f"{',' * bool(number)}\n    {dumps(_row(one))}"
        shard = self._pairs.shard
        tail: dict[str, Any] = {
            "shard": None if shard is None else asdict(replace(shard, whole=self._whole)),
            "counts": self.forecast.counts,
            "bytes": self.forecast.bytes,
            "files_without_size": self.forecast.without_size,
        }
        yield f"\n  ],\n{dumps(tail, indent=2).removeprefix('{').lstrip(chr(10))}\n"

    @property
    def _whole(self) -> int | None:
        """Of a shard, when all has been gone through: the pairs of all shards."""
        if self._pairs.read is not None:
            return self._pairs.read()
        return None if self._pairs.shard is None else self._pairs.shard.whole

    def as_text(self) -> Iterator[str]:
        """What would not be compared, then what would, up to ``--top`` of each; then the numbers."""
        shown_of = dict[bool, list[str]]({True: [], False: []})
        total = dict[bool, int]({True: 0, False: 0})
        for one in self.forecast:
            is_plain = one.action in _PLAIN
            total[is_plain] += 1
            if self._terms.top is None or len(shown_of[is_plain]) < self._terms.top:
                shown_of[is_plain].append(self._line(one))
        yield f"Dry run of percept {self._command}: nothing is compared, and nothing is written."
        yield ""
        for is_plain in (False, True):
            yield from shown_of[is_plain]
            left = total[is_plain] - len(shown_of[is_plain])
            if left:
                yield f"  … and {left} more; list them with --top all"
        if any(total.values()):
            yield ""
        yield from (f"{name:<11}{told}" for name, told in self._facts())

    def _line(self, one: Foreseen) -> str:
        if one.action not in _PLAIN:
            return f"  {one.action.upper()} {printable(one.name)}: {printable(one.reason)}"
        size = told_size(one.bytes) if one.action == "compare" else ""
        more = f" ({len(one.references)} references)" if len(one.references) > 1 else ""
        name = printable(one.name)
        if self._pairs.origin is None and one.candidate is not None:
            files = f"{shown(one.references[0])} and {shown(one.candidate)}"
            name = files if one.name == one.candidate else f"{name}: {files}"
        return f"  {one.action:<7}  {size:>9}  {name}{more}"

    def _facts(self) -> Iterator[tuple[str, str]]:
        forecast, pairs, terms = self.forecast, self._pairs, self._terms
        counts = forecast.counts
        listed = click.get_current_context().params.get("manifest")
        if listed is not None:
            yield "list", "standard input" if listed == STDIN else shown(listed)
        if pairs.origin is not None:
            yield from zip(self._sides, map(printable, pairs.origin), strict=True)
        if pairs.shard is not None:
            yield "shard", f"{pairs.shard} of {counted(self._whole or 0, self._thing)}"
        yield "compare", counted(counts["compare"], self._thing)
        if terms.resume is not None:
            yield "reuse", f"{counted(counts['reuse'], self._thing)} from {shown(terms.resume)}"
        names = ("image", "baseline") if terms.checks else ("candidate", "reference")
        lonely: tuple[Action, ...] = ("missing", "new")
        kinds = zip(lonely, names, strict=True)
        told = [f"{counts[kind]} {kind} (no {name})" for kind, name in kinds if counts[kind]]
        if told:
            yield "unmatched", ", ".join(told)
        if counts["error"]:
            yield "errors", f"{counted(counts['error'], self._thing)} cannot be compared"
        unknown = (
            f", and {counted(forecast.without_size, 'file')} of unknown size" if forecast.without_size else ""
        )
        yield "to read", f"{told_size(forecast.bytes)}{unknown}"
        nothing = not (counts["compare"] or counts["reuse"] or counts["error"])
        if nothing and not terms.allow_empty and not (pairs.shard and self._whole):
            yield "note", "there is nothing to compare: the run would exit with 3"
        yield "recipe", f"preset {self._asked.recipe.preset.name}, fingerprint {self._spec.fingerprint}"
        if self._outputs:
            yield "output", ", ".join(map(shown, self._outputs))


def _row(one: Foreseen) -> dict[str, Any]:
    return {
        "name": one.name,
        "action": one.action,
        "references": list(one.references),
        "candidate": one.candidate,
        "bytes": one.bytes,
        "reason": one.reason,
    }


def told_size(size: int) -> str:
    """A number of bytes as a person reads it; 1 MB is 10⁶ bytes."""
    if size < 1000:
        return counted(size, "byte")
    value, units = size / 1000, ["kB", "MB", "GB", "TB"]
    while value >= 999.5 and len(units) > 1:
        value, units = value / 1000, units[1:]
    return f"{value:.1f} {units[0]}" if value < 100 else f"{value:.0f} {units[0]}"
