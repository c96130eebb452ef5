"""Distances that were measured → how well they agree with RAID's people: the tables of docs/numbers/human-data.md.

python -m scripts.human.evaluate DATA WORK            writes scripts/human/results/*.csv and the tables of the page
python -m scripts.human.evaluate DATA WORK --print    prints the tables and writes nothing
"""

from __future__ import annotations

import argparse
import csv
import json
import platform
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from percept_cli.system.machine import processors
from scripts.human import agreement, stimuli
from scripts.human.measure import ONE_PATTERN
from scripts.human.metrics import GROUPS
from scripts.human.raid import DISTORTIONS, Answers, read_answers, read_scales

RESULTS = Path(__file__).parent / "results"
FILES = ("agreement", "one-pattern", "correlation")
PAGE = Path(__file__).parents[2] / "docs" / "numbers" / "human-data.md"
BASE = "default"
"""What others are compared with."""
ALL, AFFINE, NOISE = "all", "affine", "gaussian_noise"
KINDS = {kind: (kind,) for kind in DISTORTIONS} | {AFFINE: DISTORTIONS[:3], ALL: DISTORTIONS}
"""Answers that are counted together: the three distortions that move pixels, too."""
LEVELS_APART, SCALES_APART = "levels apart", "RAID's scales"
"""The reference lines, which see no pixel."""
_ORDER = (SCALES_APART, LEVELS_APART)
Table = NDArray[np.float64]
"""Distortions × 24 photographs × 10 × 10 levels; not a number where it was not measured."""


def read_distances(work: Path) -> tuple[dict[str, Table], dict[str, dict[str, float]]]:
    """All distances by metric, and of each group the seconds that it took and its photographs.

    What is not done yet is left out: metrics that have been measured on fewer than half of the photographs that
    another one has, and photographs that not all of the rest have.
    """
    found: dict[str, Table] = {}
    times: dict[str, dict[str, float]] = {}
    for group in GROUPS:
        files = sorted((work / group).glob("img_*.csv"))
        took = [json.loads(file.with_suffix(".json").read_text(encoding="utf-8")) for file in files]
        if took:
            times[group] = {key: sum(one[key] for one in took) for key in took[0]} | {"photographs": len(files)}
        for file in files:
            with file.open(encoding="utf-8", newline="") as rows:
                for row in csv.DictReader(rows):
                    shape = (len(DISTORTIONS), 24, 10, 10)
                    table = found.setdefault(row["metric"], np.full(shape, np.nan))
                    kind, number = DISTORTIONS.index(row["distortion"]), int(row["photograph"]) - 1
                    low, high = int(row["level_1"]) - 1, int(row["level_2"]) - 1
                    table[kind, number, low, high] = table[kind, number, high, low] = float(row["distance"])
    there = {name: photographs_of(table) for name, table in found.items()}
    most = max((one.sum() for one in there.values()), default=0)
    found = {name: table for name, table in found.items() if there[name].sum() >= most / 2}
    common = np.all([there[name] for name in found], axis=0)
    return {name: np.where(common[:, None, None], table, np.nan) for name, table in found.items()}, times


def photographs_of(table: Table) -> NDArray[np.bool_]:
    """Which photographs were measured."""
    return np.asarray(~np.isnan(table).all(axis=(0, 2, 3)))


def reference_lines(scales: NDArray[np.float64]) -> dict[str, Table]:
    """The two that need no pictures: how far levels, and RAID's own scales, are apart."""
    levels = np.broadcast_to(np.arange(10.0), scales.shape)
    return {
        name: np.abs(values[..., :, None] - values[..., None, :])
        for name, values in ((SCALES_APART, scales), (LEVELS_APART, levels))
    }


def with_noise(table: Table, other: Table) -> Table:
    """Distances with those of noise from another guess."""
    place = DISTORTIONS.index(NOISE)
    found = table.copy()
    found[place] = other[place]
    return found


