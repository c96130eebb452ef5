"""Pairs that share pictures → results of many recipes: each picture runs through the network once.

``compare`` runs both pictures of its pair. Of n pictures that all meet, that is n − 1 times each, and again for
every recipe. Here a picture runs when it is first wanted, for the taps of all recipes together, and its features
wait for its other partners. What recipes have in common, one distance at one tap, is computed once as well.

The numbers are those of ``compare``: the plan of each pair and recipe says what of the features counts, as it says
there what is computed. Where little of two pictures differs, it may be cheaper to compute that than both pictures
whole: then this is done, as ``compare`` does it.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Generator, Hashable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING

from percept_cli.distances import DISTANCES, Partial
from percept_cli.engine.plan import Plan, plan_pair
from percept_cli.engine.regions import changed_cells, whole
from percept_cli.errors import InvalidSetting, PerceptError
from percept_cli.evidence.sight import Sight
from percept_cli.formats.memory import is_path
from percept_cli.images.kept import chunks
from percept_cli.images.picture import Picture
from percept_cli.images.views import Look, looks
from percept_cli.recipes.spec import DistanceSpec, LayerSpec
from percept_cli.results.pair import PairResult
from percept_cli.scoring.opened import ROLES, Opened, key_of, pair_named
from percept_cli.scoring.order import Line, order_of, uses_of
from percept_cli.scoring.outcomes import OF_EVERY_PAIR
from percept_cli.scoring.readers import failed, refuse_special
from percept_cli.scoring.reading import Reading, Stamps
from percept_cli.scoring.scorer import Measured, Scorer
from percept_cli.system import libraries

if TYPE_CHECKING:
    from torch import Tensor

    from percept_cli.engine.bank import Bank
    from percept_cli.engine.measure import Engine
    from percept_cli.engine.transfer import Contribution
    from percept_cli.formats.memory import PictureLike

SHARE_FOR_FEATURES = 0.5
"""Of the memory that may be taken, what features may that wait; the rest is for the network's own work."""


