"""What a run is learned from: a folder of images, which are compared now, or a report of them."""

from __future__ import annotations

import pickle
import zlib
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from percept_cli.errors import PerceptError
from percept_cli.formats.files import read_stamped
from percept_cli.images.limits import Limits
from percept_cli.judging.assigned import assigned
from percept_cli.judging.learned import Observed
from percept_cli.judging.rulebook import RuleBook
from percept_cli.pairs import Pair
from percept_cli.pairs.folders import pairs_of
from percept_cli.pairs.listing import Choice
from percept_cli.reports.data.reading import UnreadableReport, read_run
from percept_cli.results.found import GateName
from percept_cli.results.pair import PairResult
from percept_cli.runs.observing import ObservingJudge, observed_in
from percept_cli.scoring.scorer import Scorer
from percept_cli.system.names import counted, posix, shown
from percept_cli.system.patterns import Patterns


@dataclass
class LearningRun:
    """One of the runs, and what became of it."""

    name: str
    """As it was given."""
    images: int = 0
    """Of which something was learned from it."""
    missing: list[str] = field(default_factory=list)
    """Images with a baseline that it does not have."""
    extra: list[str] = field(default_factory=list)
    """Images without a baseline."""
    unusable: list[tuple[str, str]] = field(default_factory=list)
    """Images that could not be compared, and why."""
    elsewhere: list[str] = field(default_factory=list)
    """Images that are nearer to a further reference, or were compared with another baseline."""
    failing: list[tuple[str, GateName, float]] = field(default_factory=list)
    """Images that would have failed by what was learned from the other runs: which gate, and times its limit."""


class FolderRun:
    """A run that is a folder of images."""

    def __init__(
        self, folder: Path, baseline: Path, choice: Choice, book: RuleBook, *, any_extension: bool
    ) -> None:
        pairs = pairs_of(baseline, folder, choice, any_extension=any_extension)
        self.notes = pairs.notes
        self._pairs: dict[str, list[Pair]] = {}
        for pair in assigned(pairs, book).pairs:
            self._pairs.setdefault(pair.name, []).append(pair)

    @property
    def names(self) -> Collection[str]:
        """Of its images, and of those it should have."""
        return self._pairs.keys()

    def pairs(self, name: str) -> Sequence[Pair]:
        """What is to be compared: an image with each of its references."""
        return self._pairs.get(name, ())

    def observed(
        self, name: str, results: Sequence[PairResult], judge: ObservingJudge, run: LearningRun
    ) -> Observed | None:
        """What the image came to beside its baseline; None where nothing can be learned, which the run notes."""
        if not results:
            return None
        seen = [judge.take(result) for result in results]
        first, best = results[0], min(results, key=lambda result: (not result.scored, result.distance))
        if first.status == "missing":
            run.missing.append(name)
        elif first.status == "new":
            run.extra.append(name)
        elif not first.scored or seen[0] is None:
            run.unusable.append((name, first.reason or "nothing was compared"))
        elif best.scored and best.distance < first.distance:
            run.elsewhere.append(name)
        else:
            return seen[0]
        return None


class ReportRun:
    """A run that is a JSON report of ``percept check``."""

    def __init__(self, path: Path, baseline: Path, choice: Choice, scorer: Scorer) -> None:
        run, told = read_run(path), shown(path)
        self._folder = None if run.folders is None else run.folders[0]
        if run.kind != "check":
            raise UnreadableReport(
                f"{told}: a report of percept {run.kind}, which does not look for noise",
                hint="write one with: percept check BASELINE RUN -o percept-report.json",
            )
        if run.fingerprint != scorer.spec.fingerprint:
            raise UnreadableReport(
                f"{told}: its recipe has the fingerprint {run.fingerprint}, and this one has "
                f"{scorer.spec.fingerprint}",
                hint="use the options and the percept.toml of that check, or check the images again.",
            )
        self._baseline, self._limits = baseline, scorer.spec.pictures.limits
        self.notes: tuple[str, ...] = () if run.complete else (f"{told}: the check stopped before its last image",)
        self._kept: dict[str, tuple[PairResult, bytes]] = {}
        takes, partly = _taking(choice), 0
        for result in run.results:
            if takes(result.name):
                seen, named_all = observed_in(result)
                partly += not named_all
                # The bare result says what became of it; what was seen is mostly zeros, and some hundred bytes.
                bare = replace(result, evidence=None, layers=(), views=(), extra={})
                self._kept[result.name] = bare, zlib.compress(pickle.dumps(seen), 1)
        if partly:
            self.notes += (
                f"{told}: {counted(partly, 'image')} with more regions than a report holds; where their colour is "
                "noisy is not all known, so learn from the folder of images if you have it",
            )

    @property
    def names(self) -> Collection[str]:
        """As of a folder."""
        return self._kept.keys()

    def pairs(self, name: str) -> Sequence[Pair]:  # noqa: ARG002 - all was compared already
        """None, as all was compared already."""
        return ()

    def observed(
        self,
        name: str,
        results: Sequence[PairResult],  # noqa: ARG002 - as of a folder
        judge: ObservingJudge,  # noqa: ARG002
        run: LearningRun,
    ) -> Observed | None:
        """As of a folder."""
        if name not in self._kept:
            return None
        result, data = self._kept[name]
        seen: Observed | None = pickle.loads(zlib.decompress(data))
        if result.status in ("missing", "new"):
            (run.missing if result.status == "missing" else run.extra).append(name)
        elif seen is None or not result.scored:
            run.unusable.append((name, result.reason))
        elif result.matched not in (None, (1, 1)) and result.matched[0] != 1:
            run.elsewhere.append(name)
        elif self._is_of_now(result):
            return seen
        else:
            run.elsewhere.append(name)
        return None

    def _is_of_now(self, result: PairResult) -> bool:
        """Whether the baseline that a result is about is the one that is there now."""
        return result.reference_file is not None and result.reference_file.sha256 == digest_of(
            self._baseline / name_in(self._folder, result), self._limits
        )


def name_in(folder: str | None, result: PairResult) -> str:
    """The name of a result's baseline within its folder, which may have another ending than the image."""
    path = Path(result.reference or result.name)
    if folder is not None and path.is_relative_to(folder):
        return posix(path.relative_to(folder))
    return result.name


def digest_of(path: Path, limits: Limits) -> str | None:
    """SHA-256 of a baseline; None where it cannot be read."""
    try:
        return read_stamped(path, limits)[1].sha256
    except PerceptError:
        return None


def _taking(choice: Choice) -> Callable[[str], bool]:
    include = Patterns(choice.include) if choice.include else None
    exclude = Patterns(choice.exclude)
    return lambda name: (include is None or include.match(name)) and not exclude.match(name)
