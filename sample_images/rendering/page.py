"""A page of a made-up harbour handbook, set in justified paragraphs."""

from rendering.arrays import Pixels
from rendering.canvas import Canvas

_PAPER, _INK, _SOFT = "#fbf8f1", "#23211d", "#7b756a"
_SIZE, _LEADING, _MARGIN = 11.5, 15.2, 30.0

_PARAGRAPHS = (
    "The lamp on the north mole is lit at dusk and counted every quarter of an hour. A keeper who "
    "can see all four beacons writes a plain stroke in the book; a keeper who can see three writes "
    "the name of the missing one, and sends for the boat.",
    "Fog is measured with the painted posts. If the sixth post is lost from the gallery, the bell "
    "is rung twice a minute. If the third is lost, every vessel inside the bar waits at anchor, "
    "whatever the hour of the mail.",
    "In an easterly gale the inner steps are closed, because the swell climbs them faster than "
    "anyone can. Stores are then landed at the old slip, where the crane lifts 340 pounds and no "
    "more.",
)


def _wrap(canvas: Canvas, paragraph: str, width: float, indent: float) -> list[list[str]]:
    """Break a paragraph into lines that fit; only the first is indented."""
    lines: list[list[str]] = [[]]
    for word in paragraph.split():
        room = width - (indent if len(lines) == 1 else 0.0)
        if lines[-1] and canvas.measure(" ".join([*lines[-1], word]), _SIZE) > room:
            lines.append([])
        lines[-1].append(word)
    return lines


def _set_line(canvas: Canvas, words: list[str], left: float, right: float, y: float, last: bool) -> None:
    """Write a line word by word, spreading the spare width over the gaps unless it is the last."""
    widths = [canvas.measure(word, _SIZE) for word in words]
    gap = canvas.measure(" ", _SIZE)
    if not last:
        gap = (right - left - sum(widths)) / (len(words) - 1)
    for word, width in zip(words, widths, strict=True):
        canvas.text(left, y, word, _SIZE, _INK)
        left += width + gap


def render_page(width: int = 360, height: int = 270) -> Pixels:
    """Set the page; a wider page gets a wider margin on the right, not longer lines."""
    canvas = Canvas(width, height, _PAPER)
    right = 360 - _MARGIN
    canvas.text(_MARGIN, 24, "THE  HARBOUR  BOOK", 8.5, _SOFT)
    canvas.text(right, 24, "17", 8.5, _SOFT, "rs")
    canvas.box(_MARGIN, 30, right - _MARGIN, 0.75, _SOFT)
    canvas.text(_MARGIN, 51, "Of lamps, fog and heavy weather", 15, _INK, weight=1)
    y = 71.0
    for number, paragraph in enumerate(_PARAGRAPHS):
        indent = 14.0 if number else 0.0
        lines = _wrap(canvas, paragraph, right - _MARGIN, indent)
        for index, words in enumerate(lines):
            left = _MARGIN + (indent if index == 0 else 0.0)
            _set_line(canvas, words, left, right, y, last=index == len(lines) - 1)
            y += _LEADING
        y += 2.0
    return canvas.pixels()