class Sharing:
    """Measures pairs by several recipes on one backbone, each picture's features once.

    Args:
        scorers: one for each recipe, at least one; of one backbone, precision and way to read pictures, on one
            device with one limit of memory.

    Raises:
        InvalidSetting: for no recipe, or recipes that cannot share features.
    """

    def __init__(self, scorers: Sequence[Scorer]) -> None:
        self._spec = _united([scorer.spec for scorer in scorers])
        self._scorers = scorers
        self._network = scorers[0].with_spec(self._spec)
        self._engines: dict[tuple[str, str], Engine] = {}
        self.pictures_run = 0
        """Pictures that went through the network as a whole so far."""
        self.pairs_apart = 0
        """Pairs, or views of them, that were computed as ``compare`` does it, by at least one recipe."""

    @cached_property
    def _engine(self) -> Engine:
        """The one that runs pictures; those of the recipes use its network."""
        from percept_cli.engine.measure import Engine

        engine = self._network.engine
        for scorer in self._scorers:
            scorer.engine = Engine(scorer.spec, max_memory=scorer.max_memory, network=engine)
        return engine

    @cached_property
    def banks(self) -> tuple[Bank, Bank]:
        """Where features wait, and what was made of one side alone; made when the first picture is to run."""
        import torch

        from percept_cli.engine.bank import Bank

        room = int(self._engine.budget * SHARE_FOR_FEATURES)
        of_sides = room // 8
        return Bank(room - of_sides, self._engine.device), Bank(of_sides, torch.device("cpu"))

    def engine_of(self, layer: LayerSpec) -> Engine:
        """The one for a distance at a tap, whatever its weight."""
        key = layer.tap, layer.distance
        if key not in self._engines:
            from percept_cli.engine.measure import Engine

            alone = replace(self._spec, layers=(LayerSpec(layer.tap, layer.distance),))
            self._engines[key] = Engine(alone, network=self._engine)
        return self._engines[key]

    def results(
        self, pairs: Sequence[tuple[PictureLike, PictureLike]]
    ) -> Generator[tuple[int, tuple[PairResult, ...]]]:
        """Measure pairs, in an order in which few pictures wait.

        Args:
            pairs: reference and candidate each, as ``compare`` takes them. A picture is known again by its path,
                or by being the same object.

        Yields:
            A pair's place in ``pairs``, and its results in the order of the recipes.

        Raises:
            DeviceUnavailable, WeightsUnavailable, LibraryUnavailable: if the network is needed and cannot run.
        """
        keys = [(key_of(one), key_of(other)) for one, other in pairs]
        order = order_of(keys)
        line = Line(uses_of(keys, order))
        opened = Opened(self._spec.pictures)
        try:
            for step, index in enumerate(order):
                line.step = step
                yield index, self._measure(pairs[index], keys[index], opened, line)
                for key in dict.fromkeys(keys[index]):
                    for gone in line.over(key):
                        for bank in self.banks:
                            bank.drop(gone)
        finally:
            if "banks" in self.__dict__:
                for bank in self.banks:
                    bank.close()

    @libraries.needed()
    def _measure(
        self, pair: tuple[PictureLike, PictureLike], keys: tuple[Hashable, Hashable], opened: Opened, line: Line
    ) -> tuple[PairResult, ...]:
        """The results of a pair by all recipes; one that cannot be compared has those of its error."""
        named = pair_named(pair)
        start = time.perf_counter()
        try:
            refuse_special(*(Path(side) for side in pair if is_path(side)))
            sides = [opened.side(*each) for each in zip(pair, keys, ROLES, strict=True)]
            stamps: Stamps = sides[0][1], sides[1][1]
            found, notes = looks(sides[0][0], sides[1][0], self._spec.pictures)
            works = [_Work(Reading(named, (), stamps, 0.0, notes), scorer) for scorer in self._scorers]
            for look in found:
                self._measure_look(look, keys, works, line)
        except OF_EVERY_PAIR:
            raise
        except (PerceptError, MemoryError) as error:
            return tuple(failed(scorer, named, error) for scorer in self._scorers)
        seconds = (time.perf_counter() - start) / len(works)
        return tuple(work.result(seconds) for work in works)

    def _measure_look(
        self, look: Look, keys: tuple[Hashable, Hashable], works: Sequence[_Work], line: Line
    ) -> None:
        sides = look.reference, look.candidate
        width, height = look.reference.size
        changed = changed_cells(look.reference.pixels, look.candidate.pixels, height, width)
        where = changed if not changed.all() else True  # which takes no planning
        for work in works:
            work.plan(look, where if changed.any() else False)
        left = [work for work in works if work.error is None and work.sight.plan.crops]
        if not left:
            return
        engine = self._engine
        plan = plan_pair(self._spec, height=height, width=width)
        # Of a picture that is too small for the deepest tap, recipes without that see another one.
        together = [work for work in left if _size(work.sight.plan) == _size(plan)] if engine.fits(plan) else []
        if together:
            bank, _ = self.banks
            features = [_features_of(side, plan) for side in sides]
            missing = [1 / line.uses_left(key) for key, one in zip(keys, features, strict=True) if one not in bank]
            if sum(missing) >= sum(2 * work.sight.plan.share for work in together):
                together = []
            else:
                for picture, key, one in zip(sides, keys, features, strict=True):
                    line.belongs(one, key)
                    if one not in bank:
                        self._run(picture, plan, one, line)
                common = _Common(self, features, line)
                for work in together:
                    work.found += [(work.sight, one) for one in common.contributions(work)]
        apart = [work for work in left if work not in together]
        self.pairs_apart += bool(apart)
        for work in apart:
            work.measure()

    def _run(self, picture: Picture, plan: Plan, key: Hashable, line: Line) -> None:
        engine = self._engine
        self.banks[0].add(key, engine.layout(plan), lambda take: engine.run(picture, plan, take), line.next_use)
        self.pictures_run += 1


class _Work:
    """One pair by one recipe."""

    def __init__(self, reading: Reading, scorer: Scorer) -> None:
        self.reading, self.scorer = reading, scorer
        self.error: PerceptError | MemoryError | None = None
        self.found: list[Measured] = []
        """What was measured so far."""

    @property
    def sight(self) -> Sight:
        """The view that is at hand."""
        return self.reading.sights[-1]

    def plan(self, look: Look, changed: object) -> None:
        """Take up one more view."""
        width, height = look.reference.size
        if self.error is not None:
            return
        try:
            plan = plan_pair(self.scorer.spec, height=height, width=width, changed=changed)  # type: ignore[arg-type]
        except PerceptError as error:
            self.error = error
            return
        pictures = (look.reference, look.candidate) if plan.crops else None
        sight = Sight(look.view, pictures, plan, width, height)
        self.reading = replace(self.reading, sights=(*self.reading.sights, sight))

    def measure(self) -> None:
        """As ``compare`` does: what differs runs through the network."""
        assert self.sight.pictures is not None
        try:
            found = self.scorer.engine.measure(self.sight.pictures, self.sight.plan)
        except OF_EVERY_PAIR:
            raise
        except (PerceptError, MemoryError) as error:
            self.error = error
        else:
            self.found += [(self.sight, one) for one in found]

    def result(self, seconds: float) -> PairResult:
        """What is found by the recipe; its error, where it could not be."""
        if self.error is None:
            try:
                return self.scorer.finish(self.reading, self.found, seconds)
            except OF_EVERY_PAIR:
                raise
            except (PerceptError, MemoryError) as error:
                self.error = error
        return failed(self.scorer, self.reading.pair, self.error)


