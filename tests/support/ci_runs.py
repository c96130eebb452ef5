"""Runs for the reports of pipelines, among them names that would command their readers."""

from __future__ import annotations

from dataclasses import replace

from percept_cli.results.pair import PairResult
from tests.support.reported import MANY, NOT_A_NUMBER, UNDECODABLE, UNUSABLE
from tests.support.runs import CHECKED, RUN

EMPTY = replace(RUN, results=())
ALLOWED = replace(CHECKED, allow_unmatched=True)
ENDED_EARLY = replace(RUN, results=tuple(MANY.results)[:2], complete=False)
HOSTILE_NAMES = (
    "a|b.png",
    "`tick``s`.png",
    "<script>alert(1)</script>.png",
    "</details></code>.png",
    "&amp;.png",
    "[link](http://example.org).png",
    "back\\slash\\|.png",
    "line\nbreak\r.png",
    "\x1b[31mred\x00.png",
    "stray \udcff byte.png",
    "a # SKIP me.png",
    "# TODO.png",
    "::error::x, y: 100%.png",
    "]]>.png",
    '"quoted".png',
    "@someone :tada: *bold* _it_ ~~gone~~ $x$.png",
    " leading and trailing ",
    "übung/日本.png",
    "...",
    "'",
)
(FAILED_PAIR,) = (result for result in CHECKED.results if result.status == "fail")


def hostile(name: str) -> PairResult:
    return replace(
        FAILED_PAIR, name=name, reference=f"expected/{name}", candidate=f"out/{name}", reason=f"of {name}"
    )


HOSTILE = replace(CHECKED, results=tuple(map(hostile, HOSTILE_NAMES)))
RUNS = {
    "checked": CHECKED,
    "allowed": ALLOWED,
    "sample": RUN,
    "many": MANY,
    "empty": EMPTY,
    "empty and allowed": replace(EMPTY, allow_empty=True),
    "early": ENDED_EARLY,
    "hostile": HOSTILE,
    "odd": replace(RUN, results=(NOT_A_NUMBER, UNDECODABLE, UNUSABLE)),
}
