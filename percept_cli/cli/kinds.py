"""Kinds of values of options and arguments."""

from __future__ import annotations

from typing import Any

import click


class Location(click.Path):
    """A file or a folder of this machine, or an address."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """As click does; an address that percept cannot go to is refused."""
        from percept_cli.storage.address import check_typed  # which no help needs

        check_typed(str(value))
        return super().convert(value, param, ctx)


class Here(click.Path):
    """A file or a folder of this machine, and nothing else."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """As click does; an address is refused, which would become a folder with an odd name."""
        from percept_cli.system.addresses import is_address

        if is_address(str(value)):
            self.fail("this must be on this machine, and cannot be an address.", param, ctx)
        return super().convert(value, param, ctx)


class CountOr(click.ParamType[int | None]):
    """A number, or one word for leaving it open (None)."""

    def __init__(self, word: str, *, least: int) -> None:
        self.name = f"{word}|N"
        self._word, self._least = word, least

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int | None:
        """Raise what click expects for anything else."""
        if value == self._word:
            return None
        if not str(value).isdecimal() or int(value) < self._least:
            self.fail(f"{value!r} is neither {self._word!r} nor an integer of at least {self._least}.", param, ctx)
        return int(value)
