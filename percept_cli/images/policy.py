"""How a file becomes a picture: what moves numbers there, as part of the recipe."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class ImagePolicy:
    """What the recipe says of reading pictures."""

    ignore_icc: bool = False
    """Whether values are taken as sRGB, whatever profiles and the colour chunks of PNG say."""

    def as_dict(self) -> dict[str, str]:
        """In words, for reports and the fingerprint."""
        # Without profiles the words, and so the fingerprints, are those of before there was a choice.
        return {
            "colour": f"sRGB, 8 bits per channel, {_IGNORED if self.ignore_icc else _APPLIED}",
            "alpha": "over white",
            "size": "equal or error; below the deepest tap's stride: edge pixels repeated",
        }

    @property
    def words(self) -> str:
        """What is unusual, to stand behind the rest of a recipe."""
        return ", profiles ignored" if self.ignore_icc else ""


def policy_from(stored: Mapping[str, Any]) -> ImagePolicy:
    """The policy that gave ``as_dict``, or the nearest to it: the fingerprint tells whether it is the same."""
    return ImagePolicy(ignore_icc=_IGNORED in stored["colour"])


_IGNORED = "profiles not applied"
_APPLIED = "profiles and PNG's colour chunks applied: relative colorimetric, black point compensation, clipped"


AS_SEEN = ImagePolicy()
"""What holds where nothing else is asked for."""
