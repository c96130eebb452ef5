"""What a scorer asks: by what a pair is measured, what of it counts, and whether that is too much."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

from percept_cli.errors import PerceptError
from percept_cli.evidence.sight import Sight
from percept_cli.images.limits import Limits
from percept_cli.images.views import Look
from percept_cli.pairs import Pair
from percept_cli.recipes.spec import DistanceSpec
from percept_cli.results.pair import PairResult

if TYPE_CHECKING:
    from percept_cli.engine.transfer import Contribution
    from percept_cli.evidence.changes import Changes
    from percept_cli.evidence.fitting import Fitted


class Judge(Protocol):
    """Decides on pairs, and holds the rules of each. Safe between threads."""

    @property
    def keeps_maps(self) -> bool:
        """Whether it needs the distance of every position."""

    @property
    def keeps_pictures(self) -> bool:
        """Whether pictures are wanted even where they are equal."""

    def preset_of(self, pair: Pair) -> str | None:
        """The preset that a pair is measured by; None for the run's recipe."""

    @property
    def fits_sizes(self) -> bool:
        """Whether it judges the rest of two sizes: what remains without what only one of the pictures has."""

    def changes(self, pair: Pair, look: Look, spec: DistanceSpec, fitted: Fitted | None = None) -> Changes | None:
        """What of a view differs and counts, where it asks; None for all of it.

        Args:
            pair: which pair.
            look: the view, of one size.
            spec: by which recipe it is measured.
            fitted: how it came about, of pictures of two sizes.

        Raises:
            PerceptError: where the pair's rules do not fit its pictures.
        """

    def judged(
        self, result: PairResult, pair: Pair, sight: Sight, found: Sequence[Contribution], spec: DistanceSpec
    ) -> PairResult:
        """The result of one view with its verdict.

        Args:
            result: what was measured, without a verdict.
            pair: which pair.
            sight: the view.
            found: what its parts contributed; nothing where they are equal.
            spec: by which recipe.
        """

    def failed(self, result: PairResult, pair: Pair, error: PerceptError, limits: Limits) -> PairResult:
        """What a pair that could not be compared comes to; ``result`` is an error in words already.

        ``limits`` are those of reading its files once more, for what identifies them.
        """

    def unmatched(self, result: PairResult, pair: Pair, limits: Limits | None) -> PairResult:
        """What a picture without a counterpart comes to; ``result`` is ``new`` or ``missing`` already.

        Without ``limits`` its file is not read.

        Raises:
            UnreadableImage, UnsupportedImage: if its file cannot be read.
        """
