from __future__ import annotations

from pathlib import Path

import pytest

from percept_cli.errors import InvalidSetting
from percept_cli.storage.address import Address, address_in, check_typed, is_remote, parse_address


def test_an_address_travels_as_a_path() -> None:
    found = address_in(Path("s3://bucket/base") / "ui/a.png")
    assert found == Address("s3", "bucket", "base/ui/a.png")
    assert found.text == "s3://bucket/base/ui/a.png" and found.full == "bucket/base/ui/a.png"
    assert address_in(found.path) == found
    assert address_in("base/a.png") is None
    assert (parse_address("s3://bucket/base/") / "a.png").text == "s3://bucket/base/a.png"
    assert parse_address("gs://bucket") / "a" == Address("gs", "bucket", "a")
    assert is_remote(Path("az://c/a")) and not is_remote("a") and not is_remote(None)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("s3://key:hush@bucket/a.png", "must not hold a user name or a password"),
        ("https://me:hush@host/a.png", "must not hold a user name or a password"),
        ("s3:///a.png?hush", "names no bucket or host"),
        ("http://example.org/a.png?sig=hush", "not encrypted"),
        ("ftp://host/a.png", "not a kind of address"),
        ("s3://bucket//a.png", "an empty part"),
        ("https://host/../a.png", "one of dots"),
    ],
)
def test_an_address_that_cannot_be_gone_to_is_refused_without_its_secrets(text: str, message: str) -> None:
    with pytest.raises(InvalidSetting, match=message) as caught:
        check_typed(text)
    assert "hush" not in f"{caught.value} {caught.value.hint}"


def test_http_is_for_this_machine() -> None:
    assert parse_address("http://localhost:8000/a.png").is_of_web
    assert parse_address("http://127.0.0.1/a.png").is_of_web


def test_an_address_is_printed_without_its_signature() -> None:
    assert "hush" not in repr(parse_address("https://host/a.png?sig=hush"))
