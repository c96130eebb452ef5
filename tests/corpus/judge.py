"""percept's verdicts, and the scores of public tools, on the labelled pairs; prints Markdown tables.

What is measured can be kept as CSV, and be judged again by other levels without measuring. What is measured anew
takes the place of what was read, and all else stays. With --write the tables of RESULTS.md are replaced.

Run by hand:
    python -m tests.corpus.judge --half judge                 # percept alone, one half
    python -m tests.corpus.judge --peers --out scores.csv     # public tools as well
    python -m tests.corpus.judge --read scores.csv --write    # tables from what was measured
    python -m tests.corpus.judge --read scores.csv --only-percept --half fresh --out scores.csv
    python -m tests.corpus.judge --pairs FOLDER --peers       # pairs that lie elsewhere: ref/, cand/, labels.tsv

For public tools, --peers-python is an interpreter that has what judging/requirements.txt names, and --peers-node a
folder into which npm has installed what judging/package.json names.
"""

from __future__ import annotations

import argparse
import csv
import os
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.corpus.judging import ours, outside, report, rivals, tools
from tests.corpus.judging.rivals import Measured
from tests.corpus.make.common import CORPUS, HALVES, Row, read_manifest

RESULTS = CORPUS / "RESULTS.md"
SCORES = CORPUS / "scores.csv"
_VERSIONS = "# versions: "


def measure(found: Measured, rows: list[Row], given: argparse.Namespace) -> None:
    """Everything that was asked for, the public tools meanwhile in processes of their own."""
    with ThreadPoolExecutor(1) as pool:
        asked = None
        if given.peers or given.only_peers:
            asked = pool.submit(tools.measure, rows, given.peers_python, given.peers_node, given.skip)
        if not given.only_peers:
            _measure_ours(found, rows, verdicts=given.verdicts or bool(given.pairs))
        if asked is not None:
            peers = asked.result()
            found.take(peers.versions, peers.scores)


def _measure_ours(found: Measured, rows: list[Row], verdicts: bool) -> None:
    start = time.perf_counter()
    for number, row in enumerate(rows, 1):
        result = ours.gates_of(row)
        values = ours.verdict(result) if verdicts else ours.measures(row, result)
        found.take((), {row.name: values})
        if not verdicts and not _agrees(values, failed=result.status == "fail"):
            raise SystemExit(f"Error: {row.name} is judged otherwise from what was measured")
        seconds = time.perf_counter() - start
        print(f"\r{number} of {len(rows)} pairs, {seconds:.0f} s", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)


def _agrees(values: rivals.Values, failed: bool) -> bool:
    """Whether the levels say of what was measured what check said."""
    gates = report.gates(values)
    return gates is not None and ours.failed(gates, "auto") == failed


def write_scores(path: Path, found: Measured) -> None:
    """A row for every pair, after a line that names the versions.

    A cell is empty where a tool refuses the pair, or has not run.
    """
    columns = list(dict.fromkeys(name for values in found.values.values() for name in values))
    fresh = path.with_name(f"{path.name}.tmp")
    with fresh.open("w", encoding="utf-8", newline="") as stream:
        stream.write(f"{_VERSIONS}{', '.join(found.versions)}\n")
        writer = csv.DictWriter(stream, ("name", *columns), lineterminator="\n")
        writer.writeheader()
        for name, values in sorted(found.values.items()):
            writer.writerow({"name": name} | {key: _digits(value) for key, value in values.items()})
    os.replace(fresh, path)  # noqa: PTH105 - whole, or as before


def _digits(value: float | None) -> str:
    return "" if value is None else f"{value:.7g}"


def read_scores(path: Path) -> Measured:
    """What `write_scores` wrote."""
    with path.open(encoding="utf-8", newline="") as stream:
        versions = stream.readline().removeprefix(_VERSIONS).strip()
        found = Measured(versions.split(", ") if versions else [])
        for row in csv.DictReader(stream):
            name = row.pop("name")
            found.values[name] = {column: float(value) if value else None for column, value in row.items()}
    return found


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--half", choices=(*HALVES, "all"), default="all", help="the pairs that are measured")
    parser.add_argument("--pairs", type=Path, metavar="FOLDER", help="pairs that lie elsewhere, not the corpus")
    asked = parser.add_mutually_exclusive_group()
    asked.add_argument("--peers", action="store_true", help="measure public tools as well; takes minutes more")
    asked.add_argument("--only-peers", action="store_true", help="measure public tools, and not percept")
    asked.add_argument("--only-percept", action="store_true", help="measure percept, even with --read")
    parser.add_argument("--verdicts", action="store_true", help="of percept, measure no more than what check says")
    parser.add_argument("--skip", nargs="*", choices=tools.CHILDREN, default=(), help="tools that do not run")
    parser.add_argument(
        "--peers-python", type=Path, default=Path(sys.executable), help="has scikit-image and FLIP"
    )
    parser.add_argument("--peers-node", type=Path, default=Path(), help="the folder that holds node_modules")
    parser.add_argument("--out", type=Path, help="keep what was measured as this CSV")
    parser.add_argument(
        "--read", type=Path, help="take what was measured from this CSV, and measure only what is asked"
    )
    parser.add_argument("--write", action="store_true", help="replace the tables of RESULTS.md")
    given = parser.parse_args()
    if given.pairs and (given.write or given.half != "all"):
        parser.error("--pairs goes without --half and --write")
    return given


def main() -> None:
    """Measure what was asked for, and print the tables."""
    given = _arguments()
    rows = outside.pairs(given.pairs) if given.pairs else read_manifest()
    found = read_scores(given.read) if given.read else Measured()
    if not given.read or given.peers or given.only_peers or given.only_percept:
        measure(found, [row for row in rows if given.half in ("all", row.half)], given)
    if given.out:
        write_scores(given.out, found)
    tables = _outside(rows, found) if given.pairs else report.tables(rows, found)
    print(tables)
    if given.write:
        RESULTS.write_text(report.replaced(RESULTS.read_text(encoding="utf-8"), tables), encoding="utf-8")


def _outside(rows: list[Row], found: Measured) -> str:
    """Tables of pairs that lie elsewhere, by the thresholds of the corpus' tune half."""
    tune = rivals.of(read_manifest(), "tune")
    told = rivals.tables(rows, found, tune, read_scores(SCORES)) | {
        "Wrong verdicts of percept": report.wrong(rows, found)
    }
    return "\n".join(f"### {title}\n\n{table}" for title, table in told.items() if table)


if __name__ == "__main__":
    main()
