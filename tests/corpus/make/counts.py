"""How many pairs there are: the table of the corpus's README."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from tests.corpus.make.common import CORPUS, HALVES, Row

README = CORPUS / "README.md"
START, END = "<!-- counts -->\n", "<!-- end of counts -->\n"
COLUMNS = [
    (half, label, machine)
    for half in HALVES
    for label, machine in (("same", "same"), ("same", "cross"), ("differs", "same"), ("differs", "cross"))
]


def table(rows: Iterable[Row]) -> str:
    """A Markdown table of pairs per category, half, label and machine."""
    counts = Counter((row.category, row.half, row.label, row.machine) for row in rows)
    categories = sorted({key[0] for key in counts})
    lines = ["| Category | " + " | ".join(" ".join(column) for column in COLUMNS) + " | all |"]
    lines.append("|---" + "|--:" * (len(COLUMNS) + 1) + "|")
    total = Counter[tuple[str, str, str]]()
    for category in categories:
        cells = {column: counts[category, *column] for column in COLUMNS}
        total.update(cells)
        lines.append(_line(category, [cells[column] for column in COLUMNS]))
    lines.append(_line("all", [total[column] for column in COLUMNS]))
    return "\n".join(lines) + "\n"


def _line(name: str, numbers: list[int]) -> str:
    return f"| {name} | " + " | ".join(str(number) for number in [*numbers, sum(numbers)]) + " |"


def update_readme(rows: Iterable[Row]) -> None:
    """Write the table into the README, between its marks."""
    text = README.read_text(encoding="utf-8")
    before, rest = text.split(START)
    _, after = rest.split(END)
    README.write_text(before + START + table(rows) + END + after, encoding="utf-8")
