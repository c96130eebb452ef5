"""Files below a folder, reached through no link."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from percept_cli.system.beneath import LinkInTheWay, below, leads_out
from tests.support.approvals import checked as checked


def test_what_windows_would_take_for_another_folder() -> None:
    for name in ("a.png", "a/b.png", "back\\slash.png", "C:a.png", "..a/b..png"):
        assert not leads_out(name, windows=False)
    for name in ("", ".", "..", "/a.png", "a/../b.png", "../a.png", "a\0.png", "//host/share/a.png"):
        assert leads_out(name, windows=False)
        assert leads_out(name, windows=True)
    for name in ("..\\a.png", "C:a.png", "C:\\a.png", "\\\\host\\share\\a.png", "a.png:stream", "C:/a.png"):
        assert leads_out(name, windows=True)
    assert not leads_out("a/b.png", windows=True)


def test_a_folder_that_becomes_a_link_meanwhile_is_not_followed(checked: Path) -> None:
    with below(checked / "base", "menu/icon.png") as spot:
        (checked / "base" / "menu").rename(checked / "menu")
        (checked / "base" / "menu").symlink_to(checked / "now")
        os.close(spot.beside("made.png").open(os.O_WRONLY | os.O_CREAT | os.O_EXCL))
    assert (checked / "menu" / "made.png").exists()
    assert not (checked / "now" / "made.png").exists()
    with pytest.raises(LinkInTheWay), below(checked / "base", "menu/icon.png"):
        pass
