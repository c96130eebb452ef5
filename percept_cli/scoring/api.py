"""What most people call from Python: two pictures, or two folders, compared or checked."""

from __future__ import annotations

import os
import warnings
from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Unpack

from percept_cli.errors import ExitCode, PerceptError
from percept_cli.geometry import Box
from percept_cli.images.policy import PictureSettings, with_settings
from percept_cli.judging.assigned import assigned
from percept_cli.judging.checks import GateJudge, check_levels
from percept_cli.judging.matching import combined
from percept_cli.judging.rulebook import RuleBook, changed, from_arguments
from percept_cli.judging.rules import Noise, Rules
from percept_cli.judging.threshold import ThresholdJudge
from percept_cli.pairs import Pair, Pairs
from percept_cli.pairs.folders import pairs_of
from percept_cli.pairs.listing import Choice
from percept_cli.recipes import DEFAULT
from percept_cli.recipes.recipe import Recipe, make_recipe
from percept_cli.recipes.spec import DistanceSpec
from percept_cli.results.pair import PairResult
from percept_cli.scoring.pipeline import Pipeline
from percept_cli.scoring.reading import pair_of
from percept_cli.scoring.scorer import Scorer
from percept_cli.scoring.sharing import Sharing
from percept_cli.system import libraries
from percept_cli.system.machine import parse_size

if TYPE_CHECKING:
    from percept_cli.formats.memory import PictureLike


@libraries.needed()
def compare(
    reference: PictureLike,
    candidate: PictureLike,
    *,
    preset: str | os.PathLike[str] = DEFAULT,
    layers: str | Sequence[str] | Mapping[str, object] | None = None,
    distance: str | None = None,
    threshold: float | None = None,
    device: str = "auto",
    precision: str | None = None,
    max_memory: int | str | None = None,
    backbone: str | None = None,
    **pictures: Unpack[PictureSettings],
) -> PairResult:
    """Compare two images, as ``percept compare`` does.

    Args:
        reference: the image to compare against. A path; a PIL image; a numpy array (H×W, H×W×3 or H×W×4) or a
            torch tensor (3×H×W, 4×H×W, or with a batch of 1) of uint8 or uint16, in sRGB over the full range; the
            bytes of an image file; an open binary file; or a figure with ``savefig``, such as matplotlib's. In
            the result, an image without a path is called ``reference`` or ``candidate``.
        candidate: the image to compare with it, likewise; of the same size.
        preset: the name of a built-in preset, or the path of a TOML file.
        layers: ``tap[:distance][=weight]``, separated by commas or as a list, or a mapping from tap to weight;
            replaces the preset's layers.
        distance: replaces the preset's distance.
        threshold: the largest distance that passes; None for the preset's.
        device: ``auto``, ``cpu``, ``cuda``, ``cuda:N`` or ``mps``.
        precision: ``fp32``, ``tf32``, ``bf16`` or ``fp16``; None for the preset's.
        max_memory: the most memory to use, in bytes or as ``"2GB"``; None for half of what is free, for
            features. It does not change the result.
        backbone: the weights to use instead of the preset's. Layers that this network lacks are replaced by the
            last layer of the same block.
        pictures: how images are read and matched in size: ``ignore_icc``, ``alpha``, ``blend``, ``tonemap``,
            ``exposure``, ``allow_nan``, ``frame``, ``crop``, ``resize``, ``pad`` and ``limits``; see
            ``percept_cli.images.policy.ImagePolicy``.

    Returns:
        The result. ``result.distance`` is 0 for equal images; larger means more different.

    Raises:
        PerceptError: one of its subclasses, for anything that goes wrong.

    For many pairs, use ``compare_folders`` or ``percept_cli.scoring.pipeline.Pipeline``, which load torch and the
    weights only once and read ahead.
    """
    scorer = _scorer(preset, layers, distance, threshold, device, precision, max_memory, backbone, **pictures)
    return scorer.score(pair_of(reference, candidate, scorer.spec.pictures))


