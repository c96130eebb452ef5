"""percept's verdicts, and the scores of public tools, on the labelled pairs; prints Markdown tables.

What is measured can be kept as CSV, and be judged again by other levels without measuring. With --write the tables
of RESULTS.md are replaced.

Run by hand:
    python -m tests.corpus.judge --half judge                 # percept alone, one half
    python -m tests.corpus.judge --peers --out scores.csv     # public tools as well
    python -m tests.corpus.judge --read scores.csv --write    # tables from what was measured
"""

from __future__ import annotations

import argparse
import csv
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.corpus.judging import ours, report, tools
from tests.corpus.make.common import CORPUS, Row, read_manifest

RESULTS = CORPUS / "RESULTS.md"
_VERSIONS = "# versions: "


def measure(rows: list[Row], python: Path | None, packages: Path | None) -> report.Measured:
    """Everything, the public tools meanwhile in processes of their own."""
    found = report.Measured()
    with ThreadPoolExecutor(1) as pool:
        asked = None if python is None or packages is None else pool.submit(tools.measure, rows, python, packages)
        start = time.perf_counter()
        for number, row in enumerate(rows, 1):
            result = ours.gates_of(row)
            values = found.values[row.name] = ours.measures(row, result)
            if ours.failed(report.gates(values), "auto") != (result.status == "fail"):
                raise SystemExit(f"Error: {row.name} is judged otherwise from what was measured")
            seconds = time.perf_counter() - start
            print(f"\r{number} of {len(rows)} pairs, {seconds:.0f} s", end="", file=sys.stderr, flush=True)
        print(file=sys.stderr)
        if asked is not None:
            peers = asked.result()
            found.versions = peers.versions
            for name, scores in peers.scores.items():
                found.values[name] |= scores
    return found


def write_scores(path: Path, found: report.Measured) -> None:
    """A row for every pair, after a line that names the versions; empty where a tool refuses a pair."""
    columns = list(dict.fromkeys(name for values in found.values.values() for name in values))
    with path.open("w", encoding="utf-8", newline="") as stream:
        stream.write(f"{_VERSIONS}{', '.join(found.versions)}\n")
        writer = csv.DictWriter(stream, ("name", *columns), lineterminator="\n")
        writer.writeheader()
        for name, values in sorted(found.values.items()):
            writer.writerow({"name": name} | {key: _digits(value) for key, value in values.items()})


def _digits(value: float | None) -> str:
    return "" if value is None else f"{value:.7g}"


def read_scores(path: Path) -> report.Measured:
    """What `write_scores` wrote."""
    with path.open(encoding="utf-8", newline="") as stream:
        versions = stream.readline().removeprefix(_VERSIONS).strip()
        found = report.Measured(versions.split(", ") if versions else [])
        for row in csv.DictReader(stream):
            name = row.pop("name")
            found.values[name] = {column: float(value) if value else None for column, value in row.items()}
    return found


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--half", choices=("tune", "judge", "all"), default="all")
    parser.add_argument("--peers", action="store_true", help="measure public tools as well; takes minutes more")
    parser.add_argument(
        "--peers-python", type=Path, default=Path(sys.executable), help="has scikit-image and FLIP"
    )
    parser.add_argument("--peers-node", type=Path, default=Path(), help="the folder that holds node_modules")
    parser.add_argument("--out", type=Path, help="keep what was measured as this CSV")
    parser.add_argument("--read", type=Path, help="take what was measured from this CSV")
    parser.add_argument("--write", action="store_true", help="replace the tables of RESULTS.md")
    given = parser.parse_args()
    rows = [row for row in read_manifest() if given.half in ("all", row.half)]
    if given.read:
        found = read_scores(given.read)
    else:
        found = measure(rows, *((given.peers_python, given.peers_node) if given.peers else (None, None)))
    if given.out:
        write_scores(given.out, found)
    tables = report.tables(rows, found)
    print(tables)
    if given.write:
        RESULTS.write_text(report.replaced(RESULTS.read_text(encoding="utf-8"), tables), encoding="utf-8")


if __name__ == "__main__":
    main()