def scores_of(table: Table, answers: Answers) -> NDArray[np.float64]:
    """Of each answer, whether a metric says the same."""
    kinds, numbers, levels = answers.distortion, answers.photograph - 1, answers.levels - 1
    first, second = (table[kinds, numbers, levels[:, place], levels[:, place + 1]] for place in (0, 2))
    assert not np.isnan(first).any() and not np.isnan(second).any()
    return agreement.scores(first, second, answers.second)


def agreements(
    tables: Mapping[str, Table], answers: Answers, kinds: Sequence[str] = (*DISTORTIONS, AFFINE, ALL)
) -> list[dict[str, object]]:
    """Of each metric, within each kind of answers: its agreement and its difference to the base."""
    numbers, places = np.unique(answers.photograph, return_inverse=True)
    draws = agreement.resamples(len(numbers))
    rows: list[dict[str, object]] = []
    for kind in kinds:
        chosen = np.flatnonzero(np.isin(answers.distortion, [DISTORTIONS.index(one) for one in KINDS[kind]]))
        some = answers.only(chosen)
        means = {
            name: agreement.mean_over(scores_of(table, some), places[chosen], draws)
            for name, table in tables.items()
        }
        base = means.get(BASE)
        for name, (value, resampled) in means.items():
            mine = agreement.estimate(value, resampled)
            row = {"metric": name, "distortion": kind, "photographs": len(numbers), "answers": len(some)}
            row |= {"agreement": mine.value, "low": mine.low, "high": mine.high}
            if base is not None:
                apart = agreement.estimate(value - base[0], resampled - base[1])
                row |= {"minus_base": apart.value, "minus_base_low": apart.low, "minus_base_high": apart.high}
            rows.append(row)
    return rows


def correlations(tables: Mapping[str, Table], scales: Table, resamples: int) -> list[dict[str, object]]:
    """Of each metric: how its distances of pairs rank beside how far RAID's scales are apart."""
    rows: list[dict[str, object]] = []
    measured = ~np.isnan(np.stack(list(tables.values()))).any(axis=0)
    measured &= np.triu(np.ones((10, 10), bool), 1)
    numbers = np.flatnonzero(measured.any(axis=(0, 2, 3)))
    draws = agreement.resamples(len(numbers), resamples)
    for kind in (*DISTORTIONS, ALL):
        chosen = measured.copy()
        if kind != ALL:
            chosen[np.arange(len(DISTORTIONS)) != DISTORTIONS.index(kind)] = False
        places = np.searchsorted(numbers, np.nonzero(chosen)[1])
        for name, table in tables.items():
            spearman, kendall = agreement.rank_correlations(table[chosen], scales[chosen])
            resampled = agreement.spearman_over(table[chosen], scales[chosen], places, draws)
            mine = agreement.estimate(spearman, resampled)
            row = {"metric": name, "distortion": kind, "pairs": int(chosen.sum())}
            rows.append(row | {"spearman": mine.value, "low": mine.low, "high": mine.high, "kendall": kendall})
    return rows


def people(answers: Answers) -> tuple[int, float]:
    """How many trials two people answered alike or not, and the share of those that they answered alike."""
    said: defaultdict[tuple[object, ...], list[bool]] = defaultdict(list)
    for kind, number, levels, second in zip(
        answers.distortion.tolist(),
        answers.photograph.tolist(),
        answers.levels.tolist(),
        answers.second.tolist(),
        strict=True,
    ):
        pairs = [tuple(sorted(levels[:2])), tuple(sorted(levels[2:]))]
        # The same two pairs may have been shown on other sides.
        said[kind, number, *sorted(pairs)].append((pairs[1] >= pairs[0]) == second)
    both = [one for one in said.values() if len(one) == 2]
    return len(both), float(np.mean([one[0] == one[1] for one in both]))


