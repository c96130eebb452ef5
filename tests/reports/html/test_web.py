"""Picture files as a browser can show them."""

from __future__ import annotations

import io
from pathlib import Path

from percept_cli.geometry import View
from percept_cli.images.policy import AS_SEEN
from percept_cli.reports.html.web import address_of, for_web, web_type
from tests.conftest import drawing


def test_without_a_folder_addresses_are_absolute(tmp_path: Path) -> None:
    assert address_of(str(tmp_path / "a b.png"), None) == f"file://{tmp_path.as_posix()}/a%20b.png"


def test_types_are_told_by_content() -> None:
    assert web_type(b"RIFF\0\0\0\0WEBPVP8 ") == "image/webp"
    assert web_type(b"\0\0\0\x1cftypavif") == "image/avif"
    assert web_type(b"<svg onload='alert(1)'>") is None
    file = io.BytesIO()
    drawing(8, 8).save(file, "TIFF")
    assert for_web(file.getvalue(), "a.png", AS_SEEN, View())[0] == "image/png"
