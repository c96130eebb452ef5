"""Pictures in tests: held to a stored baseline, which only ``--percept-update`` writes; for ``pytest_plugin``.

They are judged as ``percept check`` in pytest's root folder would judge them: by the rules and the recipe of the
settings file that holds there, below what a test asks for itself.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, NoReturn

import pytest

from percept_cli._version import __version__
from percept_cli.errors import ExitCode, PerceptError
from percept_cli.images.policy import AS_SEEN
from percept_cli.pairs import Pair
from percept_cli.pairs.alternates import place_of
from percept_cli.recipes.settings import find_settings
from percept_cli.reports.findings import details_of, reason_of
from percept_cli.results.pair import PairResult
from percept_cli.results.run import Run
from percept_cli.results.status import Status
from percept_cli.system.names import shell_quoted, word_quoted
from percept_cli.system.whole import write_whole
from percept_cli.testing.baselines import BaselineSpot, BaselineSpots, owners_of
from percept_cli.testing.candidates import file_of
from percept_cli.testing.claims import Claims
from percept_cli.testing.kept import document_of
from percept_cli.testing.marks import FOLDER, INI, KEPT, USED, WRITTEN, PerceptWarning
from percept_cli.testing.trial import Project, Trial

if TYPE_CHECKING:
    from percept_cli.formats.memory import PictureLike

_FINE: tuple[Status, ...] = ("pass", "measured", "tolerated")


@dataclass(frozen=True)
class Baseline:
    """What a picture is held to, and where that is."""

    path: Path
    """Where it belongs: what is written."""
    found: Path
    """Where it is, if it is anywhere: the same, or its old place."""
    doubt: tuple[str, ...] = ()
    """Lines for a person, where there is a file at its old place that may be another test's."""

    @property
    def is_old(self) -> bool:
        """Whether it is still where tests had it before classes and names were part of the path."""
        return self.found != self.path


