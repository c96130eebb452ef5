"""Two pictures of different sizes → what of them is compared: the rest of both, which has one size.

Nothing is resized. Where bands of rows (of one width) or of columns (of one height) were inserted or removed, the
rest is what remains without them; otherwise it is the part that both have, from the top left.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from percept_cli.errors import InvalidSetting, SizeMismatch
from percept_cli.evidence.aligning import Gap, detail_of, find_gaps
from percept_cli.evidence.changes import Allowed, Changes, find_changes, pixels_left_out
from percept_cli.evidence.masks import read_mask
from percept_cli.evidence.pixels import changes_of
from percept_cli.geometry import View
from percept_cli.images.joining import is_large, parts_of
from percept_cli.images.kept import same
from percept_cli.images.picture import Picture
from percept_cli.images.policy import AS_SEEN, ImagePolicy
from percept_cli.images.views import Look
from percept_cli.results.fit import WHOSE, Axis, Band, Fit, Whose, common_part

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_MOST_OF_IT = 0.75  # of the pixels that changed
_CLEAR = 24  # levels by which they did: of less, rendering noise leaves many


@dataclass(frozen=True)
class Fitted:
    """How the rest of two pictures came about."""

    fit: Fit
    mismatch: SizeMismatch
    """What is told of the two sizes."""


def fitted(looks: Sequence[Look]) -> list[tuple[Look, Fitted]]:
    """The rest of two pictures of different sizes, as looks of one size.

    Args:
        looks: the pair in all views. All get the bands of that in which most is to be seen: of black text on
            transparency there is nothing on black.

    Raises:
        UnsupportedImage: if there is no room for the rest of very large pictures.
    """
    clearest = max(looks, key=lambda look: detail_of(look.reference.array)) if len(looks) > 1 else looks[0]
    fit = _fit_of(clearest.reference, clearest.candidate)
    return [(_rest_of(look, fit), Fitted(fit, look.mismatch)) for look in looks if look.mismatch is not None]


def _rest_of(look: Look, fit: Fit) -> Look:
    reference, candidate = (
        parts_of(picture, fit.kept(side, "rows"), fit.kept(side, "columns"))
        for picture, side in zip((look.reference, look.candidate), WHOSE, strict=True)
    )
    return replace(look, reference=reference, candidate=candidate, mismatch=None)


def bands_of(reference: Picture, candidate: Picture, axis: Axis) -> tuple[Band, ...]:
    """The bands of rows, or columns, that were inserted or removed; none where the rest would not fit.

    Args:
        reference: the one picture.
        candidate: of the same width, for rows; of the same height, for columns.
        axis: which.
    """
    one, other = reference.array, candidate.array
    if axis == "columns":
        one, other = one.swapaxes(0, 1), other.swapaxes(0, 1)
    return tuple(band for gap in find_gaps(one, other) or () for band in _bands(gap, axis))


def displaced_rows(changes: Changes) -> str:
    """That rows were inserted in a picture whose size is fixed, so that others went beyond its edge, in words.

    Args:
        changes: of two pictures of one size.

    Returns:
        Empty where that does not explain most of what changed, and of very large pictures.
    """
    reference, candidate = changes.reference, changes.candidate
    top = min((region.box.y for region in changes.regions), default=0)
    bottom = max((region.box.y + region.box.height for region in changes.regions), default=0)
    if 4 * bottom < 3 * reference.height or 8 * (bottom - top) < reference.height or is_large(*reference.size):
        return ""
    fit = Fit(reference.size, candidate.size, "bands", bands_of(reference, candidate, "rows"))
    if not fit.bands:
        return ""
    rest = _rest_of(Look(View(), reference, candidate), fit)
    one, other = rest.reference, rest.candidate
    if same(one.pixels, other.pixels):
        return f"{fit}, the rest is equal"
    left, before = (
        int((changes_of(first.array, second.array) > _CLEAR).sum())
        for first, second in ((one, other), (reference, candidate))
    )
    explained = 1 - left / before if before else 0.0
    return f"{fit}, which explains {100 * explained:.0f} % of what changed" if explained >= _MOST_OF_IT else ""


def _fit_of(reference: Picture, candidate: Picture) -> Fit:
    common = common_part(reference.size, candidate.size)
    if len(common.bands) == 1:
        bands = bands_of(reference, candidate, common.bands[0].axis)
        if bands:
            return Fit(reference.size, candidate.size, "bands", bands)
    return common


def _bands(gap: Gap, axis: Axis) -> list[Band]:
    bands = []
    if gap.removed:
        bands.append(Band(axis, "removed", gap.removed, gap.first, gap.second))
    if gap.inserted:
        bands.append(Band(axis, "inserted", gap.inserted, gap.first + gap.removed, gap.second))
    return bands


def changes_of_rest(rest: Look, fit: Fit, allowed: Allowed, policy: ImagePolicy = AS_SEEN) -> Changes | None:
    """What differs in the rest of two pictures, as ``changes.changes_that_count`` finds it in whole ones.

    Args:
        rest: of both.
        fit: how it came about.
        allowed: rectangles in the reference, and a mask as large as the reference or else as the candidate.
        policy: by which they were read, for messages.

    Raises:
        InvalidSetting: if the mask has another size than both.
        UnreadableImage, UnsupportedImage: if the mask cannot be read.
    """
    import numpy as np

    left_out = pixels_left_out(allowed.ignore, None, *fit.reference)
    if left_out is not None:
        left_out = _kept(left_out, fit, "reference")
    if allowed.mask is not None:
        masked = _masked(fit, allowed, policy)
        left_out = masked if left_out is None else np.logical_or(left_out, masked)
    if left_out is None and same(rest.reference.pixels, rest.candidate.pixels):
        return None
    return find_changes(rest.reference, rest.candidate, left_out=left_out, max_shift=allowed.max_shift)


def _masked(fit: Fit, allowed: Allowed, policy: ImagePolicy) -> NDArray[np.bool_]:
    assert allowed.mask is not None
    try:
        return _kept(read_mask(allowed.mask, *fit.reference, policy.sizing), fit, "reference")
    except InvalidSetting as error:
        try:
            return _kept(read_mask(allowed.mask, *fit.candidate, policy.sizing), fit, "candidate")
        except InvalidSetting:
            raise error from None


def _kept(pixels: NDArray[np.bool_], fit: Fit, side: Whose) -> NDArray[np.bool_]:
    """What of an image's pixels belongs to the rest."""
    import numpy as np

    rows = np.concatenate([pixels[begin:end] for begin, end in fit.kept(side, "rows")])
    return np.concatenate([rows[:, begin:end] for begin, end in fit.kept(side, "columns")], axis=1)
