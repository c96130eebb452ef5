"""The addresses that percept prints."""

from __future__ import annotations

from urllib.parse import urlsplit

from percept_cli._project import DOCS, OWNER, REPOSITORY


def test_the_owner_is_part_of_every_address() -> None:
    assert urlsplit(REPOSITORY).path == f"/{OWNER}/percept"
    assert urlsplit(DOCS).hostname == f"{OWNER.lower()}.github.io"  # GitHub Pages has lower case only


def test_addresses_are_plain() -> None:
    for address in (REPOSITORY, DOCS):
        parts = urlsplit(address)
        assert parts.scheme == "https"
        assert not address.endswith("/")  # pages are put behind them
        assert not parts.query and not parts.fragment