@libraries.needed()
def check(
    reference: PictureLike,
    candidate: PictureLike,
    *,
    preset: str | os.PathLike[str] = DEFAULT,
    noise: Noise = "auto",
    fail: Mapping[str, float | str] | None = None,
    warn: Mapping[str, float | str] | None = None,
    ignore: Sequence[Box | str | Sequence[int]] = (),
    mask: str | os.PathLike[str] | None = None,
    max_shift: int = 0,
    variant: str | None = None,
    device: str = "auto",
    max_memory: int | str | None = None,
    backbone: str | None = None,
    **pictures: Unpack[PictureSettings],
) -> PairResult:
    """Compare an image with its baseline and judge the difference, as ``percept check`` does.

    Args:
        reference: the baseline: a path, or an image in memory as for ``compare``.
        candidate: the image to check, likewise.
        preset: the name of a built-in preset, or the path of a TOML file.
        noise: how much rendering noise to forgive: ``auto``, ``same-machine`` or ``cross-machine``.
        fail: fail limits by gate: the largest value that does not fail, or ``"off"``. The gates are ``overall``,
            ``peak``, ``colour`` (in ΔE) and ``changed-pixels``, whose limit may be a share such as ``"1%"`` of the
            pixels that are not ignored.
        warn: warn limits by gate: the largest value that does not warn.
        ignore: rectangles x, y, width, height, in pixels, to ignore.
        mask: an image of the same size; where it is black (darker than mid-grey), pixels are ignored.
        max_shift: the most pixels by which the image, or a region of it, may have moved.
        variant: the alternate to prefer. If ``reference`` is the path of a file that has alternates, the image
            passes if it matches any of them.
        device: ``auto``, ``cpu``, ``cuda``, ``cuda:N`` or ``mps``.
        max_memory: the most memory to use, as for ``compare``.
        backbone: the weights to use instead of the preset's, as for ``compare``.
        pictures: how images are read and matched in size, as for ``compare``.

    Returns:
        The result. ``status`` is ``pass``, ``warn`` or ``fail``, and ``evidence`` says why and where. Images of
        different sizes fail without a distance; ``evidence.fit`` says which rows or columns were inserted or
        removed, and the rest of ``evidence`` is about what both have. Different frame counts fail without
        evidence.

    Raises:
        PerceptError: one of its subclasses, for anything that goes wrong.
    """
    given = from_arguments(
        noise=noise, fail=fail, warn=warn, ignore=ignore, mask=mask, max_shift=max_shift, variant=variant
    )
    rules = changed(Rules(), given)
    recipe = make_recipe(preset, backbone=backbone, pictures=pictures)
    spec = recipe.spec
    check_levels(rules, spec)
    _tell(recipe)
    judge = GateJudge(rules, recipe.preset.ladder)
    scorer = scorer_kept(spec, device, _bytes(max_memory)).with_judge(judge)
    pair = pair_of(reference, candidate, spec.pictures)
    return best_outcome(scorer, list(assigned(Pairs([pair]), RuleBook(rules)).pairs), rules)


def best_outcome(scorer: Scorer, pairs: Sequence[Pair], rules: Rules) -> PairResult:
    """The result of one image that is compared with several references: the best.

    Args:
        scorer: which judges.
        pairs: the image with each of its references, as ``assigned`` gives them.
        rules: by which they are judged.

    Raises:
        PerceptError: if none of them can be compared, or the machine cannot.
    """
    results, failures = [], []
    for pair in pairs:
        if pair.trouble is not None:
            raise pair.trouble
        try:
            results.append(scorer.outcome(pair))
        except PerceptError as error:
            if error.exit_code != ExitCode.INPUT:
                raise
            failures.append(error)
            results.append(scorer.failed(pair, error))
    if len(failures) == len(pairs):
        raise failures[0]
    return next(best for best, _ in combined(((result, False) for result in results), lambda _: rules))


@lru_cache(maxsize=4)
def scorer_kept(spec: DistanceSpec, device: str, max_memory: int | None) -> Scorer:
    """A scorer that stays, so that a test suite of many pictures loads torch and the weights once."""
    return Scorer(spec, GateJudge(Rules()), device=device, max_memory=max_memory)


def compare_folders(
    reference: str | os.PathLike[str],
    candidate: str | os.PathLike[str],
    *,
    include: Sequence[str] = (),
    exclude: Sequence[str] = (),
    any_extension: bool = False,
    workers: int | None = None,
    batch_size: int | None = None,
    **recipe: Any,
) -> Iterator[PairResult]:
    """Compare two folders, or one image with a folder, as ``percept batch`` does.

    Args:
        reference: the folder of reference images, or one reference image.
        candidate: the folder of candidates.
        include: patterns as in .gitignore; a file must match one of them.
        exclude: patterns as in .gitignore; a file that matches one is skipped.
        any_extension: whether ``a.png`` and ``a.jpg`` form a pair.
        workers: the number of threads that read images; None for one per processor, at most 8.
        batch_size: the most pairs per batch; None to choose. It does not change the results.
        recipe: the arguments of ``compare``: ``preset``, ``backbone``, ``layers``, ``distance``, ``threshold``,
            ``device``, ``precision``, ``max_memory`` and how images are read.

    Yields:
        A result for each pair and each image without a counterpart, sorted by name, as soon as it is known. A
        pair that could not be compared has the status ``error`` and the distance NaN.

    Raises:
        PerceptError: for anything that prevents the whole run, such as a folder that does not exist.
    """
    choice = Choice(tuple(include), tuple(exclude))
    pairs = pairs_of(Path(reference), Path(candidate), choice, any_extension=any_extension)
    line = Pipeline(_scorer(**recipe), workers=workers, batch_size=batch_size)
    return (result for result, _ in line.results(pairs))


