from __future__ import annotations

from pathlib import Path

import pytest

from percept_cli.system.addresses import is_address, restored, without_secrets
from percept_cli.system.names import posix, shown


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        ("s3://bucket/a.png", True),
        ("s3:/bucket/a.png", True),  # as a Path has it
        ("HTTPS://host/a.png", True),
        ("gs://b", True),
        ("az://c/a", True),
        ("a.png", False),
        ("C:/images/a.png", False),
        ("folder/s3://bucket", False),
        ("ftp://host/a", False),
        ("", False),
    ],
)
def test_what_is_an_address(text: str, is_one: bool) -> None:
    assert is_address(text) is is_one


def test_a_path_that_is_an_address_is_shown_with_both_slashes() -> None:
    assert posix(Path("s3://bucket") / "a b.png") == "s3://bucket/a b.png"
    assert restored("HTTPS:/Host/A.png") == "https://Host/A.png"
    assert shown("folder/a.png") == "folder/a.png"


@pytest.mark.parametrize(
    ("address", "told"),
    [
        ("https://h/a.png?id=17", "https://h/a.png?id=17"),
        ("https://h/a.png?X-Amz-Signature=0f&X-Amz-Date=1", "https://h/a.png?X-Amz-Signature=…&X-Amz-Date=…"),
        ("https://h/a.png?sv=2020&sig=ab%2Fc&page=2", "https://h/a.png?sv=…&sig=…&page=2"),
        ("https://h/a.png?q=0123456789abcdef0123", "https://h/a.png?q=…"),
        ("https://h/a.png?0123456789abcdef0123", "https://h/a.png?…"),
        ("https://me:secret@h/a.png", "https://…@h/a.png"),
        ("s3://key:secret@bucket/a.png", "s3://…@bucket/a.png"),
        ("s3://bucket/what?.png", "s3://bucket/what?.png"),
    ],
)
def test_what_is_secret_is_not_shown(address: str, told: str) -> None:
    assert without_secrets(address) == told
    assert posix(address) == told
