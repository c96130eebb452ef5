"""HTML: one file that needs nothing else, to see what changed, where, and why it counts.

The page is put together from the files in ``html/``. It holds one block of JSON per result and one block of text
per picture (its ``data:`` address), which cost a browser next to nothing until they are looked at. The blocks come
in the order of the run; the page itself sorts. What may run and be loaded is fixed by a Content-Security-Policy:
this style, this script, and no network.
"""

from __future__ import annotations

import base64
import hashlib
import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import asdict, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from percept_cli.drawing.colours import heat_png, scale_png
from percept_cli.geometry import FileStamp
from percept_cli.recipes.ladder import Step
from percept_cli.recipes.presets import ladder_of
from percept_cli.recipes.told import in_words
from percept_cli.reports import Report, Style
from percept_cli.reports.commands import command_to_keep, commands_for
from percept_cli.reports.html.pictures import Album, Role, data_url
from percept_cli.reports.html.terms import terms_of
from percept_cli.results.pair import PairResult, worst_first
from percept_cli.results.run import Run
from percept_cli.results.status import WORST_FIRST, Status
from percept_cli.results.verdict import judge_run
from percept_cli.system.names import printable

if TYPE_CHECKING:
    from jinja2 import Environment

_FOLDER = Path(__file__).parent
_STYLES = ("report.css", "list.css", "viewer.css", "facts.css", "terms.css")
_SCRIPTS = (
    "data.js",
    "terms.js",
    "pointers.js",
    "fit.js",
    "viewer.js",
    "ladder.js",
    "facts.js",
    "list.js",
    "report.js",
)
"""In this order, they are one script."""
_PLAIN = ("status", "distance", "severity", "threshold", "width", "height")
_MOST_VIEWS = 100  # of a pair, the worst first
_ACCEPTING: dict[Status, str] = {
    "fail": "Accept the candidate as the reference",
    "warn": "Accept the candidate as the reference",
    "new": "Accept it as a new reference",
    "missing": "Accept that it is gone: delete the reference",
}
_KEEPING = "Keep the candidate beside the reference, as an alternate"
# What an HTML parser could take for the end of a script, or JavaScript of before 2019 for the end of a line.
_ESCAPES = {ord(char): f"\\u{ord(char):04x}" for char in "<>&\u2028\u2029"}


class HtmlReport(Report):
    """The page."""

    def render(self) -> Iterator[str]:
        """All of it, piece by piece: at most one picture is held at a time."""
        run, style = self.run, self.style
        status, reason = judge_run(run)
        css, script = _joined(_STYLES), _joined(_SCRIPTS)
        recipe = in_words(run.spec)
        ladder = ladder_of(run.spec)
        setting = {
            "pictures": style.pictures,
            "legend": data_url("image/png", scale_png()),
            "order": WORST_FIRST,
            "terms": terms_of(run.spec),
            "ladder": ladder and {"whole": _rungs(ladder.whole), "place": _rungs(ladder.place)},
        }
        template = _environment().get_template("report.html.j2")
        yield from template.generate(
            run=run,
            status=status,
            reason=printable(reason),
            counts=run.summary.counts,
            total=len(run.results),
            recipe=recipe,
            ladder=ladder,
            device="not needed" if run.device == "none" else printable(run.device),
            folders=None if run.folders is None else tuple(map(printable, run.folders)),
            style=_inert(css),
            script=_inert(script),
            policy=_policy(css, script, style),
            setting=_inert(_json(setting)),
            blocks=_blocks(run, style),
        )
        yield "\n"


def _rungs(steps: tuple[Step, ...]) -> list[dict[str, Any]]:
    """Steps as the page draws them: from the least to the most."""
    return [asdict(step) for step in sorted(steps, key=lambda step: step.median)]