def in_order(names: Iterable[str], rows: Sequence[Mapping[str, object]]) -> list[str]:
    """The reference lines, then the metrics, the best over all distortions first."""
    overall = {row["metric"]: float(str(row["agreement"])) for row in rows if row["distortion"] == ALL}
    return sorted(names, key=lambda name: (name not in _ORDER, -overall[name]))


Rows = Sequence[Mapping[str, object]]
"""Of numbers, or of what a CSV file has of them."""


def agreement_table(rows: Rows, one_pattern: Rows) -> str:
    """Markdown, in per cent: of all answers, by both guesses of what the noise was."""
    cells, others = _cells(rows), _cells(one_pattern)
    lines = [
        f"| metric | own patterns | minus {BASE} | one pattern | minus {BASE} |",
        "|---|---:|---:|---:|---:|",
    ]
    for name in in_order(dict.fromkeys(name for name, _ in cells), rows):
        parts = [name]
        for row in (cells[name, ALL], others[name, ALL]):
            parts += [_percent(row), "" if name == BASE else _percent(row, "minus_base")]
        lines.append(f"| {' | '.join(parts)} |")
    return "\n".join(lines)


def distortion_table(rows: Rows, one_pattern: Rows) -> str:
    """Markdown, in per cent: each distortion on its own, and the affine ones together."""
    cells, others = _cells(rows), _cells(one_pattern)
    lines = [
        f"| metric | affine | affine, minus {BASE} | {' | '.join(KINDS[AFFINE])} | noise | noise, one pattern |",
        "|---|" + "---:|" * 7,
    ]
    for name in in_order(dict.fromkeys(name for name, _ in cells), rows):
        row = cells[name, AFFINE]
        parts = [name, _percent(row), "" if name == BASE else _percent(row, "minus_base")]
        parts += [_percent(cells[name, kind]) for kind in (*KINDS[AFFINE], NOISE)]
        parts.append(_percent(others[name, NOISE]))
        lines.append(f"| {' | '.join(parts)} |")
    return "\n".join(lines)


def correlation_table(rows: Rows, names: Sequence[str]) -> str:
    """Markdown: Spearman's ρ with its interval, and Kendall's τ of all."""
    cells = _cells(rows)
    kinds = (*DISTORTIONS, ALL)
    lines = [
        f"| metric | {' | '.join(kind.replace('gaussian_', '') for kind in kinds)} | all, Kendall's τ |",
        "|---|" + "---:|" * (len(kinds) + 1),
    ]
    for name in names:
        parts = []
        for kind in kinds:
            value, low, high = (float(str(cells[name, kind][key])) for key in ("spearman", "low", "high"))
            parts.append(f"{value:.2f} ({low:.2f} to {high:.2f})")
        lines.append(f"| {name} | {' | '.join(parts)} | {float(str(cells[name, ALL]['kendall'])):.2f} |")
    return "\n".join(lines)


def _cells(rows: Rows) -> dict[tuple[str, str], Mapping[str, object]]:
    return {(str(row["metric"]), str(row["distortion"])): row for row in rows}


def _percent(row: Mapping[str, object], what: str = "") -> str:
    """A number with its interval; a difference to the base with its sign."""
    keys = (what, f"{what}_low", f"{what}_high") if what else ("agreement", "low", "high")
    value, low, high = (100 * float(str(row[key])) for key in keys)
    sign = "+" if what else ""
    return f"{value:{sign}.1f} ({low:{sign}.1f} to {high:{sign}.1f})"


def with_tables(page: str, tables: Mapping[str, str]) -> str:
    """A page with its tables replaced, which stand between ``<!-- table: NAME -->`` and ``<!-- end -->``."""
    for name, rows in tables.items():
        before, mark, rest = page.partition(f"<!-- table: {name} -->\n")
        _, end, after = rest.partition("<!-- end -->")
        assert mark and end, name
        page = f"{before}{mark}{rows}\n{end}{after}"
    return page


