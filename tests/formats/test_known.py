"""The registry of formats: what each row names is there."""

from __future__ import annotations

from pkgutil import resolve_name

import pytest

from percept_cli.formats.known import FORMATS, FileFormat


@pytest.mark.parametrize("entry", FORMATS, ids=lambda entry: entry.name)
def test_the_reader_of_each_format_is_there(entry: FileFormat) -> None:
    assert callable(resolve_name(f"percept_cli.formats.{entry.reader}"))
