"""An address, taken apart."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

from percept_cli.errors import InvalidSetting
from percept_cli.system.addresses import SCHEMES, WEB, is_address, restored, without_secrets
from percept_cli.system.names import printable

_LOOPBACK = re.compile(r"(localhost|127(\.\d+){3}|\[::1\])(:\d+)?", re.IGNORECASE)
_UNKNOWN = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://")


@dataclass(frozen=True)
class Address:
    """Where an object, or a folder of objects, lives."""

    scheme: str
    """``s3``, ``gs``, ``az``, ``https``, or ``http`` on this machine."""
    place: str
    """The bucket, container or host."""
    key: str
    """What it is called there, without a slash at either end; empty for the whole bucket."""

    @property
    def text(self) -> str:
        """All of it, signatures too: for the store, and for nobody's eyes."""
        return f"{self.scheme}://{self.full}"

    @property
    def full(self) -> str:
        """As libraries call it, without the scheme."""
        return f"{self.place}/{self.key}" if self.key else self.place

    @property
    def is_of_web(self) -> bool:
        """Whether it can only be read."""
        return self.scheme in WEB

    def __str__(self) -> str:
        """As it may be shown: without what is secret, safe for a terminal."""
        return printable(without_secrets(self.text))

    def __repr__(self) -> str:
        return f"Address({str(self)!r})"

    def __truediv__(self, name: str) -> Address:
        """What is called so in this folder."""
        return Address(self.scheme, self.place, f"{self.key}/{name}" if self.key else name)

    @property
    def path(self) -> Path:
        """As it travels through percept."""
        return Path(self.text)


def address_in(path: str | os.PathLike[str]) -> Address | None:
    """The address that a path is; None where it is a path of this machine.

    Raises:
        InvalidSetting: if it holds a password, names no bucket or host, or would go unencrypted over a network.
    """
    text = os.fspath(path) if isinstance(path, str) else Path(path).as_posix()
    return parse_address(restored(text)) if is_address(text) else None


def is_remote(path: str | os.PathLike[str] | None) -> bool:
    """Whether a path is an address."""
    return path is not None and is_address(os.fspath(path).replace(os.sep, "/"))


def parse_address(text: str) -> Address:
    """Take an address apart.

    Raises:
        InvalidSetting: as ``address_in``; nothing secret is in the message.
    """
    scheme, _, rest = restored(text).partition("://")
    place, _, key = rest.partition("/")
    shown = printable(without_secrets(f"{scheme}://{rest}"))
    if "@" in place:
        raise InvalidSetting(
            f"{shown}: an address must not hold a user name or a password",
            hint="put credentials into the environment, such as AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.",
        )
    if not place:
        what = "host" if scheme in WEB else "bucket"
        raise InvalidSetting(
            f"{shown}: the address names no {what}", hint=f"write {scheme}://{what.upper()}/PATH."
        )
    if scheme == "http" and not _LOOPBACK.fullmatch(place):
        raise InvalidSetting(f"{shown}: http:// is not encrypted", hint="use https://.")
    return Address(scheme, place, key.removesuffix("/"))


def check_typed(text: str) -> None:
    """See whether an argument that may be an address is one that percept can go to.

    Raises:
        InvalidSetting: for another scheme, as ``address_in``, and where a ``Path`` would change what it means.
    """
    if not is_address(text):
        found = _UNKNOWN.match(text)
        if found is not None:
            known = ", ".join(f"{scheme}://" for scheme in SCHEMES if scheme != "http")
            raise InvalidSetting(
                f"{printable(found[0])} is not a kind of address that percept reads", hint=f"use one of {known}."
            )
        return
    scheme, _, rest = text.partition(":")
    if rest.startswith("///"):
        raise InvalidSetting(
            f"{scheme}:///…: the address names no bucket or host", hint="write two slashes, then it."
        )
    address = parse_address(text)
    if any(part in ("", ".", "..") for part in address.key.partition("?")[0].split("/")) and address.key:
        raise InvalidSetting(
            f"{address}: the address has an empty part, or one of dots",
            hint="write each slash once, without dots.",
        )