def tables_of(results: Path) -> dict[str, str]:
    """The page's tables from the results that are kept."""
    agreed, one_pattern, correlated = (read_csv(results / f"{name}.csv") for name in FILES)
    return _tables(agreed, one_pattern, correlated)


def _tables(agreed: Rows, one_pattern: Rows, correlated: Rows) -> dict[str, str]:
    names = [name for name in in_order({str(row["metric"]) for row in agreed}, agreed) if name != SCALES_APART]
    return {
        "levels": stimuli.table(),
        "agreement": agreement_table(agreed, one_pattern),
        "distortions": distortion_table(agreed, one_pattern),
        "correlation": correlation_table(correlated, names),
    }


def read_csv(path: Path) -> list[dict[str, str]]:
    """Rows of a file with a header."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def write_csv(path: Path, rows: Sequence[Mapping[str, object]]) -> None:
    """Rows with a header; numbers with six digits behind the point."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(
            {key: f"{value:.6f}" if isinstance(value, float) else value for key, value in row.items()}
            for row in rows
        )


def processor() -> str:
    """The processor's name, as far as the system tells it."""
    try:
        told = re.search(
            r"^model name\s*:\s*(.+)$", Path("/proc/cpuinfo").read_text(encoding="utf-8"), re.MULTILINE
        )
    except OSError:
        told = None
    return told[1] if told else platform.processor() or platform.machine()


def main() -> None:
    """Evaluate what was measured."""
    parser = argparse.ArgumentParser(description="Evaluate measured distances on RAID's answers.")
    parser.add_argument("data", type=Path, help="folder with raid/")
    parser.add_argument("work", type=Path, help="folder with the distances")
    parser.add_argument("--print", action="store_true", help="print the tables, and write nothing")
    parser.add_argument("--resamples", type=int, default=agreement.RESAMPLES, help="for rank correlations")
    chosen = parser.parse_args()
    answers, scales = read_answers(chosen.data / "raid"), read_scales(chosen.data / "raid")
    lines = reference_lines(scales)
    known = {
        row["metric"]: float(str(row["agreement"]))
        for row in agreements(lines, answers)
        if row["distortion"] == ALL
    }
    print("all answers:", ", ".join(f"{name} {100 * value:.1f} %" for name, value in known.items()))
    trials, alike = people(answers)
    print(f"two people answered {trials} trials; {100 * alike:.1f} % of them alike")
    tables, times = read_distances(chosen.work)
    there = photographs_of(next(iter(tables.values())))
    seen = answers.only(there[answers.photograph - 1])
    agreed = agreements(lines | tables, seen)
    correlated = correlations(lines | tables, lines[SCALES_APART], chosen.resamples)
    correlated = [row for row in correlated if row["metric"] != SCALES_APART]
    others, other_times = read_distances(chosen.work / ONE_PATTERN)
    changed = lines | {name: with_noise(table, others[name]) for name, table in tables.items() if name in others}
    assert changed.keys() == (lines | tables).keys(), "measure with --one-pattern as well"
    one_pattern = agreements(changed, seen, [NOISE, ALL])
    if chosen.print:
        print(*_tables(agreed, one_pattern, correlated).values(), sep="\n\n")
        return
    for name, rows in zip(FILES, (agreed, one_pattern, correlated), strict=True):
        write_csv(RESULTS / f"{name}.csv", rows)
    run = {"processor": processor(), "processors": processors(), "photographs": int(there.sum()), "seconds": times}
    run |= {"seconds, one pattern": other_times, "trials of two people": trials, "alike": round(alike, 4)}
    (RESULTS / "run.json").write_text(json.dumps(run, indent=2) + "\n", encoding="utf-8")
    PAGE.write_text(with_tables(PAGE.read_text(encoding="utf-8"), tables_of(RESULTS)), encoding="utf-8")


if __name__ == "__main__":
    main()