@cache
def _environment() -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    return Environment(
        loader=FileSystemLoader(_FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _joined(names: tuple[str, ...]) -> str:
    # The hash of the policy is over what stands between the tags, line breaks included.
    return "\n" + "\n".join((_FOLDER / name).read_text(encoding="utf-8") for name in names)


def _policy(css: str, script: str, style: Style) -> str:
    """What the page may do: nothing but its own style and script, and pictures as far as it has any."""

    def source(text: str) -> str:
        return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"

    # A page that is opened from a disk has no origin that 'self' could stand for in every browser.
    images = "data: 'self' file:" if style.pictures == "link" else "data:"
    return (
        f"default-src 'none'; img-src {images}; style-src {source(css)}; script-src {source(script)}; "
        "base-uri 'none'; form-action 'none'"
    )


def _inert(text: str) -> Any:
    """Text that is part of this package, or escaped already, as markup."""
    from markupsafe import Markup

    return Markup(text)


def _json(value: object) -> str:
    """JSON for a script element: plain ASCII in which nothing can be taken for markup."""
    text = json.dumps(_finite(value), separators=(",", ":"), allow_nan=False)
    return text.translate(_ESCAPES)


def _finite(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {key: _finite(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(entry) for entry in value]
    return value


def _blocks(run: Run, style: Style) -> Iterator[Any]:
    """The elements that hold the data: each result behind the pictures that it is the first to show."""
    album = Album(run.results, style, run.spec.pictures)
    for index, result in enumerate(run.results):
        sides = {}
        both: tuple[tuple[Role, str | None, FileStamp | None], ...] = (
            ("reference", result.reference, result.reference_file),
            ("candidate", result.candidate, result.candidate_file),
        )
        for role, path, stamp in both:
            if path is not None:
                shot, data = album.take(index, role, path, stamp, result.view)
                sides[role] = shot
                if data is not None:
                    yield _inert(f'<script type="text/plain" id="{shot["picture"]}">{data}</script>\n')
        entry = _entry(result, run, style) | {"sides": sides}
        yield _inert(f'<script type="application/json" class="result">{_json(entry)}</script>\n')


def _entry(result: PairResult, run: Run, style: Style) -> dict[str, Any]:
    """A result as the page's script takes it."""
    entry: dict[str, Any] = {
        "name": printable(result.name),
        "reason": printable("; ".join((result.reason, *result.notes))),
        "layers": [asdict(layer) for layer in result.layers],
        "commands": _commands(result, run, style),
        "views": [
            {
                "name": str(one.view),
                "status": one.status,
                "distance": one.distance,
                "reason": printable(one.reason),
            }
            for one in sorted(result.views, key=worst_first)[:_MOST_VIEWS]
        ],
        "views_in_all": len(result.views),
    }
    entry |= {key: getattr(result, key) for key in _PLAIN}
    entry["exceeded"] = _exceeded(result)
    entry["limited"] = result.threshold is not None or bool(result.evidence and result.evidence.limited)
    if result.like is not None:
        # A result by a recipe of its own is not on the ladder of the run.
        mark = result.like.value if result.fingerprint is None else None
        entry["like"] = {"kind": result.like.kind, "words": result.like.words, "mark": mark}
    else:
        entry["like"] = None
    found = result.evidence
    if found is not None:
        gates = [asdict(gate) | {"source": printable(gate.source)} for gate in found.gates]
        heat = None
        if found.heat is not None:  # as a picture, instead of its values
            heat = asdict(found.heat) | {"address": data_url("image/png", heat_png(found.heat))}
            del heat["values"]
        entry["evidence"] = asdict(replace(found, heat=None)) | {"gates": gates, "heat": heat}
    return entry


def _exceeded(result: PairResult) -> dict[str, Any] | None:
    """What a result that warns or fails is above: the gate, or the distance, with its value and its limit."""
    if result.status not in ("fail", "warn", "tolerated"):
        return None
    gate = None if result.evidence is None else result.evidence.deciding
    if gate is not None and gate.limit is not None:
        return {"name": gate.name, "value": gate.value, "unit": gate.unit, "limit": gate.limit}
    if result.threshold is None:
        return None
    return {"name": "distance", "value": result.distance, "unit": "", "limit": result.threshold}


def _commands(result: PairResult, run: Run, style: Style) -> list[dict[str, str]]:
    """What to type to go on from here."""
    commands = commands_for(result, run, style.json_report)
    labels = {"show": "Draw the heat map", "accept": _ACCEPTING.get(result.status, "")}
    told = [{"label": labels[purpose], "text": command} for purpose, command in commands.items()]
    keep = command_to_keep(result, run, style.json_report)
    return told if keep is None else [*told, {"label": _KEEPING, "text": keep}]
