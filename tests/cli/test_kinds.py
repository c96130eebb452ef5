from __future__ import annotations

from pathlib import Path

import click
import pytest

from percept_cli.cli.kinds import CountOr, Here, Location
from percept_cli.errors import InvalidSetting


def test_a_place_is_a_path_or_an_address_that_can_be_gone_to() -> None:
    place = Location(path_type=Path)
    assert place.convert("a.png", None, None) == Path("a.png")
    assert place.convert("s3://bucket/a.png", None, None) == Path("s3://bucket/a.png")
    with pytest.raises(InvalidSetting, match="password"):
        place.convert("s3://key:secret@bucket/a.png", None, None)


def test_what_must_be_on_this_machine_is_no_address() -> None:
    assert Here(path_type=Path).convert("kept", None, None) == Path("kept")
    with pytest.raises(click.BadParameter, match="cannot be an address"):
        Here(path_type=Path).convert("s3://bucket/kept", None, None)


def test_a_number_or_a_word() -> None:
    kind = CountOr("all", least=1)
    assert kind.convert("all", None, None) is None and kind.convert("3", None, None) == 3
    with pytest.raises(click.BadParameter):
        kind.convert("0", None, None)