class Check:
    """What the fixture gives."""

    def __init__(self, request: pytest.FixtureRequest, folders: pytest.TempPathFactory) -> None:
        self._node: pytest.Item = request.node
        self._config = request.config
        self._folders = folders
        self._spots = BaselineSpots(self._node)
        self._claims = Claims(request.config, folders)
        self._project = _project(request.config)

    def __call__(
        self,
        picture: PictureLike,
        name: str | None = None,
        *,
        baseline: str | os.PathLike[str] | None = None,
        **options: Any,
    ) -> PairResult:
        """Compare an image with its baseline.

        Args:
            picture: a path, or an image in memory as for ``percept_cli.check``: a Pillow image, an array, a
                tensor, the bytes of an image file, a binary file, or a figure with ``savefig``.
            name: the name of the image, if a test has several; by default the name of the test.
            baseline: the path of the baseline, relative to the test's folder, which other tests may share; by
                default a file of its own in the folder of baselines.
            options: as for ``percept_cli.check``; what you do not give comes from the settings file.

        Returns:
            The result. If ``--percept-update`` wrote the baseline, that of the image compared with itself.

        Raises:
            pytest.fail.Exception: if they differ, or there is no baseline; none is ever written unasked.
        """
        __tracebackhide__ = True
        spot = self._spots.next(name)
        candidate = self._candidate(picture, spot.path.name, options)
        if baseline is None:
            held = self._held(spot, name, candidate.suffix)
        else:
            path = Path(os.path.abspath(self._node.path.parent / baseline))  # noqa: PTH100 - links stay as they are
            held = Baseline(path, path)
        trial = self._trial(held, candidate, options)
        if isinstance(trial, PerceptError):
            _refuse(trial)
        for note in trial.notes:
            self._warn(spot, note)
        update = bool(self._config.option.percept_update)
        if not trial.pairs and not update:
            self._fail_without(spot, held, candidate)
        result = trial.result(trial.pairs) if trial.pairs else None
        if result is None or (update and _is_replaced(result)):
            result = self._updated(held, candidate, trial, self._place_of_update(held, result, trial))
        elif update and held.is_old:
            self._move(held.found, held.path)
        if update and held.is_old and not isinstance(result, PerceptError) and result.status != "error":
            self._move_references(held, trial)
        if isinstance(result, PerceptError):
            _refuse(result)
        if held.is_old and not update:
            self._warn(
                spot,
                f"its baseline is still at {self._shown(held.found)}; pytest --percept-update moves it to "
                f"{self._shown(held.path)}",
            )
        result = replace(result, name=f"{self._node.nodeid}: {spot.label}")
        if result.status in ("warn", *_FINE) and not result.compared:  # two sizes, which the rules let pass
            nothing = "not judged" if result.evidence is not None else "nothing was compared"
            self._warn(spot, result.reason if nothing in result.reason else f"{result.reason}; {nothing}")
        elif result.status == "warn":
            self._warn(spot, result.reason)
        elif result.status not in _FINE:
            run = Run(__version__, trial.spec, trial.device, (result,), kind="check")
            self._node.stash.setdefault(KEPT, []).append(document_of(run))
            self._fail(result, spot, candidate)
        return result

    def _warn(self, spot: BaselineSpot, message: str) -> None:
        warnings.warn(f"{spot.label}: {message}", PerceptWarning, stacklevel=3)

    def _held(self, spot: BaselineSpot, name: str | None, suffix: str) -> Baseline:
        """The baseline that a picture has to itself."""
        __tracebackhide__ = True
        test, path = self._node.nodeid, Path(f"{spot.path}{suffix}")
        owner = self._claims.owner(path, test)
        if owner != test:
            pytest.fail(
                f"percept: two tests use the same baseline: {self._shown(path)}\n  {owner}\n  {test}\n  "
                "rename one of them; to share a baseline on purpose, pass it as baseline=",
                pytrace=False,
            )
        old = None if spot.old is None else Path(f"{spot.old}{suffix}")
        if old is None or old == path or path.is_file() or not old.is_file():
            return Baseline(path, path)
        file = old.stat()  # by whatever name, on a system that tells no cases apart
        first = self._claims.owner(old.with_name(f"{file.st_dev}-{file.st_ino}"), test, kind="old")
        owners = sorted({*owners_of(self._node, spot, name, old), first})
        if owners == [test]:
            return Baseline(path, old)
        if not self._config.option.percept_update:
            self._use(old)  # whose it is must be found out before it is told to be nobody's
        move = f"mv {shell_quoted(self._shown(old))} {shell_quoted(self._shown(path))}"
        return Baseline(
            path,
            path,
            (
                f"{self._shown(old)} is not used, because it could be the baseline of several tests:",
                *(f"  {owner}" for owner in owners),
                f"if it belongs to this one: mkdir -p {shell_quoted(self._shown(path.parent))} && {move}",
            ),
        )

    def _place(self, reference: Path) -> tuple[Path, str]:
        """The folder of a baseline, and its name there, which the settings file knows it by."""
        root, given = self._config.rootpath, str(self._config.getini(INI))
        for folder in (root / given if given else self._node.path.parent / FOLDER, root):
            if reference.is_relative_to(folder):
                return folder, reference.relative_to(folder).as_posix()
        return reference.parent, reference.name

    def _trial(self, held: Baseline, candidate: Path, options: Mapping[str, Any]) -> Trial | PerceptError:
        folder, name = self._place(held.path)
        pair = Pair(name, held.found if held.found.is_file() else None, candidate)
        self._use(held.path, held.found, candidate)
        try:
            trial = self._project.trial(pair, folder, options)
            if held.is_old:  # further references that go by the baseline's name have the old one
                before = self._project.trial(Pair(self._place(held.found)[1], None, candidate), folder, options)
                known = {pair.reference for pair in trial.pairs}
                more = (replace(pair, name=name) for pair in before.pairs)
                trial = replace(
                    trial, pairs=[*trial.pairs, *(pair for pair in more if pair.reference not in known)]
                )
        except PerceptError as error:
            return error
        self._use(*(pair.reference for pair in trial.pairs), trial.rules.mask)
        return trial

    def _use(self, *paths: Path | None) -> None:
        """Note files that a test needs, so that they are not told to be nobody's."""
        self._node.stash.setdefault(USED, []).extend(str(path.absolute()) for path in paths if path is not None)

    def _candidate(self, picture: PictureLike, stem: str, options: Mapping[str, Any]) -> Path:
        __tracebackhide__ = True
        try:
            policy = self._project.policy(options)
        except (PerceptError, TypeError):
            policy = AS_SEEN  # what is wrong with the options is told where they are all looked at
        return file_of(picture, stem, lambda: self._folders.mktemp("percept", numbered=True), policy)

    def _updated(self, held: Baseline, candidate: Path, trial: Trial, path: Path) -> PairResult | PerceptError:
        # What cannot be compared with itself must not become what others are compared with.
        result = trial.result([Pair(candidate.name, candidate, candidate)])
        if isinstance(result, PerceptError) or result.status == "error":
            return result
        self._write_once(candidate, path)
        if held.is_old and path == held.path:
            held.found.unlink()
        elif held.is_old:
            self._move(held.found, held.path)
        return replace(result, reference=path.as_posix())

    def _place_of_update(self, held: Baseline, found: PairResult | PerceptError | None, trial: Trial) -> Path:
        """What ``--percept-update`` writes: the baseline, or the alternate that is asked for or was preferred."""
        variant = self._config.option.percept_alternate
        compared = found.variant if isinstance(found, PairResult) else None
        if variant is None and compared is not None and compared == trial.rules.variant:
            variant = compared
        if variant is None or not held.found.is_file():
            return held.path
        folder, name = self._place(held.path)
        there = (pair.reference for pair in trial.pairs if pair.variant == variant and pair.reference is not None)
        return next(there, folder / place_of(name, variant))

    def _write_once(self, candidate: Path, reference: Path) -> None:
        """Write a baseline, unless another test of this session, which shares it, has written another picture."""
        __tracebackhide__ = True
        test = self._node.nodeid
        first = self._claims.owner(reference, test, kind="written")
        if first != test and reference.is_file() and candidate.read_bytes() != reference.read_bytes():
            pytest.fail(
                "percept: two tests that share a baseline have different images: "
                f"{self._shown(reference)}\n  {first} has just written it\n  {test} differs from it\n  "
                "give one of them its own baseline",
                pytrace=False,
            )
        self._write(candidate, reference)

    def _write(self, candidate: Path, reference: Path) -> None:
        reference.parent.mkdir(parents=True, exist_ok=True)
        with candidate.open("rb") as picture:
            write_whole(reference, picture)
        self._node.stash.setdefault(WRITTEN, []).append(self._shown(reference))

    def _move(self, found: Path, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        found.replace(path)
        told = f"{self._shown(path)}, which was {self._shown(found)}"
        self._node.stash.setdefault(WRITTEN, []).append(told)
        self._use(path)

    def _move_references(self, held: Baseline, trial: Trial) -> None:
        """Let further references that go by the baseline's name have its new one."""
        folder, name = self._place(held.path)
        old = PurePosixPath(self._place(held.found)[1]).with_suffix("").as_posix()
        for pair in trial.pairs:
            found = pair.reference
            if found is None or found == held.found or not found.is_relative_to(folder) or not found.is_file():
                continue
            place = found.relative_to(folder).as_posix()
            path = folder / place.replace(old, PurePosixPath(name).with_suffix("").as_posix())
            if path != found and not path.exists():
                self._move(found, path)

    def _fail_without(self, spot: BaselineSpot, held: Baseline, candidate: Path) -> NoReturn:
        __tracebackhide__ = True
        lines = [
            f"percept: {spot.label} has no baseline: {self._shown(held.path)}",
            *(f"  {line}" for line in held.doubt),
            f"  the image is {candidate}",
            "  look at it; if it is right, make it the baseline with",
            f"    {self._update_command()}",
        ]
        pytest.fail("\n".join(lines), pytrace=False)

    def _fail(self, result: PairResult, spot: BaselineSpot, candidate: Path) -> NoReturn:
        __tracebackhide__ = True
        bare = replace(result, reference=None, candidate=None)
        lines = [f"percept: {spot.label}: {reason_of(result)}", *(f"  {line}" for line in details_of(bare))]
        lines += [
            f"  baseline:  {self._shown(Path(result.reference or ''))}",
            f"  image:     {candidate}",
            f"  report:    {self._shown(Path(self._config.option.percept_report))}, when all tests are done",
            f"  if the image is right: {self._update_command()}",
        ]
        pytest.fail("\n".join(lines))

    def _shown(self, path: Path) -> str:
        here = self._config.invocation_params.dir
        return (path.relative_to(here) if path.is_relative_to(here) else path).as_posix()

    def _update_command(self) -> str:
        return f"pytest --percept-update {word_quoted(self._node.nodeid)}"


def _refuse(error: PerceptError, *, pytrace: bool = True) -> NoReturn:
    __tracebackhide__ = True
    pytest.fail(f"percept: {error}" + (f"\n  hint: {error.hint}" if error.hint else ""), pytrace=pytrace)


_PROJECT = pytest.StashKey[Project]()


def _project(config: pytest.Config) -> Project:
    """The project's settings, read once."""
    if _PROJECT not in config.stash:
        try:
            config.stash[_PROJECT] = Project(find_settings(config.rootpath))
        except PerceptError as error:
            trouble = error
        else:
            return config.stash[_PROJECT]
        _refuse(trouble, pytrace=False)  # no line of a test is to blame
    return config.stash[_PROJECT]


def _is_replaced(found: PairResult | PerceptError) -> bool:
    """Whether ``--percept-update`` replaces the baseline; a mistake in the options is no reason to."""
    if isinstance(found, PerceptError):
        return found.exit_code == ExitCode.INPUT
    # Nor is a machine that has too little memory. What was not compared is of another size, unless it has one:
    # then all of it is left out.
    other_size = not found.compared and found.width is None
    return not found.unavailable and (found.status in ("fail", "error") or other_size)