def distances_of(
    pairs: Sequence[tuple[PictureLike, PictureLike]],
    presets: Sequence[str | os.PathLike[str] | DistanceSpec] = (DEFAULT,),
    *,
    device: str = "auto",
    max_memory: int | str | None = None,
    **pictures: Unpack[PictureSettings],
) -> Generator[tuple[int, tuple[PairResult, ...]]]:
    """Compare pairs that share images, by several recipes, with each image's features computed once.

    ``compare`` runs both images of its pair through the network, for each pair and each preset. Here an image runs
    once for all its partners and all presets, and its features wait until its last pair is done. Use this for one
    image against many, for all pairs of a set, or for several presets at once. The results are those of
    ``compare``: equal to 1e-6 (relative, on the CPU in float32), and exactly 0 for equal pixels.

    Where two images differ only in a small part, and it is cheaper, only that part is computed, as in ``compare``.

    Args:
        pairs: reference and candidate of each pair, as ``compare`` takes them. Two images are the same if their
            path is, or in memory if they are the same object.
        presets: built-in names, paths of TOML files, or specs. All must have the same backbone and precision.
        device: ``auto``, ``cpu``, ``cuda``, ``cuda:N`` or ``mps``.
        max_memory: the most memory to use, in bytes or as ``"2GB"``; None for what is free. Up to half of
            it holds features; the rest of them wait in a temporary file, which is deleted at the end and after
            errors. Five layers of an image of 454×454 pixels take 100 MB. It does not change the results.
        pictures: how images are read and matched in size, as for ``compare``.

    Yields:
        The index of a pair in ``pairs``, and one result per preset, in the order of the presets. Pairs come in the
        order that keeps the fewest features waiting, not in that of ``pairs``. A pair that could not be compared
        has the status ``error`` and the distance NaN, and the run continues.

    Raises:
        InvalidSetting: for presets that do not exist or cannot share features.
        DeviceUnavailable, WeightsUnavailable, LibraryUnavailable: if the network is needed and cannot run.
    """
    given = {"device": device, "max_memory": max_memory, **pictures}
    return Sharing([_scorer_of(preset, **given) for preset in presets]).results(pairs)


def _scorer_of(preset: str | os.PathLike[str] | DistanceSpec, **given: Any) -> Scorer:
    if not isinstance(preset, DistanceSpec):
        return _scorer(preset, **given)
    device, max_memory = given.pop("device"), _bytes(given.pop("max_memory"))
    spec = replace(preset, pictures=with_settings(preset.pictures, given))
    return Scorer(spec, device=device, max_memory=max_memory)


def _tell(recipe: Recipe) -> None:
    """What a caller should know of the preset, such as a ladder beside it that is not used."""
    for note in recipe.preset.notes:
        warnings.warn(note, stacklevel=4)


def _scorer(
    preset: str | os.PathLike[str] = DEFAULT,
    layers: str | Sequence[str] | Mapping[str, object] | None = None,
    distance: str | None = None,
    threshold: float | None = None,
    device: str = "auto",
    precision: str | None = None,
    max_memory: int | str | None = None,
    backbone: str | None = None,
    **pictures: Unpack[PictureSettings],
) -> Scorer:
    """A scorer from what ``compare`` takes.

    Raises:
        InvalidSetting: for anything that makes no recipe.
    """
    recipe = make_recipe(
        preset,
        layers=layers,
        distance=distance,
        precision=precision,
        backbone=backbone,
        pictures=pictures,
        threshold=threshold,
        threshold_source="argument",
    )
    _tell(recipe)
    judge = ThresholdJudge(recipe.threshold, recipe.threshold_source, ladder=recipe.preset.ladder)
    return Scorer(recipe.spec, judge, device=device, max_memory=_bytes(max_memory))


def _bytes(size: int | str | None) -> int | None:
    return None if size is None else parse_size(size)
