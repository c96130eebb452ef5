"""Measure all stimulus pairs of RAID's trials. Each photograph is kept when it is done: a run may be interrupted.

python -m scripts.human.measure DATA WORK [--group oxford] [--photographs 1 2 3]
"""

from __future__ import annotations

import argparse
import csv
import json
import time
from collections.abc import Iterator
from pathlib import Path

from percept_cli.system.machine import processors
from scripts.human.metrics import GROUPS, PEERS, Distances, by_peers, by_percept
from scripts.human.raid import read_answers
from scripts.human.stimuli import LEVELS, PARAMETERS, PHOTOGRAPHS, Pixels, photograph, stimulus

HEADER = ("distortion", "photograph", "level_1", "level_2", "metric", "distance")
NOISE = "gaussian_noise"
ONE_PATTERN = "one-pattern"
"""Where distances are kept of noise whose levels have one pattern: another guess."""
Shown = tuple[str, int, int, int]
"""Distortion, photograph and two levels."""


def stimuli_of(kodak: Path, number: int, *, one_pattern: bool) -> dict[tuple[str, int], Pixels]:
    """All stimuli of one photograph by distortion and level; level 1, the photograph, is one object.

    With one pattern of noise only those of noise, since the others are no others.
    """
    source = photograph(kodak, number)
    names = [NOISE] if one_pattern else list(PARAMETERS)
    found = {
        (name, level): stimulus(source, number, name, level, one_pattern=one_pattern)
        for name in names
        for level in LEVELS
    }
    return found | {(name, 1): found[names[0], 1] for name in names}


def measure(
    group: str, shown: list[Shown], kodak: Path, number: int, *, one_pattern: bool
) -> Iterator[tuple[Shown, Distances]]:
    """The distances of one photograph's pairs."""
    stimuli = stimuli_of(kodak, number, one_pattern=one_pattern)
    shown = [one for one in shown if (one[0], 1) in stimuli]
    pairs = [(stimuli[name, low], stimuli[name, high]) for name, _, low, high in shown]
    found = by_peers(group, pairs) if group in PEERS else by_percept(group, pairs)
    return ((shown[index], distances) for index, distances in found)


def run(
    group: str, shown: list[Shown], kodak: Path, number: int, folder: Path, *, one_pattern: bool = False
) -> None:
    """Measure one photograph and keep its distances, and how long that took; not again if they are there."""
    target = folder / f"img_{number:02}.csv"
    if target.exists():
        return
    folder.mkdir(parents=True, exist_ok=True)
    wall, processor = time.perf_counter(), time.process_time()
    rows = sorted(
        (*one, name, value)
        for one, found in measure(group, shown, kodak, number, one_pattern=one_pattern)
        for name, value in found.items()
    )
    took = {"wall": time.perf_counter() - wall, "processor": time.process_time() - processor}
    part = target.with_suffix(".part")
    with part.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerows([HEADER, *rows])
    target.with_suffix(".json").write_text(json.dumps(took), encoding="utf-8")
    part.rename(target)
    print(f"{group}, photograph {number}: {len(rows)} distances in {took['wall']:.0f} s", flush=True)


def main() -> None:
    """Measure what is not measured yet."""
    parser = argparse.ArgumentParser(description="Measure all stimulus pairs of RAID's trials.")
    parser.add_argument("data", type=Path, help="folder with raid/ and kodak/")
    parser.add_argument("work", type=Path, help="folder where distances are kept between runs")
    parser.add_argument("--group", choices=GROUPS, action="append", help="all by default")
    parser.add_argument("--photographs", type=int, nargs="+", default=list(PHOTOGRAPHS), help="all by default")
    parser.add_argument("--one-pattern", action="store_true", help=f"only noise, kept in WORK/{ONE_PATTERN}")
    chosen = parser.parse_args()
    work = chosen.work / ONE_PATTERN if chosen.one_pattern else chosen.work
    pairs = read_answers(chosen.data / "raid").pairs()
    print(f"{len(pairs)} pairs, {processors()} processors", flush=True)
    for group in chosen.group or GROUPS:
        for number in chosen.photographs:
            shown = [one for one in pairs if one[1] == number]
            run(group, shown, chosen.data / "kodak", number, work / group, one_pattern=chosen.one_pattern)


if __name__ == "__main__":
    main()