class _Common:
    """What recipes have in common of one view of a pair whose features wait: each distance at each tap, once.

    Args:
        sharing: whose recipes.
        features: of reference and candidate, in its bank.
        line: when they are wanted again.
    """

    def __init__(self, sharing: Sharing, features: Sequence[_Features], line: Line) -> None:
        self._sharing, self._features, self._line = sharing, features, line
        self._bank, self._of_sides = sharing.banks
        self._found: dict[Hashable, list[Contribution]] = {}

    def contributions(self, work: _Work) -> list[Contribution]:
        """What each crop of a recipe's plan contributes."""
        plan = work.sight.plan
        found: list[Contribution] = [{} for _ in plan.crops]
        for layer, shape in zip(work.scorer.spec.layers, plan.shapes, strict=True):
            key = layer.tap, layer.distance, plan.crops
            if key not in self._found:
                self._found[key] = self._of_layer(layer, replace(plan, shapes=(shape,)))
            for mine, part in zip(found, self._found[key], strict=True):
                mine.update(part)
        return found

    def _of_layer(self, layer: LayerSpec, plan: Plan) -> list[Contribution]:
        if DISTANCES[layer.distance].is_separable and plan.crops == (whole(plan.height, plan.width),):
            first, second = (self._statistic(one, layer, plan) for one in self._features)
            _, height, width = plan.shapes[0]
            return [{layer.tap: Partial((first - second,), height * width)}]
        reference, candidate = (partial(self._bank.rows, one) for one in self._features)
        return self._sharing.engine_of(layer).between(reference, candidate, plan)

    def _statistic(self, features: _Features, layer: LayerSpec, plan: Plan) -> Tensor:
        """Of one side; it waits for the next partner, as its features do."""
        key = features, layer.distance, layer.tap
        if key not in self._of_sides:
            engine = self._sharing.engine_of(layer)
            found = engine.of_side(partial(self._bank.rows, features), layer.tap, plan.shapes[0])  # 1×C×C
            self._line.goes_with(key, features)
            self._of_sides.put(key, found, self._line.next_use)
        return self._of_sides.get(key)


@dataclass(frozen=True)
class _Features:
    """What tells the features of a picture from those of others."""

    sha256: bytes
    """Of its pixels."""
    deep: bool
    size: tuple[int, int]
    seen: tuple[int, int]
    """The size that the network sees."""


def _features_of(picture: Picture, plan: Plan) -> _Features:
    found = hashlib.sha256()
    for chunk in chunks(picture.pixels):
        found.update(chunk)
    return _Features(found.digest(), picture.deep, picture.size, _size(plan))


def _size(plan: Plan) -> tuple[int, int]:
    return plan.height, plan.width


def _united(specs: Sequence[DistanceSpec]) -> DistanceSpec:
    """A recipe with the taps of all of them.

    Raises:
        InvalidSetting: for none, or if they cannot share features.
    """
    if not specs:
        raise InvalidSetting("no recipe is given", hint="give at least one preset.")
    for what, found in (
        ("backbone", [spec.backbone for spec in specs]),
        ("precision", [spec.precision for spec in specs]),
        ("way to read images", [spec.pictures for spec in specs]),
    ):
        if any(one != found[0] for one in found):
            names = f": {', '.join(map(str, dict.fromkeys(found)))}" if what != "way to read images" else ""
            raise InvalidSetting(
                f"recipes that share features must have the same {what}{names}",
                hint="measure with each of them in a call of its own.",
            )
    taps = dict.fromkeys(tap for spec in specs for tap in spec.taps)
    return replace(specs[0], layers=tuple(LayerSpec(tap, "mse") for tap in taps))
