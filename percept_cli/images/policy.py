"""How a file becomes a picture: what moves numbers there, as part of the recipe."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ImagePolicy:
    """What the recipe says of reading pictures."""

    def as_dict(self) -> dict[str, str]:
        """In words, for reports and the fingerprint."""
        return {
            "colour": "sRGB, 8 bits per channel, profiles not applied",
            "alpha": "over white",
            "size": "equal or error; below the deepest tap's stride: edge pixels repeated",
        }


AS_SEEN = ImagePolicy()
"""What holds where nothing else is asked for."""
