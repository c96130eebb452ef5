"""The alternates beside the baselines that are approved: which there are, and what is to be known of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from percept_cli.pairs.alternates import Alternate
from percept_cli.runs.approval import Approval
from percept_cli.runs.steps import BaselineStep, Refused
from percept_cli.system.names import counted


class Beside:
    """Looks at the alternates of pictures as their baselines change.

    Args:
        approval: of the baseline folder.
    """

    def __init__(self, approval: Approval) -> None:
        self._approval = approval
        self._variants: set[str] = set()
        self._kept: Counter[str] = Counter()
        self._equal: list[tuple[str, str]] = []
        self._images = 0

    @property
    def variants(self) -> list[str]:
        """Those that were seen."""
        return sorted(self._variants)

    def has(self, name: str, variant: str) -> bool:
        """Whether a picture has an alternate of a variant, or files of which it is not clear what they are."""
        try:
            found = self._approval.alternates_of(name)
        except Refused:
            return True
        self._variants.update(one.variant for one in found)
        return any(one.variant == variant for one in found)

    def note(self, step: BaselineStep) -> None:
        """A baseline has changed, or gone: its alternates stay."""
        if self._approval.variant_of(step) is not None:
            return
        found = self._found(step.name)
        self._images += bool(found)
        for one in found:
            self._kept[one.variant] += 1
            if step.after is not None and self._approval.hash_of(one.place) == step.after:
                self._equal.append((step.name, one.variant))

    def _found(self, name: str) -> list[Alternate]:
        try:
            return self._approval.alternates_of(name)
        except Refused:  # the next check says so
            return []

    @property
    def notes(self) -> Iterator[str]:
        """What a person should know at the end."""
        if self._kept:
            told = ", ".join(f"{variant} ({count})" for variant, count in sorted(self._kept.items()))
            yield (
                f"alternates of {counted(self._images, 'image')} stay as they are: {told}; to delete those that "
                "are no longer right, use --drop-alternate --variant NAME"
            )
        for name, variant in self._equal:
            yield f"the alternate {variant} of {name} is equal to its baseline, so it can be dropped"
