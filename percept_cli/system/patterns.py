"""Names that match, as in .gitignore."""

from __future__ import annotations

import re
from collections.abc import Sequence

from pathspec import GitIgnoreSpec

from percept_cli.errors import InvalidSetting
from percept_cli.system.names import printable


class Patterns:
    """Patterns as in .gitignore. Without any, nothing matches.

    Raises:
        InvalidSetting: for a line that is no pattern, or lines that all say nothing.
    """

    def __init__(self, lines: Sequence[str]) -> None:
        try:
            self._spec = GitIgnoreSpec.from_lines(line.replace("\n", "\0") for line in lines)
        except (ValueError, re.error) as error:
            raise InvalidSetting(
                f"invalid file pattern: {printable(str(error))}",
                hint="write patterns as in .gitignore, such as *.png or charts/**.",
            ) from None
        if lines and not any(pattern.include is not None for pattern in self._spec.patterns):
            raise InvalidSetting(
                f"the patterns {printable(str(list(lines)))} match nothing",
                hint="write patterns as in .gitignore, such as *.png or charts/**.",
            )

    def match(self, name: str) -> bool:
        """Whether a relative path, with ``/`` as separator, is meant."""
        # To pathspec a line ends a name; no name holds a NUL.
        return self._spec.match_file(name.replace("\n", "\0"))
