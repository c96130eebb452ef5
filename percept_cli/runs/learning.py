"""Several right renderings of the same images → what was learned of each, and what is odd about the runs.

One image after the other: all its renderings are compared with its baseline in a row, so that nothing but what was
learned waits for the end.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from itertools import groupby
from pathlib import Path
from typing import Unpack

from percept_cli.errors import InvalidSetting, UnreadableFolder
from percept_cli.evidence.noise import NO_NOISE
from percept_cli.geometry import Box
from percept_cli.images.policy import PictureSettings
from percept_cli.judging.by_noise_file import excess_of
from percept_cli.judging.checks import has_own_levels
from percept_cli.judging.gates import Measures, least_limit
from percept_cli.judging.learned import LearnedImage, Observed, learn_image, margin
from percept_cli.judging.noise_file import NAME
from percept_cli.judging.rulebook import RuleBook, changed, from_arguments
from percept_cli.judging.rules import Rules
from percept_cli.pairs import Pairs
from percept_cli.pairs.listing import EVERY_PICTURE, Choice, identity
from percept_cli.recipes import DEFAULT
from percept_cli.recipes.presets import load_preset
from percept_cli.recipes.recipe import make_recipe
from percept_cli.recipes.spec import DistanceSpec
from percept_cli.results.found import GateName
from percept_cli.runs.observing import ObservingJudge
from percept_cli.runs.sources import FolderRun, LearningRun, ReportRun
from percept_cli.scoring.pipeline import Pipeline
from percept_cli.scoring.scorer import Scorer
from percept_cli.system import libraries
from percept_cli.system.machine import parse_size
from percept_cli.system.names import posix, shown

FEWEST = 2
"""Runs without which nothing can be learned: of one, nobody knows what the next will be like."""
CHANGE = 2.0
"""Times the limit learned from the others; beyond it, one rendering alone looks like a change, not like noise."""
WIDE = 2.0
"""Times what all others came to from where on one rendering has made limits wide."""


@dataclass(frozen=True)
class Odd:
    """An image that one run renders otherwise than all others."""

    name: str
    run: str
    gate: GateName
    times: float
    """Of a change: times the limit learned from the others; of a wide entry: times the largest of the others."""


@dataclass
class Lesson:
    """All that came out."""

    runs: Sequence[LearningRun]
    images: dict[str, LearnedImage] = field(default_factory=dict)
    changes: list[Odd] = field(default_factory=list)
    """What looks like a real change in one run."""
    wide: list[Odd] = field(default_factory=list)
    """Entries that are wider than needed because of one run."""
    too_few: list[str] = field(default_factory=list)
    """Images that fewer than two runs could be used of."""
    equal: int = 0
    """Images that no run rendered otherwise than the baseline."""
    notes: list[str] = field(default_factory=list)
    """What a person should know: files left out, reports that say less."""


def learn_runs(
    baseline: Path,
    runs: Sequence[Path],
    scorer: Scorer,
    book: RuleBook,
    *,
    choice: Choice = EVERY_PICTURE,
    any_extension: bool = False,
    workers: int | None = None,
    moved: Callable[[int, int], None] = lambda done, total: None,  # noqa: ARG005 - their names are the documentation
) -> Lesson:
    """Learn from runs, which are folders or JSON reports of ``percept check``.

    Args:
        baseline: the folder of baselines.
        runs: two or more.
        scorer: by the recipe; its judge is not asked.
        book: the rules of ``percept check``; their limits and noise files do not count here.
        choice: which images take part.
        any_extension: as for ``pairs_of``.
        workers: as for ``Pipeline``.
        moved: told after each image how many are done, and how many there are.

    Raises:
        InvalidSetting: for fewer than two runs, the same one twice, or a baseline that is no folder.
        UnreadableFolder, UnreadableReport: for a run that is not there, cannot be read, or is of another recipe.
        DeviceUnavailable, WeightsUnavailable: if the network is needed and cannot run.
    """
    check_runs(baseline, runs)
    sources = [
        FolderRun(path, baseline, choice, book, any_extension=any_extension)
        if path.is_dir()
        else ReportRun(path, baseline, choice, scorer)
        for path in runs
    ]
    lesson = Lesson([LearningRun(posix(path)) for path in runs])
    for source in sources:
        lesson.notes += [note for note in source.notes if note not in lesson.notes]
    names = sorted({name for source in sources for name in source.names})
    judge = ObservingJudge(lambda name: replace(book.rules_of(name), noise_file=None))
    line = Pipeline(scorer.with_judge(judge), workers=workers)
    pairs = (replace(pair, shared=True) for name in names for source in sources for pair in source.pairs(name))
    with closing(line.results(Pairs(pairs))) as results:
        groups = groupby((result for result, _ in results), key=lambda result: result.name)
        for done, name in enumerate(names, start=1):
            mine = list(next(groups)[1]) if any(source.pairs(name) for source in sources) else []
            found = list[tuple[int, Observed]]()
            for index, (source, run) in enumerate(zip(sources, lesson.runs, strict=True)):
                count = len(source.pairs(name))
                observed = source.observed(name, mine[:count], judge, run)
                mine = mine[count:]
                if observed is not None:
                    found.append((index, observed))
            _learn(name, found, lesson, book.rules_of(name), scorer.spec)
            moved(done, len(names))
    return lesson


def check_runs(baseline: Path, runs: Sequence[Path]) -> None:
    """Refuse what nothing can be learned from, before any work is done.

    Raises:
        InvalidSetting, UnreadableFolder: saying why.
    """
    if len(runs) < FEWEST:
        raise InvalidSetting(
            "nothing can be learned from a single run: it does not say how much the next one will differ",
            hint="give two or more: percept learn BASELINE RUN RUN",
        )
    if not baseline.is_dir():
        raise InvalidSetting(
            f"{shown(baseline)}: the baseline is not a folder of this machine",
            hint="give the folder of the baseline images.",
        )
    seen: dict[object, Path] = {}
    for path in runs:
        known = identity(path)
        if known is not None and known == identity(baseline):
            raise InvalidSetting(
                f"{shown(path)}: this run is the baseline itself", hint="give folders of other renderings."
            )
        if known is not None and known in seen:
            raise InvalidSetting(
                f"{shown(path)}: this run is given twice ({shown(seen[known])})", hint="give each run once."
            )
        seen[known] = path
        if known is None:
            raise UnreadableFolder(
                f"{shown(path)}: no such file or folder",
                hint="a run is a folder of images, or the JSON report of a check of one.",
            )


def _learn(
    name: str, found: Sequence[tuple[int, Observed]], lesson: Lesson, rules: Rules, spec: DistanceSpec
) -> None:
    """Learn one image from what its renderings came to, and hold each of them to what the others taught."""
    found = [(index, one) for index, one in found if one.baseline == found[0][1].baseline]
    if len(found) < FEWEST:
        if found:
            lesson.too_few.append(name)
        return
    entry = learn_image([one for _, one in found])
    lesson.images[name] = entry
    lesson.equal += all(not one.changed_pixels for _, one in found)
    by_default = has_own_levels(spec if rules.preset is None else load_preset(rules.preset).spec)
    failing = list[Odd]()
    for index, one in found:
        run = lesson.runs[index]
        run.images += 1
        others = learn_image([other for _, other in found if other is not one])
        times, gate = excess_of(others, one, rules, by_default=by_default)
        if gate is not None and times > 1:
            run.failing.append((name, gate, times))
            failing.append(Odd(name, run.name, gate, times))
    if len(failing) == 1 and failing[0].times >= CHANGE:
        lesson.changes.append(failing[0])
    else:
        lesson.wide += _wide(name, found, lesson, rules, by_default=by_default)


def _wide(
    name: str, found: Sequence[tuple[int, Observed]], lesson: Lesson, rules: Rules, *, by_default: bool
) -> Iterator[Odd]:
    """The gate of an image whose limit one run alone has made wide, the widest, if any."""
    odd = list[Odd]()
    measures = Measures(0.0, 0.0, None, 0.0, None, 0, NO_NOISE, by_default=by_default)
    for gate in found[0][1].largest:
        least = least_limit(gate, rules, measures)
        first, second = sorted(found, key=lambda entry: -entry[1].largest[gate])[:2]
        most, next_to_it = first[1].largest[gate], second[1].largest[gate]
        counts = least is not None and margin(len(found)) * most > least
        if counts and most >= WIDE * next_to_it:
            times = most / next_to_it if next_to_it else math.inf
            odd.append(Odd(name, lesson.runs[first[0]].name, gate, times))
    yield from sorted(odd, key=lambda one: -one.times)[:1]


@libraries.needed()
def learn(
    baseline: str | os.PathLike[str],
    runs: Sequence[str | os.PathLike[str]],
    *,
    output: str | os.PathLike[str] = NAME,
    overwrite: bool = False,
    include: Sequence[str] = (),
    exclude: Sequence[str] = (),
    any_extension: bool = False,
    ignore: Sequence[Box | str | Sequence[int]] = (),
    mask: str | os.PathLike[str] | None = None,
    max_shift: int = 0,
    preset: str | os.PathLike[str] = DEFAULT,
    backbone: str | None = None,
    device: str = "auto",
    max_memory: int | str | None = None,
    workers: int | None = None,
    **pictures: Unpack[PictureSettings],
) -> Lesson:
    """Learn the rendering noise of each image, as ``percept learn`` does without a settings file.

    Args:
        baseline: the folder of baselines.
        runs: two or more renderings that are known to be right: folders, or JSON reports of ``percept check``.
        output: the noise file to write. Entries of other images that are in it already, and still hold, are kept.
        overwrite: whether a file that is damaged, newer, or of another recipe is replaced.
        include: patterns as in .gitignore; a file must match one of them.
        exclude: patterns as in .gitignore; a file that matches one is skipped.
        any_extension: whether ``a.png`` and ``a.jpg`` form a pair.
        ignore: rectangles x, y, width, height, in pixels, to ignore, as for ``check``.
        mask: an image of the same size; where it is black (darker than mid-grey), pixels are ignored.
        max_shift: the most pixels by which the image, or a region of it, may have moved.
        preset: the name of a built-in preset, or the path of a TOML file.
        backbone: the weights to use instead of the preset's.
        device: ``auto``, ``cpu``, ``cuda``, ``cuda:N`` or ``mps``.
        max_memory: the most memory to use, as for ``compare``.
        workers: the number of threads that read images; None for one per processor, at most 8.
        pictures: how images are read and matched in size, as for ``compare``.

    Returns:
        What was learned, and what is odd about the runs. Nothing is written if nothing was learned.

    Raises:
        PerceptError: one of its subclasses, for anything that prevents the whole run, such as a single run.
    """
    from percept_cli.runs.noise_file import earlier_entries, write_noise_file

    folder, path = Path(baseline), Path(output)
    recipe = make_recipe(preset, backbone=backbone, pictures=pictures)
    typed = from_arguments(ignore=ignore, mask=mask, max_shift=max_shift)
    memory = None if max_memory is None else parse_size(max_memory)
    scorer = Scorer(recipe.spec, device=device, max_memory=memory)
    check_runs(folder, [Path(run) for run in runs])
    earlier = earlier_entries(path, scorer.spec.fingerprint, overwrite=overwrite)
    lesson = learn_runs(
        folder,
        [Path(run) for run in runs],
        scorer,
        RuleBook(changed(Rules(), typed), typed=typed),
        choice=Choice(tuple(include), tuple(exclude)),
        any_extension=any_extension,
        workers=workers,
    )
    if lesson.images:
        limits = scorer.spec.pictures.limits
        write_noise_file(path, scorer.spec.fingerprint, lesson.images, earlier, folder, limits)
    return lesson
