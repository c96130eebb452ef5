from __future__ import annotations

from pathlib import Path

import pytest

from percept_cli.errors import InvalidSetting
from percept_cli.storage.named import folder_named, from_here


def test_settings_name_folders_beside_them_or_addresses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert folder_named("base", tmp_path) == "base"
    assert folder_named("s3://bucket/base", tmp_path) == "s3://bucket/base"
    assert from_here(tmp_path.parent / "x") == tmp_path.parent / "x"
    with pytest.raises(InvalidSetting):
        folder_named("ftp://host/base", tmp_path)
