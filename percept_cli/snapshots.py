"""Pictures in tests: held to a stored baseline, which only ``--percept-update`` writes; for ``pytest_plugin``.

They are judged as ``percept check`` in pytest's root folder would judge them: by the rules and the recipe of the
settings file that holds there, below what a test asks for itself.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import tempfile
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NoReturn

import pytest

import percept_cli
from percept_cli.errors import PerceptError
from percept_cli.pairs import Pair
from percept_cli.pytest_plugin import FOLDER, KEPT, WRITTEN, PerceptWarning
from percept_cli.reports import Style, format_of_file, render
from percept_cli.reports.findings import details_of, reason_of
from percept_cli.reports.output import write_output
from percept_cli.results import ExitCode, PairResult, Run
from percept_cli.settings import find_settings
from percept_cli.trial import Project, Trial


class Check:
    """What the fixture gives."""

    def __init__(self, request: pytest.FixtureRequest, folders: pytest.TempPathFactory) -> None:
        self._node: pytest.Item = request.node
        self._config = request.config
        self._folders = folders
        self._names: set[str] = set()
        self._project = _project(request.config)

    def __call__(
        self,
        picture: object,
        name: str | None = None,
        *,
        baseline: str | os.PathLike[str] | None = None,
        **options: Any,
    ) -> PairResult:
        """Compare a picture with its baseline.

        Args:
            picture: a Pillow image; an array of uint8, H×W in grey or H×W×3 or ×4 in sRGB; or the path of a file.
            name: what the picture is called, where a test has several; the test's own name if None.
            baseline: the reference, from the test's folder; by default the name in the folder of baselines.
            options: as ``percept_cli.check`` takes them; what is not given is as the settings file says.

        Returns:
            What was found. With ``--percept-update`` and a baseline that was written, the picture against itself.

        Raises:
            pytest.fail.Exception: if they differ, or there is no baseline; none is ever written unasked.
        """
        __tracebackhide__ = True
        name = self._name(name)
        candidate = self._candidate(picture, name)
        reference = (
            self._baseline(name, candidate.suffix) if baseline is None else self._node.path.parent / baseline
        )
        trial = self._trial(reference, candidate, options)
        if isinstance(trial, PerceptError):
            _refuse(trial)
        for note in trial.notes:
            warnings.warn(f"{name}: {note}", PerceptWarning, stacklevel=2)
        update = bool(self._config.option.percept_update)
        if not trial.pairs and not update:
            pytest.fail(
                f"percept: {name} has no baseline: {self._shown(reference)}\n"
                f"  the picture is {candidate}\n"
                "  look at it; if it is right, make it the baseline with\n"
                f"    {self._update_command()}",
                pytrace=False,
            )
        result = trial.result(trial.pairs) if trial.pairs else None
        if result is None or (update and _is_replaced(result)):
            result = self._updated(reference, candidate, trial)
        if isinstance(result, PerceptError):
            _refuse(result)
        result = replace(result, name=f"{self._node.nodeid}: {name}")
        if result.status == "warn":
            warnings.warn(f"{name}: {result.reason}", PerceptWarning, stacklevel=2)
        elif result.status != "pass":
            self._keep(result, trial)
            self._fail(result, name, candidate)
        return result

    def _name(self, name: str | None) -> str:
        base = self._node.name if name is None else name
        # A name becomes a file's: brackets and slashes of parameters would make folders, or no file at all.
        base = re.sub(r"[^\w.=+-]+", "-", base).strip("-.") or "picture"
        found, number = base, 1
        while found in self._names:
            if name is not None:
                raise ValueError(f"percept_check: the name {name!r} was used in this test already")
            number += 1
            found = f"{base}-{number}"
        self._names.add(found)
        return found

    def _baseline(self, name: str, suffix: str) -> Path:
        test = self._node.path
        folder = str(self._config.getini("percept_baselines"))
        if not folder:
            return test.parent / FOLDER / test.stem / f"{name}{suffix}"
        root = self._config.rootpath
        place = test.relative_to(root) if test.is_relative_to(root) else Path(test.name)
        return root / folder / place.with_suffix("") / f"{name}{suffix}"

    def _place(self, reference: Path) -> tuple[Path, str]:
        """The folder of a baseline, and its name there, which the settings file knows it by."""
        root, given = self._config.rootpath, str(self._config.getini("percept_baselines"))
        reference = Path(os.path.abspath(reference))  # noqa: PTH100 - links stay as they are
        for folder in (root / given if given else self._node.path.parent / FOLDER, root):
            if reference.is_relative_to(folder):
                return folder, reference.relative_to(folder).as_posix()
        return reference.parent, reference.name

    def _trial(self, reference: Path, candidate: Path, options: Mapping[str, Any]) -> Trial | PerceptError:
        folder, name = self._place(reference)
        try:
            return self._project.trial(
                Pair(name, reference if reference.is_file() else None, candidate), folder, options
            )
        except PerceptError as error:
            return error

    def _candidate(self, picture: object, name: str) -> Path:
        if isinstance(picture, str | os.PathLike):
            return Path(os.path.abspath(os.fspath(picture)))  # noqa: PTH100 - links stay as they are
        path = self._folders.mktemp("percept", numbered=True) / f"{name}.png"
        image = _as_image(picture)
        try:
            image.save(path)
        except OSError as error:  # a mode that PNG does not have
            raise TypeError(f"percept_check: {error}; convert the image to RGB first") from None
        return path

    def _updated(self, reference: Path, candidate: Path, trial: Trial) -> PairResult | PerceptError:
        # What cannot be compared with itself must not become what others are compared with.
        result = trial.result([Pair(candidate.name, candidate, candidate, rules=trial.rules)])
        if isinstance(result, PerceptError) or result.status == "error":
            return result
        self._write(candidate, reference)
        return replace(result, reference=reference.as_posix())

    def _write(self, candidate: Path, reference: Path) -> None:
        reference.parent.mkdir(parents=True, exist_ok=True)
        temporary = reference.with_name(f".percept-{os.urandom(8).hex()}.tmp")
        try:
            shutil.copyfile(candidate, temporary)
            temporary.replace(reference)
        finally:
            temporary.unlink(missing_ok=True)
        self._node.stash.setdefault(WRITTEN, []).append(self._shown(reference))

    def _keep(self, result: PairResult, trial: Trial) -> None:
        run = Run(
            version=percept_cli.__version__,
            spec=trial.spec,
            device=trial.device,
            results=(result,),
            kind="check",
        )
        text = "".join(str(piece) for piece in render(run, "json", Style()))
        self._node.stash.setdefault(KEPT, []).append(text)

    def _fail(self, result: PairResult, name: str, candidate: Path) -> NoReturn:
        __tracebackhide__ = True
        bare = replace(result, reference=None, candidate=None)
        lines = [f"percept: {name}: {reason_of(result)}", *(f"  {line}" for line in details_of(bare))]
        lines += [
            f"  baseline:  {self._shown(Path(result.reference or ''))}",
            f"  picture:   {candidate}",
            f"  report:    {self._shown(Path(self._config.option.percept_report))}, when all tests are done",
            f"  if the picture is right: {self._update_command()}",
        ]
        pytest.fail("\n".join(lines))

    def _shown(self, path: Path) -> str:
        here = self._config.invocation_params.dir
        return (path.relative_to(here) if path.is_relative_to(here) else path).as_posix()

    def _update_command(self) -> str:
        return f"pytest --percept-update {shlex.quote(self._node.nodeid)}"


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
    return found.status in ("fail", "error")


def _as_image(picture: Any) -> Any:
    """A picture as Pillow has it."""
    from PIL import Image

    if isinstance(picture, Image.Image):
        return picture
    shape, dtype = getattr(picture, "shape", None), getattr(picture, "dtype", None)
    if shape is None or dtype is None:
        raise TypeError(
            "percept_check takes a Pillow image, an array, or the path of a file, not "
            f"{type(picture).__module__}.{type(picture).__qualname__}"
        )
    if str(dtype) != "uint8" or not (len(shape) == 2 or (len(shape) == 3 and shape[2] in (3, 4))):
        raise TypeError(
            "percept_check takes arrays of uint8, H×W or H×W×3 or H×W×4, not "
            f"{dtype} of {'×'.join(map(str, shape)) or 'no dimension'}; scale to 0 … 255, round, and convert"
        )
    return Image.fromarray(picture)


def write_report(documents: Sequence[str], path: Path) -> list[Path]:
    """Write one report of all failures; further ones beside it where tests used several recipes."""
    from percept_cli.reports.reading import read_run

    runs: dict[str, list[Run]] = {}
    with tempfile.TemporaryDirectory() as folder:
        for number, document in enumerate(documents):
            file = Path(folder) / f"{number}.json"
            file.write_text(document, encoding="utf-8")
            run = read_run(file)
            runs.setdefault(run.fingerprint, []).append(run)
    path.parent.mkdir(parents=True, exist_ok=True)
    style = Style(detail=False, link_from=path.parent)
    paths = []
    for number, group in enumerate(runs.values(), start=1):
        whole = replace(group[0], results=tuple(result for run in group for result in run.results))
        paths.append(path if number == 1 else path.with_stem(f"{path.stem}-{number}"))
        write_output(paths[-1], render(whole, format_of_file(path.name) or "html", style))
    return paths
